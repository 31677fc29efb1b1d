package cmd

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// systemCall is one line of strace, or two when another thread came in between.
type systemCall struct {
	text       string
	began, end int // lines of the trace
}

// started is a thread's call that has not returned yet.
var started = regexp.MustCompile(`^(\d+) +(.*) <unfinished \.\.\.>$`)

var (
	resumed  = regexp.MustCompile(`^(\d+) +<\.\.\. \w+ resumed>(.*)$`)
	complete = regexp.MustCompile(`^\d+ +(\w+\(.*)$`)
)

// readTrace returns the calls in the order in which they returned.
func readTrace(t *testing.T, path string) []systemCall {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []systemCall
	open := make(map[string]systemCall) // by thread
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if m := started.FindStringSubmatch(line); m != nil {
			open[m[1]] = systemCall{text: m[2], began: n}
		} else if m := resumed.FindStringSubmatch(line); m != nil {
			c := open[m[1]]
			c.text, c.end = c.text+m[2], n
			calls = append(calls, c)
		} else if m := complete.FindStringSubmatch(line); m != nil {
			calls = append(calls, systemCall{m[1], n, n})
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

// startTraced starts the binary under strace, which writes what has to do with the disk to a file, and
// with it what is sent to clients.
func startTraced(t *testing.T, db string) (p *process, server *os.Process, trace string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed; the order of system calls is not checked")
	}
	if out, err := exec.Command(strace, "-f", "-o", os.DevNull, binary, "version").CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here; the order of system calls is not checked: %v: %s", err, out)
	}
	trace = filepath.Join(t.TempDir(), "trace")
	c := exec.Command(strace, "-f", "-y", "-s", "32", "-o", trace,
		"-e", "trace=?fsync,?fdatasync,?rename,?renameat,?renameat2,?unlink,?unlinkat,?write,?sendto,?writev",
		binary, "serve", "--db", db, "--listen", "127.0.0.1:0")
	c.Env = cleanEnvironment()
	p, err = await(c)
	if err != nil {
		t.Fatal(err)
	}
	p.db = db
	p.endWith(t)
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", c.Process.Pid))
	if err != nil {
		t.Skipf("the kernel does not tell whom strace has started: %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(children)))
	if err != nil {
		t.Fatal(err)
	}
	server, err = os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Kill() }) // it may have ended; strace's end would not end it
	return p, server, trace
}

// What a trace shows of an answer, and of a transaction that has been committed.
const (
	answered  = `^write\(\d+<(socket|TCP)[^"]*"HTTP/1\.1 `
	committed = `^f(data)?sync\(\d+<[^>]*f\.db-wal>`
)

// endTrace ends a traced server and returns the calls of each request: what lies between two answers belongs to the
// second one's.
func (p *process) endTrace(t *testing.T, server *os.Process, trace string) (requests [][]systemCall) {
	t.Helper()
	if err := server.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t, time.Minute); err != nil {
		t.Fatalf("the traced server ended with %v; want 0", err)
	}
	var current []systemCall
	for _, c := range readTrace(t, trace) {
		current = append(current, c)
		if regexp.MustCompile(answered).MatchString(c.text) {
			requests = append(requests, current)
			current = nil
		}
	}
	return requests
}

// inOrder checks that each of the patterns is met, and only after the calls of the one before have returned.
func inOrder(t *testing.T, what string, calls []systemCall, patterns ...string) {
	t.Helper()
	last, before := 0, "the beginning"
	for _, pattern := range patterns {
		expr := regexp.MustCompile(pattern)
		began, end := 0, 0
		for _, c := range calls {
			if expr.MatchString(c.text) {
				if began == 0 || c.began < began {
					began = c.began
				}
				end = max(end, c.end)
			}
		}
		if began == 0 {
			t.Errorf("%s: no call like %s", what, pattern)
			continue
		}
		if began <= last {
			t.Errorf("%s: %s is called in line %d, before the last of %s has returned in line %d", what, pattern, began, before, last)
		}
		last, before = end, pattern
	}
	if t.Failed() {
		for _, c := range calls {
			t.Logf("%d–%d %s", c.began, c.end, c.text)
		}
	}
}

// TestPictureReachesTheDiskInOrder is the picture's part of A03.
func TestPictureReachesTheDiskInOrder(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	p, server, trace := startTraced(t, db)
	v := p.signUp(t, "amelie")
	names := make([]string, 0, 3) // of the picture's folder after each request
	now := func() {
		t.Helper()
		list, err := filepath.Glob(filepath.Join(filepath.Dir(db), "uploads", "pictures", "*"))
		if err != nil || len(list) > 1 {
			t.Fatalf("pictures %v, %v; want one at most", list, err)
		}
		names = append(names, filepath.Base(strings.Join(list, "")))
	}
	for _, shade := range []uint8{16, 240} {
		if r, err := v.setPicture(greyPicture(shade)); err != nil || r.status != http.StatusOK {
			t.Fatalf("picture = %v, %v", r, err)
		}
		now()
	}
	v.wants(t, http.StatusNoContent, "DELETE", "/api/auth/picture", nil)
	now()
	if names[2] != "." {
		t.Fatalf("picture %s after the deletion; want none", names[2])
	}
	requests := p.endTrace(t, server, trace)
	if len(requests) != 4 {
		t.Fatalf("%d answers in the trace; want those to a login, two uploads and a deletion", len(requests))
	}
	first, second := regexp.QuoteMeta(names[0]), regexp.QuoteMeta(names[1])
	for i, name := range []string{first, second} {
		var keeping []systemCall // without the removal of the picture before
		isRemoval := false
		for _, c := range requests[i+1] {
			isRemoval = isRemoval || regexp.MustCompile(`^rename.*/uploads/pictures/`+first+`".*/uploads/tmp/`).MatchString(c.text)
			if !isRemoval || regexp.MustCompile(answered).MatchString(c.text) {
				keeping = append(keeping, c)
			}
		}
		inOrder(
			t, fmt.Sprintf("upload %d", i+1), keeping,
			`^fsync\(\d+<[^>]*/uploads/tmp/[0-9a-f]+/\d+\.jpg>`,
			`^fsync\(\d+<[^>]*/uploads/tmp/[0-9a-f]+>`,
			`^rename.*/uploads/tmp/[0-9a-f]+".*/uploads/pictures/`+name+`"`,
			`^fsync\(\d+<[^>]*/uploads/pictures>`,
			committed,
			answered,
		)
	}
	inOrder(t, "what the second upload replaces", requests[2],
		`^rename.*/uploads/pictures/`+second+`"`, committed, `^rename.*/uploads/pictures/`+first+`"`, `^unlinkat\(.*"\d+\.jpg"`, answered)
	inOrder(t, "deletion", requests[3],
		committed, `^rename.*/uploads/pictures/`+second+`"`, `^unlinkat\(.*"\d+\.jpg"`, answered)
}

// TestWorkoutsReachTheDiskInOrder is the part of A03 that is about tracks.
func TestWorkoutsReachTheDiskInOrder(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	p, server, trace := startTraced(t, db)
	v := p.signUp(t, "amelie")
	id, single := v.addTraced(t, db, uploadOf("ride.gpx"))
	_, three := v.addTraced(t, db, someArchive)
	v.wants(t, http.StatusNoContent, "DELETE", "/api/workouts/"+id, nil)
	requests := p.endTrace(t, server, trace)
	if len(requests) != 4 {
		t.Fatalf("%d answers in the trace; want those to a login, two uploads and a deletion", len(requests))
	}
	for i, tracks := range [][]string{single, three} {
		what := fmt.Sprintf("upload of %d tracks", len(tracks))
		wantsCalls(t, what, requests[i+1], 1, committed)
		for _, name := range tracks {
			spooled := strings.TrimSuffix(name, ".gpx")
			inOrder(
				t, what+", "+name, requests[i+1],
				`^fsync\(\d+<[^>]*/uploads/tmp/`+spooled+`>`,
				`^rename.*/uploads/tmp/`+spooled+`".*/uploads/tracks/`+name+`"`,
				`^fsync\(\d+<[^>]*/uploads/tracks>`,
				committed,
				answered,
			)
		}
	}
	wantsCalls(t, "deletion", requests[3], 1, committed)
	inOrder(t, "deletion", requests[3], committed, `^(rename|unlink).*/uploads/tracks/`+single[0]+`"`, answered)
	inOrder(t, "what is derived from the deleted track", requests[3],
		committed, `^(rename|unlink).*/uploads/(series/`+strings.TrimSuffix(single[0], ".gpx")+`|maps/[0-9a-f]+\.png)"`, answered)
}

// addTraced uploads and returns the id of the first workout, and the names of the kept tracks.
func (v *visitor) addTraced(t *testing.T, db string, u upload) (id string, tracks []string) {
	t.Helper()
	before := namedFiles(t, db)
	r, err := v.postWorkouts(u.name, u.file)
	if err != nil || r.status != http.StatusCreated {
		t.Fatalf("upload of %s = %v, %v; want status 201", u.name, r, err)
	}
	for _, path := range namedFiles(t, db) {
		if name, ok := strings.CutPrefix(path, "tracks/"); ok && !slices.Contains(before, path) {
			tracks = append(tracks, name)
		}
	}
	workouts, err := r.workouts()
	if err != nil || len(workouts) != len(u.makes) || len(tracks) != len(u.makes) {
		t.Fatalf("%d workouts and %d tracks of %s, %v; want %d", len(workouts), len(tracks), u.name, err, len(u.makes))
	}
	return workouts[0].text("id"), tracks
}

// wantsCalls counts the calls like a pattern.
func wantsCalls(t *testing.T, what string, calls []systemCall, want int, pattern string) {
	t.Helper()
	expr := regexp.MustCompile(pattern)
	n := 0
	for _, c := range calls {
		if expr.MatchString(c.text) {
			n++
		}
	}
	if n != want {
		t.Errorf("%s: %d calls like %s; want %d", what, n, pattern, want)
	}
}
