package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// open opens a database until the test ends.
func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, true)
	if err != nil {
		t.Fatalf("Open(%s): %v", filepath.Base(path), err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

// newStore returns an empty store on a new file.
func newStore(t testing.TB) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "f.db"))
}

// exec runs a statement, past the methods of the store.
func (s *Store) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	if _, err := s.w.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestConnections looks at every connection of both pools, open at once (A02).
func TestConnections(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, pool := range []struct {
		name      string
		db        *sql.DB
		n         int
		queryOnly bool
	}{{"writer", s.w, 1, false}, {"readers", s.r.db, readerConns, true}} {
		if got := pool.db.Stats().MaxOpenConnections; got != pool.n {
			t.Errorf("most connections of the %s = %d; want %d", pool.name, got, pool.n)
		}
		var conns []*sql.Conn
		for i := range pool.n {
			c, err := pool.db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c) // and held, so that the next one is another
			name := fmt.Sprint(pool.name, " ", i)
			for text, want := range map[string]string{
				`pragma journal_mode`:   "wal",
				`pragma synchronous`:    "2",
				`pragma foreign_keys`:   "1",
				`pragma busy_timeout`:   "10000",
				`pragma trusted_schema`: "0",
				`pragma application_id`: fmt.Sprint(applicationID),
			} {
				var got string
				if err := c.QueryRowContext(t.Context(), text).Scan(&got); err != nil || got != want {
					t.Errorf("%s: %s = %s, %v; want %s", name, text, got, err, want)
				}
			}
			var version string
			if err := c.QueryRowContext(t.Context(), `select sqlite_version()`).Scan(&version); err != nil {
				t.Fatal(err)
			}
			if !atLeast(t, version, 3, 51, 3) {
				t.Errorf("%s: SQLite %s; want 3.51.3 at least", name, version)
			}
			_, err = c.ExecContext(t.Context(), `update settings set max_users = 7`)
			if isReadOnly := err != nil && strings.Contains(err.Error(), "readonly"); isReadOnly != pool.queryOnly || !isReadOnly && err != nil {
				t.Errorf("%s: a change: %v; want it refused: %v", name, err, pool.queryOnly)
			}
		}
		for _, c := range conns {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func atLeast(t *testing.T, version string, want ...int) bool {
	t.Helper()
	got := make([]int, 3)
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &got[0], &got[1], &got[2]); err != nil {
		t.Fatalf("version %q: %v", version, err)
	}
	for i := range want {
		if got[i] != want[i] {
			return got[i] > want[i]
		}
	}
	return true
}

// TestPin compares the version of modernc.org/libc in use with the one that modernc.org/sqlite was made with: another
// one crashes on 32-bit ARM.
func TestPin(t *testing.T) {
	t.Parallel()
	type module struct {
		Version, GoMod string
	}
	list := func(path string) (m module) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-json", path).Output()
		if err != nil {
			t.Fatalf("go list -m %s: %v", path, err)
		}
		if err := json.Unmarshal(out, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	sqlite := list("modernc.org/sqlite")
	text, err := os.ReadFile(sqlite.GoMod)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^\s*(?:require )?modernc\.org/libc (\S+)`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("modernc.org/sqlite %s names no version of modernc.org/libc", sqlite.Version)
	}
	if got, want := list("modernc.org/libc").Version, string(found[1]); got != want {
		t.Errorf("modernc.org/libc %s with modernc.org/sqlite %s; want %s", got, sqlite.Version, want)
	}
}

// TestModes shows that the files are closed to others, also while the database is open.
func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, filepath.Join(dir, "f.db"))
	s.exec(t, `update settings set max_users = 7`)
	info, err := os.Stat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode of the folder = %o; want 700", got)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("files of an open database: %v; want f.db, f.db-shm and f.db-wal", files)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("mode of %s = %o; want 600", f.Name(), got)
		}
	}
}

// TestOddPaths shows that a path is a path, whatever SQLite may see in it.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "a%20b.db", "a?mode=memory", "a#b.db", "a&b=c.db", "é.db", "a'b\".db", ":memory:", "file:x.db"} {
		dir := t.TempDir()
		s := open(t, filepath.Join(dir, name))
		s.exec(t, `update settings set max_users = 7`)
		if v, err := s.Settings(t.Context()); err != nil || v.MaxUsers != 7 {
			t.Errorf("Settings of a database called %s = %+v, %v; want what was written", name, v, err)
		}
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Errorf("there is no file called %s: %v", name, err)
		}
	}
}

// contents returns all files of a folder with what is in them, by their names.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[filepath.Base(path)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// makeFile makes a database of somebody's with plain SQL.
func makeFile(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, text := range statements {
		if _, err := db.Exec(text); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
}

// TestRefusedFiles shows what is not opened, what is told about it, and that it stays as it was.
func TestRefusedFiles(t *testing.T) {
	t.Parallel()
	write := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	ours := func(statements ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			s, err := Open(t.Context(), path, true)
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range statements {
				s.exec(t, text)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	statements := func(all ...string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			makeFile(t, path, all...)
		}
	}
	for _, c := range []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"garbage", write(strings.Repeat("garbage", 1000)), "is not a database"},
		{"a few bytes", write("x"), "is not a database"},
		{"a text", write("SQLite is great\n"), "is not a database"},
		{"only the header", write("SQLite format 3\x00"), "is not a database"},
		{"an archive", write("PK\x03\x04" + strings.Repeat("\x00", 5000)), "is not a database"},
		{"another program's", statements(`create table t (x)`, `insert into t values (1)`), "is a database of another program"},
		{
			"another program's, in WAL mode", statements(`pragma journal_mode = wal`, `create table t (x)`, `insert into t values (1)`),
			"is a database of another program",
		},
		{"another program's, with an id", statements(`pragma application_id = 7`, `create table t (x)`), "is a database of another program"},
		{"another program's, with an id and no table", statements(`pragma application_id = 7`), "is a database of another program"},
		{"another program's, with migrations of goose", statements(
			`create table goose_db_version (id integer primary key, version_id integer, is_applied integer, tstamp text)`,
			`insert into goose_db_version values (1, 0, 1, ''), (2, 20240101, 1, '')`, `create table t (x)`), "is a database of another program"},
		{"another program's, with a view", statements(`create view v as select 1`), "is a database of another program"},
		{
			"ours, newer", ours(`insert into goose_db_version (version_id, is_applied) values (999999, 1)`),
			"was written by a newer version of fittrackee (schema 999999; this one knows up to",
		},
		{"ours, without its migrations", ours(`drop table goose_db_version`), "read the version of"},
		{"ours, cut short", func(t *testing.T, path string) {
			t.Helper()
			ours()(t, path)
			if err := os.Truncate(path, 5000); err != nil {
				t.Fatal(err)
			}
		}, "f.db"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "f.db")
			c.make(t, path)
			before := contents(t, filepath.Dir(path))
			for _, create := range []bool{true, false} {
				s, err := Open(t.Context(), path, create)
				if err == nil {
					t.Fatalf("Open(create %v) of %s took it; want it refused", create, errors.Join(nil, s.Close(), errors.New(c.name)))
				}
				if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
					t.Errorf("Open of %s: %v; want the path and %q, in one line", c.name, err, c.want)
				}
			}
			if diff := cmp.Diff(before, contents(t, filepath.Dir(path))); diff != "" {
				if len(diff) > 2000 {
					diff = diff[:2000]
				}
				t.Errorf("Open of %s changed the folder, - before, + after:\n%s", c.name, diff)
			}
		})
	}
}

// TestUnusablePaths shows what is told about paths that cannot be opened.
func TestUnusablePaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing", "f.db")
	if _, err := Open(t.Context(), missing, false); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("Open of a missing file that is not to be made: %v; want an error with its path", err)
	}
	if _, err := Open(t.Context(), dir, true); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("Open of a folder: %v; want an error with its path", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(file, "f.db"), true); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Open of a file in a file: %v; want an error with its path", err)
	}
	if got := contents(t, dir); len(got) != 1 {
		t.Errorf("refused paths left %v; want only the file that was there", got)
	}
}

// TestReadOnlyFile needs a user who may not do everything.
func TestReadOnlyFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("modes do not keep this user out")
	}
	path := filepath.Join(t.TempDir(), "f.db")
	s, err := Open(t.Context(), path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, filepath.Dir(path))
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path, true); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open of a file that may only be read: %v, %v; want an error with its path", s, err)
	}
	if diff := cmp.Diff(before, contents(t, filepath.Dir(path))); diff != "" {
		t.Errorf("Open of a file that may only be read changed the folder:\n%s", diff)
	}
}

// TestEmptyFiles shows that an empty file becomes a database like a missing one.
func TestEmptyFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if faults, err := open(t, path).Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check of what became of an empty file = %q, %v; want nothing", faults, err)
	}
}

// TestOpenedAtOnce shows that all who open a fresh file at the same moment succeed.
func TestOpenedAtOnce(t *testing.T) {
	t.Parallel()
	const handles = 8
	path := filepath.Join(t.TempDir(), "f.db")
	var all sync.WaitGroup
	for i := range handles {
		all.Go(func() {
			s, err := Open(t.Context(), path, true)
			if err != nil {
				t.Errorf("Open at once with others: %v", err)
				return
			}
			if err := s.AddUser(t.Context(), newUser(fmt.Sprint("user", i))); err != nil {
				t.Errorf("AddUser right after: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	users, err := open(t, path).Users(t.Context())
	if err != nil || len(users) != handles {
		t.Errorf("users after %d handles added one each: %d, %v", handles, len(users), err)
	}
}

// openedByTest names the database that this very program, started by a test, is to open.
const openedByTest = "FITTRACKEE_TEST_OPEN"

// TestOpenedByProcesses is TestOpenedAtOnce with processes.
func TestOpenedByProcesses(t *testing.T) {
	t.Parallel()
	const processes = 4
	path := filepath.Join(t.TempDir(), "f.db")
	var all sync.WaitGroup
	for range processes {
		all.Go(func() {
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^$")
			c.Env = append(os.Environ(), openedByTest+"="+path)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("another process: %v: %s", err, out)
			}
		})
	}
	all.Wait()
	users, err := open(t, path).Users(t.Context())
	if err != nil || len(users) != processes {
		t.Errorf("users after %d processes added one each: %d, %v", processes, len(users), err)
	}
}

func TestMain(m *testing.M) {
	if path := os.Getenv(openedByTest); path != "" {
		s, err := Open(context.Background(), path, true)
		if err == nil {
			err = errors.Join(s.AddUser(context.Background(), newUser(fmt.Sprint("user", os.Getpid()))), s.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func newUser(name string) NewUser {
	return NewUser{
		Username: name, Email: name + "@example.com", PasswordHash: "x", IsActive: true,
		Preferences: Preferences{Timezone: "Europe/Paris", Language: "en", DisplayAscent: true},
	}
}

// TestMigrations shows that they are numbered without gaps, applied once, and leave a sound database.
func TestMigrations(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range files {
		if want := fmt.Sprintf("migrations/%05d_", i+1); !strings.HasPrefix(name, want) {
			t.Errorf("migration number %d is %s; want %s…", i+1, name, want)
		}
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "+goose Down") || strings.Contains(string(text), "NO TRANSACTION") {
			t.Errorf("%s goes down, or without a transaction; want neither", name)
		}
	}
	path := filepath.Join(t.TempDir(), "f.db")
	var schemas []string
	for range 2 {
		s, err := Open(t.Context(), path, true)
		if err != nil {
			t.Fatal(err)
		}
		var version, applied int
		err = s.w.QueryRow(`select max(version_id), count(*) - 1 from goose_db_version`).Scan(&version, &applied)
		if err != nil || version != len(files) || applied != len(files) {
			t.Errorf("version, migrations applied = %d, %d, %v; want %d of each", version, applied, err, len(files))
		}
		if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
			t.Errorf("Check = %q, %v; want nothing", faults, err)
		}
		schema, err := query(t.Context(), s.r, scanString, `select coalesce(sql, name) from sqlite_master order by name`)
		if err != nil {
			t.Fatal(err)
		}
		schemas = append(schemas, strings.Join(schema, "\n"))
		loose, err := query(t.Context(), s.r, scanString, `
			select name from pragma_table_list
			where schema = 'main' and type = 'table' and not strict and name not like 'sqlite_%' and name != 'goose_db_version'`)
		if err != nil || len(loose) > 0 {
			t.Errorf("tables that are not strict: %q, %v; want none", loose, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(schemas[0], schemas[1]); diff != "" {
		t.Errorf("the schema changed when the database was opened again:\n%s", diff)
	}
}

// TestFailedMigration shows that one that fails leaves nothing, and is tried again when the file is next opened.
func TestFailedMigration(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f.db")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s, err := Open(ctx, path, true); err == nil {
		t.Errorf("Open when asked to stop succeeded: %v", s.Close())
	}
	s := open(t, path)
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check after a migration that was given up = %q, %v; want nothing", faults, err)
	}
}

// TestPowerOfOneWriter shows that changes at once wait for each other instead of failing, with readers going on.
func TestPowerOfOneWriter(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f.db")
	stores := []*Store{open(t, path), open(t, path)}
	const each = 20
	var all sync.WaitGroup
	for i, s := range stores {
		for j := range each {
			all.Go(func() {
				if err := s.AddUser(t.Context(), newUser(fmt.Sprintf("user_%d_%d", i, j))); err != nil {
					t.Errorf("AddUser: %v", err)
				}
				if _, err := s.Users(t.Context()); err != nil {
					t.Errorf("Users: %v", err)
				}
			})
		}
	}
	all.Wait()
	if users, err := stores[0].Users(t.Context()); err != nil || len(users) != 2*each {
		t.Errorf("Users = %d, %v; want %d", len(users), err, 2*each)
	}
}

// TestExpiry shows what is dropped when its time is over, to the second.
func TestExpiry(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	s.Now = func() time.Time { return now }
	if err := s.AddUser(t.Context(), newUser("amelie")); err != nil {
		t.Fatal(err)
	}
	for i, expires := range []int64{now.Unix(), now.Unix() + 1} {
		s.exec(t, `insert into sessions (token_id, user_id, created_at, last_used_at, expires_at, device, browser, ip)
			values ($1, 1, 0, 0, $2, '', '', '')`, fmt.Sprint(i), expires)
		s.exec(t, `insert into mail_tokens (hash, purpose, user_id, email, expires_at) values ($1, $2, 1, '', $3)`,
			[]byte{byte(i)}, fmt.Sprint(i), expires)
		s.exec(t, `insert into outbox (kind, recipient, nonce, new_email, device, browser, created_at, expires_at, next_try_at)
			values ('reset', $1, x'', '', '', '', 0, $2, 0)`, fmt.Sprint(i), expires)
		s.exec(t, `insert into known_places (user_id, place, last_used_at) values (1, $1, $2)`,
			fmt.Sprint(i), expires-int64(time.Hour/time.Second))
	}
	if err := s.DropExpired(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	for table, column := range map[string]string{
		"sessions": "token_id", "mail_tokens": "purpose", "outbox": "recipient", "known_places": "place",
	} {
		left, err := query(t.Context(), s.r, scanString, `select `+column+` from `+table)
		if err != nil || len(left) != 1 || left[0] != "1" {
			t.Errorf("left of %s: %q, %v; want only the one that expires a second later", table, left, err)
		}
	}
}
