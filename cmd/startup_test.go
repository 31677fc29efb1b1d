package cmd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fittrackee/store"
)

// outcome is how a run of the binary ended.
type outcome struct {
	code           int
	stdout, stderr string
}

// runWith runs the binary to its end with more in its environment.
func runWith(t testing.TB, environment []string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = append(cleanEnvironment(), environment...)
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if ctx.Err() != nil {
		t.Fatalf("fittrackee %s went on; want it to end\n%s", strings.Join(args, " "), stderr.String())
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// startsNot runs serve and wants it to end with 1 after one line.
func startsNot(t testing.TB, environment []string, flags ...string) outcome {
	t.Helper()
	args := append([]string{"serve"}, flags...)
	if !strings.Contains(strings.Join(flags, " "), "--db") {
		args = append(args, "--db", filepath.Join(t.TempDir(), "f.db"))
	}
	if !strings.Contains(strings.Join(flags, " "), "--listen") {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	o := runWith(t, environment, args...)
	o.wantsOneLine(t, strings.Join(args, " "))
	return o
}

func (o outcome) wantsOneLine(t testing.TB, what string) {
	t.Helper()
	if o.code != 1 || o.stdout != "" || strings.Count(o.stderr, "\n") != 1 ||
		!strings.HasPrefix(o.stderr, "fittrackee: ") || !strings.HasSuffix(o.stderr, "\n") {
		t.Errorf("fittrackee %s: exit %d, output %q, errors %q; want exit 1 and one line of error", what, o.code, o.stdout, o.stderr)
	}
}

func (o outcome) wantsWords(t testing.TB, what string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(o.stderr, w) {
			t.Errorf("fittrackee %s says %q; want %q in it", what, o.stderr, w)
		}
	}
}

func write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// snapshot returns the sums of all files in a folder, and the modes of all that is in it. The two companions that
// SQLite gives a database when it is looked at are left out.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-shm") {
			return nil
		}
		info, err := d.Info()
		if err != nil || d.IsDir() {
			all[path] = fmt.Sprint(info.Mode())
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = fmt.Sprintf("%v %x", info.Mode(), sha256.Sum256(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args  string
		words []string
	}{
		{"serve --nonsense", []string{"--nonsense", "fittrackee serve --help"}},
		{"nonsense", []string{`"nonsense"`}},
		{"serve nonsense", []string{`"nonsense"`}},
		{"users nonsense", []string{`"nonsense"`}},
		{"db nonsense", []string{`"nonsense"`}},
		{"users create", []string{"want one username"}},
		{"users create amelie", []string{`"email"`}},
		{"users update", []string{"want one username"}},
		{"users list amelie", []string{`"amelie"`}},
		{"version now", []string{`"now"`}},
		{"serve --token-days many", []string{"--token-days", "many"}},
		{"serve --no-rate-limit=perhaps", []string{"--no-rate-limit", "perhaps"}},
		{"serve --db", []string{"--db"}},
	} {
		o := runWith(t, nil, strings.Fields(c.args)...)
		o.wantsOneLine(t, c.args)
		o.wantsWords(t, c.args, c.words...)
	}
}

// wrongValues are a wrong value for every flag, and words of the message: the flag, and what would be right.
var wrongValues = []struct {
	flag, value string
	words       []string
}{
	{"listen", "here", []string{"HOST:PORT"}},
	{"listen", "127.0.0.1", []string{"HOST:PORT"}},
	{"listen", "127.0.0.1:", []string{"HOST:PORT"}},
	{"listen", "127.0.0.1:99999", []string{"99999"}},
	{"listen", "127.0.0.1:nonsense", []string{"nonsense"}},
	{"listen", "198.51.100.1:5000", []string{"198.51.100.1:5000", "cannot assign"}},
	{"ui-url", "fit.example.com", []string{"https://"}},
	{"ui-url", "ftp://fit.example.com", []string{"https://"}},
	{"ui-url", "https://fit.example.com/?a=b", []string{"https://"}},
	{"ui-url", "https://", []string{"https://"}},
	{"smtp-url", "mail.example.com:25", []string{"smtp://"}},
	{"smtp-url", "http://mail.example.com", []string{"smtp://"}},
	{"smtp-url", "smtp://mail.example.com:0", []string{"65535"}},
	{"smtp-url", "smtp://mail.example.com?tls=perhaps", []string{"?tls=True"}},
	{"mail-from", "nobody", []string{"address"}},
	{"token-days", "0", []string{"1 to 3650"}},
	{"token-days", "-1", []string{"1 to 3650"}},
	{"token-days", "3651", []string{"1 to 3650"}},
	{"token-days", "1.5", []string{"1.5"}},
	{"token-days", "", nil},
	{"trusted-proxies", "proxy.example.com", []string{"10.0.0.0/8"}},
	{"trusted-proxies", "10.0.0.0/8,10.0.0.0/99", []string{"10.0.0.0/8"}},
	{"trusted-proxies", "10.0.0", []string{"10.0.0.0/8"}},
	{"tile-url", "https://tile.example.com/", []string{"{z}", "{x}", "{y}"}},
	{"tile-url", "tile.example.com/{z}/{x}/{y}.png", []string{"https://"}},
	{"backup-dir", "/dev/null/backups", []string{"not a directory"}},
	{"backup-every", "59s", []string{"1m or more"}},
	{"backup-every", "daily", []string{"24h"}},
	{"backup-keep", "0", []string{"1 or more"}},
	{"backup-keep", "all", []string{"a whole number"}},
	{"log-level", "loud", []string{"debug, info, warn or error"}},
	{"log-level", "INFO+2", []string{"debug, info, warn or error"}},
	{"log-format", "xml", []string{"text or json"}},
	{"no-rate-limit", "perhaps", []string{"perhaps"}},
}

// TestWrongValues gives each wrong value as a flag, in the environment and in a file.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	for _, c := range wrongValues {
		name := "--" + c.flag
		words := append([]string{name}, c.words...)
		var more []string // what makes the value the only fault
		switch c.flag {
		case "smtp-url":
			more = []string{"--mail-from", "fit@example.com"}
		case "mail-from":
			more = []string{"--smtp-url", "smtp://localhost"}
		}
		variable := "FITTRACKEE_" + strings.ToUpper(strings.ReplaceAll(c.flag, "-", "_"))
		if c.flag != "listen" {
			more = append(more, "--listen", "127.0.0.1:0")
		}

		more = append(more, "--db", filepath.Join(t.TempDir(), "f.db"))
		o := runWith(t, nil, append([]string{"serve", name + "=" + c.value}, more...)...)
		o.wantsOneLine(t, name+"="+c.value)
		o.wantsWords(t, name+"="+c.value, words...)

		if c.value != "" { // an empty variable counts as none
			o = runWith(t, []string{variable + "=" + c.value}, append([]string{"serve"}, more...)...)
			o.wantsOneLine(t, variable+"="+c.value)
			o.wantsWords(t, variable+"="+c.value, words...)
		}

		path := filepath.Join(t.TempDir(), "config")
		write(t, path, "# a comment\n\n  "+c.flag+" = "+c.value+"\n")
		o = runWith(t, nil, append([]string{"serve", "--config", path}, more...)...)
		o.wantsOneLine(t, c.flag+" in a file")
		o.wantsWords(t, c.flag+" in a file", words...)
	}
	o := startsNot(t, nil, "--smtp-url", "smtp://localhost")
	o.wantsWords(t, "serve without a sender", "--mail-from", "is missing")
}

func TestWrongConfigFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "config")
	for _, c := range []struct {
		content string
		words   []string
	}{
		{"token-days = 5\nnonsense\n", []string{"line 2", "name = value"}},
		{"token-days = 5\n\nspeed = 5\n", []string{"line 3", `"speed"`}},
		{"config = other\n", []string{"line 1", `"config"`}},
		{"token_days = 5\n", []string{"line 1", `"token_days"`}},
		{"help = true\n", []string{"line 1", `"help"`}},
		{" = 5\n", []string{"line 1"}},
		{"token-days = 5\n" + strings.Repeat("x", 70_000) + "\n", []string{"--config"}},
	} {
		write(t, path, c.content)
		what := fmt.Sprintf("serve with the file %.40q", c.content)
		o := startsNot(t, nil, "--config", path)
		o.wantsWords(t, what, c.words...)
		o = runWith(t, []string{"FITTRACKEE_CONFIG=" + path}, "users", "list", "--db", filepath.Join(t.TempDir(), "f.db"))
		o.wantsOneLine(t, "users list with FITTRACKEE_CONFIG")
		o.wantsWords(t, "users list with FITTRACKEE_CONFIG", c.words...)
	}
	startsNot(t, nil, "--config", filepath.Join(t.TempDir(), "missing")).wantsWords(t, "a missing file", "--config", "missing")
	startsNot(t, nil, "--config", t.TempDir()).wantsWords(t, "a folder for a file", "--config")
	o := startsNot(t, []string{"FITTRACKEE_SMTP_URL_FILE=" + filepath.Join(t.TempDir(), "missing")})
	o.wantsWords(t, "a missing file of a secret", "FITTRACKEE_SMTP_URL_FILE", "missing")
}

// TestPrecedence checks that a flag overrules the environment, the environment a file, and a file the default.
// What counts shows in the address of the server, which it logs, and in the mails.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	var urls []string
	for range 3 {
		urls = append(urls, "127.0.0.1:"+freePort(t))
	}
	config := filepath.Join(t.TempDir(), "config")
	write(t, config, "# settings\n\nlisten = "+urls[0]+"\ntoken-days=7\n  log-level =  info \n")
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, "smtp://localhost:1\n")
	for _, c := range []struct {
		name        string
		environment []string
		flags       []string
		want        []string
	}{
		{"a file", nil, []string{"--config", config}, []string{"http://" + urls[0], "mail=false"}},
		{
			"the environment before a file",
			[]string{"FITTRACKEE_LISTEN=" + urls[1]},
			[]string{"--config", config},
			[]string{"http://" + urls[1]},
		},
		{
			"a file that the environment names",
			[]string{"FITTRACKEE_CONFIG=" + config},
			nil,
			[]string{"http://" + urls[0]},
		},
		{
			"a flag before the environment",
			[]string{"FITTRACKEE_LISTEN=" + urls[1]},
			[]string{"--config", config, "--listen", urls[2]},
			[]string{"http://" + urls[2]},
		},
		{
			"a secret in a file",
			[]string{"FITTRACKEE_SMTP_URL_FILE=" + secret, "FITTRACKEE_MAIL_FROM=fit@example.com"},
			[]string{"--listen", "127.0.0.1:0"},
			[]string{"mail=true"},
		},
		{
			"a flag before a secret in a file",
			[]string{"FITTRACKEE_SMTP_URL_FILE=" + secret},
			[]string{"--listen", "127.0.0.1:0", "--smtp-url", ""},
			[]string{"mail=false"},
		},
		{
			"an empty variable counts as none",
			[]string{"FITTRACKEE_SMTP_URL_FILE=" + secret, "FITTRACKEE_SMTP_URL=", "FITTRACKEE_MAIL_FROM=fit@example.com"},
			[]string{"--listen", "127.0.0.1:0"},
			[]string{"mail=true"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := append([]string{"serve", "--db", filepath.Join(t.TempDir(), "f.db")}, c.flags...)
			command := exec.Command(binary, flags...)
			command.Env = append(cleanEnvironment(), c.environment...)
			p, err := await(command)
			if err != nil {
				t.Fatal(err)
			}
			p.endWith(t)
			for _, want := range c.want {
				if !strings.Contains(p.log.String(), want) {
					t.Errorf("log %q; want %q in it", p.log, want)
				}
			}
		})
	}
}

// TestDatabaseInTheEnvironment checks that commands too are told where the database is.
func TestDatabaseInTheEnvironment(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, c := range []struct {
		name, variable, db string
	}{
		{"a variable", "FITTRACKEE_DB=" + filepath.Join(data, "a", "f.db"), filepath.Join(data, "a", "f.db")},
		{"the user's data folder", "XDG_DATA_HOME=" + data, filepath.Join(data, "fittrackee", "fittrackee.db")},
		{"the home folder", "HOME=" + data, filepath.Join(data, ".local", "share", "fittrackee", "fittrackee.db")},
	} {
		environment := []string{"XDG_DATA_HOME=", c.variable}
		o := runWith(t, environment, "users", "create", "amelie", "--email", emailOf("amelie"))
		if o.code != 0 {
			t.Fatalf("%s: %+v", c.name, o)
		}
		if o := runWith(t, environment, "users", "list"); !strings.Contains(o.stdout, "amelie") {
			t.Errorf("%s: users list = %+v; want amelie", c.name, o)
		}
		if _, err := os.Stat(c.db); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestBadDatabases starts on files and folders that are not to be written to. Nothing there changes.
func TestBadDatabases(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		make  func(t *testing.T, dir string) (db string)
		words []string
	}{
		{"a file for a folder", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "data"), "a file")
			return filepath.Join(dir, "data", "f.db")
		}, []string{"--db", "not a directory"}},
		{"a folder for a file", func(t *testing.T, dir string) string {
			if err := os.Mkdir(filepath.Join(dir, "f.db"), 0o700); err != nil {
				t.Fatal(err)
			}
			return filepath.Join(dir, "f.db")
		}, []string{"--db", "is a directory"}},
		{"a text", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "f.db"), strings.Repeat("This is no database.\n", 300))
			return filepath.Join(dir, "f.db")
		}, []string{"--db", "f.db is not a database"}},
		{"a short text", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "f.db"), "a text\n")
			return filepath.Join(dir, "f.db")
		}, []string{"--db", "f.db is not a database"}},
		{"another program's database", func(t *testing.T, dir string) string {
			change(t, filepath.Join(dir, "f.db"), `create table notes (text text)`, `insert into notes values ('milk')`)
			return filepath.Join(dir, "f.db")
		}, []string{"--db", "f.db is a database of another program"}},
		{"another program's database with migrations", func(t *testing.T, dir string) string {
			change(t, filepath.Join(dir, "f.db"), `create table users (id integer)`,
				`create table goose_db_version (id integer primary key, version_id integer, is_applied integer, tstamp timestamp)`,
				`insert into goose_db_version (version_id, is_applied) values (0, 1), (1, 1)`)
			return filepath.Join(dir, "f.db")
		}, []string{"--db", "f.db is a database of another program"}},
		{"a newer version's database", func(t *testing.T, dir string) string {
			db := filepath.Join(dir, "f.db")
			s, err := store.Open(t.Context(), db, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			change(t, db, `insert into goose_db_version (version_id, is_applied) values (9999, 1)`)
			return db
		}, []string{"--db", "newer version", "9999"}},
		{"a key that is too short", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "secret.key"), "short")
			return emptyDatabase(t, dir)
		}, []string{"secret.key is no secret key"}},
		{"a folder for a key", func(t *testing.T, dir string) string {
			if err := os.Mkdir(filepath.Join(dir, "secret.key"), 0o700); err != nil {
				t.Fatal(err)
			}
			return emptyDatabase(t, dir)
		}, []string{"secret", "is a directory"}},
		{"a file for the uploads", func(t *testing.T, dir string) string {
			write(t, filepath.Join(dir, "secret.key"), strings.Repeat("k", 32))
			write(t, filepath.Join(dir, "uploads"), "a file")
			return emptyDatabase(t, dir)
		}, []string{"uploads", "not a directory"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			db := c.make(t, dir)
			before := snapshot(t, dir)
			o := startsNot(t, nil, "--db", db)
			o.wantsWords(t, "serve on "+c.name, c.words...)
			if after := snapshot(t, dir); !maps.Equal(before, after) {
				t.Errorf("the folder was %v and is %v; want it untouched", before, after)
			}
			if strings.HasPrefix(c.words[0], "--db") {
				for _, command := range []string{"users list", "db check", "db migrate"} {
					o := runWith(t, nil, append(strings.Fields(command), "--db", db)...)
					o.wantsOneLine(t, command+" on "+c.name)
					o.wantsWords(t, command+" on "+c.name, c.words...)
				}
				if after := snapshot(t, dir); !maps.Equal(before, after) {
					t.Errorf("the folder was %v and is %v after commands; want it untouched", before, after)
				}
			}
		})
	}
}

// emptyDatabase makes a database and returns its path.
func emptyDatabase(t *testing.T, dir string) string {
	t.Helper()
	db := filepath.Join(dir, "f.db")
	if _, err := run("db", "migrate", "--db", db); err != nil {
		t.Fatal(err)
	}
	return db
}

// change runs statements on any SQLite file.
func change(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestMissingDatabase checks that only what may make a database makes one.
func TestMissingDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "data", "f.db")
	for _, command := range []string{"users list", "users update amelie --activate", "db check"} {
		o := runWith(t, nil, append(strings.Fields(command), "--db", db)...)
		o.wantsOneLine(t, command)
		o.wantsWords(t, command, "--db", "there is no database at "+db)
	}
	if _, err := os.Stat(filepath.Dir(db)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder of a database that is not there: %v; want none", err)
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dir := t.TempDir()
	o := startsNot(t, nil, "--listen", l.Addr().String(), "--db", filepath.Join(dir, "data", "f.db"))
	o.wantsWords(t, "serve on a port in use", "--listen", l.Addr().String(), "in use")
	if left := snapshot(t, dir); len(left) != 1 {
		t.Errorf("a start that failed left %v; want nothing", left)
	}
}
