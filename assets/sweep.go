package assets

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Named holds the names of all kept files that rows name.
type Named struct {
	Pictures, Tracks, Maps []string
}

// Sweep removes what was last modified before olderThan and is of no use: leftovers in tmp, and
// pictures, tracks and maps that nothing names; the points of a track go with it. Then it removes the
// oldest map tiles over their bound. It returns how many files and pictures it removed, without tiles.
// When something cannot be removed it goes on, and reports it; it stops when ctx ends. During a Hold,
// pictures and tracks stay until the next time.
//
// The names are read before Sweep is called, and the folders are listed after. A file comes before its
// row, so what is named in between is younger than olderThan, unless a request takes that long.
func (f *Files) Sweep(ctx context.Context, olderThan time.Time, named Named) (removed int, err error) {
	type swept struct {
		path string
		keep []string
	}
	folders := []swept{{f.series, seriesOf(named.Tracks)}, {f.maps, named.Maps}, {f.tmp, nil}, {f.holds, nil}}
	var failed []error
	// Once is enough: a hold that begins later is for names that are read later, and what nothing names now
	// and is old, nothing will name then.
	if isHeld, err := f.isHeld(); err != nil {
		failed = append(failed, err)
	} else if !isHeld {
		folders = append(folders, swept{f.pictures, named.Pictures}, swept{f.tracks, named.Tracks})
	}
	for _, folder := range folders {
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

// seriesOf returns the names of the series of tracks.
func seriesOf(tracks []string) (series []string) {
	for _, track := range tracks {
		if stem, ok := trackStem(track); ok {
			series = append(series, stem)
		}
	}
	return series
}

// sweepFolder removes the entries of dir that are older than olderThan, except those to keep. Nobody asks
// for them, so it does not matter when that reaches the disk: what is back after a power cut is swept
// again.
func sweepFolder(ctx context.Context, dir string, olderThan time.Time, keep []string) (removed int, err error) {
	names, err := unnamed(ctx, dir, olderThan, keep)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, name := range names {
		if ctx.Err() != nil {
			return removed, errors.Join(append(failed, ctx.Err())...)
		}
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			failed = append(failed, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(failed...)
}

// unnamed returns the names of the entries of dir that are older than olderThan, except those to keep.
func unnamed(ctx context.Context, dir string, olderThan time.Time, keep []string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	kept := make(map[string]bool, len(keep))
	for _, name := range keep {
		kept[name] = true
	}
	for _, entry := range entries {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if kept[entry.Name()] {
			continue
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(olderThan) {
			continue // young, or gone since it was listed
		}
		names = append(names, entry.Name())
	}
	return names, nil
}
