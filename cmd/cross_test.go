package cmd

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

var withCross = flag.Bool("cross", false, "build for the machines that releases are for, and try the builds")

// machines are the ones that releases are for, each with the emulator for where it is another's. The
// emulated processors are those of a Raspberry Pi 3 and of the first Raspberry Pi Zero: an
// instruction that these do not have ends the program.
var machines = []struct {
	name        string
	environment []string
	arch        string
	class       elf.Class
	emulator    []string
}{
	{"linux-amd64", []string{"GOOS=linux", "GOARCH=amd64", "GOAMD64=v1"}, "amd64", elf.ELFCLASS64, []string{"qemu-x86_64-static"}},
	{"linux-arm64", []string{"GOOS=linux", "GOARCH=arm64"}, "arm64", elf.ELFCLASS64, []string{"qemu-aarch64-static", "-cpu", "cortex-a53"}},
	{"linux-armv6", []string{"GOOS=linux", "GOARCH=arm", "GOARM=6"}, "arm", elf.ELFCLASS32, []string{"qemu-arm-static", "-cpu", "arm1176"}},
}

// TestCross builds the binary as it is released and lets each build keep a database, on this machine or in an
// emulator.
func TestCross(t *testing.T) {
	if !*withCross {
		t.Skip("only with -cross")
	}
	for _, m := range machines {
		t.Run(m.name, func(t *testing.T) {
			var wrapper []string
			var missing error
			if runtime.GOOS != "linux" || runtime.GOARCH != m.arch {
				wrapper = m.emulator
				_, missing = exec.LookPath(wrapper[0])
			}
			path := asShipped(t, m.environment, wrapper...)
			checkStatic(t, path, m.class)
			if missing != nil && os.Getenv("CI") == "true" {
				t.Fatalf("built, but cannot be tried: %v", missing)
			}
			if missing != nil {
				t.Skipf("built, but not tried: %v (qemu-user-static has it)", missing)
			}
			start := time.Now()
			roundTrip(t)
			t.Logf("tried in %v: %s", time.Since(start).Round(time.Millisecond), cmp.Or(strings.Join(wrapper, " "), "natively"))
		})
	}
}

// checkStatic fails when a binary needs anything of the machine that it runs on: an interpreter, a library.
func checkStatic(t *testing.T, path string, class elf.Class) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Class != class {
		t.Errorf("the build is %v; want %v", f.Class, class)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the build needs an interpreter")
		}
	}
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("the build needs the libraries %q (%v)", libraries, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%v, %v, static, %.1f MB", f.Machine, f.Class, float64(info.Size())/1e6)
}

// roundTrip writes to a database by the command line and by a server, and reads all of it from another server.
func roundTrip(t *testing.T) {
	t.Helper()
	db := filepath.Join(t.TempDir(), "f.db")
	if err := addRider(db); err != nil {
		t.Fatal(err)
	}
	var picture []byte
	r := visit(t, db, &rider{}, func(r *rider) error {
		if err := r.login(); err != nil {
			return err
		}
		if _, err := r.send(editCall(1)); err != nil {
			return err
		}
		if _, err := r.send(uploadCall(t, "photo-exif.jpg")); err != nil {
			return err
		}
		var err error
		picture, err = r.send(pictureCall)
		return err
	})
	if _, err := jpeg.DecodeConfig(bytes.NewReader(picture)); err != nil {
		t.Errorf("the picture: %v", err)
	}
	visit(t, db, r, func(r *rider) error {
		profile, err := r.send(profileCall)
		if err != nil {
			return err
		}
		for _, want := range []string{`"first_name":"Amélie"`, `"picture":true`, `"username":"` + riderName + `"`} {
			if !bytes.Contains(profile, []byte(want)) {
				t.Errorf("profile after a restart: %s; want %s in it", profile, want)
			}
		}
		again, err := r.send(pictureCall)
		if err == nil && !bytes.Equal(again, picture) {
			t.Error("the picture is another one after a restart")
		}
		return err
	})
	if out, err := run("db", "check", "--db", db); err != nil || !strings.Contains(out, "no damage found") {
		t.Errorf("db check: %v\n%s", err, out)
	}
}

// visit starts the server, calls it as before until do has ended, and stops it.
func visit(t *testing.T, db string, before *rider, do func(r *rider) error) *rider {
	t.Helper()
	p := startBinary(t, db)
	r := newRider(p)
	r.token = before.token
	_, err := r.send(pingCall)
	if err == nil {
		err = do(r)
	}
	r.client.CloseIdleConnections()
	stopped := p.cmd.Process.Signal(os.Interrupt)
	if stopped == nil {
		stopped = p.wait(t, time.Minute)
	}
	if err := errors.Join(err, stopped); err != nil {
		t.Fatal(fmt.Errorf("%w\n%s", err, p.log))
	}
	return r
}
