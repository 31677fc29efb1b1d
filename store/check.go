package store

import (
	"context"
	"fmt"
)

// Check looks for damage: pages that do not fit together, rows that name rows which are not there, and
// totals and records that are not what the workouts say. It returns what it found, in words for an operator. It
// takes its time, and ends with ctx.
func (s *Store) Check(ctx context.Context) (faults []string, err error) {
	for _, check := range []struct{ what, text string }{
		{"the integrity", `select integrity_check from pragma_integrity_check where integrity_check != 'ok'`},
		{"foreign keys", `
			select 'table ' || "table" || ', row ' || coalesce(rowid, '?') || ': names a row of ' || parent || ' that is not there'
			from pragma_foreign_key_check`},
		{"totals", `
			select distinct 'user ' || user_id || ', sport ' || sport_id || ': totals are not what the workouts add up to'
			from (` + differences(addedTotals, `
			  select user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed
			  from totals`) + `)`},
		{"records", `
			select distinct 'user ' || user_id || ', sport ' || sport_id || ', record ' || record_type || ': is not the best of the workouts'
			from (` + differences(bestRecords, `
			  select user_id, sport_id, record_type, workout_id, value from records`) + `)`},
	} {
		found, err := query(ctx, s.r.db, scanString, check.text) // not prepared: it can be interrupted
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", check.what, err)
		}
		faults = append(faults, found...)
	}
	return faults, nil
}

// differences selects what only one of two queries returns.
func differences(a, b string) string {
	return `select * from (` + a + ` except ` + b + `) union all select * from (` + b + ` except ` + a + `)`
}

// addedTotals selects what totals are to be.
const addedTotals = `
	select user_id, m as month, sport_id, count(*), sum(distance_m), sum(duration_s), sum(moving_s),
	  sum(coalesce(ascent_cm, 0)), sum(coalesce(descent_cm, 0)), sum(ave_speed)
	from (select *, 0 as m from workouts union all select *, month as m from workouts)
	group by user_id, m, sport_id`

// bestRecords selects what records are to be.
var bestRecords = `
	select user_id, sport_id, record_type, workout_id, value
	from (
	  select *, row_number() over (
	    partition by user_id, sport_id, record_type order by value desc, started_at, workout_id) as place
	  from (` + candidates(`true`) + `))
	where place = 1`
