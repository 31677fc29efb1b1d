package cmd

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWorkoutsRecompute changes what counts as stopped, and measures again beside the server.
func TestWorkoutsRecompute(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v, w := p.signUp(t, "amelie"), p.signUp(t, "boris")
	dir := layRides(t, 50, 30)
	succeeds(t, p.db, "import", dir, "--user", "amelie")
	succeeds(t, p.db, "import", dir, "--user", "boris")
	if out := succeeds(t, p.db, "workouts", "recompute"); out != "100 measured again, 0 changed, 0 failed\n" {
		t.Errorf("workouts recompute of what is right prints %q", out)
	}
	const list = "/api/workouts?per_page=100&order=asc"
	before, others := v.wants(t, http.StatusOK, "GET", list, nil), w.wants(t, http.StatusOK, "GET", list, nil)
	preference := object{"sport_id": 1, "stopped_speed_threshold": 20}
	v.wants(t, http.StatusOK, "POST", "/api/auth/profile/edit/sports", preference)
	if out := succeeds(t, p.db, "workouts", "recompute", "--user", "boris"); out != "50 measured again, 0 changed, 0 failed\n" {
		t.Errorf("workouts recompute of the other's prints %q", out)
	}
	out := succeeds(t, p.db, "workouts", "recompute", "--user", "AMELIE")
	if !regexp.MustCompile(`^50 measured again, [1-9]\d? changed, 0 failed\n$`).MatchString(out) {
		t.Errorf("workouts recompute with another speed prints %q; want changes", out)
	}
	if after := v.wants(t, http.StatusOK, "GET", list, nil); after.body == before.body {
		t.Error("the server shows the figures of before")
	}
	if after := w.wants(t, http.StatusOK, "GET", list, nil); after.body != others.body {
		t.Error("the other's figures have changed")
	}
	if out := succeeds(t, p.db, "workouts", "recompute"); out != "100 measured again, 0 changed, 0 failed\n" {
		t.Errorf("the next workouts recompute prints %q", out)
	}
	if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
		t.Errorf("db check prints %q", out)
	}

	tracks, err := filepath.Glob(filepath.Join(filepath.Dir(p.db), "uploads", "tracks", "*.gpx"))
	if err != nil || len(tracks) != 100 {
		t.Fatalf("%d tracks, %v; want 100", len(tracks), err)
	}
	write(t, tracks[0], "no XML")
	if err := os.Remove(tracks[1]); err != nil {
		t.Fatal(err)
	}
	o := runWith(t, nil, "workouts", "recompute", "--db", p.db)
	if o.code != 1 || o.stdout != "98 measured again, 0 changed, 2 failed\n" ||
		!strings.HasSuffix(o.stderr, "fittrackee: 2 of 100 workouts left as they are\n") {
		t.Errorf("workouts recompute without two files: %+v; want them named", o)
	}
	line := regexp.MustCompile(`(?m)^"Ride \d+" of 2021-03-0\d \([0-9A-Za-z]{22}\): (not a valid GPX file: .*|open .*\.gpx: no such file or directory)$`)
	if all := line.FindAllString(o.stderr, -1); len(all) != 2 {
		t.Errorf("workouts recompute without two files says %q; want two lines with title, day, id and reason", o.stderr)
	}
	id := regexp.MustCompile(`\(([0-9A-Za-z]{22})\)`).FindStringSubmatch(o.stderr)[1]
	a, b := v.ask(t, "GET", "/api/workouts/"+id, nil), w.ask(t, "GET", "/api/workouts/"+id, nil)
	if a.status+b.status != http.StatusOK+http.StatusForbidden {
		t.Errorf("the workout that is named = %v, %v; want it to be one of theirs", a, b)
	}

	o = runWith(t, nil, "workouts", "recompute", "--user", "nobody", "--db", p.db)
	o.wantsOneLine(t, "workouts recompute --user nobody")
	o.wantsWords(t, "workouts recompute --user nobody", "there is no such account")
	o = runWith(t, nil, "workouts", "recompute", "--db", filepath.Join(t.TempDir(), "f.db"))
	o.wantsOneLine(t, "workouts recompute without a database")
	o.wantsWords(t, "workouts recompute without a database", "there is no database")
	for _, args := range [][]string{{"workouts"}, {"workouts", "recompute", "--help"}, {"import", "--help"}} {
		if o := runWith(t, nil, args...); o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, "Usage:") {
			t.Errorf("fittrackee %v: %+v; want help", args, o)
		}
	}
}
