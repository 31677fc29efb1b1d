package assets_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"fittrackee/assets"
)

// tileServer remembers what it was asked.
type tileServer struct {
	*httptest.Server
	mu     sync.Mutex
	answer http.HandlerFunc
	asked  []string // paths
	// underWay and most count requests that were answered at the same time.
	underWay, most int
}

// serveTiles starts a tile server that answers as h does.
func serveTiles(t *testing.T, h http.HandlerFunc) *tileServer {
	t.Helper()
	s := &tileServer{answer: h}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		answer := s.answer
		s.asked = append(s.asked, r.URL.Path)
		s.underWay++
		s.most = max(s.most, s.underWay)
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			s.underWay--
			s.mu.Unlock()
		}()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// answerWith makes the server answer as h does from now on.
func (s *tileServer) answerWith(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = h
}

// timesAsked returns how often the server was asked since the last time.
func (s *tileServer) timesAsked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.asked)
	s.asked = nil
	return n
}

// atATime returns how many requests it answered at the same time.
func (s *tileServer) atATime() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// wantsAsked checks what the server was asked for since the last time.
func (s *tileServer) wantsAsked(t *testing.T, want ...string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if strings.Join(s.asked, " ") != strings.Join(want, " ") {
		t.Errorf("server was asked for %q; want %q", s.asked, want)
	}
	s.asked = nil
}

// clock is a time that stands still until it is moved.
type clock struct {
	mu   sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.time = c.time.Add(d)
}

// newTiles returns the tiles of a server, without pauses between requests, on a clock of their own.
func newTiles(t *testing.T, url string) (*assets.Tiles, *clock) {
	t.Helper()
	files, _ := openFiles(t)
	return tilesIn(files, url)
}

func tilesIn(files *assets.Files, url string) (*assets.Tiles, *clock) {
	tiles := files.NewTiles(assets.TilesOptions{
		URL:         url + "/{z}/{x}/{y}.png",
		UserAgent:   "FitTrackee test",
		Attribution: `&copy; <a href="https://example.org">The mappers</a>`,
	})
	c := &clock{time: time.Now()}
	tiles.SetClock(c.now)
	tiles.SetPace(0)
	return tiles, c
}

// plainTile is a tile of one colour.
func plainTile(t *testing.T, c color.Color) []byte {
	t.Helper()
	return encodePNG(t, plain(256, 256, c))
}

func plain(width, height int, c color.Color) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, c)
		}
	}
	return img
}

// answers returns a handler that sends data.
func answers(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

// wantsTile checks that a tile can be had.
func wantsTile(t *testing.T, tiles *assets.Tiles, z, x, y int, want []byte) {
	t.Helper()
	got, err := tiles.Tile(context.Background(), z, x, y)
	if !bytes.Equal(got, want) || err != nil {
		t.Errorf("Tile(%d, %d, %d) = %d bytes, %v; want %d", z, x, y, len(got), err, len(want))
	}
}

// wantsNoTile checks that a tile cannot be had, and whether it is because there is none.
func wantsNoTile(t *testing.T, tiles *assets.Tiles, z, x, y int, isMissing bool) {
	t.Helper()
	got, err := tiles.Tile(context.Background(), z, x, y)
	if got != nil || err == nil || errors.Is(err, assets.ErrNoTile) != isMissing {
		t.Errorf("Tile(%d, %d, %d) = %d bytes, %v; want an error, that there is none: %v", z, x, y, len(got), err, isMissing)
	}
}

func TestTileIsFetchedOnce(t *testing.T) {
	t.Parallel()
	for name, tile := range map[string][]byte{
		"png": plainTile(t, red), "jpg": encodeJPEG(t, plain(256, 256, red)), "512": encodePNG(t, plain(512, 512, red)),
	} {
		server := serveTiles(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("User-Agent"); got != "FitTrackee test" {
				t.Errorf("User-Agent = %q", got)
			}
			if r.Header.Get("Referer") != "" || r.Header.Get("Cookie") != "" || strings.Contains(r.Header.Get("Accept"), "webp") {
				t.Errorf("headers = %v", r.Header)
			}
			http.SetCookie(w, &http.Cookie{Name: "track", Value: "you"})
			_, _ = w.Write(tile)
		})
		tiles, clock := newTiles(t, server.URL)
		for range 3 {
			wantsTile(t, tiles, 3, 5, 6, tile)
			clock.move(2 * 24 * time.Hour)
		}
		server.wantsAsked(t, "/3/5/6.png")
		wantsTile(t, tiles, 3, 6, 5, tile)
		server.wantsAsked(t, "/3/6/5.png")
		if t.Failed() {
			t.Fatalf("with a tile of %s", name)
		}
	}
}

func TestTileComesFromDiskAfterARestart(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	tile := plainTile(t, green)
	server := serveTiles(t, answers(tile))
	for range 2 {
		tiles, _ := tilesIn(files, server.URL)
		wantsTile(t, tiles, 1, 1, 1, tile)
	}
	server.wantsAsked(t, "/1/1/1.png")
	wantsEntries(t, filepath.Join(dir, "tmp"))
	err := filepath.WalkDir(filepath.Join(dir, "tiles"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		wantsMode(t, path, want)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTileServerOfManyNames(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	tile := plainTile(t, red)
	server := serveTiles(t, answers(tile))
	tiles := files.NewTiles(assets.TilesOptions{URL: server.URL + "/{s}/{z}/{x}/{y}@{s}?key=1"})
	for _, x := range []int{0, 1, 2, 3} {
		wantsTile(t, tiles, 2, x, 0, tile)
	}
	server.wantsAsked(t, "/a/2/0/0@a", "/b/2/1/0@b", "/c/2/2/0@c", "/a/2/3/0@a")
}

func TestTilesThatCannotBe(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, answers(plainTile(t, red)))
	tiles, _ := newTiles(t, server.URL)
	const huge = math.MaxInt
	for _, at := range [][3]int{
		{-1, 0, 0},
		{20, 0, 0},
		{64, 0, 0},
		{huge, 0, 0},
		{-huge, 0, 0},
		{0, 1, 0},
		{0, 0, 1},
		{0, -1, 0},
		{0, 0, -1},
		{5, 32, 0},
		{5, 0, 32},
		{5, -1, 0},
		{5, 0, -1},
		{5, huge, 0},
		{5, 0, huge},
		{5, -huge, 0},
		{19, 1 << 19, 0},
	} {
		wantsNoTile(t, tiles, at[0], at[1], at[2], true)
	}
	server.wantsAsked(t)
	for _, at := range [][3]int{{0, 0, 0}, {5, 31, 31}, {19, 1<<19 - 1, 0}} {
		if _, err := tiles.Tile(context.Background(), at[0], at[1], at[2]); err != nil {
			t.Errorf("Tile(%v) = %v", at, err)
		}
	}
}

func TestTileThatTheServerDoesNotHave(t *testing.T) {
	t.Parallel()
	for _, status := range []int{204, 404, 410} {
		server := serveTiles(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		tiles, _ := newTiles(t, server.URL)
		wantsNoTile(t, tiles, 1, 0, 0, true)
		wantsNoTile(t, tiles, 1, 0, 1, true) // the server is still asked
		server.wantsAsked(t, "/1/0/0.png", "/1/0/1.png")
	}
}

// What is wrong with one tile does not keep others from being asked for, and is not kept.
func TestWhatIsNoTileIsRefused(t *testing.T) {
	t.Parallel()
	good := plainTile(t, red)
	var animation bytes.Buffer
	if err := gif.Encode(&animation, plain(256, 256, red), nil); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]http.HandlerFunc{
		"nothing": answers(nil), "html": answers([]byte("<html>Log in to this hotel</html>")), "gif": answers(animation.Bytes()),
		"webp":        answers([]byte("RIFF\x24\x00\x00\x00WEBPVP8 " + strings.Repeat("\x00", 40))),
		"svg":         answers([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)),
		"small":       answers(encodePNG(t, plain(128, 128, red))),
		"oblong":      answers(encodePNG(t, plain(256, 512, red))),
		"large":       answers(encodePNG(t, plain(1024, 1024, red))),
		"half a head": answers(good[:20]),
		"too long":    answers(append(bytes.Clone(good), make([]byte, 1<<20)...)),
		"endless": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write(good)
			_, _ = io.Copy(w, zeroReader{})
		},
		"bad request": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) },
		"partial":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(206); _, _ = w.Write(good) },
		"no redirect": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(300) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveTiles(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/1/1/1.png" {
					answers(good)(w, r)
					return
				}
				bad(w, r)
			})
			tiles, _ := newTiles(t, server.URL)
			wantsNoTile(t, tiles, 1, 0, 0, false)
			wantsNoTile(t, tiles, 1, 0, 0, false)
			wantsTile(t, tiles, 1, 1, 1, good)
			server.wantsAsked(t, "/1/0/0.png", "/1/0/0.png", "/1/1/1.png")
		})
	}
}

// waits holds an answer back until its client has gone.
func waits(r *http.Request) { <-r.Context().Done() }

// failures are the ways in which a server is no use at all.
var failures = map[string]http.HandlerFunc{
	"500":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
	"503":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
	"401":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) },
	"403":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) },
	"429":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) },
	"hangs": func(_ http.ResponseWriter, r *http.Request) { waits(r) },
	"hangs in the middle": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "\x89PNG\r\n\x1a\n")
		_ = http.NewResponseController(w).Flush()
		waits(r)
	},
	"drips": func(w http.ResponseWriter, r *http.Request) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			<-tick.C
		}
	},
	"hangs up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	"hangs up in the middle": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "\x89PNG\r\n\x1a\n")
	},
	"redirects in a circle": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	"redirects to a file": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
	},
	"redirects to ftp": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://localhost/1", http.StatusFound)
	},
	"redirects to nowhere": func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Location", "::"); w.WriteHeader(302) },
}

func TestFailingServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveTiles(t, failure)
			tiles, clock := newTiles(t, server.URL)
			tiles.SetTimeout(100 * time.Millisecond)
			for range 2 {
				wantsNoTile(t, tiles, 1, 0, 0, false)
				if n := server.timesAsked(); n < 1 || n > 4 {
					t.Errorf("server was asked %d times; want once, and for up to three redirects", n)
				}
				for range 3 {
					wantsNoTile(t, tiles, 1, 0, 0, false)
					wantsNoTile(t, tiles, 1, 0, 1, false)
				}
				server.wantsAsked(t)
				clock.move(31 * time.Second)
			}
		})
	}
}

func TestServerThatIsDown(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, answers(nil))
	tiles, _ := newTiles(t, server.URL)
	server.Close()
	wantsNoTile(t, tiles, 1, 0, 0, false)
	wantsNoTile(t, tiles, 1, 0, 0, false)
}

func TestErrorsDoNotShowTheKey(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	down := serveTiles(t, answers(nil))
	down.Close()
	circle := serveTiles(t, failures["redirects in a circle"])
	for _, url := range []string{down.URL, circle.URL, "http://bad host", "http://[::1", "ftp://localhost", ""} {
		tiles := files.NewTiles(assets.TilesOptions{URL: url + "/{z}/{x}/{y}?key=S3CRET"})
		if _, err := tiles.Tile(context.Background(), 0, 0, 0); err == nil || strings.Contains(err.Error(), "S3CRET") {
			t.Errorf("Tile from %q = %v; want an error without the key", url, err)
		}
	}
}

func TestRedirectsAreFollowed(t *testing.T) {
	t.Parallel()
	tile := plainTile(t, red)
	server := serveTiles(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Referer"); got != "" {
			t.Errorf("Referer = %q; want none", got)
		}
		if !strings.HasSuffix(r.URL.Path, "333") {
			http.Redirect(w, r, r.URL.Path+"3", http.StatusFound)
			return
		}
		_, _ = w.Write(tile)
	})
	tiles, _ := newTiles(t, server.URL)
	wantsTile(t, tiles, 1, 0, 0, tile)
	server.wantsAsked(t, "/1/0/0.png", "/1/0/0.png3", "/1/0/0.png33", "/1/0/0.png333")
}

func TestOldTileIsUsedWhenTheServerFails(t *testing.T) {
	t.Parallel()
	old, renewed := plainTile(t, red), plainTile(t, green)
	for name, failure := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveTiles(t, answers(old))
			tiles, clock := newTiles(t, server.URL)
			wantsTile(t, tiles, 1, 0, 0, old)
			server.answerWith(failure)
			tiles.SetTimeout(100 * time.Millisecond)
			clock.move(8 * 24 * time.Hour)
			wantsTile(t, tiles, 1, 0, 0, old)
			wantsTile(t, tiles, 1, 0, 0, old)
			server.answerWith(answers(renewed))
			tiles.SetTimeout(time.Minute)
			clock.move(time.Minute)
			wantsTile(t, tiles, 1, 0, 0, renewed)
		})
	}
}

func TestOldTileIsNotUsedWhenThereIsNone(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, answers(plainTile(t, red)))
	tiles, clock := newTiles(t, server.URL)
	if _, err := tiles.Tile(context.Background(), 1, 0, 0); err != nil {
		t.Fatal(err)
	}
	server.answerWith(http.NotFound)
	clock.move(8 * 24 * time.Hour)
	wantsNoTile(t, tiles, 1, 0, 0, true)
}

func TestHowLongATileIsFresh(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	tile := plainTile(t, red)
	for header, life := range map[string]time.Duration{
		"": 7 * day, "no-store": 7 * day, "max-age=60": 7 * day, "max-age=-1": 7 * day, "max-age=x": 7 * day,
		"public, Max-Age=1209600": 14 * day, "max-age=864000, stale-while-revalidate=604800": 10 * day,
		"max-age=99999999": 90 * day, "max-age=99999999999999999999": 7 * day,
	} {
		server := serveTiles(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", header)
			_, _ = w.Write(tile)
		})
		tiles, clock := newTiles(t, server.URL)
		wantsTile(t, tiles, 0, 0, 0, tile)
		clock.move(life - time.Minute)
		wantsTile(t, tiles, 0, 0, 0, tile)
		server.wantsAsked(t, "/0/0/0.png")
		clock.move(2 * time.Minute)
		wantsTile(t, tiles, 0, 0, 0, tile)
		server.wantsAsked(t, "/0/0/0.png")
		if t.Failed() {
			t.Fatalf("with Cache-Control %q", header)
		}
	}
}

// keptTiles returns the paths of all kept tiles of all servers.
func keptTiles(t *testing.T, dir string) []string {
	t.Helper()
	kept, err := filepath.Glob(filepath.Join(dir, "tiles", "*", "*", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestBrokenTileIsFetchedAgain(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	tile := plainTile(t, red)
	server := serveTiles(t, answers(tile))
	tiles, _ := tilesIn(files, server.URL)
	wantsTile(t, tiles, 1, 0, 0, tile)
	server.wantsAsked(t, "/1/0/0.png")
	path := keptTiles(t, dir)[0]
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	middle := len(whole) / 2
	for name, left := range map[string][]byte{
		"nothing": {}, "four zeros": make([]byte, 4), "only zeros": make([]byte, len(whole)), "half": whole[:middle],
		"half, zeros":   append(bytes.Clone(whole[:middle]), make([]byte, len(whole)-middle)...),
		"one byte less": whole[:len(whole)-1], "another tile": plainTile(t, green),
	} {
		if err := os.WriteFile(path, left, 0o600); err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(path, later, later); err != nil {
			t.Fatal(err)
		}
		wantsTile(t, tiles, 1, 0, 0, tile)
		wantsTile(t, tiles, 1, 0, 0, tile)
		server.wantsAsked(t, "/1/0/0.png")
		if t.Failed() {
			t.Fatalf("with %s left of it", name)
		}
	}
}

func TestTileIsGivenThoughItCannotBeKept(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	tile := plainTile(t, red)
	server := serveTiles(t, answers(tile))
	tiles, _ := tilesIn(files, server.URL)
	if err := errors.Join(os.Remove(filepath.Join(dir, "tiles")), os.WriteFile(filepath.Join(dir, "tiles"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	wantsTile(t, tiles, 1, 0, 0, tile)
	wantsTile(t, tiles, 1, 0, 0, tile)
	server.wantsAsked(t, "/1/0/0.png", "/1/0/0.png")
}

func TestServersDoNotMix(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	for _, tile := range [][]byte{plainTile(t, red), plainTile(t, green)} {
		server := serveTiles(t, answers(tile))
		tiles, _ := tilesIn(files, server.URL)
		wantsTile(t, tiles, 1, 0, 0, tile)
	}
}

// atOnce calls f n times at once and waits for all.
func atOnce(n int, f func(i int)) {
	var running sync.WaitGroup
	for i := range n {
		running.Go(func() { f(i) })
	}
	running.Wait()
}

func TestOneTileForMany(t *testing.T) {
	t.Parallel()
	tile := plainTile(t, red)
	for _, status := range []int{200, 404, 500} {
		server := serveTiles(t, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(200 * time.Millisecond) // so that the others come meanwhile
			w.WriteHeader(status)
			_, _ = w.Write(tile)
		})
		tiles, _ := newTiles(t, server.URL)
		atOnce(20, func(int) {
			if status == 200 {
				wantsTile(t, tiles, 1, 0, 0, tile)
			} else {
				wantsNoTile(t, tiles, 1, 0, 0, status == 404)
			}
		})
		server.wantsAsked(t, "/1/0/0.png")
	}
}

func TestTwoRequestsAtATime(t *testing.T) {
	t.Parallel()
	tile := plainTile(t, red)
	server := serveTiles(t, func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond) // so that others would come meanwhile
		_, _ = w.Write(tile)
	})
	tiles, _ := newTiles(t, server.URL)
	atOnce(20, func(i int) { wantsTile(t, tiles, 5, i, 0, tile) })
	if n := server.atATime(); n != 2 {
		t.Errorf("%d requests at a time; want 2", n)
	}
}

func TestWhoLeavesDoesNotTakeTheTileAlong(t *testing.T) {
	t.Parallel()
	tile := plainTile(t, red)
	arrived := make(chan struct{}, 1)
	server := serveTiles(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		waits(r)
	})
	tiles, _ := newTiles(t, server.URL)
	impatient, leave := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() {
		if _, err := tiles.Tile(impatient, 1, 0, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Tile for who left = %v; want %v", err, context.Canceled)
		}
	})
	<-arrived
	both.Go(func() { wantsTile(t, tiles, 1, 0, 0, tile) })
	gone, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := tiles.Tile(gone, 1, 0, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Tile for who waited = %v; want %v", err, context.DeadlineExceeded)
	}
	server.answerWith(answers(tile))
	leave()
	both.Wait()
	server.wantsAsked(t, "/1/0/0.png", "/1/0/0.png")
}

// wantsTileBytes checks how much the kept tiles take.
func wantsTileBytes(t *testing.T, dir string, atMost int64) {
	t.Helper()
	var total int64
	for _, path := range keptTiles(t, dir) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > atMost {
		t.Errorf("kept tiles take %d bytes; want at most %d", total, atMost)
	}
}

func TestSweepTrimsTiles(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	tile := plainTile(t, red)
	server := serveTiles(t, answers(tile))
	before, _ := tilesIn(files, server.URL+"/before")
	wantsTile(t, before, 9, 1, 1, tile)
	tiles, clock := tilesIn(files, server.URL)
	for x := range 10 {
		clock.move(time.Minute)
		wantsTile(t, tiles, 4, x, 0, tile)
	}
	server.timesAsked()
	sweep := func() {
		t.Helper()
		if removed, err := files.Sweep(context.Background(), time.Now(), assets.Named{}); removed != 0 || err != nil {
			t.Errorf("Sweep = %d, %v; want 0", removed, err)
		}
	}
	sweep()
	if n := len(keptTiles(t, dir)); n != 11 {
		t.Errorf("%d tiles kept; want all 11 while there is room", n)
	}
	room := 3 * assets.DiskBytes(int64(len(tile)+4))
	files.SetMaxTileBytes(room)
	sweep()
	wantsTileBytes(t, dir, room)
	for _, x := range []int{7, 8, 9} { // the last ones
		wantsTile(t, tiles, 4, x, 0, tile)
	}
	server.wantsAsked(t)
	if folders, err := filepath.Glob(filepath.Join(dir, "tiles", "*", "*", "*")); len(folders) != 3 || err != nil {
		t.Errorf("folders of tiles = %v, %v; want no empty ones", folders, err)
	}
	if folders, err := os.ReadDir(filepath.Join(dir, "tiles")); len(folders) != 1 || err != nil {
		t.Errorf("folders of servers = %v, %v; want the one that has tiles", folders, err)
	}
	files.SetMaxTileBytes(0)
	sweep()
	wantsEntries(t, filepath.Join(dir, "tiles"))
	wantsTile(t, tiles, 4, 9, 0, tile)
}

func TestTilesAreTrimmedWhileTheyGrow(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	const mib = 1 << 20
	files.SetMaxTileBytes(3 * mib)
	tile := append(plainTile(t, red), make([]byte, 900_000)...) // a server may be that strange
	server := serveTiles(t, answers(tile))
	tiles, clock := tilesIn(files, server.URL)
	for x := range 40 {
		clock.move(time.Second)
		wantsTile(t, tiles, 8, x, 0, tile)
	}
	wantsTileBytes(t, dir, (3+16+1)*mib)
}

func TestSweepWithoutTiles(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	if err := os.RemoveAll(filepath.Join(dir, "tiles")); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Sweep(context.Background(), time.Now(), assets.Named{}); err != nil {
		t.Errorf("Sweep without a folder of tiles = %v", err)
	}
}
