package contracttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// conversation loads a case with these steps. It has the fixture a.gpx.
func conversation(t *testing.T, steps ...string) Case {
	t.Helper()
	text := `{"name": "talk", "about": "A test.", "steps": [` + strings.Join(steps, ",") + `]}`
	c, err := load(fstest.MapFS{
		"cases/talk.json": {Data: []byte(text)},
		"fixtures/a.gpx":  {Data: []byte("<gpx/>")},
	}, "talk")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// serve answers like h until the test ends.
func serve(t *testing.T, h http.HandlerFunc) Target {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return Target{URL: server.URL, MailWait: 50 * time.Millisecond, NoMailWait: 10 * time.Millisecond}
}

// answering serves one answer for everything.
func answering(t *testing.T, status int, contentType, body string) Target {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// wantReplay checks that the case goes through, or that it fails with a text that holds want.
func wantReplay(t *testing.T, c Case, target Target, want ...string) {
	t.Helper()
	err := replay(t.Context(), c, target)
	if len(want) == 0 && err != nil {
		t.Errorf("replay: %v; want no error", err)
	}
	for _, text := range want {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("replay: %v; want …%s…", err, text)
		}
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status            int
		contentType, body string
		expect            string
		differs           string
	}{
		{200, "application/json; charset=utf-8", `{"a": 1}`, `{"status": 200, "content_type": "application/json", "json": {"a": 1}}`, ""},
		{200, "text/html", `{"a": 1}`, `{"status": 200, "content_type": "application/json", "json": {"a": 1}}`, `content type: got "text/html"; want "application/json"`},
		{200, "application/json", `{"a": 2}`, `{"status": 200, "content_type": "application/json", "json": {"a": 1}}`, `a: got 2; want 1`},
		{200, "application/json", `<p>`, `{"status": 200, "content_type": "application/json", "json": {}}`, `body is no JSON`},
		{200, "application/json", `{} {}`, `{"status": 200, "content_type": "application/json", "json": {}}`, `something follows`},
		{400, "application/json", `{"message": "no"}`, `{"status": 200, "json": {}}`, "status: got 400; want 200\n    the answer: {\"message\": \"no\"}"},
		{302, "text/plain", "", `{"status": 302}`, ""},
		{200, "text/plain", "anything", `{"status": 200}`, ""},
		{200, "text/plain", "anything", `{"status": 200, "json": null}`, ""},
		{200, "image/png", "anything", `{"status": 200, "content_type": "image/png"}`, ""},
		{200, "application/json", `null`, `{"status": 200, "content_type": "application/json", "json": null}`, ""},
		{200, "application/json", `{}`, `{"status": 200, "content_type": "application/json", "json": null}`, "body: got {}; want null"},
	} {
		c := conversation(t, `{"do": "request", "method": "PATCH", "path": "/api/x", "expect": `+tt.expect+`}`)
		target := answering(t, tt.status, tt.contentType, tt.body)
		if tt.differs == "" {
			wantReplay(t, c, target)
		} else {
			wantReplay(t, c, target, "talk: step 1, PATCH /api/x:\n    ", tt.differs)
		}
	}
}

// transport is an http.RoundTripper, for answers that no http.Server gives.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestNoContentHasNoBody(t *testing.T) {
	t.Parallel()
	c := conversation(t, `{"do": "request", "method": "DELETE", "path": "/", "expect": {"status": 204}}`)
	wantReplay(t, c, answering(t, 204, "", ""))
	wantReplay(t, c, Target{Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 204, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	})}}, "body: got {}; want none")
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	target := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	target.Client = &http.Client{}
	wantReplay(t, conversation(t, `{"do": "request", "method": "GET", "path": "/", "expect": {"status": 302}}`), target)
	if target.Client.CheckRedirect != nil {
		t.Error("the target's client was changed; want a copy")
	}
}

func TestRequests(t *testing.T) {
	t.Parallel()
	describe := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/login":
			_, _ = io.WriteString(w, `{"token": "s&cret", "id": 7}`)
		case strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"):
			_, _ = fmt.Fprintf(w, `{"got": %q}`, describeMultipart(r))
		default:
			body, _ := io.ReadAll(r.Body)
			_, _ = fmt.Fprintf(w, `{"got": %q}`, fmt.Sprintf("%s %s %s|%s|%s|%s|%s|%s", r.Method, r.Host[:3], r.URL, r.Header.Get("Authorization"),
				r.Header.Get("Accept-Encoding"), r.Header.Get("Content-Type"), body, r.TransferEncoding))
		}
	}
	login := `{"do": "request", "method": "POST", "path": "/login", "save": {"token": "token", "id": "id"}, "expect": {"status": 200}}`
	for _, tt := range []struct{ request, got string }{
		{`"path": "/x/${id}?page=1"`, "PUT 127 /x/7?page=1||identity|||[]"},
		{`"path": "/", "headers": {"Authorization": "Bearer ${token}", "Host": "abc"}`, "PUT abc /|Bearer s&cret|identity|||[]"},
		{`"path": "/", "headers": {"Accept-Encoding": "gzip"}`, "PUT 127 /||gzip|||[]"},
		{`"path": "/", "json": {"t": ["${token}"], "id": "${id}", "n": 1.50, "s": "no ${id}"}`, `PUT 127 /||identity|application/json|{"id":7,"n":1.50,"s":"no 7","t":["s\u0026cret"]}|[]`},
		{`"path": "/", "json": [], "headers": {"Content-Type": "text/plain"}`, `PUT 127 /||identity|text/plain|[]|[]`},
		{`"path": "/", "form": {"a": "${token}", "b": ""}`, `PUT 127 /||identity|application/x-www-form-urlencoded|a=s%26cret&b=|[]`},
		{`"path": "/", "form": {}`, `PUT 127 /||identity|application/x-www-form-urlencoded||[]`},
		{`"path": "/", "body": "{bad ${id}"`, `PUT 127 /||identity||{bad 7|[]`},
		{
			`"path": "/", "multipart": [{"name": "data", "value": "${token}"}, {"name": "file", "file": "a.gpx", "filename": "b.txt"}, {"name": "more", "file": "a.gpx"}]`,
			"data,,,s&cret;file,b.txt,application/octet-stream,<gpx/>;more,a.gpx,application/octet-stream,<gpx/>;",
		},
	} {
		step := `{"do": "request", "method": "PUT", ` + tt.request + `, "expect": {"status": 200, "json": {"got": "` +
			strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(tt.got) + `"}}}`
		wantReplay(t, conversation(t, login, step), serve(t, describe))
	}
}

func describeMultipart(r *http.Request) string {
	in, err := r.MultipartReader()
	if err != nil {
		return err.Error()
	}
	var parts strings.Builder
	for {
		p, err := in.NextPart()
		if errors.Is(err, io.EOF) {
			return parts.String()
		}
		if err != nil {
			return err.Error()
		}
		content, _ := io.ReadAll(p)
		fmt.Fprintf(&parts, "%s,%s,%s,%s;", p.FormName(), p.FileName(), p.Header.Get("Content-Type"), content)
	}
}

func TestUnsavedValuesStopTheConversation(t *testing.T) {
	t.Parallel()
	last := `{"do": "request", "method": "GET", "path": "/", "expect": {"status": 200}}`
	for _, step := range []string{
		`{"do": "request", "method": "GET", "path": "/${x}", "expect": {"status": 200}}`,
		`{"do": "request", "method": "GET", "path": "/", "headers": {"A": "${x}"}, "expect": {"status": 200}}`,
		`{"do": "request", "method": "GET", "path": "/", "json": ["${x}"], "expect": {"status": 200}}`,
		`{"do": "request", "method": "GET", "path": "/", "form": {"a": "${x}"}, "expect": {"status": 200}}`,
		`{"do": "request", "method": "GET", "path": "/", "multipart": [{"name": "a", "value": "${x}"}], "expect": {"status": 200}}`,
		`{"do": "request", "method": "GET", "path": "/", "body": "${x}", "expect": {"status": 200}}`,
		`{"do": "mail", "to": "${x}"}`,
		`{"do": "no_mail", "to": "${x}"}`,
		`{"do": "cli", "args": ["${x}"]}`,
	} {
		target := answering(t, 200, "application/json", "{}")
		target.CLI = func(...string) error { return nil }
		target.Mail = (&mailbox{}).take
		wantReplay(t, conversation(t, step, last), target, `nothing was saved as "x"`, "steps not taken after this: 1")
	}
}

func TestSaveFails(t *testing.T) {
	t.Parallel()
	step := `{"do": "request", "method": "GET", "path": "/", "save": {"sam": "auth_token"}, "expect": {"status": 200, "json": {"auth_token": "${sam}"}}}`
	wantReplay(t, conversation(t, step), answering(t, 200, "application/json", `{"auth_token": "t"}`))
	wantReplay(t, conversation(t, step), answering(t, 401, "application/json", `{"a": 1}`),
		"status: got 401; want 200", `save sam: auth_token: no "auth_token" in {"a":1}`)
	wantReplay(t, conversation(t, step), answering(t, 200, "text/plain", `x`), "cannot save from an answer that is no JSON")
}

func TestEveryDifferingStepIsTold(t *testing.T) {
	t.Parallel()
	step := `{"do": "request", "method": "GET", "path": "/%d", "expect": {"status": 200, "json": %s}}`
	long := "[" + strings.Repeat("0,", 24) + "0]"
	c := conversation(t, fmt.Sprintf(step, 1, `{}`), fmt.Sprintf(step, 2, `[]`), fmt.Sprintf(step, 3, `{"a": 1}`), fmt.Sprintf(step, 4, `{}`))
	wantReplay(t, c, answering(t, 200, "application/json", "{}"),
		"talk: step 2, GET /2:\n    body: got {}; want []\ntalk: step 3, GET /3:\n    a: missing; want 1")
	wantReplay(t, conversation(t, fmt.Sprintf(step, 1, strings.ReplaceAll(long, "0", "1"))), answering(t, 200, "application/json", long),
		"\n    19: got 0; want 1\n    … and 5 more")
}

func TestServerIsAway(t *testing.T) {
	t.Parallel()
	target := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	wantReplay(t, conversation(t, `{"do": "request", "method": "GET", "path": "/x", "expect": {"status": 200}}`), target, "step 1, GET /x:", "EOF")
}

func TestCLI(t *testing.T) {
	t.Parallel()
	c := conversation(t, `{"do": "request", "method": "GET", "path": "/", "save": {"u": "user"}, "expect": {"status": 200}}`,
		`{"do": "cli", "args": ["users", "update", "${u}", "--set-admin", "true"]}`)
	target := answering(t, 200, "application/json", `{"user": "sam"}`)
	wantReplay(t, c, target, "the target has no CLI")
	var ran []string
	target.CLI = func(args ...string) error { ran = args; return nil }
	wantReplay(t, c, target)
	if want := []string{"users", "update", "sam", "--set-admin", "true"}; !slices.Equal(ran, want) {
		t.Errorf("ran %q; want %q", ran, want)
	}
	target.CLI = func(...string) error { return errors.New("exit status 1") }
	wantReplay(t, c, target, "talk: step 2, cli users update ${u} --set-admin true:\n    exit status 1")
}

// recorder is a testing.TB that remembers the errors.
type recorder struct {
	testing.TB
	errors []string
}

func (*recorder) Helper()                  {}
func (*recorder) Context() context.Context { return context.Background() }
func (r *recorder) Error(args ...any)      { r.errors = append(r.errors, fmt.Sprint(args...)) }

func TestReplayReports(t *testing.T) {
	t.Parallel()
	c := conversation(t, `{"do": "request", "method": "GET", "path": "/x", "expect": {"status": 200, "json": {"a": 1}}}`)
	good, bad := &recorder{}, &recorder{}
	Replay(good, c, answering(t, 200, "application/json", `{"a": 1}`))
	if len(good.errors) > 0 {
		t.Errorf("errors of a good replay: %q; want none", good.errors)
	}
	Replay(bad, c, answering(t, 200, "application/json", `{"a": 2}`))
	if want := []string{"talk: step 1, GET /x:\n    a: got 2; want 1"}; !slices.Equal(bad.errors, want) {
		t.Errorf("errors of a bad replay: %q; want %q", bad.errors, want)
	}
}

// TestCheck shows that a target's check sees every request with its body and the answer, and that what it says is a difference.
func TestCheck(t *testing.T) {
	t.Parallel()
	target := answering(t, 200, "application/json", `{"a": 1}`)
	var seen []string
	target.Check = func(answer *http.Response, body []byte) error {
		sent := answer.Request
		in, err := sent.GetBody()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(in)
		seen = append(seen, fmt.Sprintf("%s %s %s %d %s", sent.Method, sent.URL.Path, text, answer.StatusCode, body))
		return err
	}
	c := conversation(t,
		`{"do": "request", "method": "POST", "path": "/x", "json": {"b": 2}, "expect": {"status": 200}}`,
		`{"do": "request", "method": "POST", "path": "/y", "form": {"c": "3"}, "expect": {"status": 200}}`,
		`{"do": "request", "method": "POST", "path": "/z", "body": "d", "expect": {"status": 200}}`,
	)
	wantReplay(t, c, target)
	want := []string{`POST /x {"b":2} 200 {"a": 1}`, `POST /y c=3 200 {"a": 1}`, `POST /z d 200 {"a": 1}`}
	if !slices.Equal(seen, want) {
		t.Errorf("seen: %q; want %q", seen, want)
	}
	target.Check = func(*http.Response, []byte) error { return errors.New("not as described") }
	wantReplay(t, c, target, "step 1, POST /x:\n    not as described", "step 3, POST /z:\n    not as described")
}
