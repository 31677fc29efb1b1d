// Package workout holds the rules of what you did: what becomes a workout, which figures, titles and dates it has,
// who may see and change it, its charts and its map, and the statistics of many. It leaves the
// formulas to package track, rows to the store, and files to the assets.
package workout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
)

// Workouts applies the rules to the workouts of one store. It is safe for concurrent use.
type Workouts struct {
	store *store.Store
	files *assets.Files
	// analyses holds a value for each file that is being analysed. Points take memory, so only a few are at a time.
	analyses chan struct{}
	zones    sync.Map // name → *time.Location
	tiles    *assets.Tiles
}

// atOnce is how many files are analysed at the same time.
const atOnce = 2

// New returns the rules over s and the files in f. Maps are drawn on tiles; nil: on plain ground.
func New(s *store.Store, f *assets.Files, tiles *assets.Tiles) *Workouts {
	return &Workouts{store: s, files: f, tiles: tiles, analyses: make(chan struct{}, atOnce)}
}

var (
	// ErrMissing is returned for a workout that does not exist.
	ErrMissing = problem.New(problem.Missing, "workout not found")
	// ErrNotYours is returned for a workout of somebody else's.
	ErrNotYours = problem.New(problem.Forbidden, "you do not have permissions")
	// errNoUser is returned when a user has been deleted while a workout was being added.
	errNoUser = problem.New(problem.NoToken, "provide a valid auth token")
	// ErrNoTrack is returned when the track of a workout is wanted that has none.
	ErrNoTrack = problem.New(problem.Missing, "no gpx file for this workout")
)

// Get returns a workout of the user's with all that is known about it. It returns ErrMissing or ErrNotYours.
func (w *Workouts) Get(ctx context.Context, userID int64, id uuid.UUID) (store.Workout, error) {
	v, err := w.store.Workout(ctx, id)
	return ofUser(userID, v, err)
}

// Find does so without neighbours, segments and records, for those who need the track or only want to know whose it is.
func (w *Workouts) Find(ctx context.Context, userID int64, id uuid.UUID) (store.Workout, error) {
	v, err := w.store.WorkoutRow(ctx, id)
	return ofUser(userID, v, err)
}

// ofUser returns a workout that was looked for, if it is the user's.
func ofUser(userID int64, v store.Workout, err error) (store.Workout, error) {
	if err != nil {
		return v, missing(err)
	}
	if v.UserID != userID {
		return store.Workout{}, ErrNotYours
	}
	return v, nil
}

// missing says in our words that there is no such workout.
func missing(err error) error {
	if errors.Is(err, store.ErrMissing) {
		return ErrMissing
	}
	return err
}

// zone returns a user's time zone. It is kept, because to load one takes as long as a small request.
func (w *Workouts) zone(u store.User) (*time.Location, error) {
	if zone, ok := w.zones.Load(u.Timezone); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(u.Timezone)
	if err != nil {
		return nil, fmt.Errorf("time zone of user %d: %w", u.ID, err)
	}
	w.zones.Store(u.Timezone, zone)
	return zone, nil
}

// sport returns a sport as the user sees it.
func (w *Workouts) sport(ctx context.Context, userID, sportID int64) (store.Sport, error) {
	v, err := w.store.Sport(ctx, userID, sportID)
	if errors.Is(err, store.ErrMissing) {
		return v, problem.New(problem.Invalid, fmt.Sprintf("Sport id: %d does not exist", sportID))
	}
	return v, err
}
