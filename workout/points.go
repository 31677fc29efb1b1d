package workout

import (
	"fmt"
	"io"
	"log/slog"

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
	file, err := w.files.OpenTrack(v.TrackFile)
	if err != nil {
		return nil, fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	defer file.Close()
	t, err := track.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	return t, nil
}

// File opens the file of a workout as it came. The caller closes it. It returns ErrNoTrack for a workout that was typed in.
func (w *Workouts) File(v store.Workout) (io.ReadSeekCloser, error) {
	if v.TrackFile == "" {
		return nil, ErrNoTrack
	}
	file, err := w.files.OpenTrack(v.TrackFile)
	if err != nil {
		return nil, fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	return file, nil
}

// GPX returns the file of a workout as text, whatever it was encoded in.
func (w *Workouts) GPX(v store.Workout) (string, error) {
	file, err := w.File(v)
	if err != nil {
		return "", err
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		return "", fmt.Errorf("track of workout %d: %w", v.ID, err)
	}
	return track.UTF8(data)
}

// SegmentGPX returns one segment of a workout's track as a file of its own. Segments are numbered from 1.
func (w *Workouts) SegmentGPX(v store.Workout, number int) (string, error) {
	segments, err := w.segments(v, number)
	if err != nil {
		return "", err
	}
	return string(track.AppendSegmentGPX(nil, v.Title, segments[0])), nil
}

// AppendChart appends the JSON array of the points of a workout's track, or of one of its segments.
func (w *Workouts) AppendChart(dst []byte, v store.Workout, number int) ([]byte, error) {
	segments, err := w.segments(v, number)
	if err != nil {
		return dst, err
	}
	return track.AppendChart(dst, segments), nil
}

// All stands for all segments where the number of one is asked for.
const All = -1

var errBadSegment = problem.New(problem.Invalid, "Incorrect segment id")

// segments returns the segment of a track that has this number, counted from 1, or all.
func (w *Workouts) segments(v store.Workout, number int) ([]track.Segment, error) {
	t, err := w.points(v)
	switch {
	case err != nil:
		return nil, err
	case number == All:
		return t.Segments, nil
	case number < 1:
		return nil, errBadSegment
	case number > len(t.Segments):
		return nil, problem.New(problem.Missing, fmt.Sprintf("No segment with id '%d'", number))
	}
	return t.Segments[number-1 : number], nil
}
