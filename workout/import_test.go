package workout_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fittrackee/store"
	"fittrackee/workout"
)

func TestImport(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	folder := lay(t, t.TempDir(), map[string]string{
		"one.gpx":                         gpx(1, 50, "cycling"),
		"2019/zwei.GPX":                   gpx(2, 50, "trail_running"),
		"2019/été/日本の山 #1.gpx":            gpx(3, 50, "Hiking"),
		"2019/export.zip":                 zipped(t, file{"a.gpx", gpx(4, 50, "Nordic-Ski")}, file{"../../up.gpx", gpx(5, 50, "Road Biking")}),
		"2019/.hidden.gpx":                gpx(6, 50, "cycling"),
		".trash/gone.gpx":                 gpx(7, 50, "cycling"),
		"notes.txt":                       "no track",
		"ride.gpx.gz":                     "no track",
		"elsewhere/ride-of-somebody.fit":  "no track",
		"elsewhere/._one.gpx":             "what macOS puts beside a file",
		"elsewhere/empty.zip":             zipped(t),
		"elsewhere/folder.gpx/inside.gpx": gpx(8, 50, "Skiing (Alpine)"),
	})
	links := map[string]string{"link.gpx": "one.gpx", "loop": ".", "elsewhere/outside": t.TempDir()}
	for name, to := range links {
		if err := os.Symlink(to, filepath.Join(folder, name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	outside := lay(t, t.TempDir(), map[string]string{
		"single.gpx": gpx(9, 50, "walking"),
		".dot.gpx":   gpx(10, 50, "e-bike"),
		"an archive.zip": zipped(
			t, file{"deep/er/ride.gpx", gpx(11, 50, "virtual_ride")}, file{"deep/", ""}, file{"__MACOSX/._ride.gpx", "x"},
			file{"nested.zip", zipped(t, file{"a.gpx", gpx(12, 50, "cycling")})}, file{"readme.md", "x"}, file{"copy.gpx", gpx(9, 50, "walking")},
		),
	})
	linked := filepath.Join(t.TempDir(), "linked")
	if err := os.Symlink(folder, linked); err != nil {
		t.Fatal(err)
	}
	paths := []string{
		linked, filepath.Join(outside, "single.gpx"), filepath.Join(outside, ".dot.gpx"), filepath.Join(outside, "an archive.zip"),
	}
	var last workout.Progress
	got, refused := p.imports(t, workout.ImportOptions{Progress: func(v workout.Progress) { last = v }}, paths...)
	if want := (workout.Imported{Added: 9, Known: 1, PassedOver: 6 + len(links) + 3}); got != want || len(refused) > 0 {
		t.Errorf("import = %+v, refused %q; want %+v and none", got, refused, want)
	}
	if want := (workout.Progress{Done: 10, Total: 10}); last != want {
		t.Errorf("last progress = %+v; want %+v", last, want)
	}
	want := []string{
		"Tour 1 (1)", "Tour 10 (7)", "Tour 11 (13)", "Tour 2 (8)", "Tour 3 (3)", "Tour 4 (10)", "Tour 5 (1)", "Tour 8 (9)", "Tour 9 (6)",
	}
	if diff := cmp.Diff(want, titles(p.tracked(t, p.amelie))); diff != "" {
		t.Errorf("workouts, - wanted, + added:\n%s", diff)
	}
	p.isSound(t)

	before := p.tracked(t, p.amelie)
	got, refused = p.imports(t, workout.ImportOptions{Sport: p.sport(t, 5)}, paths...)
	if want := (workout.Imported{Known: 10, PassedOver: 6 + len(links) + 3}); got != want || len(refused) > 0 {
		t.Errorf("the same import again = %+v, refused %q; want %+v and none", got, refused, want)
	}
	if diff := cmp.Diff(before, p.tracked(t, p.amelie)); diff != "" {
		t.Errorf("the same import again changes workouts:\n%s", diff)
	}
	p.amelie = p.boris
	if got, _ := p.imports(t, workout.ImportOptions{Sport: p.sport(t, 5)}, paths[1]); got.Added != 1 || p.tracked(t, p.boris)[0].SportID != 5 {
		t.Errorf("import for somebody else with a sport = %+v of sport %d; want one of sport 5", got, p.tracked(t, p.boris)[0].SportID)
	}
	p.isSound(t)
}

// TestImportLikeUpload imports files that are also uploaded, and compares all that is kept of them.
func TestImportLikeUpload(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	names, err := filepath.Glob("../server/testdata/contract/fixtures/*.gpx")
	if err != nil || len(names) < 5 {
		t.Fatalf("fixtures: %q, %v", names, err)
	}
	speed := 9.5 // km/h: much of a ride is stopped then
	for _, u := range []store.User{p.amelie, p.boris} {
		if _, err := p.store.EditSportPreference(t.Context(), u.ID, 1, store.SportPreference{StoppedSpeedKMH: &speed}); err != nil {
			t.Fatal(err)
		}
	}
	compared := 0
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		upload, err := p.files.Spool(bytes.NewReader(content), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		_, uploadErr := p.workouts.AddFile(t.Context(), p.boris, upload, workout.Details{SportID: new(int64(1))})
		if err := upload.Close(); err != nil {
			t.Fatal(err)
		}
		got, refused := p.imports(t, workout.ImportOptions{Sport: p.sport(t, 1)}, name)
		if (uploadErr == nil) != (got.Added == 1) || (uploadErr == nil) != (len(refused) == 0) {
			t.Fatalf("%s: import = %+v, refused %q; want what an upload does, which says %v", name, got, refused, uploadErr)
		}
		if uploadErr != nil {
			if reason := refused[name]; reason == "" || !strings.Contains(uploadErr.Error(), reason) {
				t.Errorf("%s: refused because %q; want the cause in %q", name, reason, uploadErr)
			}
			continue
		}
		uploaded, imported := last(p.tracked(t, p.boris)), last(p.tracked(t, p.amelie))
		ignored := cmpopts.IgnoreFields(store.Workout{},
			"ID", "UserID", "UUID", "CreatedAt", "TrackFile", "MapFile", "Previous", "Next", "Records")
		if diff := cmp.Diff(uploaded, imported, ignored); diff != "" {
			t.Errorf("%s, - uploaded, + imported:\n%s", name, diff)
		}
		for what, read := range map[string]func(store.Workout) (any, error){
			"file":   func(v store.Workout) (any, error) { return whole(p.workouts.GPX(t.Context(), v)) },
			"series": func(v store.Workout) (any, error) { return p.files.Series(v.TrackFile) },
			"chart":  func(v store.Workout) (any, error) { return whole(p.workouts.Chart(t.Context(), v, workout.All)) },
			"map": func(v store.Workout) (any, error) {
				return os.ReadFile(filepath.Join(p.dir, "uploads", "maps", v.MapFile))
			},
		} {
			a, errA := read(uploaded)
			b, errB := read(imported)
			if errA != nil || errB != nil || !cmp.Equal(a, b) {
				t.Errorf("%s: the %s of the import is not that of the upload (%v, %v)", name, what, errB, errA)
			}
		}
		compared++
	}
	if compared < 5 {
		t.Errorf("%d files compared; want 5 at least", compared)
	}
	var records [2][]store.Record
	for i, u := range []store.User{p.boris, p.amelie} {
		if records[i], err = p.store.Records(t.Context(), u.ID); err != nil {
			t.Fatal(err)
		}
	}
	ignored := cmpopts.IgnoreFields(store.Record{}, "ID", "UserID", "WorkoutID", "WorkoutUUID")
	if diff := cmp.Diff(records[0], records[1], ignored); diff != "" || len(records[0]) != 5 {
		t.Errorf("records, - of uploads, + of imports:\n%s", diff)
	}
	p.isSound(t)
}

func last(all []store.Workout) store.Workout { return all[len(all)-1] }

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	good := gpx(1, 20, "cycling")
	archive := zipped(t, file{"a.gpx", good}, file{"b.gpx", gpx(2, 20, "cycling")})
	lines := strings.Split(good, "\n")
	badLine := strings.Join(slices.Replace(slices.Clone(lines), 11, 12, `<trkpt lat="91" lon="6"></trkpt>`), "\n")
	whitespace := strings.Repeat(" ", 64<<20)
	encrypted := []byte(zipped(t, file{"locked.gpx", good}))
	encrypted[6] |= 1                                              // flags in the file's own header
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1 // and in the directory
	damaged := []byte(zipped(t, file{"a.gpx", good}, file{"b.gpx", gpx(3, 20, "cycling")}))
	copy(damaged[60:], "not what the compressor wrote, in no way at all")
	var long []file
	for i := range 150 {
		long = append(long, file{fmt.Sprintf("%060000d.gpx", i), ""})
	}
	crowded := zipped(t, long...)

	folder := lay(t, t.TempDir(), map[string]string{
		"latitude.gpx":      badLine,
		"cut.gpx":           good[:len(good)/2],
		"empty.gpx":         "",
		"html.gpx":          "<html></html>",
		"untimed.gpx":       "<gpx><trk><type>cycling</type><trkseg><trkpt lat='1' lon='2'/></trkseg></trk></gpx>",
		"pointless.gpx":     "<gpx><trk><type>cycling</type></trk></gpx>",
		"frisbee.gpx":       gpx(4, 20, "Ultimate Frisbee"),
		"silent.gpx":        gpx(5, 20, ""),
		"babbling.gpx":      gpx(5, 20, strings.Repeat("very ", 1000)),
		"large.gpx":         good + whitespace,
		"bomb.zip":          zipped(t, file{"zeros.gpx", good + whitespace}, file{"fine.gpx", gpx(6, 20, "running")}),
		"no-zip.zip":        "PK, or so it says",
		"nothing.zip":       "",
		"truncated.zip":     archive[:len(archive)-30],
		"damaged.zip":       string(damaged),
		"encrypted.zip":     string(encrypted),
		"crowded.zip":       crowded,
		"good.gpx":          good,
		"folder/bad \n.gpx": "<gpx>",
	})
	unreadable := filepath.Join(folder, "unreadable")
	if err := os.Mkdir(unreadable, 0); err != nil {
		t.Fatal(err)
	}
	isRoot := os.Geteuid() == 0
	got, refused := p.imports(t, workout.ImportOptions{}, folder, filepath.Join(folder, "notes.txt.gpx", "..", "good.gpx"))
	want := map[string]string{
		"latitude.gpx":             `line 12: lat "91"`,
		"cut.gpx":                  "line 13: unexpected EOF",
		"empty.gpx":                "not a valid GPX file",
		"html.gpx":                 `root element "html"`,
		"untimed.gpx":              "no times in the first track",
		"pointless.gpx":            "no points in the first track",
		"frisbee.gpx":              `unknown sport: the file says "Ultimate Frisbee"`,
		"silent.gpx":               "unknown sport: the file names none",
		"babbling.gpx":             `unknown sport: the file says "very very very very`,
		"large.gpx":                "larger than 64.0MB",
		"bomb.zip/zeros.gpx":       "larger than 64.0MB",
		"no-zip.zip":               "not a valid zip file",
		"nothing.zip":              "not a valid zip file",
		"truncated.zip":            "not a valid zip file",
		"damaged.zip/a.gpx":        "flate: corrupt input",
		"encrypted.zip/locked.gpx": "it is encrypted",
		"crowded.zip":              "too many files",
		"folder/bad \n.gpx":        "unexpected",
	}
	if !isRoot {
		want["unreadable"] = "permission denied"
	}
	for name, reason := range want {
		if text := refused[filepath.Join(folder, name)]; !strings.Contains(text, reason) || strings.Contains(text, folder) {
			t.Errorf("%s is refused because %q; want %q, without its path", name, text, reason)
		}
	}
	for name := range refused {
		if rel, err := filepath.Rel(folder, name); err != nil || want[rel] == "" {
			t.Errorf("%s is refused, because %q; want it taken", rel, refused[name])
		}
	}
	// good.gpx is named twice; damaged.zip and bomb.zip have one each that is taken.
	if want := (workout.Imported{Added: 3, Known: 1, Refused: len(want)}); got != want {
		t.Errorf("import = %+v; want %+v", got, want)
	}
	p.isSound(t)

	notes := filepath.Join(lay(t, t.TempDir(), map[string]string{"notes.txt": good}), "notes.txt")
	if got, refused := p.imports(t, workout.ImportOptions{}, notes); got != (workout.Imported{Refused: 1}) || !strings.Contains(refused[notes], ".gpx") {
		t.Errorf("import of a text file = %+v, %q; want it refused", got, refused)
	}
	missing := filepath.Join(folder, "missing")
	_, err := p.workouts.Import(t.Context(), p.boris, []string{filepath.Join(folder, "good.gpx"), missing}, workout.ImportOptions{})
	if err == nil || !strings.Contains(err.Error(), missing+": no such file") || len(p.tracked(t, p.boris)) > 0 {
		t.Errorf("import of a path that is not there: %v, %d added; want an error, and none", err, len(p.tracked(t, p.boris)))
	}
}

func TestImportOfCopies(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	files := make(map[string]string)
	var packed []file
	for i := range 100 {
		files[fmt.Sprintf("%d.gpx", i)] = gpx(i%3, 20, "cycling")
		packed = append(packed, file{fmt.Sprintf("%d.gpx", i), gpx(i%4, 20, "cycling")})
	}
	files["copies.zip"] = zipped(t, packed...)
	if got, refused := p.imports(t, workout.ImportOptions{}, lay(t, t.TempDir(), files)); got != (workout.Imported{Added: 4, Known: 196}) {
		t.Errorf("import of 200 copies of 4 files = %+v, %q; want 4 added and 196 known", got, refused)
	}
	p.isSound(t)
}

// TestImportOfLargeFiles imports files that take turns.
func TestImportOfLargeFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	files := make(map[string]string)
	for i := range 4 {
		files[fmt.Sprintf("%d.gpx", i)] = gpx(i, 20, "cycling") + strings.Repeat("<!--"+strings.Repeat("x", 500_000)+"-->", 10)
	}
	if got, refused := p.imports(t, workout.ImportOptions{}, lay(t, t.TempDir(), files)); got != (workout.Imported{Added: 4}) {
		t.Errorf("import of 4 large files = %+v, %q; want 4 added", got, refused)
	}
	p.exec(t, `update workouts set distance_m = 7`)
	if got, failed := p.recomputes(t, 0); got != (workout.Recomputed{Measured: 4, Changed: 4}) {
		t.Errorf("recompute of 4 large files = %+v, %q; want 4 changed", got, failed)
	}
	p.isSound(t)
}

// TestImportGoesOn interrupts an import again and again. In the end each workout is there once.
func TestImportGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 160
	folder := manyFiles(t, n)
	for _, stopAt := range []int{1, 40, 90} {
		before := len(p.tracked(t, p.amelie))
		ctx, cancel := context.WithCancel(t.Context())
		got, err := p.workouts.Import(ctx, p.amelie, []string{folder}, workout.ImportOptions{
			Refused: func(name string, reason error) { t.Errorf("%s: %v", name, reason) },
			Progress: func(v workout.Progress) {
				if v.Done == stopAt {
					cancel()
				}
			},
		})
		cancel()
		added := len(p.tracked(t, p.amelie)) - before
		if !errors.Is(err, context.Canceled) || got.Added != added || got.Added+got.Known < stopAt || got.Added+got.Known == n {
			t.Errorf("import stopped at %d = %+v, %v, %d workouts more; want to be told so, and how many", stopAt, got, err, added)
		}
		p.isSound(t)
	}
	before := len(p.tracked(t, p.amelie))
	if got, _ := p.imports(t, workout.ImportOptions{}, folder); got != (workout.Imported{Added: n - before, Known: before}) || before < 90 {
		t.Errorf("the last import = %+v after %d; want the rest of %d", got, before, n)
	}
	if all := slices.Compact(titles(p.tracked(t, p.amelie))); len(all) != n {
		t.Errorf("%d workouts; want %d, each once", len(all), n)
	}
	p.isSound(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.workouts.Import(ctx, p.boris, []string{folder}, workout.ImportOptions{}); !errors.Is(err, context.Canceled) || got.Added != 0 {
		t.Errorf("import that is not to begin = %+v, %v; want nothing", got, err)
	}
}

// TestImportsAtOnce runs imports of the same files beside each other, as several processes would.
func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n, imports = 100, 3
	folder := manyFiles(t, n)
	var added [imports]workout.Imported
	var running sync.WaitGroup
	for i := range imports {
		other := openPlace(t, p.dir)
		other.amelie = p.amelie
		running.Go(func() {
			var err error
			added[i], err = other.workouts.Import(t.Context(), p.amelie, []string{folder}, workout.ImportOptions{
				Refused:  func(name string, reason error) { t.Errorf("%s: %v", name, reason) },
				Progress: func(workout.Progress) {},
			})
			if err != nil {
				t.Errorf("import %d: %v", i, err)
			}
		})
	}
	running.Wait()
	sum := 0
	for _, v := range added {
		sum += v.Added
		if v.Added+v.Known != n {
			t.Errorf("an import = %+v; want %d in all", v, n)
		}
	}
	if all := p.tracked(t, p.amelie); sum != n || len(all) != n {
		t.Errorf("%d workouts, %d said to be added; want %d", len(all), sum, n)
	}
	p.isSound(t)
}

// TestImportWithoutDisk takes a folder away that files are to be kept in.
func TestImportWithoutDisk(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"tmp", "tracks", "series", "maps"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			lost := filepath.Join(p.dir, "uploads", folder)
			if err := os.Remove(lost); err != nil {
				t.Fatal(err)
			}
			source := manyFiles(t, 100)
			got, err := p.workouts.Import(t.Context(), p.amelie, []string{source}, workout.ImportOptions{
				Refused: func(name string, reason error) {
					t.Errorf("%s: %v; want no file refused for what is our fault", name, reason)
				},
				Progress: func(workout.Progress) {},
			})
			if err == nil || errors.Is(err, context.Canceled) || got.Added != 0 {
				t.Errorf("import = %+v, %v; want an error, and nothing added", got, err)
			}
			if err := os.Mkdir(lost, 0o700); err != nil {
				t.Fatal(err)
			}
			p.isSound(t)
			if got, _ := p.imports(t, workout.ImportOptions{}, source); got != (workout.Imported{Added: 100}) {
				t.Errorf("import after that = %+v; want 100 added", got)
			}
			p.isSound(t)
		})
	}
}

// TestImportKeepsContent compares what is kept with what was given.
func TestImportKeepsContent(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.imports(t, workout.ImportOptions{}, manyFiles(t, 80))
	want := make(map[[32]byte]bool)
	for i := range 80 {
		want[sha256.Sum256([]byte(gpx(i, 20, []string{"cycling", "running"}[i%2])))] = true
	}
	for _, v := range p.tracked(t, p.amelie) {
		content, err := whole(p.workouts.GPX(t.Context(), v))
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte(content))
		if id, err := p.store.WorkoutWithContent(t.Context(), p.amelie.ID, sum[:]); !want[sum] || err != nil || id != v.UUID {
			t.Errorf("the file of %s is not one that was imported, or is another workout's: %v", v.Title, err)
		}
	}
}

func BenchmarkImport(b *testing.B) {
	files := make(map[string]string)
	const n, points = 200, 900
	for i := range n {
		files[fmt.Sprintf("%d.gpx", i)] = gpx(i, points, "cycling")
	}
	folder := lay(b, b.TempDir(), files)
	for b.Loop() {
		p := newPlace(b)
		if got, _ := p.imports(b, workout.ImportOptions{}, folder); got.Added != n {
			b.Fatalf("import = %+v; want %d added", got, n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*n), "ms/file")
}
