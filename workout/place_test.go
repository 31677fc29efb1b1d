package workout_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/assets"
	"fittrackee/store"
	"fittrackee/workout"
)

// place is a database with files beside it, where two people have accounts.
type place struct {
	dir           string
	store         *store.Store
	files         *assets.Files
	workouts      *workout.Workouts
	amelie, boris store.User
}

func newPlace(t testing.TB) *place {
	t.Helper()
	p := openPlace(t, t.TempDir())
	for _, name := range []string{"amelie", "boris"} {
		err := p.store.AddUser(t.Context(), store.NewUser{
			Username: name, Email: name + "@example.com", Preferences: store.Preferences{Timezone: "Pacific/Auckland"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var errs [2]error
	p.amelie, errs[0] = p.store.UserByName(t.Context(), "amelie")
	p.boris, errs[1] = p.store.UserByName(t.Context(), "boris")
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return p
}

// openPlace opens a place, as another process would.
func openPlace(t testing.TB, dir string) *place {
	t.Helper()
	s, err := store.Open(t.Context(), filepath.Join(dir, "f.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := assets.Open(filepath.Join(dir, "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	return &place{dir: dir, store: s, files: files, workouts: workout.New(s, files, nil)}
}

// imports imports paths for amelie, and returns what came of it, with the reasons by name.
func (p *place) imports(t testing.TB, o workout.ImportOptions, paths ...string) (workout.Imported, map[string]string) {
	t.Helper()
	refused := make(map[string]string)
	o.Refused = func(name string, reason error) { refused[name] = reason.Error() }
	if o.Progress == nil {
		o.Progress = func(workout.Progress) {}
	}
	got, err := p.workouts.Import(t.Context(), p.amelie, paths, o)
	if err != nil {
		t.Fatalf("import of %q: %v", paths, err)
	}
	return got, refused
}

// sport returns a sport as amelie sees it.
func (p *place) sport(t testing.TB, id int64) *store.Sport {
	t.Helper()
	v, err := p.store.Sport(t.Context(), p.amelie.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

// tracked returns all workouts of a user that have a track, by id.
func (p *place) tracked(t testing.TB, u store.User) []store.Workout {
	t.Helper()
	all, err := p.store.TrackedWorkouts(t.Context(), u.ID, 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range all {
		if all[i], err = p.store.Workout(t.Context(), v.UUID); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// isSound checks that the database has no faults, and that there is one track, series and map for each row and nothing else.
func (p *place) isSound(t testing.TB) {
	t.Helper()
	if faults, err := p.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check = %q, %v; want no faults", faults, err)
	}
	named, err := p.store.NamedFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var series []string
	for _, name := range named.Tracks {
		series = append(series, strings.TrimSuffix(name, ".gpx"))
	}
	for folder, want := range map[string][]string{"tracks": named.Tracks, "maps": named.Maps, "series": series, "tmp": nil} {
		entries, err := os.ReadDir(filepath.Join(p.dir, "uploads", folder))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			got = append(got, e.Name())
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d files in %s; want the %d that rows name", len(got), folder, len(want))
		}
	}
}

// gpx returns a GPX file of so many points. Another n makes another file of it.
func gpx(n, points int, kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1">
<trk><name>Tour %d</name><type>%s</type><trkseg>
`, n, kind)
	start := time.Date(2020, 5, 1, 21, 0, 0, 0, time.UTC).Add(time.Duration(n) * 7 * time.Hour)
	metres := 0.0
	for i := range points {
		fmt.Fprintf(&b, "<trkpt lat=\"%.7f\" lon=\"6\"><ele>%.1f</ele><time>%s</time></trkpt>\n",
			45+metres/111_320, 300+20*math.Sin(float64(i)/30), start.Add(time.Duration(i)*3*time.Second).Format(time.RFC3339))
		metres += 7 + float64(n%30)/10 // 8.4 km/h or more
		if i%4 == 0 {
			metres -= 5 // 5.9 km/h less
		}
	}
	b.WriteString("</trkseg></trk></gpx>\n")
	return b.String()
}

// file is what zipped puts into an archive.
type file struct{ name, content string }

func zipped(t testing.TB, files ...file) string {
	t.Helper()
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for _, f := range files {
		w, err := archive.Create(f.name)
		if err == nil {
			_, err = io.WriteString(w, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// lay writes files into a folder, with the folders that their names tell.
func lay(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// titles returns titles and sports in a form that is easy to compare.
func titles(all []store.Workout) []string {
	var texts []string
	for _, v := range all {
		texts = append(texts, fmt.Sprintf("%s (%d)", v.Title, v.SportID))
	}
	slices.Sort(texts)
	return texts
}

// manyFiles lays so many files into a folder, the last part of them in an archive.
func manyFiles(t testing.TB, n int) string {
	t.Helper()
	files := make(map[string]string)
	var packed []file
	for i := range n {
		content := gpx(i, 20, []string{"cycling", "running"}[i%2])
		if i%4 == 3 {
			packed = append(packed, file{fmt.Sprintf("%d.gpx", i), content})
		} else {
			files[fmt.Sprintf("%d/%d.gpx", i%5, i)] = content
		}
	}
	files["rest.zip"] = zipped(t, packed...)
	return lay(t, t.TempDir(), files)
}

// whole returns what is made of a track as a whole.
func whole(write workout.Text, err error) (string, error) {
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = write(&text)
	return text.String(), err
}
