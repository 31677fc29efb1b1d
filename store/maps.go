package store

import (
	"context"
	"database/sql"
	"time"
)

// MapWorkout returns the workout whose map picture has this name, or ErrMissing.
func (s *Store) MapWorkout(ctx context.Context, mapFile string) (Workout, error) {
	return queryOne(ctx, s.r, scanWorkout, `select `+workoutColumns+` from workouts w where w.map_file = $1`, mapFile)
}

// DueMaps returns up to n workouts for whose maps tiles are to be asked for by now, the latest due first.
func (s *Store) DueMaps(ctx context.Context, n int) ([]Workout, error) {
	return query(ctx, s.r, scanWorkout, `
		select `+workoutColumns+`
		from workouts w
		where w.map_due_at <= $1
		order by w.map_due_at desc limit $2`, s.now(), n)
}

// ScheduleMap says when tiles for a workout's map are to be asked for next. The zero time says: no more. It
// returns ErrMissing for a workout that is gone.
func (s *Store) ScheduleMap(ctx context.Context, workoutID int64, next time.Time) error {
	var due any
	if !next.IsZero() {
		due = next.Unix()
	}
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `update workouts set map_due_at = $1 where id = $2`, due, workoutID))
	})
}
