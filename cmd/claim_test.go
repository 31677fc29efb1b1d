package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// importRide makes a database with one account, if there is none, and imports a ride.
func importRide(t *testing.T, db string) error {
	t.Helper()
	if _, err := os.Stat(db); err != nil {
		if err := addRider(db); err != nil {
			t.Fatal(err)
		}
	}
	_, err := run("import", filepath.Join(contractDir, "fixtures", "ride.gpx"), "--user", riderName, "--sport", "1", "--db", db)
	return err
}

// TestFilesOfAnotherDatabase puts a second database beside the files of a first. Its sweeper would remove them.
func TestFilesOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.db"), filepath.Join(dir, "second.db")
	if err := importRide(t, first); err != nil {
		t.Fatal(err)
	}
	if err := importRide(t, second); err == nil || !strings.Contains(err.Error(), "belongs to another database") {
		t.Errorf("import beside the files of another database: %v; want a refusal", err)
	}
	if _, err := run("serve", "--db", second, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "belongs to another database") {
		t.Errorf("serve beside the files of another database: %v; want a refusal", err)
	}
	if err := importRide(t, first); err != nil {
		t.Errorf("import into the database of the files: %v", err)
	}
}

// TestLinkedDatabase imports through a link: the files go where the database is.
func TestLinkedDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, link := filepath.Join(dir, "data", "f.db"), filepath.Join(dir, "link", "f.db")
	if err := addRider(db); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Dir(link), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(db, link); err != nil {
		t.Skip("no links here: ", err)
	}
	if err := importRide(t, link); err != nil {
		t.Fatal(err)
	}
	if tracks, err := filepath.Glob(filepath.Join(dir, "data", "uploads", "tracks", "*.gpx")); len(tracks) != 1 || err != nil {
		t.Errorf("tracks beside the database: %q, %v; want one", tracks, err)
	}
	if beside, err := os.ReadDir(filepath.Dir(link)); len(beside) != 1 || err != nil {
		t.Errorf("beside the link: %v, %v; want nothing", beside, err)
	}
}
