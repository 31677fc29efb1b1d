package workout

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"fittrackee/store"
	"fittrackee/track"
)

// RecomputeOptions say whose workouts are measured again. Both functions have to be there; they are called one at a time.
type RecomputeOptions struct {
	UserID int64 // 0: everybody's
	// Failed is told of each workout that is left as it is because its file is missing or broken, and why.
	Failed func(v store.Workout, reason error)
	// Progress is told of each workout.
	Progress func(Progress)
}

// Recomputed counts workouts by what came of them.
type Recomputed struct {
	Measured int
	Changed  int // of those that were measured
	Failed   int
}

// Recompute reads the kept files of workouts again, and replaces points, maps and figures that come out otherwise than they were:
// after a change of formulas, or of what users say is stopped. Titles, sports and notes stay. When ctx ends, what has been
// measured is still stored, and the error is that of ctx. Any other error ends it, too.
func (w *Workouts) Recompute(ctx context.Context, o RecomputeOptions) (Recomputed, error) {
	total, err := w.store.CountTracked(ctx, o.UserID)
	if err != nil {
		return Recomputed{}, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	whole := context.WithoutCancel(ctx) // what has been begun is finished
	r := &recomputation{Workouts: w, options: o, run: run{stop: stop, progress: Progress{Total: int(total)}}}
	err = inParallel(running,
		func(give func(tracked) error) error { return r.list(ctx, give) },
		func(v tracked) remeasured {
			figures, err := r.measure(whole, v)
			return remeasured{v.Workout, figures, err}
		},
		func(m remeasured) { r.take(whole, m) },
	)
	r.flush(whole)
	return r.recomputed, cmp.Or(r.failed, err)
}

// recomputation is one under way.
type recomputation struct {
	*Workouts
	options RecomputeOptions
	turns   turns

	// What follows belongs to the goroutine that takes what has been measured.
	run
	batch      []store.Remeasured
	recomputed Recomputed
}

// tracked is a workout that is to be measured.
type tracked struct {
	store.Workout
	stoppedSpeedKMH float64
}

// remeasured is a workout that has been measured, or why not: errGone, a refusal, or what keeps the others from it, too.
type remeasured struct {
	workout store.Workout
	figures store.Remeasured
	err     error
}

// errGone says that a workout has been deleted meanwhile.
var errGone = errors.New("the workout is gone")

// list gives all workouts, until give returns an error, which it returns.
func (r *recomputation) list(ctx context.Context, give func(tracked) error) error {
	speeds := make(map[int64]map[int64]float64) // by user and sport
	last := int64(0)
	for {
		page, err := r.store.TrackedWorkouts(ctx, r.options.UserID, last, 100)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, v := range page {
			if speeds[v.UserID] == nil {
				if speeds[v.UserID], err = r.stoppedSpeeds(ctx, v.UserID); err != nil {
					return err
				}
			}
			if err := give(tracked{v, speeds[v.UserID][v.SportID]}); err != nil {
				return err
			}
			last = v.ID
		}
	}
}

// stoppedSpeeds returns the speeds in km/h up to which a user is stopped, by sport.
func (r *recomputation) stoppedSpeeds(ctx context.Context, userID int64) (map[int64]float64, error) {
	sports, err := r.store.Sports(ctx, userID)
	speeds := make(map[int64]float64, len(sports))
	for _, v := range sports {
		speeds[v.ID] = v.StoppedSpeedKMH
	}
	return speeds, err
}

// measure reads the file of a workout, and keeps what is derived from it.
func (r *recomputation) measure(ctx context.Context, v tracked) (store.Remeasured, error) {
	file, err := r.files.OpenTrack(v.TrackFile)
	if err != nil {
		return store.Remeasured{}, r.goneOr(ctx, v.Workout, refusal{err})
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return store.Remeasured{}, refusal{err}
	}
	defer r.turns.enter(info.Size())()
	t, err := track.Parse(file)
	if err != nil {
		return store.Remeasured{}, refusal{err}
	}
	startedAt, err := startOf(t)
	if err != nil {
		return store.Remeasured{}, asRefusal(err)
	}
	figures := store.Remeasured{WorkoutID: v.ID, StartedAt: startedAt, Measured: t.Measure(v.stoppedSpeedKMH)}
	return figures, r.keepDerived(ctx, v.Workout, t)
}

// keepDerived keeps points and a map, unless these points are kept already: memory cards wear out.
func (r *recomputation) keepDerived(ctx context.Context, v store.Workout, t *track.Track) error {
	packed := track.Pack(t)
	if kept, err := r.files.Series(v.TrackFile); err == nil && bytes.Equal(kept, packed) {
		return nil
	}
	// The map comes first, or it would stay as it is if nothing came after the points.
	if err := r.drawMap(v.MapFile, t); err != nil {
		return err
	}
	if err := r.files.PutSeries(v.TrackFile, packed); err != nil {
		return err
	}
	return r.scheduleMap(ctx, v, r.store.Now()) // a server may have drawn the old one on tiles
}

// goneOr returns err, unless the workout has been deleted: then its file is to be missing.
func (r *recomputation) goneOr(ctx context.Context, v store.Workout, err error) error {
	if _, storeErr := r.store.WorkoutRow(ctx, v.UUID); errors.Is(storeErr, store.ErrMissing) {
		return errGone
	}
	return err
}

// take counts a workout, and stores its figures with others once there are enough.
func (r *recomputation) take(ctx context.Context, m remeasured) {
	var refused refusal
	switch {
	case m.err == nil:
		r.recomputed.Measured++
		r.batch = append(r.batch, m.figures)
		if len(r.batch) == batchSize {
			r.flush(ctx)
		}
	case errors.Is(m.err, errGone):
	case errors.As(m.err, &refused):
		r.recomputed.Failed++
		r.progress.Failed++
		r.options.Failed(m.workout, refused.reason)
	default:
		r.fail(fmt.Errorf("workout %d: %w", m.workout.ID, m.err))
	}
	r.progress.Done++
	r.options.Progress(r.progress)
}

// flush stores the figures that have been collected.
func (r *recomputation) flush(ctx context.Context) {
	batch := r.batch
	r.batch = nil
	if len(batch) == 0 || r.failed != nil {
		return
	}
	changed, err := r.store.ReplaceFigures(ctx, batch)
	if err != nil {
		r.fail(err)
		return
	}
	r.recomputed.Changed += changed
}
