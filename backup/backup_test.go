package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fittrackee/assets"
	"fittrackee/backup"
	"fittrackee/store"
)

// instance is a database with its files, as a server has them.
type instance struct {
	db      string
	store   *store.Store
	files   *assets.Files
	tracks  []string // names
	picture string   // name
}

// newInstance makes an instance with one account, a picture and three workouts, of which two have tracks.
func newInstance(t testing.TB) *instance {
	t.Helper()
	in := open(t, filepath.Join(t.TempDir(), "f.db"))
	var err error
	if in.picture, err = in.files.AddPicture(t.Context(), bytes.NewReader(greyPNG(t, 100))); err != nil {
		t.Fatal(err)
	}
	in.exec(t, `insert into users (username, email, password, created_at, timezone, language, picture)
		values ('amelie', 'amelie@example.com', 'x', 0, 'Europe/Paris', 'fr', $1)`, in.picture)
	in.addWorkout(t, "a track")
	in.addWorkout(t, strings.Repeat("a longer track ", 10_000))
	in.addWorkout(t, "")
	// Of equal workouts, the first has the records.
	in.exec(t, `insert into records (user_id, sport_id, workout_id, record_type, value)
		select user_id, sport_id, id, record_type, value
		from (select * from workouts order by id limit 1),
		  (select 'AS' as record_type, 1000 as value union all values ('FD', 1000), ('LD', 360), ('MS', 1000))`)
	return in
}

// open opens the instance of a database, and makes what is missing.
func open(t testing.TB, db string) *instance {
	t.Helper()
	s, err := store.Open(t.Context(), db, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := assets.Open(filepath.Join(filepath.Dir(db), "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.InstanceID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := files.Claim(id); err != nil {
		t.Fatal(err)
	}
	return &instance{db: db, store: s, files: files}
}

// exec runs a statement on a database.
func exec(t testing.TB, db, text string, args ...any) {
	t.Helper()
	d, err := sql.Open("sqlite", "file:"+filepath.ToSlash(db)+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Exec(text, args...); err != nil {
		t.Fatal(err)
	}
}

func (in *instance) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	exec(t, in.db, text, args...)
}

// addWorkout adds a workout with a track, or with none.
func (in *instance) addWorkout(t testing.TB, track string) {
	t.Helper()
	var name any
	if track != "" {
		upload, err := in.files.Spool(strings.NewReader(track), 1<<30)
		if err == nil {
			err = in.files.KeepTracks([]*assets.Spooled{upload})
		}
		if err != nil {
			t.Fatal(err)
		}
		name = upload.TrackName()
		in.tracks = append(in.tracks, upload.TrackName())
	}
	in.exec(t, `insert into workouts (uuid, user_id, sport_id, started_at, month, created_at, distance_m, duration_s, moving_s, pauses_s,
		ave_speed, max_speed, track_file)
		values (randomblob(16), (select id from users), 1, 1600000000, 24248, 0, 1000, 360, 360, 0, 1000, 1000, $1)`, name)
}

// path returns the path of a file beside the database.
func (in *instance) path(elements ...string) string {
	return filepath.Join(append([]string{filepath.Dir(in.db)}, elements...)...)
}

func greyPNG(t testing.TB, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tell is where progress goes that nobody wants to see.
func tell(int, int) {}

// backUp makes a backup with which nothing is to be wrong.
func (in *instance) backUp(t testing.TB) (path string, made backup.Made) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "backup.zip")
	made, err := backup.Make(t.Context(), in.store, in.files, path, tell)
	if err = errors.Join(err, made.Err()); err != nil {
		t.Fatal(err)
	}
	return path, made
}

// tree returns all that is in a folder, without what SQLite makes beside a database: modes, and of files the sums.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all[path] = info.Mode().String()
		if d.Type().IsRegular() {
			content, err := os.ReadFile(path)
			all[path] += fmt.Sprintf(" %x", sha256.Sum256(content))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// wantsSame wants a folder to be as it was.
func wantsSame(t testing.TB, dir string, before map[string]string) {
	t.Helper()
	if after := tree(t, dir); !maps.Equal(before, after) {
		t.Errorf("the folder was\n%v\nand is\n%v\nwant no change", before, after)
	}
}

// wantsSound wants nothing to be wrong with an instance.
func wantsSound(t testing.TB, in *instance) {
	t.Helper()
	found, err := backup.Check(t.Context(), in.store, in.files)
	if lines := found.Lines(); len(lines) > 0 || err != nil {
		t.Errorf("Check = %q, %v; want no damage", lines, err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	in.addWorkout(t, "deleted in the meantime")
	gone := in.tracks[2]
	in.exec(t, `delete from workouts where track_file = $1`, gone)
	last := 0
	path := filepath.Join(t.TempDir(), "backup.zip")
	made, err := backup.Make(t.Context(), in.store, in.files, path, func(done, total int) {
		if last++; done != last || total != 3 {
			t.Errorf("progress = %d/%d; want %d/3", done, total, last)
		}
	})
	if err != nil || made.Err() != nil || made.Workouts != 3 || made.Files != 2+2 { // the picture has two sizes
		t.Fatalf("Make = %+v, %v; want 3 workouts and 4 files", made, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != made.Bytes || info.Mode() != 0o600 {
		t.Errorf("the archive is %v, %v; want %d bytes for its owner alone", info, err, made.Bytes)
	}
	for _, folder := range []string{"tmp", "holds"} {
		if left, err := os.ReadDir(in.path("uploads", folder)); len(left) > 0 || err != nil {
			t.Errorf("left in %s: %v, %v; want nothing", folder, left, err)
		}
	}

	db := filepath.Join(t.TempDir(), "new", "folder", "other.db")
	done, err := backup.Restore(t.Context(), path, db, tell)
	if err != nil || done.Workouts != 3 || done.Files != 4 || len(done.Missing) > 0 {
		t.Fatalf("Restore = %+v, %v; want 3 workouts and 4 files", done, err)
	}
	made2 := tree(t, filepath.Dir(filepath.Dir(db)))
	for path, what := range made2 {
		if mode := what[:10]; path != filepath.Dir(filepath.Dir(filepath.Dir(db))) && mode != "drwx------" && mode != "-rw-------" {
			t.Errorf("%s is %s; want it closed to others", path, mode)
		}
	}
	out := open(t, db)
	wantsSound(t, out)
	for i, want := range []string{"a track", strings.Repeat("a longer track ", 10_000)} {
		if got, err := os.ReadFile(out.path("uploads", "tracks", in.tracks[i])); string(got) != want || err != nil {
			t.Errorf("track %d = %.20q, %v; want %.20q", i, got, err, want)
		}
	}
	if _, err := os.Stat(out.path("uploads", "tracks", gone)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a track that no row names: %v; want it left out", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(db)); len(entries) > 4 || err != nil {
		t.Errorf("beside the database: %v, %v; want it and uploads", entries, err)
	}
}

func TestBackupRefuses(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	dir := t.TempDir()
	for name, path := range map[string]string{
		"a file that is there":   filepath.Join(dir, "there.zip"),
		"one that is under way":  filepath.Join(dir, "half.zip"),
		"a folder":               dir,
		"a folder that is not":   filepath.Join(dir, "missing", "b.zip"),
		"a link to nothing":      filepath.Join(dir, "link.zip"),
		"a name that is too far": filepath.Join(dir, strings.Repeat("x", 300)),
	} {
		for file, content := range map[string]string{"there.zip": "x", "half.zip.part": "y"} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_ = os.Symlink(filepath.Join(dir, "nothing"), filepath.Join(dir, "link.zip")) // not everywhere, and once is enough
		before, uploads := tree(t, dir), tree(t, in.path("uploads"))
		if made, err := backup.Make(t.Context(), in.store, in.files, path, tell); err == nil || made.Bytes != 0 {
			t.Errorf("Make over %s = %+v, %v; want an error", name, made, err)
		}
		wantsSame(t, dir, before)
		wantsSame(t, in.path("uploads"), uploads)
	}
}

// TestBackupEndsWithItsContext ends a backup at several moments.
func TestBackupEndsWithItsContext(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	dir := t.TempDir()
	uploads := tree(t, in.path("uploads"))
	for at := range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		if at == 0 {
			cancel()
		}
		_, err := backup.Make(ctx, in.store, in.files, filepath.Join(dir, "b.zip"), func(done, _ int) {
			if done == at {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Make that ends after %d files = %v; want %v", at, err, context.Canceled)
		}
		wantsSame(t, in.path("uploads"), uploads)
		if left, err := os.ReadDir(dir); len(left) > 0 || err != nil {
			t.Errorf("left after %d files: %v, %v; want nothing", at, left, err)
		}
	}
}

// TestBackupHoldsFiles deletes what the copy of the database names before it is in the archive.
func TestBackupHoldsFiles(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	server := assets.At(in.path("uploads")) // of another process
	path := filepath.Join(t.TempDir(), "b.zip")
	made, err := backup.Make(t.Context(), in.store, in.files, path, func(done, _ int) {
		if done != 1 {
			return
		}
		in.exec(t, `delete from users`)
		err := errors.Join(server.RemoveTracks(in.tracks), server.RemovePicture(in.picture))
		if _, sweepErr := server.Sweep(t.Context(), time.Now().Add(time.Hour), assets.Named{}); err != nil || sweepErr != nil {
			t.Errorf("remove and sweep = %v, %v", err, sweepErr)
		}
	})
	if err != nil || made.Err() != nil || made.Files != 4 {
		t.Errorf("Make = %+v, %v, %v; want all 4 files", made, err, made.Err())
	}
	db := filepath.Join(t.TempDir(), "f.db")
	if done, err := backup.Restore(t.Context(), path, db, tell); err != nil || done.Files != 4 {
		t.Errorf("Restore = %+v, %v; want all 4 files", done, err)
	}
	if n, err := server.Sweep(t.Context(), time.Now().Add(time.Hour), assets.Named{}); n != 3 || err != nil {
		t.Errorf("Sweep after the backup = %d, %v; want 3", n, err)
	}
}

// TestBackupOfDamage saves what is there when files are missing.
func TestBackupOfDamage(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	track, picture := in.path("uploads", "tracks", in.tracks[0]), in.path("uploads", "pictures", in.picture, "512.jpg")
	if err := errors.Join(os.Remove(track), os.Mkdir(track, 0o700), os.Remove(picture)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "b.zip")
	made, err := backup.Make(t.Context(), in.store, in.files, path, tell)
	if err != nil || len(made.Missing) != 2 || made.Files != 1 {
		t.Fatalf("Make = %+v, %v; want 1 file, and 2 that are missing", made, err)
	}
	if err := made.Err(); err == nil || !strings.Contains(err.Error(), "the backup was written, but files that the database names are missing (2)") {
		t.Errorf("Err = %v; want it to tell of 2 missing files", err)
	}
	db := filepath.Join(t.TempDir(), "f.db")
	done, err := backup.Restore(t.Context(), path, db, tell)
	want := []string{"tracks/" + in.tracks[0], "pictures/" + in.picture}
	if err != nil || fmt.Sprint(done.Missing) != fmt.Sprint(want) {
		t.Errorf("Restore = %+v, %v; want %v missing", done, err, want)
	}

	// Damage in the database is saved too, for a closer look, and never takes a place.
	in.exec(t, `update totals set distance_m = distance_m + 1`)
	path = filepath.Join(t.TempDir(), "b.zip")
	if made, err = backup.Make(t.Context(), in.store, in.files, path, tell); err != nil || len(made.Faults) == 0 || made.Err() == nil {
		t.Errorf("Make of wrong totals = %+v, %v; want faults", made, err)
	}
	if _, err := backup.Restore(t.Context(), path, filepath.Join(t.TempDir(), "f.db"), tell); err == nil || !strings.Contains(err.Error(), "totals") {
		t.Errorf("Restore of wrong totals = %v; want a refusal", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	in := newInstance(t)
	wantsSound(t, in)
	young, old := in.path("uploads", "tracks", strings.Repeat("1", 32)+".gpx"), in.path("uploads", "tracks", strings.Repeat("2", 32)+".gpx")
	then := time.Now().Add(-backup.SweepAge - backup.SweepPause)
	for _, path := range []string{young, old} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chtimes(old, then, then), os.Remove(in.path("uploads", "tracks", in.tracks[1]))); err != nil {
		t.Fatal(err)
	}
	found, err := backup.Check(t.Context(), in.store, in.files)
	if err != nil || len(found.Faults) > 0 || len(found.Lost) != 1 || len(found.Unnamed) != 1 {
		t.Fatalf("Check = %+v, %v; want one lost and one unnamed", found, err)
	}
	lines := strings.Join(found.Lines(), "\n")
	for _, want := range []string{"a file that the database names: open ", "nothing in the database names: uploads/tracks/2222"} {
		if !strings.Contains(lines, want) {
			t.Errorf("lines %q; want %q in them", lines, want)
		}
	}
}
