package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // so that time zones are known on machines without them

	"github.com/google/go-cmp/cmp"

	"fittrackee/assets"
	"fittrackee/auth"
	"fittrackee/mail"
	"fittrackee/server"
	"fittrackee/store"
	"fittrackee/workout"
)

const (
	// password is everybody's, until a test changes it.
	password = "correct horse"
	// peerHeader tells the harness which peer a request is to come from.
	peerHeader = "Test-Peer"
)

// secret is what an instance's keys are made from.
var secret = []byte("0123456789abcdef0123456789abcdef")

// object is a JSON object.
type object = map[string]any

// clock stands still until it is moved.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// site is a whole instance behind a real socket, with a clock that stands still and mails that are
// delivered on demand.
type site struct {
	t   testing.TB
	url string
	dir string
	options
	store    *store.Store
	db       *sql.DB // past the program; one connection, for opening one is dear under the race detector
	assets   *assets.Files
	auth     *auth.Auth
	workouts *workout.Workouts
	server   *server.Server
	web      *httptest.Server
	mailer   *mail.Memory
	clock    *clock
}

// options are what a test may decide about its site.
type options struct {
	auth   auth.Options
	server server.Options
	people bool
}

func withLimits(o *options)  { o.server.RateLimits = true }
func withoutMail(o *options) { o.auth.MailOn = false }

// withPeople lets amelie, boris, chloe and the administrator root have accounts from the start.
func withPeople(o *options) { o.people = true }

// trusting lets X-Forwarded-For count from these networks.
func trusting(networks ...string) func(*options) {
	return func(o *options) {
		for _, n := range networks {
			o.server.TrustedProxies = append(o.server.TrustedProxies, netip.MustParsePrefix(n))
		}
	}
}

// newSite starts an instance with mail and without limits, changed by edits, until the test ends.
func newSite(t testing.TB, edits ...func(*options)) *site {
	t.Helper()
	s := &site{
		t:      t,
		dir:    t.TempDir(),
		mailer: &mail.Memory{},
		clock:  &clock{now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)},
	}
	s.options.auth = auth.Options{SessionLife: 30 * 24 * time.Hour, MailOn: true}
	ui, err := server.NewUI(uiFiles)
	if err != nil {
		t.Fatal(err)
	}
	s.options.server = server.Options{Version: "0.8.0", UI: ui, UIURL: "http://fit.example.com"}
	for _, edit := range edits {
		edit(&s.options)
	}
	s.start()
	t.Cleanup(s.stop)
	return s
}

// blank is the file of a database as the first start makes it. The race detector makes making it dear, and most sites begin
// with one.
var blank = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "fittrackee-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "f.db")
	made, err := store.Open(context.Background(), path, true)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// people are accounts that have come in through the front door once, for the tests in which it does not matter how: a
// password's hash is dear, too.
var people struct {
	made   sync.Once
	file   []byte            // of the database
	tokens map[string]string // by username
}

func makePeople(t testing.TB) {
	t.Helper()
	s := newSite(t)
	people.tokens = map[string]string{"root": s.addAdmin("root").token()}
	for _, name := range []string{"amelie", "boris", "chloe"} {
		people.tokens[name] = s.signUp(name).token()
	}
	path := filepath.Join(s.dir, "people.db")
	s.run(`vacuum into $1`, path)
	var err error
	if people.file, err = os.ReadFile(path); err != nil {
		t.Fatal(err)
	}
}

// person returns one of those that withPeople lets be there.
func (s *site) person(name string) user {
	s.t.Helper()
	token, ok := people.tokens[name]
	if !ok {
		s.t.Fatalf("%s is not one of the people", name)
	}
	return user{s.withToken(token), name, emailOf(name)}
}

// begin puts the file of a database where there is none.
func (s *site) begin() {
	s.t.Helper()
	if _, err := os.Stat(s.dbFile()); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	file, err := blank()
	if s.people {
		people.made.Do(func() { makePeople(s.t) })
		file = people.file
	}
	if err == nil {
		err = os.WriteFile(s.dbFile(), file, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) start() {
	s.t.Helper()
	s.begin()
	var err error
	if s.store, err = store.Open(s.t.Context(), s.dbFile(), true); err != nil {
		s.t.Fatal(err)
	}
	s.store.Now = s.clock.Now
	s.db, err = sql.Open("sqlite", "file:"+s.dbFile()+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	if err != nil {
		s.t.Fatal(err)
	}
	s.db.SetMaxOpenConns(1)
	if s.assets, err = assets.Open(filepath.Join(s.dir, "uploads")); err != nil {
		s.t.Fatal(err)
	}
	key, err := auth.NewKey(secret)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.options.server.Mailer == nil && s.options.auth.MailOn {
		s.options.server.Mailer = s.mailer
	}
	s.auth = auth.New(s.store, s.assets, key, s.options.auth)
	s.workouts = workout.New(s.store, s.assets, nil)
	s.server = server.New(s.store, s.auth, s.workouts, s.assets, s.options.server)
	s.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer := r.Header.Get(peerHeader); peer != "" {
			r.Header.Del(peerHeader)
			r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(peer), 40000).String()
		}
		s.server.ServeHTTP(w, r)
	}))
	s.web.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.url = s.web.URL
}

func (s *site) stop() {
	s.web.Close()
	if err := errors.Join(s.db.Close(), s.auth.StoreUse(context.Background()), s.store.Close()); err != nil {
		s.t.Error(err)
	}
}

// restart stops the instance and starts it again on what is on the disk.
func (s *site) restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

func (s *site) dbFile() string { return filepath.Join(s.dir, "f.db") }

// run runs a statement on the database, past the program, and returns what it answers, a line for each row.
func (s *site) run(text string, args ...any) (rows []string) {
	s.t.Helper()
	answer, err := s.db.Query(text, args...)
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	defer answer.Close()
	columns, err := answer.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	for answer.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := answer.Scan(into...); err != nil {
			s.t.Fatal(err)
		}
		fields := make([]string, len(columns))
		for i, v := range values {
			fields[i] = fmt.Sprintf("%v", v)
		}
		rows = append(rows, strings.Join(fields, "|"))
	}
	if err := answer.Err(); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return rows
}

// everything returns all rows of all tables and the names of all kept files.
func (s *site) everything() string {
	s.t.Helper()
	var all strings.Builder
	for _, table := range s.run(`select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`) {
		fmt.Fprintf(&all, "%s:\n", table)
		for _, row := range s.run(`select * from "` + table + `" order by 1, 2`) {
			fmt.Fprintf(&all, "  %s\n", row)
		}
	}
	for _, file := range s.files() {
		fmt.Fprintln(&all, file)
	}
	return all.String()
}

// files returns the names of all kept files.
func (s *site) files() (names []string) {
	s.t.Helper()
	root := filepath.Join(s.dir, "uploads")
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(root, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return names
}

// deliver sends the mails that are due.
func (s *site) deliver() {
	s.t.Helper()
	if err := s.auth.DeliverMails(s.t.Context(), s.mailer, s.options.server.UIURL); err != nil {
		s.t.Fatalf("DeliverMails: %v", err)
	}
}

var linkToken = regexp.MustCompile(`\?token=([\w-]+)`)

// mailedToken delivers what is due and returns the token in the oldest mail to an address not read yet.
func (s *site) mailedToken(to string) string {
	s.t.Helper()
	s.deliver()
	token, ok := nextToken(s.mailer, to)
	if !ok {
		s.t.Fatalf("no mail with a token for %s", to)
	}
	return token
}

// nextToken returns the token in the oldest mail to an address that has one and was not read yet.
func nextToken(m *mail.Memory, to string) (token string, ok bool) {
	for {
		message, ok := m.WaitFor(to, 0)
		if !ok {
			return "", false
		}
		if found := linkToken.FindStringSubmatch(message.Text); found != nil {
			return found[1], true
		}
	}
}

// wantsMails checks that so many mails have been sent to an address since the beginning.
func (s *site) wantsMails(to string, n int) {
	s.t.Helper()
	s.deliver()
	var subjects []string
	for _, m := range s.mailer.Sent() {
		if strings.EqualFold(m.To, to) {
			subjects = append(subjects, m.Subject)
		}
	}
	if len(subjects) != n {
		s.t.Errorf("mails to %s: %q; want %d", to, subjects, n)
	}
}

// user is an account, and the session that it was made with.
type user struct {
	client
	name, email string
}

func emailOf(name string) string { return name + "@example.com" }

// signUp registers an account and confirms its address.
func (s *site) signUp(name string) user {
	s.t.Helper()
	s.register(name, emailOf(name)).wants(200)
	r := s.confirm(s.mailedToken(emailOf(name))).wants(200, "account confirmation successful")
	return user{s.withToken(r.text("auth_token")), name, emailOf(name)}
}

// addAdmin makes an administrator as the command line does, and logs in.
func (s *site) addAdmin(name string) user {
	s.t.Helper()
	err := auth.AddUser(s.t.Context(), s.store, auth.Registration{
		Username: name, Email: emailOf(name), Password: password,
	}, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return user{s.login(emailOf(name), password), name, emailOf(name)}
}

// login opens another session.
func (s *site) login(email, password string) client {
	s.t.Helper()
	r := s.anybody().login(email, password).wants(200, "successfully logged in")
	return s.withToken(r.text("auth_token"))
}

func (s *site) register(name, email string) response {
	s.t.Helper()
	return s.anybody().post("/api/auth/register", object{"username": name, "email": email, "password": password})
}

func (s *site) confirm(token string) response {
	s.t.Helper()
	return s.anybody().post("/api/auth/account/confirm", object{"token": token})
}

func (s *site) resetPassword(token, password string) response {
	s.t.Helper()
	return s.anybody().post("/api/auth/password/update", object{"token": token, "password": password})
}

func (s *site) confirmEmail(token string) response {
	s.t.Helper()
	return s.anybody().post("/api/auth/email/update", object{"token": token})
}

// client sends requests with the same headers each.
type client struct {
	s      *site
	header http.Header
}

func (s *site) anybody() client { return client{s, http.Header{}} }

func (s *site) withToken(token string) client {
	return s.anybody().with("Authorization", "Bearer "+token)
}

// from returns a client at an address.
func (s *site) from(peer string) client { return s.anybody().with(peerHeader, peer) }

// with returns the client with a header more, or with several of one name.
func (c client) with(name string, values ...string) client {
	h := c.header.Clone()
	h[http.CanonicalHeaderKey(name)] = values
	return client{c.s, h}
}

func (c client) token() string { return strings.TrimPrefix(c.header.Get("Authorization"), "Bearer ") }

func (c client) get(path string) response {
	c.s.t.Helper()
	return c.do("GET", path, nil)
}

func (c client) post(path string, body any) response {
	c.s.t.Helper()
	return c.do("POST", path, body)
}

func (c client) patch(path string, body any) response {
	c.s.t.Helper()
	return c.do("PATCH", path, body)
}

func (c client) delete(path string) response {
	c.s.t.Helper()
	return c.do("DELETE", path, nil)
}

func (c client) login(email, password string) response {
	c.s.t.Helper()
	return c.post("/api/auth/login", object{"email": email, "password": password})
}

// do sends a request: strings as they are, anything else as JSON. The answer has to be one that openapi.yaml describes. It is
// safe in goroutines.
func (c client) do(method, path string, body any) response {
	c.s.t.Helper()
	call := method + " " + path
	if len(call) > 200 {
		call = call[:200] + "…"
	}
	var content io.Reader
	switch v := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(v)
	default:
		b, err := json.Marshal(v)
		if err != nil {
			c.s.t.Errorf("%s: %v", call, err)
		}
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(c.s.t.Context(), method, c.s.url+path, content)
	if err != nil {
		c.s.t.Errorf("%s: %v", call, err)
		return response{t: c.s.t, call: call}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	answer, err := c.s.web.Client().Do(r)
	if err != nil {
		c.s.t.Errorf("%s: %v", call, err)
		return response{t: c.s.t, call: call}
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		c.s.t.Errorf("%s: %v", call, err)
	}
	wantsDescribed(c.s.t, answer, text)
	return response{c.s.t, call, answer.StatusCode, answer.Header, text}
}

// response is what came of a call.
type response struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte
}

// wants checks the status and, when it is given, the message.
func (r response) wants(status int, message ...string) response {
	r.t.Helper()
	if r.status != status {
		r.t.Errorf("%s: %d %s; want %d %s", r.call, r.status, r.body, status, strings.Join(message, ""))
		return r
	}
	if len(message) > 0 {
		if got := r.text("message"); got != message[0] {
			r.t.Errorf("%s: %d with message %q; want %q", r.call, r.status, got, message[0])
		}
	}
	return r
}

// json returns the object in the body.
func (r response) json() (v object) {
	r.t.Helper()
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Errorf("%s: %d %q, which is no JSON object: %v", r.call, r.status, r.body, err)
	}
	return v
}

// text returns the string at a name in the body, empty if there is none.
func (r response) text(name string) string {
	r.t.Helper()
	text, _ := r.json()[name].(string)
	return text
}

// data returns the object called data in the body.
func (r response) data() object {
	r.t.Helper()
	v, ok := r.json()["data"].(object)
	if !ok {
		r.t.Errorf("%s: %d %s; want data", r.call, r.status, r.body)
	}
	return v
}

// atOnce calls f n times in parallel, with 0 to n-1, and returns the answers.
func atOnce(n int, f func(i int) response) []response {
	answers := make([]response, n)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			answers[i] = f(i)
		})
	}
	start.Done()
	done.Wait()
	return answers
}

// wantsOf checks how many of the answers have a status, and that none is a 5xx.
func wantsOf(t *testing.T, answers []response, status, n int) {
	t.Helper()
	counts := make(map[int]int)
	for _, r := range answers {
		counts[r.status]++
		if r.status >= 500 || r.status == 0 {
			t.Errorf("%s: %d %s", r.call, r.status, r.body)
		}
	}
	if counts[status] != n {
		t.Errorf("statuses of %d calls of %s: %v; want %d times %d", len(answers), answers[0].call, counts, n, status)
	}
}

// unchanged checks that f changes no row and no file.
func (s *site) unchanged(what string, f func()) {
	s.t.Helper()
	before := s.everything()
	f()
	if diff := cmp.Diff(before, s.everything()); diff != "" {
		s.t.Errorf("%s changed what is stored, - before, + after:\n%s", what, diff)
	}
}

// TestMain keeps the expected failures' log out of the tests' output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
