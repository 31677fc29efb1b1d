package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// memory is what a client remembers at one moment when nothing of it is under way.
type memory struct {
	entries      map[string]entry
	bio, picture history
	registered   []string
	token        string
}

func (c *client) remember() memory {
	m := memory{
		entries: make(map[string]entry), bio: c.bio, picture: c.picture, registered: slices.Clone(c.registered), token: c.token,
	}
	for id, e := range c.entries {
		m.entries[id] = *e
	}
	return m
}

// gate lets clients work, and stops them for a moment.
type gate struct{ sync.RWMutex }

// remember returns what all clients remember, once what is under way is answered.
func (g *gate) remember(all crowd) (memories []memory) {
	g.Lock()
	defer g.Unlock()
	for _, one := range all {
		memories = append(memories, one.remember())
	}
	return memories
}

// TestBackupUnderLoad is A23: backups while clients add, change and delete. Each makes an instance of its own, in which
// everything is that was acknowledged before the backup was begun, and was not changed until it was made.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	p := startBinary(t, db, "--no-rate-limit")
	p.addUser(t, "importer")
	succeeds(t, db, "import", layRides(t, times(150, 2000), 100), "--user", "importer") // so that a backup takes a while
	all := newCrowd(t, p, 4)
	var work gate
	ctx, stop := context.WithCancel(t.Context())
	var working sync.WaitGroup
	for _, one := range all {
		working.Go(func() {
			for ctx.Err() == nil {
				work.RLock()
				err := one.step()
				work.RUnlock()
				if err != nil {
					t.Errorf("client %s: %v", one.name, err)
					return
				}
			}
		})
	}
	var changed, deleted int
	rounds := times(3, 20)
	for n := range rounds {
		before := work.remember(all)
		file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.zip", n))
		out := succeeds(t, db, "db", "backup", file)
		after := work.remember(all)
		if !strings.HasPrefix(out, file+" written: ") || strings.Count(out, "\n") != 1 {
			t.Errorf("db backup prints %q; want one line about what was written", out)
		}
		restored := filepath.Join(t.TempDir(), "elsewhere", "r.db")
		succeeds(t, restored, "db", "restore", file)
		if out := succeeds(t, restored, "db", "check"); out != "no damage found\n" {
			t.Errorf("db check of a restored backup prints %q", out)
		}
		wantsNoStrayTracks(t, restored)
		q := startBinary(t, restored, "--no-rate-limit")
		for i, one := range all {
			more, gone := one.checkRestored(t, q, before[i], after[i])
			changed, deleted = changed+more, deleted+gone
		}
		q.stop(t)
	}
	stop()
	working.Wait()
	all.check(t, p)
	if strings.Contains(p.log.String(), "level=ERROR") {
		t.Errorf("the server's log tells of errors:\n%s", p.log)
	}
	// What was left for the backups is swept.
	p.stop(t)
	ageFiles(t, db)
	p = startBinary(t, db, "--no-rate-limit")
	swept := p.wantsSwept(t)
	t.Logf("%d backups beside %s; %d workouts changed or added and %d deleted while one was made; %d files left to the sweeper",
		rounds, all.done(), changed, deleted, swept)
}

// wantsNoStrayTracks wants the tracks and pictures of an instance to be those that rows name.
func wantsNoStrayTracks(t *testing.T, db string) {
	t.Helper()
	isKept := func(path string) bool {
		return strings.HasPrefix(path, "tracks/") || strings.HasPrefix(path, "pictures/")
	}
	isOther := func(path string) bool { return !isKept(path) }
	kept, named := slices.DeleteFunc(keptFiles(t, uploadsOf(db)), isOther), slices.DeleteFunc(namedFiles(t, db), isOther)
	slices.Sort(kept)
	slices.Sort(named)
	if !slices.Equal(kept, named) {
		t.Errorf("restored files %v; want those that rows name, %v", kept, named)
	}
}

// checkRestored compares what a restored instance says with what the client remembered before the backup and after it. It
// returns how much was changed and deleted in between.
func (c *client) checkRestored(t *testing.T, p *process, before, after memory) (changed, deleted int) {
	t.Helper()
	there := &client{visitor: newVisitor(t, p), name: c.name}
	there.token = before.token
	there.wants(t, http.StatusUnauthorized, "GET", "/api/auth/profile", nil) // the key is another
	there.token = ""
	there.login(t, c.name)

	r := there.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	if got := r.data("bio"); before.bio.n == after.bio.n && got != before.bio.acknowledged {
		t.Errorf("restored bio of %s = %q; want %q", c.name, got, before.bio.acknowledged)
	}
	if got := there.pictureNow(t); before.picture.n == after.picture.n && got != before.picture.acknowledged {
		t.Errorf("restored picture of %s = %q; want %q", c.name, got, before.picture.acknowledged)
	}
	users, err := run("users", "list", "--db", p.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range before.registered {
		if !strings.Contains(users, "\n"+name+" ") {
			t.Errorf("account %s was acknowledged and is not restored", name)
		}
	}

	found := there.listWorkouts(t)
	for id, w := range found {
		e, ok := after.entries[id]
		if !ok {
			t.Errorf("workout %s of %s is restored; nobody has added it", id, c.name)
			continue
		}
		there.checkWorkout(t, &e, w)
	}
	for id, e := range after.entries {
		was, isOld := before.entries[id]
		w, isThere := found[id]
		switch {
		case isOld && was.title.acknowledged == noWorkout:
			if isThere {
				t.Errorf("workout %s of %s was deleted before the backup, and is restored", id, c.name)
			}
		case isOld && e.title.acknowledged == was.title.acknowledged:
			if !isThere || w.text("title") != was.title.acknowledged {
				t.Errorf("restored title of workout %s of %s = %v; want %q", id, c.name, w["title"], was.title.acknowledged)
			}
		case e.title.acknowledged == noWorkout:
			deleted++
		default:
			changed++
			if isOld && !isThere {
				t.Errorf("workout %s of %s was there all the time, and is not restored", id, c.name)
			}
		}
	}
	return changed, deleted
}

// TestBackupOfMissingFiles saves what is there, and tells of the rest.
func TestBackupOfMissingFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, file, restored := filepath.Join(dir, "f.db"), filepath.Join(dir, "b.zip"), filepath.Join(dir, "new", "f.db")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"), "--password", passwordOf("amelie"))
	succeeds(t, db, "import", layRides(t, 3, 20), "--user", "amelie")
	tracks, err := filepath.Glob(filepath.Join(dir, "uploads", "tracks", "*"))
	if err != nil || len(tracks) != 3 {
		t.Fatalf("tracks: %q, %v; want 3", tracks, err)
	}
	if err := os.Remove(tracks[1]); err != nil {
		t.Fatal(err)
	}
	o := runWith(t, nil, "db", "backup", file, "--db", db)
	if o.code != 1 || !strings.HasPrefix(o.stdout, file+" written: 3 workouts, 2 files, ") {
		t.Errorf("db backup without a track: %+v; want exit 1, and 2 files", o)
	}
	o.wantsWords(t, "db backup without a track", "the backup was written, but files that the database names are missing (1)", "fittrackee db check")
	out := succeeds(t, restored, "db", "restore", file)
	want := restored + " restored: 3 workouts, 2 files\nFiles that were missing when the backup was made, and are missing now: 1\ntracks/" +
		filepath.Base(tracks[1]) + "\n"
	if out != want {
		t.Errorf("db restore prints %q; want %q", out, want)
	}
	p := startBinary(t, restored)
	v := newVisitor(t, p)
	v.login(t, "amelie")
	if n := v.countWorkouts(t); n != "3" {
		t.Errorf("%s workouts are restored; want 3", n)
	}

	before := snapshot(t, dir)
	for _, args := range [][]string{{"backup", file}, {"restore", file}, {"restore", filepath.Join(dir, "missing.zip")}, {"backup"}, {"restore"}} {
		o := runWith(t, nil, append(append([]string{"db"}, args...), "--db", db)...)
		o.wantsOneLine(t, "db "+strings.Join(args, " "))
	}
	if after := snapshot(t, dir); !maps.Equal(before, after) {
		t.Errorf("the folder was %v and is %v; want it untouched", before, after)
	}
}

// layHuge makes the track of a workout so large that it is copied for a while; on the disk it takes next to nothing.
func layHuge(t *testing.T, db string) {
	t.Helper()
	tracks, err := filepath.Glob(filepath.Join(uploadsOf(db), "tracks", "*"))
	if err == nil && len(tracks) == 0 {
		err = errors.New("there is no track")
	}
	if err == nil {
		err = os.Truncate(tracks[0], 64<<30)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestBackupInterrupted stops a backup in the middle.
func TestBackupInterrupted(t *testing.T) {
	t.Parallel()
	db, dir := filepath.Join(t.TempDir(), "f.db"), t.TempDir()
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	succeeds(t, db, "import", layRides(t, 2, 20), "--user", "amelie")
	layHuge(t, db)
	file := filepath.Join(dir, "b.zip")
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		var stdout, stderr bytes.Buffer
		c := exec.Command(binary, "db", "backup", file, "--db", db)
		c.Env, c.Stdout, c.Stderr = cleanEnvironment(), &stdout, &stderr
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, time.Minute, "the beginning of an archive", func() bool {
			_, err := os.Stat(file + ".part")
			return err == nil
		})
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait() // the code says how
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if signal == syscall.SIGKILL {
			if len(left) != 1 {
				t.Errorf("after %v there is %v; want what is called half", signal, left)
			}
			continue
		}
		if c.ProcessState.ExitCode() != 1 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "fittrackee: interrupted; ") {
			t.Errorf("db backup stopped by %v: exit %d, %q, errors %q; want exit 1 and how to go on",
				signal, c.ProcessState.ExitCode(), stdout.String(), stderr.String())
		}
		if len(left) > 0 {
			t.Errorf("after %v there is %v; want nothing", signal, left)
		}
		for _, folder := range []string{"tmp", "holds"} {
			if left, err := os.ReadDir(filepath.Join(uploadsOf(db), folder)); len(left) > 0 || err != nil {
				t.Errorf("after %v in %s: %v, %v; want nothing", signal, folder, left, err)
			}
		}
	}
	o := runWith(t, nil, "db", "backup", file, "--db", db)
	o.wantsOneLine(t, "db backup over half a one")
	o.wantsWords(t, "db backup over half a one", "b.zip.part is there already")
	ageFiles(t, db)
	p := startBinary(t, db)
	p.wantsSwept(t)
	if left, err := os.ReadDir(filepath.Join(uploadsOf(db), "holds")); len(left) > 0 || err != nil {
		t.Errorf("holds after a sweep: %v, %v; want none", left, err)
	}
}

var backupMade = regexp.MustCompile(`level=INFO msg="backup made" path=(\S+) took=\S+ workouts=2 files=2 size=\S+\n`)

// backupsIn returns the names of what is in a folder for backups.
func backupsIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestServeMakesBackups starts servers that make backups by themselves.
func TestServeMakesBackups(t *testing.T) {
	t.Parallel()
	db, dir := filepath.Join(t.TempDir(), "f.db"), filepath.Join(t.TempDir(), "disk", "backups")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	succeeds(t, db, "import", layRides(t, 2, 20), "--user", "amelie")
	flags := []string{"--backup-dir", dir, "--backup-every", "12h", "--backup-keep", "2"}
	p := startBinary(t, db, flags...)
	eventually(t, 30*time.Second, "a backup", func() bool { return backupMade.MatchString(p.log.String()) })
	first := backupMade.FindStringSubmatch(p.log.String())[1]
	if names := backupsIn(t, dir); len(names) != 1 || filepath.Join(dir, names[0]) != first {
		t.Errorf("the folder holds %q; want %s alone", names, first)
	}
	restored := filepath.Join(t.TempDir(), "r.db")
	succeeds(t, restored, "db", "restore", first)
	p.stop(t)

	// The next start makes none, for there is one that is young enough.
	p = startBinary(t, db, flags...)
	p.stop(t)
	if names := backupsIn(t, dir); len(names) != 1 || strings.Contains(p.log.String(), "backup") {
		t.Errorf("after another start the folder holds %q; want one backup\n%s", names, p.log)
	}

	// They grow old. What is not of the server's making stays.
	for i, name := range []string{"fittrackee-20200101T000000Z.zip", "fittrackee-20200103T000000Z.zip", "fittrackee-20200102T000000Z.zip"} {
		if i == 0 {
			if err := os.Rename(first, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		} else {
			write(t, filepath.Join(dir, name), "old")
		}
	}
	write(t, filepath.Join(dir, "fittrackee-20200102T000000Z.zip.part"), "half")
	write(t, filepath.Join(dir, "holiday.zip"), "photos")
	p = startBinary(t, db, flags...)
	eventually(t, 30*time.Second, "a backup", func() bool { return backupMade.MatchString(p.log.String()) })
	second := backupMade.FindStringSubmatch(p.log.String())[1]
	want := []string{"fittrackee-20200103T000000Z.zip", filepath.Base(second), "holiday.zip"}
	eventually(t, 10*time.Second, "the removal of the oldest", func() bool { return slices.Equal(backupsIn(t, dir), want) })
	p.stop(t)

	// A stop comes in the middle of one.
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	layHuge(t, db)
	p = startBinary(t, db, flags...)
	eventually(t, 30*time.Second, "half a backup", func() bool {
		return slices.ContainsFunc(backupsIn(t, dir), func(name string) bool { return strings.HasSuffix(name, ".part") })
	})
	begun := time.Now()
	p.stop(t)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the stop took %v", took)
	}
	want = []string{"fittrackee-20200103T000000Z.zip", "holiday.zip"}
	if names := backupsIn(t, dir); !slices.Equal(names, want) || strings.Contains(p.log.String(), "level=ERROR") {
		t.Errorf("after a stop the folder holds %q; want %q\n%s", names, want, p.log)
	}

	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "a file in its place")
	startsNot(t, nil, append([]string{"--db", db}, flags...)...).wantsWords(t, "serve with a file for a folder", "--backup-dir: ")
	startsNot(t, nil, "--db", db, "--backup-dir", filepath.Join(uploadsOf(db), "backups")).wantsWords(t, "serve with backups in uploads",
		"--backup-dir: ", "lies in", "removed")
	for _, flag := range []string{"every=24h", "keep=7"} {
		startsNot(t, nil, "--db", db, "--backup-"+flag).wantsWords(t, "serve without a folder", "say with --backup-dir where")
	}
	startsNot(t, []string{"FITTRACKEE_BACKUP_KEEP=3"}, "--db", db).wantsWords(t, "serve without a folder", "say with --backup-dir where")
}

// TestBackupThatCannotBe gives a server a folder for backups that it may not write to.
func TestBackupThatCannotBe(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root can write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	startsNot(t, nil, "--backup-dir", dir).wantsWords(t, "serve with a folder that is closed", "--backup-dir: cannot write there")
}
