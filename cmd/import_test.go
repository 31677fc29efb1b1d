package cmd

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// importedRide returns a GPX file with a ride of its own for each number.
func importedRide(number, points int, kind string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<gpx version=\"1.1\">\n<trk><name>Ride %d</name><type>%s</type><trkseg>\n", number, kind)
	start := time.Date(2021, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(number) * time.Hour)
	for i := range points {
		fmt.Fprintf(&b, "<trkpt lat=\"%.5f\" lon=\"7.1\"><ele>%d</ele><time>%s</time></trkpt>\n",
			45+float64(i*(i%3+1)*(number%7+1))/1e5, 100+i%20, start.Add(time.Duration(i)*2*time.Second).Format(time.RFC3339))
	}
	b.WriteString("</trkseg></trk></gpx>\n")
	return b.String()
}

// layRides makes a folder with so many files of rides.
func layRides(t testing.TB, n, points int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		write(t, filepath.Join(dir, fmt.Sprintf("%04d.gpx", i)), importedRide(i, points, "cycling"))
	}
	return dir
}

// countWorkouts returns how many workouts the visitor has.
func (v *visitor) countWorkouts(t testing.TB) string {
	t.Helper()
	r := v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	return r.data("nb_workouts")
}

// TestImport imports beside a running server, which shows at once what was added.
func TestImport(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	dir := layRides(t, 40, 30)
	var archive bytes.Buffer
	packed := zip.NewWriter(&archive)
	for name, content := range map[string]string{
		"été/montée.gpx": importedRide(100, 30, "hiking"),
		"copy.gpx":       importedRide(3, 30, "cycling"),
		"broken.gpx":     "<gpx>\n<trk>\n<trkseg>\n<trkpt lat='91' lon='0'/>\n",
		"what.txt":       "no track",
	} {
		w, err := packed.Create(name)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "export.zip"), archive.String())
	write(t, filepath.Join(dir, "evil\x1b[2Jname\n.gpx"), "no XML")
	write(t, filepath.Join(dir, "frisbee.gpx"), importedRide(101, 30, "frisbee"))

	o := runWith(t, nil, "import", dir, "--user", "Amelie", "--db", p.db)
	if o.code != 1 || o.stdout != "41 added, 1 already there, 3 refused, 1 passed over\n" || strings.Count(o.stderr, "\n") != 4 {
		t.Errorf("import: %+v; want 41 added, and a line for each refusal", o)
	}
	o.wantsWords(t, "import",
		filepath.Join(dir, "export.zip")+`/broken.gpx: not a valid GPX file: line 4: lat "91"`,
		"evil�[2Jname; .gpx: not a valid GPX file: ",
		`frisbee.gpx: unknown sport: the file says "frisbee"; give one with --sport`+"\n",
		"\nfittrackee: 3 of 45 files refused\n")
	if n := v.countWorkouts(t); n != "41" {
		t.Errorf("the server knows %s workouts; want 41", n)
	}
	if r := v.wants(t, http.StatusOK, "GET", "/api/workouts?title=Ride%20100", nil); !strings.Contains(r.body, `"sport_id":3`) {
		t.Errorf("the workout of the archive = %v; want a hike", r)
	}
	for _, name := range []string{"export.zip", "evil\x1b[2Jname\n.gpx"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out := succeeds(t, p.db, "import", dir, "--user", "amelie", "--sport", "cycling (transport)")
	if out != "1 added, 40 already there, 0 refused, 0 passed over\n" {
		t.Errorf("import again with a sport prints %q", out)
	}
	if out := succeeds(t, p.db, "import", dir, "--user", "amelie", "--sport", "5"); out != "0 added, 41 already there, 0 refused, 0 passed over\n" {
		t.Errorf("the third import prints %q", out)
	}
	if r := v.wants(t, http.StatusOK, "GET", "/api/workouts?title=Ride%20101", nil); !strings.Contains(r.body, `"sport_id":2`) {
		t.Errorf("the workout with a sport = %v; want that", r)
	}
	if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
		t.Errorf("db check after the import prints %q", out)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "f.db")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	ride := filepath.Join(dir, "ride.gpx")
	write(t, ride, importedRide(1, 20, "cycling"))
	notes := filepath.Join(dir, "notes.txt")
	write(t, notes, "no track")
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{[]string{"--user", "amelie"}, []string{"want files or folders", "fittrackee import --help"}},
		{[]string{ride}, []string{`"user"`}},
		{[]string{ride, "--user", "boris"}, []string{"--user boris: there is no such account"}},
		{[]string{ride, "--user", ""}, []string{"there is no such account"}},
		{[]string{ride, "--user", "amelie", "--sport", "Frisbee"}, []string{`--sport "Frisbee"`, "1 Cycling (Sport), 2 ", "29 Inline Skating"}},
		{[]string{ride, filepath.Join(dir, "missing"), "--user", "amelie"}, []string{"missing: no such file"}},
		{[]string{ride, "--user", "amelie", "--db", filepath.Join(dir, "other.db")}, []string{"--db: there is no database at"}},
	} {
		args := append([]string{"import"}, c.args...)
		if !strings.Contains(strings.Join(args, " "), "--db") {
			args = append(args, "--db", db)
		}
		o := runWith(t, nil, args...)
		o.wantsOneLine(t, strings.Join(args, " "))
		o.wantsWords(t, strings.Join(args, " "), c.words...)
	}
	o := runWith(t, nil, "import", notes, ride, "--user", "amelie", "--db", db)
	if o.code != 1 || o.stdout != "1 added, 0 already there, 1 refused, 0 passed over\n" {
		t.Errorf("import of a text file and a ride: %+v; want one added", o)
	}
	o.wantsWords(t, "import of a text file", notes+": neither a .gpx nor a .zip file\n")
	o = runWith(t, nil, "__complete", "import", ride, "--db", db, "--user", "")
	if o.code != 0 || !strings.Contains(o.stdout, "amelie\n") {
		t.Errorf("completion of import --user: %+v; want amelie", o)
	}
}

// TestForeignFiles lets root forget that the server runs as somebody else.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := t.TempDir()
	db, uploads := filepath.Join(dir, "f.db"), filepath.Join(dir, "uploads")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	rides := layRides(t, 2, 20)
	refuses := func(path string) {
		t.Helper()
		before := snapshot(t, dir)
		for _, args := range [][]string{{"import", rides, "--user", "amelie"}, {"workouts", "recompute"}} {
			o := runWith(t, nil, append(args, "--db", db)...)
			o.wantsOneLine(t, args[0])
			o.wantsWords(t, args[0], path+" belongs to another user (uid 990); run this as that user, such as with sudo -u '#990'\n")
		}
		if after := snapshot(t, dir); !maps.Equal(before, after) {
			t.Errorf("the folder was %v and is %v; want it untouched", before, after)
		}
	}
	give := func(path string, uid int) {
		t.Helper()
		if err := os.Chown(path, uid, -1); err != nil {
			t.Fatal(err)
		}
	}
	give(db, 990)
	refuses(db)
	give(db, 0)
	if out := succeeds(t, db, "import", rides, "--user", "amelie"); !strings.HasPrefix(out, "2 added") {
		t.Errorf("import of one's own prints %q", out)
	}
	give(uploads, 990)
	refuses(uploads)
}

// TestImportInterrupted stops an import in the middle, by signals that can be caught and by one that cannot, and runs it again.
func TestImportInterrupted(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	const n = 400
	dir := layRides(t, n, 200)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		before := v.countWorkouts(t)
		var stdout, stderr bytes.Buffer
		c := exec.Command(binary, "import", dir, "--user", "amelie", "--db", p.db)
		c.Env, c.Stdout, c.Stderr = cleanEnvironment(), &stdout, &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, "the first batch", func() bool { return v.countWorkouts(t) != before })
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // the code says how
		summary := regexp.MustCompile(`^\d+ added, ` + before + ` already there, 0 refused, 0 passed over\n$`)
		isTold := c.ProcessState.ExitCode() == 1 && summary.Match(stdout.Bytes()) &&
			strings.HasPrefix(stderr.String(), "fittrackee: interrupted; ") && strings.Count(stderr.String(), "\n") == 1
		if !isTold && signal != syscall.SIGKILL {
			t.Errorf("import stopped by %v: exit %d, %q, errors %q; want what has been done, and how to go on",
				signal, c.ProcessState.ExitCode(), stdout.String(), stderr.String())
		}
		if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
			t.Errorf("db check after %v prints %q", signal, out)
		}
	}
	out := succeeds(t, p.db, "import", dir, "--user", "amelie")
	if !strings.HasSuffix(out, ", 0 refused, 0 passed over\n") || v.countWorkouts(t) != fmt.Sprint(n) {
		t.Errorf("the last import prints %q, and there are %s workouts; want %d", out, v.countWorkouts(t), n)
	}
	if out := succeeds(t, p.db, "import", dir, "--user", "amelie"); !strings.HasPrefix(out, fmt.Sprintf("0 added, %d already there", n)) {
		t.Errorf("one more import prints %q", out)
	}
}
