package cmd

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"fittrackee/mail"
	"fittrackee/mail/mailtest"
	"fittrackee/server/contracttest"
	"fittrackee/server/openapitest"
)

// contractDir holds the cases and the files that they upload.
const contractDir = "../server/testdata/contract"

// contractCases returns all cases.
func contractCases(t *testing.T) []contracttest.Case {
	t.Helper()
	names, err := contracttest.Names(contractDir)
	if err != nil {
		t.Fatal(err)
	}
	var cases []contracttest.Case
	for _, name := range names {
		c, err := contracttest.Load(contractDir, name)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if len(cases) < 43 {
		t.Fatalf("%d cases to replay; want 43 at least", len(cases))
	}
	return cases
}

// TestContract replays the cases through the real router, on a real database, with a real SMTP dialogue, and holds every answer to
// the description of the API.
func TestContract(t *testing.T) {
	t.Parallel()
	description, err := openapitest.Load("../server/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contractCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.NewSink(t)
			a := startApp(t, func(v *config) { v.mailer = newMailer(t, sink) })
			contracttest.Replay(t, c, contracttest.Target{
				URL: a.url, Mail: take(sink), CLI: func(args ...string) error { return a.command(args...) }, Check: description.Check,
			})
		})
	}
}

// TestContractOverTheWire replays the cases against the built binary.
func TestContractOverTheWire(t *testing.T) {
	t.Parallel()
	for _, c := range contractCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.NewSink(t)
			p := startBinary(t, filepath.Join(t.TempDir(), "f.db"),
				"--smtp-url", "smtp://"+sink.Addr(), "--mail-from", "fittrackee@example.com",
				"--ui-url", "http://fit.example.com", "--no-rate-limit")
			contracttest.Replay(t, c, contracttest.Target{
				URL: p.url, Mail: take(sink), CLI: func(args ...string) error { return p.command(args...) },
			})
		})
	}
}

// take returns what reads a sink for a replay.
func take(sink *mailtest.Sink) func(string, time.Duration) (subject, text string, ok bool) {
	return func(to string, wait time.Duration) (string, string, bool) {
		m, ok := sink.Wait(to, wait)
		return m.Subject, m.Text, ok
	}
}

func newMailer(t *testing.T, sink *mailtest.Sink) *mail.SMTP {
	t.Helper()
	m, err := mail.NewSMTP("smtp://"+sink.Addr(), "fittrackee@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// testApp is the program, wired as serve does it, inside the test.
type testApp struct {
	*app
	url string
	db  string
}

// startApp starts the program without limits and mail, changed by edit, until the test ends.
func startApp(t *testing.T, edit func(*config)) testApp {
	t.Helper()
	v := config{
		db:          filepath.Join(t.TempDir(), "f.db"),
		uiURL:       "http://fit.example.com",
		sessionLife: time.Hour,
		attribution: defaultAttribution,
		logHandler:  slog.DiscardHandler,
	}
	edit(&v)
	a, err := openApp(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(a.server)
	ctx, stop := context.WithCancel(context.Background())
	running := a.startJobs(ctx, v)
	t.Cleanup(func() {
		web.Close()
		stop()
		running.Wait()
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return testApp{app: a, url: web.URL, db: v.db}
}

// command runs a command of the program on the same database.
func (a testApp) command(args ...string) error {
	var out bytes.Buffer
	root := newRoot()
	root.SetArgs(append(args, "--db", a.db))
	root.SetOut(&out)
	root.SetErr(&out)
	return root.ExecuteContext(context.Background())
}

// TestMain builds the binary once for the tests that need it.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "fittrackee-test-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "fittrackee")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}
