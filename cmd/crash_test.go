package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// history is what became of the changes to one thing: the last one acknowledged, and those after it of which
// nobody knows. The thing has to be as one of them left it.
type history struct {
	acknowledged string
	sent         []string // since
	n            int      // how many were acknowledged
}

func (h *history) allows(value string) bool {
	for _, v := range append(h.sent, h.acknowledged) {
		if v == value {
			return true
		}
	}
	return false
}

func (h *history) String() string {
	return fmt.Sprintf("%q, or of the unanswered %q", h.acknowledged, h.sent)
}

// change tries a change. Only an answer tells that it has happened, or that it has not.
func (h *history) change(value string, try func() (reply, error)) error {
	h.sent = append(h.sent, value)
	r, err := try()
	if err != nil {
		return err
	}
	if r.status >= 300 {
		return refused{r}
	}
	h.acknowledged, h.sent = value, nil
	h.n++
	return nil
}

// refused is the answer to a good request that was refused.
type refused struct{ reply }

func (r refused) Error() string { return r.String() + ": " + errRefused.Error() }

func (r refused) Unwrap() error { return errRefused }

var errRefused = errors.New("a good request was refused")

// isWrong tells whether the server did wrong; else its connection ended.
func isWrong(err error) bool { return errors.Is(err, errRefused) || errors.Is(err, errTorn) }

// noPicture stands for a deleted one in a picture's history.
const noPicture = "none"

// client is somebody who changes one account, and remembers what was acknowledged.
type client struct {
	*visitor
	name       string
	bio        history
	picture    history
	registered []string // names that were acknowledged
	diary
	n int // steps so far
}

// steps are what a client does, one after the other and again from the beginning.
var steps = []struct {
	name string
	do   func(*client) error
}{
	{"register", (*client).register},
	{"edit bio", (*client).editBio},
	{"upload track", (*client).uploadTrack},
	{"type workout", (*client).typeWorkout},
	{"change picture", (*client).changePicture},
	{"read workouts", (*client).readWorkouts},
	{"edit workout", (*client).editWorkout},
	{"upload archive", (*client).uploadArchive},
	{"delete workout", (*client).deleteWorkout},
	{"delete picture", (*client).deletePicture},
	{"upload track", (*client).uploadTrack},
	{"read profile", (*client).readProfile},
	{"edit workout", (*client).editWorkout},
	{"change picture", (*client).changePicture},
	{"delete workout", (*client).deleteWorkout},
	{"login", (*client).loginAgain},
}

// step does the next thing. Its error is that of the connection, or wraps errRefused.
func (c *client) step() error {
	c.n++
	return steps[c.n%len(steps)].do(c)
}

func (c *client) register() error {
	name := fmt.Sprintf("%s_%d", c.name, c.n)
	r, err := c.call("POST", "/api/auth/register", registration(name))
	if err == nil && r.status == http.StatusOK {
		c.registered = append(c.registered, name)
	}
	return refusal(r, err)
}

func (c *client) editBio() error {
	bio := fmt.Sprintf("%d of %s", c.n, c.name)
	return c.bio.change(bio, func() (reply, error) {
		return c.call("POST", "/api/auth/profile/edit", object{
			"bio": bio, "first_name": nil, "last_name": nil, "location": nil, "birth_date": nil,
		})
	})
}

func (c *client) changePicture() error {
	shade := uint8(16 + 32*rand.N(8))
	return c.picture.change(fmt.Sprint(shade), func() (reply, error) { return c.setPicture(greyPicture(shade)) })
}

func (c *client) deletePicture() error {
	return c.picture.change(noPicture, func() (reply, error) { return c.call("DELETE", "/api/auth/picture", nil) })
}

func (c *client) readProfile() error { return refusal(c.call("GET", "/api/auth/profile", nil)) }

func (c *client) loginAgain() error { return refusal(c.tryLogin(c.name, passwordOf(c.name))) }

func refusal(r reply, err error) error {
	if err == nil && r.status >= 300 {
		return refused{r}
	}
	return err
}

// crowd is the clients of a test.
type crowd []*client

// workAWhile sets the crowd to work, and returns at a random moment 200 ms later and up to atMost more. The clients
// go on until stop is called or the server is gone; ends has how each of them ended.
func (c crowd) workAWhile(t *testing.T, atMost time.Duration) (ends <-chan []error, stop func()) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan []error, 1)
	go func() { over <- c.work(ctx) }()
	select {
	case early := <-over:
		t.Fatalf("all clients stopped before the server: %v", errors.Join(early...))
	case <-time.After(200*time.Millisecond + rand.N(atMost)):
	}
	return over, stop
}

// newCrowd makes n accounts and logs in to them.
func newCrowd(t *testing.T, p *process, n int) crowd {
	t.Helper()
	var all crowd
	for i := range n {
		name := fmt.Sprintf("client%d", i)
		all = append(all, &client{
			visitor: p.signUp(t, name), name: name, picture: history{acknowledged: noPicture},
			diary: diary{entries: make(map[string]*entry)},
		})
	}
	return all
}

// work has all clients do one thing after the other until ctx ends or their connection fails. It returns why
// each of them stopped.
func (c crowd) work(ctx context.Context) []error {
	ends := make([]error, len(c))
	var all sync.WaitGroup
	for i, one := range c {
		all.Go(func() {
			for ctx.Err() == nil && ends[i] == nil {
				ends[i] = one.step()
			}
		})
	}
	all.Wait()
	return ends
}

// check compares what the server says with what was acknowledged.
func (c crowd) check(t *testing.T, p *process) {
	t.Helper()
	users, err := run("users", "list", "--db", p.db)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range c {
		one.url = p.url
		r := one.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil) // the session stands
		bio := r.data("bio")
		if !one.bio.allows(bio) {
			t.Errorf("bio of %s = %q; want that of %v", one.name, bio, &one.bio)
		}
		one.bio = history{acknowledged: bio}
		picture := one.pictureNow(t)
		if !one.picture.allows(picture) {
			t.Errorf("picture of %s = %q; want that of %v", one.name, picture, &one.picture)
		}
		one.picture = history{acknowledged: picture}
		one.checkWorkouts(t)
		for _, name := range one.registered {
			if !strings.Contains(users, "\n"+name+" ") {
				t.Errorf("account %s was acknowledged and is not there", name)
			}
		}
	}
	if out, err := run("db", "check", "--db", p.db); err != nil {
		t.Errorf("db check: %v", err)
	} else if !strings.Contains(out, "no damage found") {
		t.Errorf("db check says %q; want no damage found", out)
	}
}

// pictureNow returns the shade of the client's picture, rounded to those that were sent.
func (c *client) pictureNow(t *testing.T) string {
	t.Helper()
	r := c.ask(t, "GET", "/api/users/"+c.name+"/picture", nil)
	if r.status == http.StatusNotFound && r.field("message") == "No picture." {
		return noPicture
	}
	shade, err := shadeOf(r.body)
	if r.status != http.StatusOK || err != nil {
		t.Fatalf("picture of %s = %d, %v; want one or none", c.name, r.status, err)
	}
	return fmt.Sprint(shade/32*32 + 16)
}

// done sums up what has been acknowledged.
func (c crowd) done() string {
	requests, accounts, workouts, deleted := 0, 0, 0, 0
	for _, one := range c {
		requests += one.n
		accounts += len(one.registered)
		workouts += len(one.entries)
		for _, e := range one.entries {
			if e.title.acknowledged == noWorkout {
				deleted++
			}
		}
	}
	return fmt.Sprintf("%d requests, %d accounts and %d workouts acknowledged, %d of these deleted again",
		requests, accounts, workouts, deleted)
}

// TestKilledServerKeepsItsWord is A01: the process is killed at a random moment while clients write. The next
// start needs no hand, everything acknowledged is there, and of the rest there is nothing once it has been swept.
func TestKilledServerKeepsItsWord(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	tiles := startTiles(t, "key") // so that maps are drawn again at each start
	flags := []string{"--no-rate-limit", "--tile-url", tiles.URL + "/{z}/{x}/{y}.png?key=key"}
	p := startBinary(t, db, flags...)
	all := newCrowd(t, p, 8)
	rounds := times(3, 20)
	left := 0
	var slowest time.Duration
	for range rounds {
		ends, stop := all.workAWhile(t, 1500*time.Millisecond)
		p.kill(t)
		for _, err := range <-ends {
			if isWrong(err) {
				t.Error(err)
			}
		}
		stop()
		ageFiles(t, db)
		start := time.Now()
		p = startBinary(t, db, flags...)
		slowest = max(slowest, time.Since(start))
		left += p.wantsSwept(t) // before db check, which tells of what is to be swept
		all.check(t, p)
	}
	t.Logf("%d kills: %s; %d files swept, the slowest start took %v", rounds, all.done(), left, slowest.Round(time.Millisecond))
}

// TestStoppedServerKeepsItsWord is A24: SIGTERM under load. What is under way is answered, the process ends
// with 0 in time, and nothing acknowledged is lost.
func TestStoppedServerKeepsItsWord(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	p := startBinary(t, db, "--no-rate-limit")
	all := newCrowd(t, p, 8)
	var connections []*watchedDialer
	for _, one := range all {
		d := &watchedDialer{}
		one.web = &http.Client{
			Transport: &http.Transport{DialContext: d.dial, DisableKeepAlives: true}, Timeout: time.Minute,
		}
		connections = append(connections, d)
	}
	rounds := times(3, 20)
	unanswered := 0
	for range rounds {
		ends, stop := all.workAWhile(t, 800*time.Millisecond)
		signalled := time.Now()
		p.stop(t)
		for i, err := range <-ends {
			isConnected, at := connections[i].last()
			switch {
			case isWrong(err):
				t.Error(err)
			case err == nil:
				t.Error("a client stopped without reason")
			case isConnected && at.Before(signalled):
				t.Errorf("a request was under way at the signal and got no answer: %v", err)
			case isConnected:
				// The kernel had taken the connection, the server had not: it has read nothing of it.
				unanswered++
			}
		}
		stop()
		wantsNoStrays(t, db)
		p = startBinary(t, db, "--no-rate-limit")
		all.check(t, p)
	}
	t.Logf("%d stops: %s; %d connections lost in the queue", rounds, all.done(), unanswered)
}

// watchedDialer remembers when its last connection was made.
type watchedDialer struct {
	net.Dialer
	mu          sync.Mutex
	isConnected bool
	connectedAt time.Time
}

func (d *watchedDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.set(false)
	conn, err := d.DialContext(ctx, network, address)
	if err == nil {
		d.set(true)
	}
	return conn, err
}

func (d *watchedDialer) set(isConnected bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.isConnected, d.connectedAt = isConnected, time.Now()
}

// last returns whether the last try to connect succeeded, and when.
func (d *watchedDialer) last() (isConnected bool, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.isConnected, d.connectedAt
}

// TestStopWaitsForWhatIsUnderWay asks for a stop in the middle of an upload.
func TestStopWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, fileName, data string
		status               int
		keeps                string // a file that is kept then
	}{
		{"/api/auth/picture", "photo.png", "", http.StatusOK, "pictures/*"},
		{"/api/workouts", "ride.gpx", `{"sport_id": 1}`, http.StatusCreated, "tracks/*.gpx"},
		{"/api/workouts", "three.zip", `{"sport_id": 1}`, http.StatusCreated, "tracks/*.gpx"},
	} {
		t.Run(c.fileName, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "f.db")
			p := startBinary(t, db)
			v := p.signUp(t, "amelie")
			reader, writer := io.Pipe()
			contentType, before, after := formAround(c.fileName, c.data)
			answered := make(chan reply, 1)
			go func() {
				r, err := v.send("POST", c.path, contentType, reader)
				if err != nil {
					t.Errorf("upload under way: %v", err)
				}
				answered <- r
			}()
			file := contractFile(c.fileName)
			if _, err := writer.Write(append(before, file[:len(file)/2]...)); err != nil {
				t.Fatal(err)
			}
			eventually(t, 30*time.Second, "the beginning on the disk", func() bool {
				spooled, err := filepath.Glob(filepath.Join(uploadsOf(db), "tmp", "*"))
				return err == nil && len(spooled) == 1
			})
			if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			eventually(t, 30*time.Second, "a refusal of new connections", func() bool {
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err == nil {
					conn.Close()
				}
				return err != nil
			})
			if _, err := writer.Write(append(file[len(file)/2:], after...)); err != nil {
				t.Fatal(err)
			}
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			if r := <-answered; r.status != c.status {
				t.Errorf("upload under way = %v; want status %d", r, c.status)
			}
			if err := p.wait(t, 40*time.Second); err != nil {
				t.Errorf("the process ended with %v; want 0", err)
			}
			wantsNoStrays(t, db)
			if kept, err := filepath.Glob(filepath.Join(uploadsOf(db), c.keeps)); err != nil || len(kept) == 0 {
				t.Errorf("kept as %s: %v, %v; want a file", c.keeps, kept, err)
			}
		})
	}
}

// TestStopCutsOffWhatStalls asks for a stop while a client says nothing more. The process ends in time all the
// same, and with 0.
func TestStopCutsOffWhatStalls(t *testing.T) {
	t.Parallel()
	if !*long {
		t.Skip("takes half a minute; run with -long")
	}
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	for _, beginning := range []string{
		"", "POST /api/auth/login HTTP/1.1\r\nHo",
		"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{",
		"POST /api/auth/profile/edit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + v.token +
			"\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, beginning); err != nil {
			t.Fatal(err)
		}
	}
	v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil) // by now the others are under way
	p.stop(t)
}
