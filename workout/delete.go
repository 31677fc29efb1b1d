package workout

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"fittrackee/store"
)

// Delete removes a workout of the user's, with its files. It returns ErrMissing or ErrNotYours.
func (w *Workouts) Delete(ctx context.Context, userID int64, id uuid.UUID) error {
	if _, err := w.Get(ctx, userID, id); err != nil {
		return err
	}
	v, err := w.store.DeleteWorkout(ctx, userID, id)
	if err != nil {
		return missing(err)
	}
	w.removeFiles([]store.Workout{v})
	return nil
}

// missing says in our words that there is no such workout any more.
func missing(err error) error {
	if errors.Is(err, store.ErrMissing) {
		return ErrMissing
	}
	return err
}
