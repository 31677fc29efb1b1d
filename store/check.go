package store

import (
	"context"
	"fmt"
	"slices"
)

// Check looks for damage: pages that do not fit together, rows that name rows which are not there, and
// totals and records that are not what the workouts say. It returns what it found, in words for an operator.
func (s *Store) Check(ctx context.Context) (faults []string, err error) {
	integrity, err := query(ctx, s.r, scanString, `pragma integrity_check`)
	if err != nil {
		return nil, fmt.Errorf("check the integrity: %w", err)
	}
	for _, line := range integrity {
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	orphans, err := query(ctx, s.r, scanString, `
		select 'table ' || "table" || ', row ' || coalesce(rowid, '?') || ': names a row of ' || parent || ' that is not there'
		from pragma_foreign_key_check`)
	if err != nil {
		return nil, fmt.Errorf("check foreign keys: %w", err)
	}
	wrong, err := query(ctx, s.r, scanString, `
		with added (user_id, month, sport_id, n, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed) as (
		  select user_id, m, sport_id, count(*), sum(distance_m), sum(duration_s), sum(moving_s),
		    sum(coalesce(ascent_cm, 0)), sum(coalesce(descent_cm, 0)), sum(ave_speed)
		  from (select *, 0 as m from workouts union all select *, month as m from workouts)
		  group by user_id, m, sport_id),
		kept as (
		  select user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed
		  from totals)
		select distinct 'user ' || user_id || ', sport ' || sport_id || ': totals are not what the workouts add up to'
		from (
		  select * from (select * from added except select * from kept)
		  union all
		  select * from (select * from kept except select * from added))`)
	if err != nil {
		return nil, fmt.Errorf("check totals: %w", err)
	}
	records, err := query(ctx, s.r, scanString, `
		with candidates (user_id, sport_id, record_type, workout_id, value, started_at) as (
		  select user_id, sport_id, 'AS', id, ave_speed, started_at from workouts where ave_speed > 0
		  union all
		  select user_id, sport_id, 'FD', id, distance_m, started_at from workouts where distance_m > 0
		  union all
		  select user_id, sport_id, 'HA', id, ascent_cm, started_at from workouts where ascent_cm > 0
		  union all
		  select user_id, sport_id, 'LD', id, moving_s, started_at from workouts where moving_s > 0
		  union all
		  select user_id, sport_id, 'MS', id, max_speed, started_at from workouts where max_speed > 0),
		ranked as (
		  select *, row_number() over (
		    partition by user_id, sport_id, record_type order by value desc, started_at, workout_id) as place
		  from candidates),
		best as (select user_id, sport_id, record_type, workout_id, value from ranked where place = 1),
		kept as (select user_id, sport_id, record_type, workout_id, value from records)
		select distinct 'user ' || user_id || ', sport ' || sport_id || ', record ' || record_type || ': is not the best of the workouts'
		from (
		  select * from (select * from best except select * from kept)
		  union all
		  select * from (select * from kept except select * from best))`)
	if err != nil {
		return nil, fmt.Errorf("check records: %w", err)
	}
	return slices.Concat(faults, orphans, wrong, records), nil
}
