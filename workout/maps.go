package workout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/track"
)

var (
	errNoMap   = problem.New(problem.Missing, "Map does not exist.")
	errNoTile  = problem.New(problem.Missing, "Map tile does not exist.")
	errNoTiles = problem.New(problem.Unavailable, "the server of the map tiles does not answer as it should")
)

// lines returns what a map shows of a track.
func lines(t *track.Track) [][]assets.LatLon {
	var all [][]assets.LatLon
	for _, segments := range [][]track.Segment{t.Segments, t.Rest} {
		for _, points := range segments {
			line := make([]assets.LatLon, len(points))
			for i, p := range points {
				line[i] = assets.LatLon{Latitude: p.Latitude, Longitude: p.Longitude}
			}
			all = append(all, line)
		}
	}
	return all
}

// drawMap makes the map picture of a track, on plain ground.
func (w *Workouts) drawMap(name string, t *track.Track) error {
	picture, err := assets.DrawMap(lines(t))
	if err != nil {
		return fmt.Errorf("draw a map: %w", err)
	}
	return w.files.PutMap(name, picture)
}

// MapID returns the id of a workout's map picture; empty: it has none.
func MapID(v store.Workout) string { return strings.TrimSuffix(v.MapFile, mapExt) }

// Map opens a map picture by its id. Whoever has the id may see it.
func (w *Workouts) Map(ctx context.Context, id string) (*os.File, error) {
	name := id + mapExt
	v, err := w.store.MapWorkout(ctx, name)
	if errors.Is(err, store.ErrMissing) {
		return nil, errNoMap
	}
	if err != nil {
		return nil, err
	}
	file, err := w.files.OpenMap(name)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	t, err := w.points(v)
	if err != nil {
		if errors.Is(w.unlessGone(ctx, v, err), ErrMissing) {
			return nil, errNoMap
		}
		return nil, err
	}
	if err := w.drawMap(name, t); err != nil {
		return nil, err
	}
	if err := w.scheduleMap(ctx, v, w.store.Now()); err != nil { // it may have been on tiles
		return nil, err
	}
	return w.files.OpenMap(name)
}

// How long after a failure tiles are asked for again: as long as the workout has been there, within these bounds.
const (
	shortestWait = 10 * time.Minute
	longestWait  = 7 * 24 * time.Hour
)

// DrawMaps draws maps again, on tiles, as far as they are due: the newest first, until ctx ends or the server of
// the tiles fails.
func (w *Workouts) DrawMaps(ctx context.Context) error {
	for {
		due, err := w.store.DueMaps(ctx, 20)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, v := range due {
			if err := w.drawMapOnTiles(ctx, v); err != nil {
				return fmt.Errorf("map of workout %d: %w", v.ID, err)
			}
		}
	}
}

// drawMapOnTiles draws one map, and says when it is due again if tiles were missing.
func (w *Workouts) drawMapOnTiles(ctx context.Context, v store.Workout) error {
	now := w.store.Now()
	again := now.Add(min(max(now.Sub(v.CreatedAt), shortestWait), longestWait))
	t, err := w.points(v)
	if err != nil {
		return errors.Join(err, w.scheduleMap(ctx, v, again))
	}
	picture, isComplete, err := w.tiles.DrawMap(ctx, lines(t))
	if err != nil {
		return errors.Join(err, w.scheduleMap(ctx, v, again))
	}
	if err := w.files.PutMap(v.MapFile, picture); err != nil {
		return err
	}
	if isComplete {
		again = time.Time{}
	}
	return w.scheduleMap(ctx, v, again)
}

// scheduleMap says when a map is due again. If the workout has been deleted meanwhile, its picture goes, too.
func (w *Workouts) scheduleMap(ctx context.Context, v store.Workout, next time.Time) error {
	err := w.store.ScheduleMap(ctx, v.ID, next)
	if errors.Is(err, store.ErrMissing) {
		return w.files.RemoveMaps([]string{v.MapFile})
	}
	return err
}

// HasTiles tells whether there are tiles for maps.
func (w *Workouts) HasTiles() bool { return w.tiles != nil }

// Tile returns a tile of the maps, a PNG or JPEG.
func (w *Workouts) Tile(ctx context.Context, z, x, y int) ([]byte, error) {
	if w.tiles == nil {
		return nil, errNoTile
	}
	tile, err := w.tiles.Tile(ctx, z, x, y)
	switch {
	case errors.Is(err, assets.ErrNoTile):
		return nil, errNoTile.With(err)
	case err != nil && ctx.Err() == nil:
		return nil, errNoTiles.With(err)
	}
	return tile, err
}
