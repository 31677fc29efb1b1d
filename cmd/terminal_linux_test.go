package cmd

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// openTerminal returns the two ends of a new pseudo-terminal: what stands for the person, and what the
// program is given.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	var unlocked, number uint32
	for request, value := range map[uintptr]*uint32{syscall.TIOCSPTLCK: &unlocked, syscall.TIOCGPTN: &number} {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, person.Fd(), request, uintptr(unsafe.Pointer(value)))
		if errno != 0 {
			t.Skipf("no pseudo-terminals here: %v", errno)
		}
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// TestPasswordOnATerminal answers the questions of users create as a person does. What is typed does not show.
func TestPasswordOnATerminal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answers []string
		code    int
		want    string // in what is printed
	}{
		{"twice the same", []string{"typed by hand", "typed by hand"}, 0, "account amelie created\n"},
		{"two that differ", []string{"typed by hand", "typed by foot"}, 1, "fittrackee: the two passwords differ\n"},
		{"nothing", []string{""}, 0, "password: "},
		{"too short", []string{"short", "short"}, 1, "password: 8 characters required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			person, program := openTerminal(t)
			db := filepath.Join(t.TempDir(), "f.db")
			command := exec.Command(binary, "users", "create", "amelie", "--email", emailOf("amelie"), "--db", db)
			command.Env = cleanEnvironment()
			var out lockedBuffer
			command.Stdin, command.Stdout, command.Stderr = program, &out, &out
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			questions := []string{"Password (leave empty to have one made): ", "Once more: "}
			for i, answer := range c.answers {
				eventually(t, 30*time.Second, questions[i], func() bool { return strings.Contains(out.String(), questions[i]) })
				// The question stands before the echo is off, so the answer waits for that.
				eventually(t, 30*time.Second, "echo off", func() bool { return !echoes(t, program) })
				if _, err := person.WriteString(answer + "\n"); err != nil {
					t.Fatal(err)
				}
			}
			_ = command.Wait() // the code says how
			if code := command.ProcessState.ExitCode(); code != c.code || !strings.Contains(out.String(), c.want) {
				t.Errorf("exit %d, output %q; want exit %d and %q", code, out.String(), c.code, c.want)
			}
			shown := whatIsShown(t, person)
			for _, answer := range c.answers {
				if answer != "" && (strings.Contains(shown, answer) || strings.Contains(out.String(), answer)) {
					t.Errorf("the password shows: %q, %q", shown, out.String())
				}
			}
			if c.code != 0 || c.answers[0] == "" {
				return
			}
			p := startBinary(t, db)
			v := newVisitor(t, p)
			if r, err := v.tryLogin("amelie", c.answers[0]); err != nil || r.status != 200 {
				t.Errorf("login with the typed password = %v, %v; want 200", r, err)
			}
		})
	}
}

// echoes tells whether a terminal shows what is typed.
func echoes(t *testing.T, terminal *os.File) bool {
	t.Helper()
	var state syscall.Termios
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, terminal.Fd(), syscall.TCGETS, uintptr(unsafe.Pointer(&state)))
	if errno != 0 {
		t.Fatal(errno)
	}
	return state.Lflag&syscall.ECHO != 0
}

// whatIsShown returns what the person has seen on the terminal so far.
func whatIsShown(t *testing.T, person *os.File) string {
	t.Helper()
	fd := int(person.Fd()) // makes it block
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	piece := make([]byte, 4096)
	for {
		n, err := syscall.Read(fd, piece)
		if n <= 0 || err != nil {
			return shown.String()
		}
		shown.Write(piece[:n])
	}
}
