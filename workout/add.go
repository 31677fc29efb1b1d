package workout

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/track"
)

// Details go with uploaded files.
type Details struct {
	SportID *int64 // nil: what each file says, or else that of the user's latest workout
	Notes   *string
	// FindDuplicates asks for the workouts that the user has of the same files already.
	FindDuplicates bool
}

// Added is a workout that has been made of a file.
type Added struct {
	store.Workout
	// DuplicateOf names the oldest workout that the user had of the same file, if it was asked for; invalid: none.
	DuplicateOf uuid.NullUUID
}

// What a client is told about a file that is no workout. The reason goes to the log.
var (
	errBadFile    = problem.New(problem.Invalid, "error during gpx file parsing")
	errBadContent = problem.New(problem.Invalid, "error during gpx processing")
)

// What the names of tracks and of map pictures end in.
const (
	trackExt = "gpx"
	mapExt   = ".png"
)

// AddFile adds the workout that is in a GPX file. The file is taken over. A file that is no workout leaves
// nothing behind.
func (w *Workouts) AddFile(ctx context.Context, u store.User, file *assets.Spooled, d Details) ([]Added, error) {
	sport, err := w.sportFinder(ctx, u.ID, d.SportID)
	if err != nil {
		return nil, err
	}
	one, err := w.draft(ctx, u, file, sport, d.Notes)
	if err != nil {
		return nil, err
	}
	return w.add(ctx, u.ID, []draft{one}, d.FindDuplicates)
}

// add makes workouts of drafts: all of them, or none. It returns those that set records before the others.
func (w *Workouts) add(ctx context.Context, userID int64, drafts []draft, findDuplicates bool) ([]Added, error) {
	ids := make([]uuid.UUID, len(drafts))
	duplicates := make(map[uuid.UUID]uuid.NullUUID)
	for i, one := range drafts {
		ids[i] = one.workout.UUID
		if !findDuplicates {
			continue
		}
		id, err := w.store.WorkoutWithContent(ctx, userID, one.workout.ContentHash)
		switch {
		case err == nil:
			duplicates[ids[i]] = uuid.NullUUID{UUID: id, Valid: true}
		case !errors.Is(err, store.ErrMissing):
			w.discard(drafts)
			return nil, err
		}
	}
	if err := w.keep(ctx, drafts, w.store.AddWorkouts); err != nil {
		return nil, err
	}
	all, err := w.store.WorkoutsByID(ctx, userID, ids)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errNoUser // gone in between, with all that was added
	}
	setRecords := func(v store.Workout) int { return min(len(v.Records), 1) }
	slices.SortStableFunc(all, func(a, b store.Workout) int { return setRecords(b) - setRecords(a) })
	added := make([]Added, len(all))
	for i, v := range all {
		added[i] = Added{v, duplicates[v.UUID]}
	}
	return added, nil
}

// draft is a workout that has been analysed, but has no row yet. What is derived from its track is on the disk
// already; its file is spooled.
type draft struct {
	file    *assets.Spooled
	workout store.NewWorkout
}

// draft analyses a file. The points are in memory only as long as that takes.
func (w *Workouts) draft(ctx context.Context, u store.User, file *assets.Spooled, sport sportFinder, notes *string) (draft, error) {
	select {
	case w.analyses <- struct{}{}:
		defer func() { <-w.analyses }()
	case <-ctx.Done():
		return draft{}, ctx.Err()
	}
	t, hash, err := parse(file)
	if err != nil {
		return draft{}, err
	}
	return w.draftOf(t, hash, u, file, sport(t.Type), notes)
}

// draftOf makes a draft of a file that has been read: it holds the track t, and its SHA-256 is hash.
func (w *Workouts) draftOf(
	t *track.Track, hash []byte, u store.User, file *assets.Spooled, sport store.Sport, notes *string,
) (draft, error) {
	zone, err := w.zone(u)
	if err != nil {
		return draft{}, err
	}
	startedAt, err := startOf(t)
	if err != nil {
		return draft{}, err
	}
	title := strings.TrimSpace(readable(t.Name, maxTitleChars))
	if title == "" {
		title = defaultTitle(sport, startedAt, zone)
	}
	measured := t.Measure(sport.StoppedSpeedKMH)
	one := draft{file, store.NewWorkout{
		Workout: store.Workout{
			UUID:      uuid.New(),
			UserID:    u.ID,
			SportID:   sport.ID,
			Title:     title,
			Notes:     readableNotes(notes),
			StartedAt: startedAt,
			Figures:   measured.Figures,
			Bounds:    &measured.Bounds,
			Segments:  measured.Segments,
			TrackFile: file.TrackName(),
			MapFile:   assets.NewMapName(),
		},
		ContentHash: hash,
	}}
	if err := w.derive(one.workout.Workout, t); err != nil {
		w.discard([]draft{one})
		return draft{}, err
	}
	return one, nil
}

// parse reads the track in a spooled file, and returns it with the SHA-256 of the file.
func parse(file *assets.Spooled) (*track.Track, []byte, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, fmt.Errorf("read the spooled file again: %w", err)
	}
	hash := sha256.New()
	seen := io.TeeReader(file, hash)
	t, err := track.Parse(seen)
	switch {
	case errors.Is(err, track.ErrSyntax):
		return nil, nil, errBadFile.With(err)
	case errors.Is(err, track.ErrUnusable):
		return nil, nil, errBadContent.With(err)
	case err != nil:
		return nil, nil, fmt.Errorf("parse the spooled file: %w", err)
	}
	if _, err := io.Copy(io.Discard, seen); err != nil {
		return nil, nil, fmt.Errorf("read the spooled file to its end: %w", err)
	}
	return t, hash.Sum(nil), nil
}

// startOf returns when a track begins, in whole seconds.
func startOf(t *track.Track) (time.Time, error) {
	startedAt := t.StartedAt().Truncate(time.Second)
	if !isPossible(startedAt) {
		return startedAt, errBadContent.With(fmt.Errorf("it begins in the year %d", startedAt.Year()))
	}
	return startedAt, nil
}

// keep gives files their names for good and workouts their rows, which add makes: all of them, or none.
func (w *Workouts) keep(ctx context.Context, drafts []draft, add func(context.Context, []store.NewWorkout) error) error {
	uploads := make([]*assets.Spooled, len(drafts))
	rows := make([]store.NewWorkout, len(drafts))
	for i, d := range drafts {
		uploads[i], rows[i] = d.file, d.workout
	}
	if err := w.files.KeepTracks(uploads); err != nil {
		w.discard(drafts)
		return err
	}
	err := add(ctx, rows)
	if err != nil && w.areAbsent(ctx, drafts) {
		w.discard(drafts)
	}
	if errors.Is(err, store.ErrMissing) {
		return errNoUser
	}
	return err
}

// areAbsent tells whether drafts have certainly not become rows. A commit that fails may have been one all the same; then
// the sweeper will know later what to keep.
func (w *Workouts) areAbsent(ctx context.Context, drafts []draft) bool {
	ids := make([]uuid.UUID, len(drafts))
	for i, d := range drafts {
		ids[i] = d.workout.UUID
	}
	found, err := w.store.WorkoutsByID(context.WithoutCancel(ctx), drafts[0].workout.UserID, ids)
	return err == nil && len(found) == 0
}

// discard removes the files of drafts that come to nothing. What cannot be removed is left to the sweeper.
func (w *Workouts) discard(drafts []draft) {
	rows := make([]store.Workout, len(drafts))
	for i, d := range drafts {
		rows[i] = d.workout.Workout
	}
	w.removeFiles(rows)
}

// removeFiles removes the files of workouts that have no rows. What cannot be removed is left to the sweeper.
func (w *Workouts) removeFiles(workouts []store.Workout) {
	var tracks, maps []string
	for _, v := range workouts {
		if v.TrackFile != "" {
			tracks = append(tracks, v.TrackFile)
		}
		if v.MapFile != "" {
			maps = append(maps, v.MapFile)
		}
	}
	if err := errors.Join(w.files.RemoveTracks(tracks), w.files.RemoveMaps(maps)); err != nil {
		slog.Warn("remove the files of workouts that are no more", "error", err)
	}
}
