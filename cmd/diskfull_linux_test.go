package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// smallDisk is what a server has its data on in TestDiskFull.
const smallDisk = "24m"

// onDiskOfItsOwn returns a command that copies the folder from to a small tmpfs at dir and then runs what follows. Only
// the command and what it starts see that file system, and it goes with them.
func onDiskOfItsOwn(dir, from string, args ...string) *exec.Cmd {
	const script = `dir=$0 from=$1 && shift && mount -t tmpfs -o mode=700,size=` + smallDisk + ` none "$dir" && cp -a "$from/." "$dir" && exec "$@"`
	c := exec.Command("sh", append([]string{"-c", script, dir, from}, args...)...)
	c.Env = cleanEnvironment()
	c.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // Go makes it private
	return c
}

// TestDiskFull is A15: the disk fills up while clients write. They are told, readers go on, nothing half done is left, and
// once there is room again all goes on without a hand.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir, from := t.TempDir(), t.TempDir()
	if out, err := onDiskOfItsOwn(dir, from, "true").CombinedOutput(); err != nil {
		t.Skipf("a small disk cannot be mounted here, which takes root; what happens on a full one is not checked: %v: %s", err, out)
	}
	before := startBinary(t, filepath.Join(from, "f.db"), "--no-rate-limit")
	all := newCrowd(t, before, 4)
	wantsNoRefusal(t, all, "before")
	reader := before.signUp(t, "reader")
	r, err := reader.postWorkouts("ride.gpx", contractFile("ride.gpx"))
	if err != nil || r.status != http.StatusCreated {
		t.Fatalf("upload = %v, %v; want status 201", r, err)
	}
	added, err := r.workouts()
	if err != nil {
		t.Fatal(err)
	}
	before.stop(t)

	p, err := await(onDiskOfItsOwn(dir, from, binary, "serve", "--db", filepath.Join(dir, "f.db"), "--listen", "127.0.0.1:0", "--no-rate-limit"))
	if err != nil {
		t.Fatal(err)
	}
	p.endWith(t)
	disk := fmt.Sprintf("/proc/%d/root%s", p.cmd.Process.Pid, dir)
	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer filler.Close()
	reader.url = p.url
	for _, one := range all {
		one.url = p.url
	}
	stopReading := reader.keepReading(pathsOf(added[0]))
	told := all.fillDisk(t, disk, filler)
	reads, err := stopReading()
	if err != nil {
		t.Errorf("after %d reads while the disk was full: %v", reads, err)
	}
	if err := filler.Truncate(0); err != nil {
		t.Fatal(err)
	}
	wantsNoRefusal(t, all, "with room again")
	t.Logf("%d reads, refused %v; %s", reads, told.by, all.done())

	copied := filepath.Join(t.TempDir(), "copy")
	if out, err := exec.Command("cp", "-a", disk, copied).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	after := startBinary(t, filepath.Join(copied, "f.db"), "--no-rate-limit")
	all.check(t, after)
	wantsNoStrays(t, after.db)
}

// wantsNoRefusal has all clients work for a moment.
func wantsNoRefusal(t *testing.T, all crowd, when string) {
	t.Helper()
	ends, stop := all.workAWhile(t, time.Millisecond)
	stop()
	for _, err := range <-ends {
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
}

// keepReading reads from all paths, again and again. The end that it returns tells how often there was an answer, and of
// the first that was not good.
func (v *visitor) keepReading(paths []string) (end func() (int, error)) {
	ctx, cancel := context.WithCancel(context.Background())
	n := 0
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			path := paths[n%len(paths)]
			r, err := v.call("GET", path, nil)
			if err = refusal(r, err); err != nil {
				ended <- fmt.Errorf("GET %s: %w", path, err)
				return
			}
			n++
		}
		ended <- nil
	}()
	return func() (int, error) {
		cancel()
		err := <-ended
		return n, err
	}
}

// fillDisk has all clients work on a disk with little room, and then with none. What the server cannot do, it has to say
// in JSON, with a status of 500 or more. It returns how often it did so, by what it could not do.
func (c crowd) fillDisk(t *testing.T, disk string, filler *os.File) *refusals {
	t.Helper()
	var room syscall.Statfs_t
	if err := syscall.Statfs(disk, &room); err != nil {
		t.Fatal(err)
	}
	if err := fill(filler, int64(room.Bavail)*int64(room.Bsize)-1<<20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := &refusals{by: make(map[string]int)}
	var all sync.WaitGroup
	for _, one := range c {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := told.note(one); err != nil {
					t.Errorf("with a full disk: %v; want a status of 500 or more, and a message in JSON", err)
					return
				}
			}
		})
	}
	eventually(t, 30*time.Second, "refusals with little room", func() bool { return told.of("upload track") > 2 && told.of("upload archive") > 2 })
	if err := fill(filler, room.Bsize*int64(room.Blocks)); err != nil {
		t.Fatal(err)
	}
	some := told.of("upload track")
	eventually(t, 30*time.Second, "refusals without room", func() bool { return told.of("upload track") > some+10 })
	cancel()
	all.Wait()
	return told
}

// refusals count what could not be done.
type refusals struct {
	mu sync.Mutex
	by map[string]int // by the name of the step
}

func (r *refusals) of(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.by[name]
}

// note has a client take its next step. It fails when there is no answer, or one that tells nothing.
func (r *refusals) note(one *client) error {
	err := one.step()
	var answer refused
	if !errors.As(err, &answer) {
		return err
	}
	if answer.status < 500 || !json.Valid([]byte(answer.body)) || answer.field("message") == "" {
		return answer
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.by[steps[one.n%len(steps)].name]++
	return nil
}

// fill makes a file n bytes longer, or as long as there is room.
func fill(file *os.File, n int64) error {
	piece := make([]byte, 64<<10)
	for n > 0 {
		written, err := file.Write(piece[:min(n, int64(len(piece)))])
		if errors.Is(err, syscall.ENOSPC) {
			return nil
		}
		if err != nil {
			return err
		}
		n -= int64(written)
	}
	return nil
}
