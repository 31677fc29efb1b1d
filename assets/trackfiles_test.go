package assets_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"fittrackee/assets"
)

// spool spools an upload.
func spool(t *testing.T, files *assets.Files, upload string) *assets.Spooled {
	t.Helper()
	spooled, err := files.Spool(strings.NewReader(upload), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = spooled.Close() })
	return spooled
}

// stem returns the digits of an upload's name, which it has in tmp.
func stem(upload *assets.Spooled) string { return strings.TrimSuffix(upload.TrackName(), ".gpx") }

// keepTracks keeps uploads that must be kept.
func keepTracks(t *testing.T, files *assets.Files, uploads ...string) (names []string) {
	t.Helper()
	var spooled []*assets.Spooled
	for _, upload := range uploads {
		one := spool(t, files, upload)
		spooled, names = append(spooled, one), append(names, one.TrackName())
	}
	if err := files.KeepTracks(spooled); err != nil {
		t.Fatal(err)
	}
	return names
}

func wantsTrack(t *testing.T, files *assets.Files, name, want string) {
	t.Helper()
	file, err := files.OpenTrack(name)
	if err != nil {
		t.Errorf("OpenTrack = %v", err)
		return
	}
	defer file.Close()
	if got, err := io.ReadAll(file); string(got) != want || err != nil {
		t.Errorf("track = %q, %v; want %q", got, err, want)
	}
}

// wantsNoFiles checks that nothing is kept and nothing is left over.
func wantsNoFiles(t *testing.T, dir string) {
	t.Helper()
	for _, folder := range []string{"tmp", "pictures", "tracks", "series", "maps"} {
		wantsEntries(t, filepath.Join(dir, folder))
	}
}

func TestKeepTracks(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	uploads := []*assets.Spooled{spool(t, files, "one"), spool(t, files, "two")}
	if err := files.KeepTracks(uploads); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"one", "two"} {
		name := uploads[i].TrackName()
		for range 2 { // closing is harmless
			if err := uploads[i].Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		wantsTrack(t, files, name, want)
		wantsMode(t, filepath.Join(dir, "tracks", name), 0o600)
	}
	wantsEntries(t, filepath.Join(dir, "tmp"))
	if err := files.KeepTracks(nil); err != nil {
		t.Errorf("KeepTracks of none = %v", err)
	}
}

func TestKeepTracksMakesThemYoung(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	upload := spool(t, files, "one")
	age(t, filepath.Join(dir, "tmp", stem(upload))) // a long archive
	if err := files.KeepTracks([]*assets.Spooled{upload}); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Sweep(context.Background(), time.Now().Add(-time.Hour), assets.Named{}); err != nil {
		t.Fatal(err)
	}
	wantsEntries(t, filepath.Join(dir, "tracks"), upload.TrackName())
}

func TestKeepTracksIsAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, dir string, uploads []*assets.Spooled) []*assets.Spooled{
		"upload gone": func(t *testing.T, dir string, uploads []*assets.Spooled) []*assets.Spooled {
			if err := os.Remove(filepath.Join(dir, "tmp", stem(uploads[1]))); err != nil {
				t.Fatal(err)
			}
			return uploads
		},
		"upload closed": func(t *testing.T, _ string, uploads []*assets.Spooled) []*assets.Spooled {
			if err := uploads[2].Close(); err != nil {
				t.Fatal(err)
			}
			return uploads
		},
		"upload twice": func(_ *testing.T, _ string, uploads []*assets.Spooled) []*assets.Spooled {
			return append(uploads, uploads[0])
		},
		"name taken by a folder": func(t *testing.T, dir string, uploads []*assets.Spooled) []*assets.Spooled {
			inTheWay := filepath.Join(dir, "tracks", uploads[2].TrackName())
			if err := os.Mkdir(inTheWay, 0o700); err != nil {
				t.Fatal(err)
			}
			return uploads
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, dir := openFiles(t)
			uploads := spoil(t, dir, []*assets.Spooled{spool(t, files, "a"), spool(t, files, "b"), spool(t, files, "c")})
			for _, upload := range uploads {
				if err := files.PutSeries(upload.TrackName(), []byte("points")); err != nil {
					t.Fatal(err)
				}
			}
			if err := files.KeepTracks(uploads); err == nil {
				t.Error("KeepTracks succeeded; want an error")
			}
			for _, upload := range uploads {
				if err := upload.Close(); err != nil {
					t.Errorf("Close = %v", err)
				}
			}
			wantsNoFiles(t, dir)
		})
	}
}

func TestKeepTracksWithoutFolder(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	upload := spool(t, files, "a")
	if err := os.Remove(filepath.Join(dir, "tracks")); err != nil {
		t.Fatal(err)
	}
	if err := files.KeepTracks([]*assets.Spooled{upload}); err == nil {
		t.Error("KeepTracks succeeded; want an error")
	}
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestSpooledIsReadManyTimes(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	spooled := spool(t, files, "0123456789")
	for range 2 {
		if err := iotest.TestReader(spooled, []byte("0123456789")); err != nil { // with ReadAt and Seek
			t.Error(err)
		}
		if _, err := spooled.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
	}
	var four [4]byte
	if n, err := spooled.ReadAt(four[:], 3); n != 4 || err != nil || string(four[:]) != "3456" {
		t.Errorf("ReadAt = %q, %v; want %q", four[:n], err, "3456")
	}
}

func TestRemoveTracks(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	names := keepTracks(t, files, "a", "b", "c")
	for _, name := range names {
		if err := files.PutSeries(name, []byte("points")); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time they are missing
		if err := files.RemoveTracks(names[:2]); err != nil {
			t.Errorf("RemoveTracks = %v", err)
		}
	}
	wantsEntries(t, filepath.Join(dir, "tracks"), names[2])
	wantsEntries(t, filepath.Join(dir, "series"), strings.TrimSuffix(names[2], ".gpx"))
	if _, err := files.OpenTrack(names[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenTrack of a removed one = %v; want %v", err, fs.ErrNotExist)
	}
	if _, err := files.Series(names[0]); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Series of a removed one = %v; want %v", err, fs.ErrNotExist)
	}
	if err := files.RemoveTracks(nil); err != nil {
		t.Errorf("RemoveTracks of none = %v", err)
	}
}

func TestRemoveTracksGoesOn(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	names := keepTracks(t, files, "a", "b")
	stuck := filepath.Join(dir, "series", strings.TrimSuffix(names[0], ".gpx"))
	if err := os.MkdirAll(filepath.Join(stuck, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := files.RemoveTracks(names); err == nil || !strings.Contains(err.Error(), stuck) {
		t.Errorf("RemoveTracks = %v; want an error that names %s", err, stuck)
	}
	wantsEntries(t, filepath.Join(dir, "tracks"))
}

func TestSeriesBeforeAndAfterItsTrack(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	upload := spool(t, files, "track")
	name := upload.TrackName()
	for _, want := range []string{"points", "better points", ""} {
		if err := files.PutSeries(name, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if got, err := files.Series(name); string(got) != want || err != nil {
			t.Errorf("Series = %q, %v; want %q", got, err, want)
		}
	}
	if err := files.KeepTracks([]*assets.Spooled{upload}); err != nil {
		t.Fatal(err)
	}
	if err := files.PutSeries(name, []byte("again")); err != nil {
		t.Error(err)
	}
	wantsMode(t, filepath.Join(dir, "series", stem(upload)), 0o600)
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestPutSeriesLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	if err := os.Remove(filepath.Join(dir, "series")); err != nil {
		t.Fatal(err)
	}
	if err := files.PutSeries(strings.Repeat("0", 32)+".gpx", []byte("points")); err == nil {
		t.Error("PutSeries without a folder succeeded")
	}
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

// strangeNames are no names of kept files with the ending ext.
func strangeNames(ext string) []string {
	const stem = "0123456789abcdef0123456789abcdef"
	return []string{
		"", ".", "..", "/", "../" + stem + ext, "../../uploads", "./" + stem + ext, stem, stem + ".", stem + ".jpg",
		stem + ext + "/", stem + ext + "/..", stem + ext + ext, stem + strings.ToUpper(ext), stem + ext + "\x00",
		strings.ToUpper(stem) + ext, stem[1:] + ext, stem + "0" + ext, ext, stem[3:] + "../" + ext,
		stem[1:] + "/" + ext, stem[1:] + "\\" + ext, stem[2:] + "é" + ext, "..\\" + stem + ext,
	}
}

func TestNamesThatAreNotTracks(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	kept := keepTracks(t, files, "a")[0]
	for _, name := range strangeNames(".gpx") {
		if _, err := files.OpenTrack(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("OpenTrack(%q) = %v; want %v", name, err, fs.ErrNotExist)
		}
		if _, err := files.Series(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Series(%q) = %v; want %v", name, err, fs.ErrNotExist)
		}
		if err := files.PutSeries(name, nil); err == nil {
			t.Errorf("PutSeries(%q) succeeded", name)
		}
		if err := files.RemoveTracks([]string{kept, name}); err == nil {
			t.Errorf("RemoveTracks(%q) succeeded", name)
		}
	}
	wantsTrack(t, files, kept, "a")
	wantsEntries(t, filepath.Join(dir, "series"))
	wantsEntries(t, filepath.Dir(dir), "uploads")
}

func TestNames(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	for ext, newName := range map[string]func() string{
		".gpx": func() string { return spool(t, files, "").TrackName() },
		".png": assets.NewMapName,
	} {
		a, b := newName(), newName()
		digits, ok := strings.CutSuffix(a, ext)
		if a == b || !ok || len(digits) != 32 || strings.Trim(digits, "0123456789abcdef") != "" {
			t.Errorf("names = %q, %q; want different ones of 32 hexadecimal digits and %s", a, b, ext)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	name := keepTracks(t, files, "12345")[0]
	if err := errors.Join(
		files.PutSeries(name, make([]byte, 100)),
		files.PutMap(assets.NewMapName(), make([]byte, 1000)),
		os.MkdirAll(filepath.Join(dir, "tiles", "a", "1"), 0o700),
		os.WriteFile(filepath.Join(dir, "tiles", "a", "1", "2"), make([]byte, 10_000), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	spool(t, files, "under way")
	picture := addFixture(t, files, "small.png")
	info, err := os.Stat(filepath.Join(dir, "pictures", picture, "512.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	want := 5 + 100 + 1000 + info.Size()
	if got, err := files.Size(context.Background()); got != want || err != nil {
		t.Errorf("Size = %d, %v; want %d", got, err, want)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := files.Size(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Size = %v; want %v", err, context.Canceled)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := files.Size(context.Background()); got != 0 || err != nil {
		t.Errorf("Size of nothing = %d, %v; want 0", got, err)
	}
}
