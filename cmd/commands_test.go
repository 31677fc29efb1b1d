package cmd

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var passwordLine = regexp.MustCompile(`(?m)^password: (\S+)$`)

// printedPassword returns the password that a command has made.
func printedPassword(t *testing.T, out string) string {
	t.Helper()
	m := passwordLine.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("no password in %q", out)
	}
	return m[1]
}

// succeeds runs a command on the database and returns what it printed.
func succeeds(t *testing.T, db string, args ...string) string {
	t.Helper()
	o := runWith(t, nil, append(args, "--db", db)...)
	if o.code != 0 || o.stderr != "" {
		t.Fatalf("fittrackee %s: exit %d, errors %q; want none", strings.Join(args, " "), o.code, o.stderr)
	}
	return o.stdout
}

func TestUsersCreate(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "new", "f.db")
	out := succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"), "--password", passwordOf("amelie"), "--admin")
	if out != "administrator amelie created\n" {
		t.Errorf("users create --admin prints %q", out)
	}
	out = succeeds(t, db, "users", "create", "boris", "--email", emailOf("boris"), "--lang", "fr")
	made := printedPassword(t, out)
	if len(made) != 24 || !strings.HasPrefix(out, "account boris created\n") {
		t.Errorf("users create without a password prints %q; want it, in 24 characters", out)
	}
	if other := printedPassword(t, succeeds(t, db, "users", "create", "chloe", "--email", emailOf("chloe"))); other == made {
		t.Error("the same password was made twice")
	}

	p := startBinary(t, db)
	amelie, boris := newVisitor(t, p), newVisitor(t, p)
	amelie.login(t, "amelie")
	if r := amelie.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil); r.data("admin") != "true" {
		t.Errorf("profile of amelie = %v; want an administrator", r)
	}
	if r, err := boris.tryLogin("boris", made); err != nil || r.status != http.StatusOK {
		t.Fatalf("login with the password that was made = %v, %v", r, err)
	}
	if r := boris.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil); r.data("admin") != "false" || r.data("language") != "fr" {
		t.Errorf("profile of boris = %v; want no administrator, language fr", r)
	}
}

func TestUsersCreateRefuses(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	before := succeeds(t, db, "users", "list")
	for _, c := range []struct{ name, email, password, want string }{
		{"am", "a@example.com", "long enough", "username: 3 to 30 characters required"},
		{strings.Repeat("a", 31), "a@example.com", "long enough", "username: 3 to 30 characters required"},
		{"amé-lie", "a@example.com", "long enough", "only alphanumeric characters"},
		{"boris", "nowhere", "long enough", "valid email must be provided"},
		{"boris", "a@example.com", "short", "password: 8 characters required"},
		{"boris", "a@example.com", "", "password: 8 characters required"},
		{"boris", "a@example.com", strings.Repeat("x", 1025), "password: 1024 bytes at most"},
		{"AMELIE", "a@example.com", "long enough", "username is already taken"},
		{"boris", "Amelie@Example.com", "long enough", "email is already taken"},
		{"b", "nowhere", "short", "username: 3 to 30 characters required; email: valid email must be provided; password: 8 characters required"},
	} {
		what := "users create " + c.name
		o := runWith(t, nil, "users", "create", c.name, "--email", c.email, "--password", c.password, "--db", db)
		o.wantsOneLine(t, what)
		o.wantsWords(t, what, c.want)
	}
	if after := succeeds(t, db, "users", "list"); after != before {
		t.Errorf("users were\n%s\nand are\n%s\nwant no change", before, after)
	}
}

// TestUsersUpdate changes accounts while the server runs, which acts at the next request.
func TestUsersUpdate(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	updates := func(want string, flags ...string) string {
		t.Helper()
		out := succeeds(t, p.db, append([]string{"users", "update", "Amelie"}, flags...)...)
		if !strings.HasPrefix(out, want) {
			t.Errorf("users update %v prints %q; want %q", flags, out, want)
		}
		return out
	}
	sport := object{"is_active": false}
	v.wants(t, http.StatusForbidden, "PATCH", "/api/sports/1", sport)
	updates("Amelie updated: administrator, active\n", "--set-admin", "true")
	v.wants(t, http.StatusOK, "PATCH", "/api/sports/1", sport)
	updates("Amelie updated: no administrator\n", "--set-admin", "false")
	v.wants(t, http.StatusForbidden, "PATCH", "/api/sports/1", sport)

	out := updates("Amelie updated: new password, logged out everywhere\n", "--reset-password")
	v.wants(t, http.StatusUnauthorized, "GET", "/api/auth/profile", nil)
	v.token = ""
	if r, err := v.tryLogin("amelie", passwordOf("amelie")); err != nil || r.status != http.StatusUnauthorized {
		t.Errorf("login with the old password = %v, %v; want 401", r, err)
	}
	if r, err := v.tryLogin("amelie", printedPassword(t, out)); err != nil || r.status != http.StatusOK {
		t.Errorf("login with the new password = %v, %v; want 200", r, err)
	}
	updates("Amelie updated: address other@example.com\n", "--update-email", emailOf("other"))
	if r := v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil); r.data("email") != emailOf("other") {
		t.Errorf("profile = %v; want the new address", r)
	}
	w := newVisitor(t, p)
	if r, err := w.tryLogin("other", printedPassword(t, out)); err != nil || r.status != http.StatusOK {
		t.Errorf("login with the new address = %v, %v; want 200", r, err)
	}

	w.wants(t, http.StatusOK, "POST", "/api/auth/register", registration("boris"))
	if r, err := w.tryLogin("boris", passwordOf("boris")); err != nil || r.status != http.StatusUnauthorized {
		t.Errorf("login to an account that waits = %v, %v; want 401", r, err)
	}
	succeeds(t, p.db, "users", "update", "boris", "--activate")
	w.login(t, "boris")
	updates("Amelie updated: administrator, active, new password, logged out everywhere, address amelie@example.com\npassword: ",
		"--set-admin=1", "--activate", "--reset-password", "--update-email", emailOf("amelie"))

	before := succeeds(t, p.db, "users", "list")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"nobody", "--activate"}, "user does not exist"},
		{[]string{"amelie"}, "nothing to change"},
		{[]string{"amelie", "--set-admin", "perhaps"}, "--set-admin \"perhaps\": want true or false"},
		{[]string{"amelie", "--set-admin", ""}, "--set-admin \"\": want true or false"},
		{[]string{"amelie", "--update-email", "nowhere"}, "valid email must be provided"},
		{[]string{"amelie", "--update-email", ""}, "--update-email"},
		{[]string{"amelie", "--update-email", "BORIS@example.com", "--set-admin", "false"}, "email is already taken"},
	} {
		what := "users update " + strings.Join(c.args, " ")
		o := runWith(t, nil, append(append([]string{"users", "update"}, c.args...), "--db", p.db)...)
		o.wantsOneLine(t, what)
		o.wantsWords(t, what, c.want)
	}
	if after := succeeds(t, p.db, "users", "list"); after != before {
		t.Errorf("users were\n%s\nand are\n%s\nwant no change", before, after)
	}
}

func TestUsersList(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	if out := succeeds(t, p.db, "users", "list"); !regexp.MustCompile(`^NAME +ADDRESS +ADMIN +ACTIVE +CREATED\n$`).MatchString(out) {
		t.Errorf("users list without users prints %q", out)
	}
	p.addUser(t, "amelie", "--admin")
	v := newVisitor(t, p)
	v.wants(t, http.StatusOK, "POST", "/api/auth/register", registration("boris"))
	taken := registration("chloe")
	taken["email"] = emailOf("amelie")
	v.wants(t, http.StatusOK, "POST", "/api/auth/register", taken)
	want := regexp.MustCompile(`^NAME +ADDRESS +ADMIN +ACTIVE +CREATED
amelie +amelie@example.com +yes +yes +\d{4}-\d\d-\d\d
boris +boris@example.com +no +no +\d{4}-\d\d-\d\d

Names that are held, .*: chloe
"users release NAME" .*
$`)
	if out := succeeds(t, p.db, "users", "list"); !want.MatchString(out) {
		t.Errorf("users list prints\n%s\nwant %v", out, want)
	}
	if r := v.ask(t, "POST", "/api/auth/register", registration("chloe")); r.status != http.StatusBadRequest {
		t.Errorf("registration of a held name = %v; want status 400", r)
	}
	succeeds(t, p.db, "users", "release", "Chloe")
	v.wants(t, http.StatusOK, "POST", "/api/auth/register", registration("chloe"))
	o := runWith(t, nil, "users", "release", "dora", "--db", p.db)
	o.wantsOneLine(t, "users release dora")
	o.wantsWords(t, "users release dora", `"dora" is not held`)
}

func TestDBMigrate(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "new", "f.db")
	for range 2 {
		if out := succeeds(t, db, "db", "migrate"); !regexp.MustCompile(`^the database is up to date \(schema \d+\)\n$`).MatchString(out) {
			t.Errorf("db migrate prints %q", out)
		}
	}
	p := startBinary(t, db)
	succeeds(t, db, "db", "migrate")
	p.signUp(t, "amelie")
}

func TestDBCheck(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie")
	if r, err := v.setPicture(greyPicture(100)); err != nil || r.status != http.StatusOK {
		t.Fatalf("picture = %v, %v", r, err)
	}
	succeeds(t, p.db, "import", layRides(t, 3, 20), "--user", "amelie")
	if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
		t.Errorf("db check beside the server prints %q", out)
	}
	for i := range 60 { // so that there is more than one page to damage
		p.addUser(t, "walker_"+strings.Repeat("w", i%20)+string(rune('a'+i/20)))
	}
	p.stop(t)
	if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
		t.Errorf("db check prints %q", out)
	}

	removing := func(files string) func(string) error {
		return func(dir string) error {
			names, err := filepath.Glob(filepath.Join(dir, "uploads", filepath.FromSlash(files)))
			for _, name := range names {
				err = errors.Join(err, os.Remove(name))
			}
			return err
		}
	}
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		want   string // in what is printed
	}{
		{"a lost picture", func(dir string) error {
			return os.RemoveAll(filepath.Join(dir, "uploads", "pictures"))
		}, "a file that the database names: open "},
		{"an emptied picture", removing("pictures/*/*"), "a file that the database names: open "},
		{"lost tracks", removing("tracks/*"), ".gpx: no such file or directory\na file that the database names: open "},
		{"files of a newer database", func(dir string) error {
			stray := filepath.Join(dir, "uploads", "tracks", strings.Repeat("a", 32)+".gpx")
			write(t, stray, "a track")
			return os.Chtimes(stray, time.Time{}, time.Now().Add(-2*time.Hour))
		}, "a file that nothing in the database names: uploads/tracks/aaaa"},
		{"a row of nobody", func(dir string) error {
			change(t, filepath.Join(dir, "f.db"), `pragma foreign_keys = 0`,
				`insert into known_places (user_id, place, last_used_at) values (999, '192.0.2.1', 0)`)
			return nil
		}, "known_places"},
		{"an index that lacks a row", func(dir string) error {
			change(t, filepath.Join(dir, "f.db"), `pragma writable_schema = 1`,
				`update sqlite_master set sql = 'CREATE UNIQUE INDEX users_username ON users (upper(username))' where name = 'users_username'`)
			return nil
		}, "users_username"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(filepath.Dir(p.db))); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(dir); err != nil {
			t.Fatal(err)
		}
		o := runWith(t, nil, "db", "check", "--db", filepath.Join(dir, "f.db"))
		told := "damage found"
		if strings.Contains(c.want, "nothing in the database names") {
			told = "the database is older than its files"
		}
		if o.code != 1 || !strings.Contains(o.stdout, c.want) || strings.Count(o.stderr, "\n") != 1 ||
			!strings.Contains(o.stderr, told) {
			t.Errorf("db check with %s: %+v; want exit 1 and %q", c.name, o, c.want)
		}
	}

	// What can be made again may be missing.
	for _, files := range []string{"maps/*", "series/*"} {
		if err := removing(files)(filepath.Dir(p.db)); err != nil {
			t.Fatal(err)
		}
	}
	if out := succeeds(t, p.db, "db", "check"); out != "no damage found\n" {
		t.Errorf("db check without maps and series prints %q", out)
	}

	// A page overwritten at any place is found, or the file is refused; nothing is called sound.
	content, err := os.ReadFile(p.db)
	if err != nil {
		t.Fatal(err)
	}
	const pageBytes = 4096
	for page := 0; page < len(content)/pageBytes; page++ {
		dir := t.TempDir()
		damaged := append([]byte(nil), content...)
		for i := range 64 {
			damaged[page*pageBytes+i] ^= 0x5a // the head of a page, and the pointers after it
		}
		db := filepath.Join(dir, "f.db")
		write(t, db, string(damaged))
		o := runWith(t, nil, "db", "check", "--db", db)
		if o.code != 1 || strings.Count(o.stderr, "\n") != 1 {
			t.Errorf("db check with page %d damaged: %+v; want exit 1 and one line of error", page+1, o)
		}
	}
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	o := runWith(t, nil, "version")
	if o.code != 0 || !regexp.MustCompile(`^fittrackee \d+\.\d+\.\d+ \(commit \S+, go\S+, \w+/\w+\)\n$`).MatchString(o.stdout) {
		t.Errorf("version: %+v", o)
	}
	o = runWith(t, nil, "completion", "bash")
	if o.code != 0 || !strings.Contains(o.stdout, "__start_fittrackee") {
		t.Errorf("completion bash: exit %d, %.80q", o.code, o.stdout)
	}
	if bash, err := exec.LookPath("bash"); err == nil {
		c := exec.Command(bash, "-n")
		c.Stdin = strings.NewReader(o.stdout)
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("bash does not read the completion: %v: %s", err, out)
		}
	}
	db := filepath.Join(t.TempDir(), "f.db")
	succeeds(t, db, "users", "create", "amelie", "--email", emailOf("amelie"))
	o = runWith(t, nil, "__complete", "users", "update", "--db", db, "")
	if o.code != 0 || !strings.Contains(o.stdout, "amelie\n") {
		t.Errorf("completion of users update: %+v; want amelie", o)
	}
	for _, args := range [][]string{nil, {"--help"}, {"users"}, {"db"}, {"serve", "--help"}, {"users", "create", "--help"}} {
		if o := runWith(t, nil, args...); o.code != 0 || o.stderr != "" || !strings.Contains(o.stdout, "Usage:") {
			t.Errorf("fittrackee %v: %+v; want help", args, o)
		}
	}
}

var setupCode = regexp.MustCompile(`Open (http\S+) and enter this code: (\S+)\n`)

// TestGreeting checks that whoever starts an instance without an administrator is told how to go on, with a code that works once, and
// nobody else is.
func TestGreeting(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	const greeting = "There is no administrator yet."
	greets := func(p *process) (code string) {
		t.Helper()
		if n := strings.Count(p.log.String(), greeting); n != 1 {
			t.Errorf("greeted %d times without an administrator; want once\n%s", n, p.log)
		}
		m := setupCode.FindStringSubmatch(p.log.String())
		if m == nil || !strings.HasPrefix(m[1], "http://127.0.0.1:") ||
			!strings.Contains(p.log.String(), "fittrackee users create NAME --email ADDRESS --admin --db") || !strings.Contains(p.log.String(), db) {
			t.Fatalf("%q; want a code, and how to do without it", p.log)
		}
		return m[2]
	}
	p := startBinary(t, db, "--log-level", "debug")
	before := greets(p)
	p.addUser(t, "boris")
	p.stop(t)
	p = startBinary(t, db, "--log-level", "debug")
	code := greets(p)
	setUp := func(code string) object {
		return object{"code": code, "username": "amelie", "email": emailOf("amelie"), "password": passwordOf("amelie")}
	}
	v := newVisitor(t, p)
	v.wants(t, http.StatusForbidden, "POST", "/api/setup", setUp(before)) // of the start before
	r := v.wants(t, http.StatusCreated, "POST", "/api/setup", setUp(strings.ToLower(strings.ReplaceAll(code, "-", " "))))
	v.token = r.field("auth_token")
	v.wants(t, http.StatusOK, "GET", "/api/users", nil)
	v.wants(t, http.StatusConflict, "POST", "/api/setup", setUp(code))
	if n := strings.Count(p.log.String(), code); n != 1 {
		t.Errorf("the code is %d times in the output; want once\n%s", n, p.log)
	}
	p.stop(t)
	p = startBinary(t, db)
	if strings.Contains(p.log.String(), greeting) {
		t.Errorf("greeted although there is an administrator\n%s", p.log)
	}
}
