package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"time"

	"fittrackee/track"
)

// Remeasured are new figures of a workout with a track.
type Remeasured struct {
	WorkoutID int64
	StartedAt time.Time
	track.Measured
}

// ReplaceFigures stores what workouts were measured to be this time. Workouts that are gone are left out. It
// returns how many of them changed.
func (s *Store) ReplaceFigures(ctx context.Context, all []Remeasured) (changed int, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		changed = 0
		for _, m := range all {
			isNew, err := replaceFigures(ctx, tx, m)
			if err != nil {
				return fmt.Errorf("workout %d: %w", m.WorkoutID, err)
			}
			if isNew {
				changed++
			}
		}
		return nil
	})
	return changed, err
}

func replaceFigures(ctx context.Context, tx *sql.Tx, m Remeasured) (changed bool, err error) {
	w, err := queryOne(ctx, tx, scanWorkout, `select `+workoutColumns+` from workouts w where w.id = $1`, m.WorkoutID)
	if errors.Is(err, ErrMissing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	segments, err := query(ctx, tx, scanSegment, segmentsIn(`$1`), m.WorkoutID)
	if err != nil {
		return false, err
	}
	for _, v := range segments {
		w.Segments = append(w.Segments, v.Figures)
	}
	before := track.Measured{Figures: w.Figures, Segments: w.Segments}
	if w.Bounds != nil {
		before.Bounds = *w.Bounds
	}
	m.FractionUS = 0
	if w.StartedAt.Equal(m.StartedAt) && reflect.DeepEqual(before, m.Measured) {
		return false, nil
	}
	args := append([]any{m.WorkoutID, m.StartedAt.Unix(), month(m.StartedAt)}, figuresArgs(m.Figures)...)
	args = append(args, boundsArgs(&m.Bounds)...)
	err = keepingRecords(ctx, tx, m.WorkoutID, func() error {
		_, err := tx.ExecContext(ctx, `
			update workouts set
			  started_at = $2, month = $3,
			  distance_m = $4, duration_s = $5, moving_s = $6, pauses_s = $7, ave_speed = $8, max_speed = $9,
			  min_altitude_cm = $10, max_altitude_cm = $11, ascent_cm = $12, descent_cm = $13,
			  min_latitude = $14, min_longitude = $15, max_latitude = $16, max_longitude = $17
			where id = $1`, args...)
		return err
	})
	if err != nil {
		return false, err
	}
	if _, err := tx.ExecContext(ctx, `delete from segments where workout_id = $1`, m.WorkoutID); err != nil {
		return false, err
	}
	return true, addSegments(ctx, tx, m.WorkoutID, m.Segments)
}

// TrackedWorkouts returns up to n workouts that have a track, by their ids, from the one after the id on; of one user, or
// of all when userID is 0.
func (s *Store) TrackedWorkouts(ctx context.Context, userID, after int64, n int) ([]Workout, error) {
	return query(ctx, s.r, scanWorkout, `
		select `+workoutColumns+`
		from workouts w
		where w.id > $1 and ($2 = 0 or w.user_id = $2) and w.track_file is not null
		order by w.id limit $3`, after, userID, n)
}

// CountTracked returns how many workouts TrackedWorkouts returns in all.
func (s *Store) CountTracked(ctx context.Context, userID int64) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `
		select count(*) from workouts where ($1 = 0 or user_id = $1) and track_file is not null`, userID)
}
