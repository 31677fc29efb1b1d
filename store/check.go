package store

import (
	"context"
	"fmt"
)

// Check looks for damage: pages that do not fit together, rows that name rows which are not there, and
// totals that are not what the workouts add up to. It returns what it found, in words for an operator.
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
		with added (user_id, sport_id, n, distance_m, duration_s, moving_s, ascent_cm) as (
		  select user_id, sport_id, count(*), sum(distance_m), sum(duration_s), sum(moving_s), sum(coalesce(ascent_cm, 0))
		  from workouts group by user_id, sport_id),
		kept as (select user_id, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm from totals)
		select distinct 'user ' || user_id || ', sport ' || sport_id || ': totals are not what the workouts add up to'
		from (
		  select * from (select * from added except select * from kept)
		  union all
		  select * from (select * from kept except select * from added))`)
	if err != nil {
		return nil, fmt.Errorf("check totals: %w", err)
	}
	return append(append(faults, orphans...), wrong...), nil
}
