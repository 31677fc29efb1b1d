package cmd

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestImportOnATerminal looks at what a person sees: a bar that is gone at the end.
func TestImportOnATerminal(t *testing.T) {
	t.Parallel()
	person, program := openTerminal(t)
	db := filepath.Join(t.TempDir(), "f.db")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	dir := layRides(t, 60, 50)
	write(t, filepath.Join(dir, "0030.gpx"), "no XML")
	var stdout bytes.Buffer
	c := exec.Command(binary, "import", dir, "--user", "amelie", "--db", db)
	c.Env, c.Stdout, c.Stderr = cleanEnvironment(), &stdout, program
	if err := c.Run(); c.ProcessState.ExitCode() != 1 {
		t.Fatalf("import: %v; want exit 1", err)
	}
	shown := whatIsShown(t, person)
	if !strings.HasPrefix(shown, "[") || !strings.Contains(shown, "] 1/60") || !strings.Contains(shown, "  1 refused\r") {
		t.Errorf("the terminal shows %q; want a bar", shown)
	}
	if !strings.Contains(shown, "\r"+dir+"/0030.gpx: not a valid GPX file: ") || !strings.HasSuffix(shown, "\rfittrackee: 1 of 60 files refused\r\n") {
		t.Errorf("the terminal shows %q; want the refusal on a line of its own, and no bar at the end", shown)
	}
	if want := "59 added, 0 already there, 1 refused, 0 passed over\n"; stdout.String() != want {
		t.Errorf("import prints %q; want %q", stdout.String(), want)
	}
}
