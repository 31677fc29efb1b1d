package store

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
)

// TestPowerCutWithAJournal opens a database as a power cut leaves it in the middle of a transaction, before
// it has been switched to a write-ahead log: with a journal that has to be rolled back.
func TestPowerCutWithAJournal(t *testing.T) {
	t.Parallel()
	before := filepath.Join(t.TempDir(), "f.db")
	s := open(t, before)
	if err := s.AddUser(t.Context(), newUser("amelie")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after := filepath.Join(t.TempDir(), "f.db")
	cutPower(t, before, after)

	s = open(t, after)
	defer s.Close()
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check = %q, %v; want no fault", faults, err)
	}
	u, err := s.UserByName(t.Context(), "amelie")
	if err != nil || u.FirstName != nil {
		t.Errorf("amelie = %+v, %v; want her as she was before the transaction", u, err)
	}
}

// cutPower copies a database and its journal while a transaction has written to both.
func cutPower(t *testing.T, from, to string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+from+"?_pragma=journal_mode(DELETE)&_pragma=cache_size(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	for _, text := range []string{
		`update users set first_name = 'Eve'`,
		`create table filler (a text)`,
		`with recursive n (i) as (select 1 union all select i + 1 from n where i < 2000)
		 insert into filler select hex(randomblob(100)) from n`,
	} {
		if _, err := tx.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, end := range []string{"", "-journal"} {
		content, err := os.ReadFile(from + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+end, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLinkedDatabase opens a database by a link while somebody else has it open: what is newest in it stands
// beside the file that the link leads to.
func TestLinkedDatabase(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f.db")
	s := open(t, file)
	s.exec(t, `insert into goose_db_version (version_id, is_applied) values (9999, 1)`)
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	if other, err := Open(t.Context(), link, false); err == nil {
		other.Close()
		t.Error("Open of a link to a newer database took it; want it refused")
	}
}
