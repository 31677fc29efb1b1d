package workout

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/google/uuid"

	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/track"
)

// Typed is what somebody typed about a workout. In a change, nil leaves a thing as it is.
type Typed struct {
	SportID    *int64
	Title      *string
	Notes      *string
	StartedAt  *string  // in the user's time zone, as "2018-05-15 14:05"
	DistanceKM *float64 // zero is possible: a match of tennis
	DurationS  *float64 // cut to whole seconds
}

const (
	maxDistanceKM = 100_000
	maxDurationS  = 10 * 366 * 86400
)

// AddTyped adds a workout that has no file. The title is made up if there is none.
func (w *Workouts) AddTyped(ctx context.Context, u store.User, in Typed) (uuid.UUID, error) {
	if in.SportID == nil || in.StartedAt == nil || in.DistanceKM == nil || in.DurationS == nil {
		return uuid.Nil, problem.ErrInvalidPayload
	}
	v := store.Workout{UUID: uuid.New(), UserID: u.ID}
	if err := w.apply(ctx, u, in, &v); err != nil {
		return uuid.Nil, err
	}
	if v.Title == "" {
		sport, err := w.sport(ctx, u.ID, v.SportID)
		if err != nil {
			return uuid.Nil, err
		}
		zone, err := w.zone(u)
		if err != nil {
			return uuid.Nil, err
		}
		v.Title = defaultTitle(sport, v.StartedAt, zone)
	}
	err := w.store.AddWorkouts(ctx, []store.NewWorkout{{Workout: v}})
	if errors.Is(err, store.ErrMissing) {
		err = errNoUser
	}
	return v.UUID, err
}

// Edit changes a workout of the user's. Date, distance and duration of one with a track are what the track says,
// and stay. It returns ErrMissing or ErrNotYours.
func (w *Workouts) Edit(ctx context.Context, u store.User, id uuid.UUID, in Typed) error {
	if _, err := w.Find(ctx, u.ID, id); err != nil {
		return err
	}
	if in == (Typed{}) {
		return problem.ErrInvalidPayload
	}
	return missing(w.store.EditWorkout(ctx, u.ID, id, func(v *store.Workout) error {
		if v.TrackFile != "" {
			in.StartedAt, in.DistanceKM, in.DurationS = nil, nil, nil
		}
		return w.apply(ctx, u, in, v)
	}))
}

// Delete removes a workout of the user's, with its files. It returns ErrMissing or ErrNotYours.
func (w *Workouts) Delete(ctx context.Context, userID int64, id uuid.UUID) error {
	if _, err := w.Find(ctx, userID, id); err != nil {
		return err
	}
	v, err := w.store.DeleteWorkout(ctx, userID, id)
	if err != nil {
		return missing(err)
	}
	w.removeFiles([]store.Workout{v})
	return nil
}

// apply puts what was typed into a workout.
func (w *Workouts) apply(ctx context.Context, u store.User, in Typed, v *store.Workout) error {
	if in.SportID != nil {
		sport, err := w.sport(ctx, u.ID, *in.SportID)
		if err != nil {
			return err
		}
		v.SportID = sport.ID
	}
	if in.Title != nil {
		title, err := typedTitle(*in.Title)
		if err != nil {
			return err
		}
		if title != "" {
			v.Title = title
		}
	}
	if in.Notes != nil {
		v.Notes = readableNotes(in.Notes)
	}
	if in.StartedAt != nil {
		zone, err := w.zone(u)
		if err != nil {
			return err
		}
		startedAt, err := time.ParseInLocation("2006-01-02 15:04", *in.StartedAt, zone)
		if err != nil {
			return problem.ErrInvalidPayload.With(err)
		}
		if !isPossible(startedAt) {
			return problem.ErrInvalidPayload
		}
		v.StartedAt = startedAt
	}
	if in.DistanceKM == nil && in.DurationS == nil {
		return nil
	}
	return applyFigures(in, &v.Figures)
}

// isPossible tells whether a time can be told to clients, who expect years of four digits.
func isPossible(t time.Time) bool {
	year := t.UTC().Year()
	return 1 <= year && year <= 9999
}

// applyFigures computes the figures of a workout without a track: no pauses, and one speed.
func applyFigures(in Typed, f *track.Figures) error {
	if km := in.DistanceKM; km != nil {
		if *km < 0 || *km > maxDistanceKM {
			return problem.ErrInvalidPayload
		}
		f.DistanceM = int64(math.Round(*km * 1000))
	}
	if s := in.DurationS; s != nil {
		if *s < 1 || *s > maxDurationS {
			return problem.ErrInvalidPayload
		}
		f.DurationS = int64(*s)
		f.MovingS = f.DurationS
	}
	// In hundredths of km/h: (m/1000) / (s/3600) · 100, rounded.
	f.AveSpeed = (2*360*f.DistanceM + f.DurationS) / (2 * f.DurationS)
	f.MaxSpeed = f.AveSpeed
	return nil
}
