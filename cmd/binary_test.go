package cmd

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is the program as it is shipped; TestMain builds it.
var binary string

// process is a running binary.
type process struct {
	url  string
	db   string
	cmd  *exec.Cmd
	log  *lockedBuffer // both of its outputs
	done chan error
}

// lockedBuffer is written by a process and read by a test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var listening = regexp.MustCompile(`"?msg"?[=:]"?listening"?[ ,]"?address"?[=:]"?(http[^" ]+)`)

// launch starts "serve" on the database and returns once it listens, or fails.
func launch(db string, flags ...string) (*process, error) {
	args := append([]string{"serve", "--db", db}, flags...)
	if !strings.Contains(strings.Join(flags, " "), "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	c := exec.Command(binary, args...)
	c.Env = cleanEnvironment()
	p, err := await(c)
	if err == nil {
		p.db = db
	}
	return p, err
}

// await starts a command that runs "serve", and returns once that listens, or fails.
func await(c *exec.Cmd) (*process, error) {
	p := &process{cmd: c, log: &lockedBuffer{}, done: make(chan error, 1)}
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	found := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			fmt.Fprintln(p.log, lines.Text())
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				found <- m[1]
			}
		}
	}()
	go func() {
		err := p.cmd.Wait()
		w.Close()
		p.done <- err
	}()
	select {
	case p.url = <-found:
		return p, nil
	case err := <-p.done:
		return nil, fmt.Errorf("serve ended: %w\n%s", err, p.log)
	case <-time.After(30 * time.Second):
		return nil, errors.Join(errors.New("serve does not listen"), p.cmd.Process.Kill())
	}
}

// cleanEnvironment is the test's environment without settings of a server.
func cleanEnvironment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "FITTRACKEE_") {
			env = append(env, v)
		}
	}
	return env
}

// startBinary launches the binary until the test ends.
func startBinary(t testing.TB, db string, flags ...string) *process {
	t.Helper()
	p, err := launch(db, flags...)
	if err != nil {
		t.Fatal(err)
	}
	p.endWith(t)
	return p
}

// endWith ends the process with the test.
func (p *process) endWith(t testing.TB) {
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended by itself
		<-p.done
	})
}

// wait returns how the process ended.
func (p *process) wait(t testing.TB, atMost time.Duration) error {
	t.Helper()
	select {
	case err := <-p.done:
		p.done <- err // for the cleanup
		return err
	case <-time.After(atMost):
		t.Fatalf("the process did not end in %v\n%s", atMost, p.log)
		return nil
	}
}

// stop asks the process to end, and ends the test when it does not do so in good order.
func (p *process) stop(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t, 40*time.Second); err != nil {
		t.Fatalf("the process ended with %v; want 0\n%s", err, p.log)
	}
}

// kill ends the process as a power cut would, as far as the process can tell.
func (p *process) kill(t testing.TB) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := p.wait(t, 10*time.Second); err == nil {
		t.Fatal("the process ended with 0 before it was killed")
	}
}

// command runs another command of the binary on the same database.
func (p *process) command(args ...string) error {
	_, err := run(append(args, "--db", p.db)...)
	return err
}

// run runs the binary to its end and returns what it printed.
func run(args ...string) (string, error) {
	c := exec.Command(binary, args...)
	c.Env = cleanEnvironment()
	out, err := c.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("fittrackee %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}
