package assets_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fittrackee/assets"
)

// hold takes a hold, and returns what releases it.
func hold(t *testing.T, files *assets.Files) (held context.Context, release func()) {
	t.Helper()
	held, let, err := files.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return held, func() {
		t.Helper()
		if err := let(); err != nil {
			t.Errorf("release = %v", err)
		}
	}
}

// TestHold removes during a hold, by another process as far as files are concerned, and sweeps during and after it.
func TestHold(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	server := assets.At(dir)
	tracks, maps := withTracks(t, files, dir)
	picture := addFixture(t, files, "small.png")
	age(t, filepath.Join(dir, "pictures", picture))
	_, release := hold(t, files)
	_, releaseOther := hold(t, files)

	if err := errors.Join(server.RemoveTracks(tracks[:1]), server.RemovePicture(picture), server.RemoveMaps(maps[:1])); err != nil {
		t.Errorf("remove during a hold = %v", err)
	}
	releaseOther() // one is left
	if removed, err := server.Sweep(t.Context(), time.Now().Add(time.Minute), assets.Named{}); err != nil || removed == 0 {
		t.Errorf("Sweep during a hold = %d, %v; want what is not held swept", removed, err)
	}
	wantsEntries(t, filepath.Join(dir, "tracks"), slices.Sorted(slices.Values(tracks))...)
	wantsEntries(t, filepath.Join(dir, "pictures"), picture)
	for _, folder := range []string{"series", "maps", "tmp"} {
		wantsEntries(t, filepath.Join(dir, folder))
	}
	release()
	wantsEntries(t, filepath.Join(dir, "holds"))

	// What was removed is young, and stays until the sweeper would remove a file that was never named.
	named := assets.Named{Tracks: tracks[1:]}
	if removed, err := server.Sweep(t.Context(), time.Now().Add(-time.Hour), named); err != nil || removed != 0 {
		t.Errorf("Sweep after a hold = %d, %v; want 0", removed, err)
	}
	age(t, filepath.Join(dir, "tracks", tracks[0]))
	age(t, filepath.Join(dir, "pictures", picture))
	if removed, err := server.Sweep(t.Context(), time.Now().Add(-time.Hour), named); err != nil || removed != 2 {
		t.Errorf("Sweep an hour later = %d, %v; want 2", removed, err)
	}
	if err := server.RemoveTracks(tracks[1:]); err != nil {
		t.Errorf("RemoveTracks after a hold = %v", err)
	}
	wantsEntries(t, filepath.Join(dir, "tracks"))
	wantsEntries(t, filepath.Join(dir, "pictures"))
}

// TestStaleHold looks at the marker of a process that was killed, and at one from the future.
func TestStaleHold(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"killed":          time.Now().Add(-assets.HoldLife),
		"from the future": time.Now().Add(assets.HoldLife + time.Minute),
	} {
		files, dir := openFiles(t)
		track := keepTracks(t, files, "a")
		marker := filepath.Join(dir, "holds", "marker")
		if err := errors.Join(os.WriteFile(marker, nil, 0o600), os.Chtimes(marker, at, at)); err != nil {
			t.Fatal(err)
		}
		if err := files.RemoveTracks(track); err != nil {
			t.Errorf("RemoveTracks beside a marker %s = %v", name, err)
		}
		wantsEntries(t, filepath.Join(dir, "tracks"))
		age(t, marker)
		if _, err := files.Sweep(t.Context(), time.Now().Add(-time.Hour), assets.Named{}); err != nil {
			t.Errorf("Sweep beside a marker %s = %v", name, err)
		}
		wantsEntries(t, filepath.Join(dir, "holds"))
	}
}

// TestLostHold takes the marker of a hold away, as a machine would that was asleep.
func TestLostHold(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	held, release, err := files.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "holds")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("the hold goes on without a marker")
	}
	if err := context.Cause(held); !errors.Is(err, assets.ErrHoldLost) {
		t.Errorf("cause = %v; want %v", err, assets.ErrHoldLost)
	}
	if err := release(); !errors.Is(err, assets.ErrHoldLost) {
		t.Errorf("release = %v; want %v", err, assets.ErrHoldLost)
	}
}

func TestHoldThatCannotBeSeen(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	track, picture := keepTracks(t, files, "a"), addFixture(t, files, "small.png")
	holds := filepath.Join(dir, "holds")
	if err := errors.Join(os.Remove(holds), os.WriteFile(holds, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := files.RemoveTracks(track); err == nil {
		t.Error("RemoveTracks succeeded though nobody knows whether there is a hold")
	}
	if err := files.RemovePicture(picture); err == nil {
		t.Error("RemovePicture succeeded though nobody knows whether there is a hold")
	}
	if _, err := files.Sweep(t.Context(), time.Now().Add(time.Minute), assets.Named{}); err == nil {
		t.Error("Sweep succeeded though nobody knows whether there is a hold")
	}
	wantsEntries(t, filepath.Join(dir, "tracks"), track...)
	wantsEntries(t, filepath.Join(dir, "pictures"), picture)
	if _, _, err := files.Hold(t.Context()); err == nil {
		t.Error("Hold succeeded without a folder for its marker")
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	track := keepTracks(t, files, "a")[0]
	picture := addFixture(t, files, "photo.png")
	paths, err := files.PicturePaths(picture)
	if err != nil || len(paths) != 4 {
		t.Fatalf("PicturePaths = %q, %v; want four", paths, err)
	}
	for _, path := range append(paths, assets.TrackPath(track)) {
		file, err := files.OpenPath(path)
		if err != nil || !assets.IsPath(path) {
			t.Errorf("OpenPath(%s) = %v; want a file", path, err)
			continue
		}
		_ = file.Close()
	}
	for _, name := range strangeNames(".gpx") {
		if path := "tracks/" + name; assets.IsPath(name) || assets.IsPath(path) {
			t.Errorf("IsPath(%q)", path)
		}
	}
	stem := "0123456789abcdef0123456789abcdef"
	for _, path := range []string{
		"tracks/" + stem + ".gpx/", "/tracks/" + stem + ".gpx", "./tracks/" + stem + ".gpx", "Tracks/" + stem + ".gpx",
		"series/" + stem, "maps/" + stem + ".png", "tmp/" + stem, "pictures/" + stem + ".jpg", "pictures/" + stem + ".jpg/512.png",
		"pictures/" + stem + ".jpg/../512.jpg", "pictures/" + stem + ".jpg/513.jpg", "pictures/" + stem + ".jpg//512.jpg",
		"pictures/" + stem + ".gif/512.gif", "pictures/" + stem + ".jpg/0512.jpg", `tracks\` + stem + ".gpx",
	} {
		if assets.IsPath(path) {
			t.Errorf("IsPath(%q)", path)
		}
		if _, err := files.OpenPath(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("OpenPath(%q) = %v; want %v", path, err, os.ErrNotExist)
		}
	}
	if err := os.Remove(filepath.Join(dir, "pictures", picture, "512.jpg")); err != nil {
		t.Fatal(err)
	}
	if _, err := files.PicturePaths(picture); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("PicturePaths without the largest = %v; want %v", err, os.ErrNotExist)
	}
}

func TestUnnamed(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	tracks, _ := withTracks(t, files, dir)
	picture := addFixture(t, files, "small.png")
	age(t, filepath.Join(dir, "pictures", picture))
	addFixture(t, files, "small.png") // young
	paths, err := files.Unnamed(t.Context(), time.Now().Add(-time.Hour), assets.Named{Tracks: tracks[1:]})
	if want := []string{"pictures/" + picture, "tracks/" + tracks[0]}; !slices.Equal(paths, want) || err != nil {
		t.Errorf("Unnamed = %q, %v; want %q", paths, err, want)
	}
	if paths, err := assets.At(filepath.Join(dir, "missing")).Unnamed(t.Context(), time.Now(), assets.Named{}); len(paths) != 0 || err != nil {
		t.Errorf("Unnamed of nothing = %q, %v; want none", paths, err)
	}
}
