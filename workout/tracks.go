package workout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"

	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/track"
)

// What is made from a track is kept beside it: its points in a compact form, and a map picture. Both are copies that can be made
// again from the file, so they are written without waiting for the disk. One that is missing or broken, after a power cut say,
// is made again when it is asked for.

// derive makes what is kept beside a track.
func (w *Workouts) derive(v store.Workout, t *track.Track) error {
	if err := w.files.PutSeries(v.TrackFile, track.Pack(t)); err != nil {
		return err
	}
	return w.drawMap(v.MapFile, t)
}

// points returns the track of a workout. It returns ErrNoTrack for one that was typed in.
func (w *Workouts) points(v store.Workout) (*track.Track, error) {
	if v.TrackFile == "" {
		return nil, ErrNoTrack
	}
	packed, err := w.files.Series(v.TrackFile)
	if err == nil {
		t, err := track.Unpack(packed)
		if err == nil {
			return t, nil
		}
		slog.Warn("the points of a track are broken; reading its file again", "workout", v.ID, "error", err)
	}
	t, err := w.parseKept(v)
	if err != nil {
		return nil, err
	}
	if err := w.files.PutSeries(v.TrackFile, track.Pack(t)); err != nil {
		slog.Warn("keep the points of a track", "workout", v.ID, "error", err)
	}
	return t, nil
}

// parseKept reads the kept file of a workout.
func (w *Workouts) parseKept(v store.Workout) (*track.Track, error) {
	file, err := w.openTrack(v)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t, err := track.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	return t, nil
}

func (w *Workouts) openTrack(v store.Workout) (*os.File, error) {
	if v.TrackFile == "" {
		return nil, ErrNoTrack
	}
	file, err := w.files.OpenTrack(v.TrackFile)
	if err != nil {
		return nil, fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	return file, nil
}

// unlessGone returns err, or ErrMissing if a file is not there because its workout has been deleted meanwhile.
func (w *Workouts) unlessGone(ctx context.Context, v store.Workout, err error) error {
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, gone := w.store.WorkoutRow(ctx, v.UUID); errors.Is(gone, store.ErrMissing) {
		return ErrMissing
	}
	return err
}

// File opens the file of a workout as it came. The caller closes it. It returns ErrNoTrack for a workout that was typed in.
func (w *Workouts) File(ctx context.Context, v store.Workout) (*os.File, error) {
	file, err := w.openTrack(v)
	return file, w.unlessGone(ctx, v, err)
}

// Text writes something that is made of a track. It may be long, so it is never in memory as a whole.
type Text func(w io.Writer) error

// GPX returns the file of a workout as text in UTF-8, whatever it was encoded in.
func (w *Workouts) GPX(ctx context.Context, v store.Workout) (Text, error) {
	file, err := w.File(ctx, v)
	if err != nil {
		return nil, err
	}
	text, err := track.UTF8Reader(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("track of workout %d: %w", v.ID, err), file.Close())
	}
	return func(out io.Writer) error {
		_, err := io.Copy(out, text)
		return errors.Join(err, file.Close())
	}, nil
}

// SegmentGPX returns one segment of a workout's track as a file of its own. Segments are numbered from 1.
func (w *Workouts) SegmentGPX(ctx context.Context, v store.Workout, number int) (Text, error) {
	segments, err := w.segments(ctx, v, number)
	if err != nil {
		return nil, err
	}
	return func(out io.Writer) error { return track.WriteSegmentGPX(out, v.Title, segments[0]) }, nil
}

// Chart returns the JSON array of the points of a workout's track, or of one of its segments.
func (w *Workouts) Chart(ctx context.Context, v store.Workout, number int) (Text, error) {
	segments, err := w.segments(ctx, v, number)
	if err != nil {
		return nil, err
	}
	return func(out io.Writer) error { return track.WriteChart(out, segments) }, nil
}

// All stands for all segments where the number of one is asked for.
const All = -1

var errBadSegment = problem.New(problem.Invalid, "Incorrect segment id")

// segments returns the segment of a track that has this number, counted from 1, or all.
func (w *Workouts) segments(ctx context.Context, v store.Workout, number int) ([]track.Segment, error) {
	t, err := w.points(v)
	switch {
	case err != nil:
		return nil, w.unlessGone(ctx, v, err)
	case number == All:
		return t.Segments, nil
	case number < 1:
		return nil, errBadSegment
	case number > len(t.Segments):
		return nil, problem.New(problem.Missing, fmt.Sprintf("No segment with id '%d'", number))
	}
	return t.Segments[number-1 : number], nil
}
