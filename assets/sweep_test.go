package assets_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fittrackee/assets"
)

// age makes a file or folder look untouched for two hours.
func age(t *testing.T, path string) {
	t.Helper()
	then := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	pictures, tmp := filepath.Join(dir, "pictures"), filepath.Join(dir, "tmp")
	named, unnamed, young := addFixture(t, files, "small.png"), addFixture(t, files, "small.png"), addFixture(t, files, "small.png")
	age(t, filepath.Join(pictures, named))
	age(t, filepath.Join(pictures, unnamed))
	if err := os.MkdirAll(filepath.Join(tmp, "halfway", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"old", "fresh"} {
		if err := os.WriteFile(filepath.Join(tmp, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	age(t, filepath.Join(tmp, "old"))
	age(t, filepath.Join(tmp, "halfway"))
	rows := assets.Named{Pictures: []string{named}}

	hourAgo := time.Now().Add(-time.Hour)
	for _, want := range []int{3, 0} { // the second time there is nothing to do
		if removed, err := files.Sweep(context.Background(), hourAgo, rows); removed != want || err != nil {
			t.Errorf("Sweep = %d, %v; want %d", removed, err, want)
		}
	}
	wantsEntries(t, tmp, "fresh")
	wantsEntries(t, pictures, min(named, young), max(named, young))
	side(t, files, named, 0)
}

func TestSweepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	name := addFixture(t, files, "small.png")
	age(t, filepath.Join(dir, "pictures", name))
	ended, cancel := context.WithCancel(context.Background())
	cancel()

	if removed, err := files.Sweep(ended, time.Now(), assets.Named{}); removed != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("Sweep = %d, %v; want 0, %v", removed, err, context.Canceled)
	}
	wantsEntries(t, filepath.Join(dir, "pictures"), name)
}

// ageAll makes all that a folder holds look untouched for two hours.
func ageAll(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		age(t, filepath.Join(dir, entry.Name()))
	}
}

// withTracks keeps two tracks with series and maps, all of them old, and returns their names.
func withTracks(t *testing.T, files *assets.Files, dir string) (tracks, maps []string) {
	t.Helper()
	tracks = keepTracks(t, files, "a", "b")
	for _, track := range tracks {
		name := assets.NewMapName()
		if err := errors.Join(files.PutSeries(track, []byte("points")), files.PutMap(name, []byte("map"))); err != nil {
			t.Fatal(err)
		}
		maps = append(maps, name)
	}
	for _, folder := range []string{"tracks", "series", "maps"} {
		ageAll(t, filepath.Join(dir, folder))
	}
	return tracks, maps
}

func TestSweepTracks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		what                 string
		tracks, series, maps int                                      // left of two each
		named                func(tracks, maps []string) assets.Named // by rows
	}{
		{"all named", 2, 2, 2, func(tracks, maps []string) assets.Named {
			return assets.Named{Tracks: tracks, Maps: maps}
		}},
		{"one track named", 1, 1, 0, func(tracks, _ []string) assets.Named {
			return assets.Named{Tracks: tracks[1:]}
		}},
		{"one map named", 0, 0, 1, func(_, maps []string) assets.Named {
			return assets.Named{Maps: maps[:1]}
		}},
		{"others named", 0, 0, 0, func(_, _ []string) assets.Named {
			return assets.Named{Tracks: []string{"", "no name"}}
		}},
		{"none named", 0, 0, 0, func(_, _ []string) assets.Named { return assets.Named{} }},
	} {
		t.Run(row.what, func(t *testing.T) {
			t.Parallel()
			files, dir := openFiles(t)
			tracks, maps := withTracks(t, files, dir)
			removed, err := files.Sweep(context.Background(), time.Now().Add(-time.Hour), row.named(tracks, maps))
			if want := 6 - row.tracks - row.series - row.maps; removed != want || err != nil {
				t.Errorf("Sweep = %d, %v; want %d", removed, err, want)
			}
			for folder, want := range map[string]int{"tracks": row.tracks, "series": row.series, "maps": row.maps, "tmp": 0} {
				entries, err := os.ReadDir(filepath.Join(dir, folder))
				if len(entries) != want || err != nil {
					t.Errorf("%s left in %s; want %d", entries, folder, want)
				}
			}
		})
	}
}

func TestSweepLeavesWhatIsYoung(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	// Kept after the names were read, with its row on the way.
	track := keepTracks(t, files, "a")[0]
	name := assets.NewMapName()
	if err := errors.Join(files.PutSeries(track, nil), files.PutMap(name, nil)); err != nil {
		t.Fatal(err)
	}
	if removed, err := files.Sweep(context.Background(), time.Now().Add(-time.Hour), assets.Named{}); removed != 0 || err != nil {
		t.Errorf("Sweep = %d, %v; want 0", removed, err)
	}
	wantsEntries(t, filepath.Join(dir, "tracks"), track)
	wantsEntries(t, filepath.Join(dir, "maps"), name)
}

func TestSweepGoesOn(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	withTracks(t, files, dir)
	if err := os.RemoveAll(filepath.Join(dir, "pictures")); err != nil {
		t.Fatal(err)
	}
	removed, err := files.Sweep(context.Background(), time.Now().Add(-time.Hour), assets.Named{})
	if removed != 6 || err == nil || !strings.Contains(err.Error(), "sweep pictures") {
		t.Errorf("Sweep = %d, %v; want 6 and an error about pictures", removed, err)
	}
}
