package assets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Named has the names that rows give to kept files, as sets. A set that is nil is not known, and then
// nothing of its kind is swept; of files that nothing names, the set is empty.
type Named struct {
	Pictures, Tracks, Maps map[string]bool
}

// Sweep removes what was last modified before olderThan and is of no use: leftovers in tmp, and
// pictures, tracks and maps that nothing names; the points of a track go with it. Then it removes the
// oldest map tiles over their bound. It returns how many files and pictures it removed, without tiles.
// It goes on after a thing that cannot be removed, and tells; it stops when ctx ends.
//
// The names are read before Sweep is called, and the folders are listed after. A file comes before its
// row, so what is named in between is younger than olderThan, unless a request takes that long.
func (f *Files) Sweep(ctx context.Context, olderThan time.Time, named Named) (removed int, err error) {
	var failed []error
	for _, folder := range []struct {
		path string
		keep func(name string) bool
	}{
		{f.pictures, keepNamed(named.Pictures)},
		{f.tracks, keepNamed(named.Tracks)},
		{f.series, keepNamed(seriesOf(named.Tracks))},
		{f.maps, keepNamed(named.Maps)},
		{f.tmp, func(string) bool { return false }},
	} {
		n, err := sweepFolder(ctx, folder.path, olderThan, folder.keep)
		removed += n
		if err != nil {
			failed = append(failed, fmt.Errorf("sweep %s: %w", filepath.Base(folder.path), err))
		}
	}
	if err := f.trimTiles(ctx); err != nil {
		failed = append(failed, fmt.Errorf("sweep tiles: %w", err))
	}
	return removed, errors.Join(failed...)
}

func keepNamed(named map[string]bool) func(name string) bool {
	return func(name string) bool { return named == nil || named[name] }
}

// seriesOf returns the names of the series of tracks.
func seriesOf(tracks map[string]bool) map[string]bool {
	if tracks == nil {
		return nil
	}
	series := make(map[string]bool, len(tracks))
	for track := range tracks {
		if stem, ok := trackStem(track); ok {
			series[stem] = true
		}
	}
	return series
}

// sweepFolder removes the entries of dir that are older than olderThan and not to be kept. Nobody asks
// for them, so it does not matter when that reaches the disk: what is back after a power cut is swept
// again.
func sweepFolder(
	ctx context.Context, dir string, olderThan time.Time, keep func(name string) bool,
) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, entry := range entries {
		if ctx.Err() != nil {
			return removed, errors.Join(append(failed, ctx.Err())...)
		}
		if keep(entry.Name()) {
			continue
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(olderThan) {
			continue // young, or gone since it was listed
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			failed = append(failed, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(failed...)
}
