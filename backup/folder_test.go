package backup_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/backup"
)

// others are files that no server has made.
var others = []string{
	"notes.txt", "fittrackee.db", "fittrackee-monday.zip", "fittrackee-20261125T183000.zip", "fittrackee-20261325T183000Z.zip",
	"fittrackee-20261125T183000Z.zip.bak", "my-fittrackee-20261125T183000Z.zip", "fittrackee-20261125T183000Z-copy.zip", "other.zip.part",
	"FITTRACKEE-20261125T183000Z.ZIP",
}

// newFolder returns a folder with the given files, and others, at half past six.
func newFolder(t *testing.T, every time.Duration, keep int, names ...string) *backup.Folder {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backups", "here")
	f, err := backup.OpenFolder(dir, filepath.Join(t.TempDir(), "uploads"), every, keep)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v; want it closed to others", info.Mode(), err)
	}
	for _, name := range slices.Concat(names, others) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.Now = func() time.Time { return time.Date(2026, 11, 25, 18, 30, 0, 0, time.UTC) }
	return f
}

// wantsFiles wants a folder to hold files, and the others.
func wantsFiles(t *testing.T, f *backup.Folder, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want = slices.Concat(want, others)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the folder holds\n%q\nwant\n%q", names, want)
	}
}

func TestWhenABackupIsDue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files []string
		want  time.Duration
	}{
		{"none", nil, 0},
		{"an old one", []string{"fittrackee-20261124T183000Z.zip"}, 0},
		{"one that is not old enough", []string{"fittrackee-20261124T183001Z.zip"}, time.Second},
		{"the newest counts", []string{"fittrackee-20261125T180000Z.zip", "fittrackee-20261124T190000Z.zip"}, 23*time.Hour + 30*time.Minute},
		{"half a one does not", []string{"fittrackee-20261125T180000Z.zip.part"}, 0},
		{"a clock that was put back a little", []string{"fittrackee-20261125T190000Z.zip"}, 24*time.Hour + 30*time.Minute},
		{"a clock that was far ahead", []string{"fittrackee-20990101T000000Z.zip"}, 0},
	} {
		f := newFolder(t, 24*time.Hour, 7, c.files...)
		if got, err := f.Wait(); got != c.want || err != nil {
			t.Errorf("Wait with %s = %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	f := newFolder(t, time.Hour, 7)
	if err := os.RemoveAll(f.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Wait(); err == nil {
		t.Error("Wait without a folder succeeded")
	}
}

// TestFolder makes a backup on each of five days, and keeps three.
func TestFolder(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	f := newFolder(t, 24*time.Hour, 3, "fittrackee-20261120T183000Z.zip", "fittrackee-20261120T193000Z.zip.part")
	if err := os.Mkdir(filepath.Join(f.Dir, "fittrackee-20261119T183000Z.zip"), 0o700); err != nil {
		t.Fatal(err)
	}
	folder := "fittrackee-20261119T183000Z.zip" // is no file of ours
	kept := []string{"fittrackee-20261120T183000Z.zip"}
	for day := range 5 {
		now := time.Date(2026, 11, 25+day, 18, 30, 0, 0, time.FixedZone("", 3600))
		f.Now = func() time.Time { return now }
		path, made, err := f.Make(t.Context(), in.store, in.files)
		if err != nil || made.Err() != nil {
			t.Fatal(errors.Join(err, made.Err()))
		}
		if err := f.RemoveOld(path, made); err != nil {
			t.Error(err)
		}
		kept = append(kept, "fittrackee-"+now.UTC().Format("20060102T150405Z")+".zip")
		kept = kept[max(0, len(kept)-3):]
		wantsFiles(t, f, append([]string{folder}, kept...)...)
		if wait, err := f.Wait(); wait != 24*time.Hour || err != nil {
			t.Errorf("Wait after a backup = %v, %v; want a day", wait, err)
		}
	}
	if _, _, err := f.Make(t.Context(), in.store, in.files); err == nil {
		t.Error("Make within the same second succeeded; want an error, for the name is taken")
	}
	wantsFiles(t, f, append([]string{folder}, kept...)...)
}

// TestFolderKeepsTheNewestThatLacksNothing loses a track. The backups from then on have not got it.
func TestFolderKeepsTheNewestThatLacksNothing(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	f := newFolder(t, 24*time.Hour, 2)
	at := func(day int) string {
		return time.Date(2026, 12, day, 6, 0, 0, 0, time.UTC).Format("fittrackee-20060102T150405Z.zip")
	}
	for day, want := range [][]string{{at(0)}, {at(0), at(1)}, {at(1), at(2)}, {at(1), at(2), at(3)}, {at(1), at(3), at(4)}} {
		if day == 2 {
			if err := os.Remove(in.path("uploads", "tracks", in.tracks[0])); err != nil {
				t.Fatal(err)
			}
		}
		f.Now = func() time.Time { return time.Date(2026, 12, day, 6, 0, 0, 0, time.UTC) }
		path, made, err := f.Make(t.Context(), in.store, in.files)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.RemoveOld(path, made); err != nil {
			t.Error(err)
		}
		wantsFiles(t, f, want...)
	}
}

func TestFolderThatCannotBe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	uploads := filepath.Join(dir, "uploads")
	if err := errors.Join(os.Mkdir(uploads, 0o700), os.WriteFile(filepath.Join(dir, "file"), nil, 0o600),
		os.Symlink(uploads, filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	for path, reason := range map[string]string{
		uploads: "removed",
		filepath.Join(uploads, "backups", "here"): "removed",
		filepath.Join(dir, "link"):                "removed",
		filepath.Join(dir, "link", "backups"):     "removed",
		filepath.Join(dir, "x", "..", "uploads"):  "removed",
		filepath.Join(dir, "file"):                "not a directory",
		filepath.Join(dir, "file", "x"):           "not a directory",
	} {
		if _, err := backup.OpenFolder(path, uploads, time.Hour, 1); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("OpenFolder(%s) = %v; want %q in an error", path, err, reason)
		}
	}
	if entries, err := os.ReadDir(uploads); len(entries) > 0 || err != nil {
		t.Errorf("uploads holds %v, %v; want nothing", entries, err)
	}
	for _, name := range []string{"backups", "uploads-of-old"} {
		if _, err := backup.OpenFolder(filepath.Join(dir, name), uploads, time.Hour, 1); err != nil {
			t.Errorf("OpenFolder(%s) = %v", name, err)
		}
	}
}
