package assets_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fittrackee/assets"
)

// drawTileMap draws a map over tiles that must succeed.
func drawTileMap(t *testing.T, tiles *assets.Tiles, wantComplete bool, lines ...line) image.Image {
	t.Helper()
	data, complete, err := tiles.DrawMap(context.Background(), lines)
	if complete != wantComplete || err != nil {
		t.Fatalf("DrawMap = complete: %v, %v; want %v", complete, err, wantComplete)
	}
	if len(data) > 150_000 {
		t.Errorf("map takes %d bytes; want at most 150000", len(data))
	}
	return decodeMap(t, data)
}

// tileAddress returns the tile that a request asks for.
func tileAddress(t *testing.T, r *http.Request) (z, x, y int) {
	t.Helper()
	if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d/%d.png", &z, &x, &y); err != nil {
		t.Errorf("request for %q", r.URL.Path)
	}
	return z, x, y
}

var (
	land = color.NRGBA{0xf2, 0xef, 0xe9, 0xff}
	sea  = color.NRGBA{0xaa, 0xd3, 0xdf, 0xff}
)

// chequered serves tiles that are land and sea by turns.
func chequered(t *testing.T) http.HandlerFunc {
	t.Helper()
	tiles := [][]byte{plainTile(t, land), plainTile(t, sea)}
	return func(w http.ResponseWriter, r *http.Request) {
		_, x, y := tileAddress(t, r)
		_, _ = w.Write(tiles[(x+y)%2])
	}
}

// The place and its tile, 18/232798/103246, are the example of "Slippy map tilenames" in OpenStreetMap's
// wiki; at zoom 17 the numbers are half of that.
func TestDrawMapOverTheRightTile(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, func(w http.ResponseWriter, r *http.Request) {
		shown := sea
		if r.URL.Path == "/17/116399/51623.png" {
			shown = land
		}
		_, _ = w.Write(plainTile(t, shown))
	})
	tiles, _ := newTiles(t, server.URL)
	img := drawTileMap(t, tiles, true, line{{35.6590699, 139.7006793}})
	wantsPixel(t, img, 200, 112, endMark)
	wantsPixel(t, img, 200, 100, land)
	wantsPixel(t, img, 200, 125, land)
}

func TestDrawMapOverTiles(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, chequered(t))
	tiles, _ := newTiles(t, server.URL)
	for _, name := range []string{"ride.gpx", "run-two-segments.gpx"} {
		img := drawTileMap(t, tiles, true, readTrack(t, name)...)
		if n := count(img, lineBlue); n < 300 {
			t.Errorf("line has %d pixels; want some", n)
		}
		if starts, ends := count(img, startMark), count(img, endMark); starts < 60 || ends < 20 {
			t.Errorf("marks have %d and %d pixels; want two discs", starts, ends)
		}
		if onLand, atSea, plain := count(img, land), count(img, sea), count(img, ground); onLand < 10_000 || atSea < 10_000 || plain > 0 {
			t.Errorf("%d pixels of land, %d of sea, %d plain; want tiles everywhere", onLand, atSea, plain)
		}
		wantsAttribution(t, img)
	}
	if n := server.timesAsked(); n < 4 || n > 12 {
		t.Errorf("server was asked for %d tiles; want those of two maps", n)
	}
	drawTileMap(t, tiles, true, readTrack(t, "ride.gpx")...)
	server.wantsAsked(t)
}

// wantsAttribution looks for dark letters on a light bar in the lower right corner.
func wantsAttribution(t *testing.T, img image.Image) {
	t.Helper()
	dark, light := 0, 0
	for y := assets.MapHeightPX - 16; y < assets.MapHeightPX; y++ {
		for x := assets.MapWidthPX - len("© The mappers")*8; x < assets.MapWidthPX; x++ {
			switch c := colorAt(img, x, y); {
			case c.R < 0x60 && c.G < 0x60 && c.B < 0x60:
				dark++
			case c.R >= 0xe8 && c.G >= 0xe8 && c.B >= 0xe8:
				light++
			}
		}
	}
	if dark < 50 || light < 800 {
		t.Errorf("attribution has %d dark and %d light pixels; want letters on a bar", dark, light)
	}
}

func TestDrawMapOverTheAntimeridianWithTiles(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, chequered(t))
	tiles, _ := newTiles(t, server.URL)
	img := drawTileMap(t, tiles, true, line{{-18, 179.7}, {-18, -179.7}})
	if n := count(img, lineBlue); n < 300 {
		t.Errorf("line has %d pixels; want it in one piece", n)
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	isWest := func(path string) bool { return strings.Contains(path, "/0/") || strings.Contains(path, "/1/") }
	if !slices.ContainsFunc(server.asked, isWest) || len(server.asked) > 6 {
		t.Errorf("server was asked for %q; want tiles on either side", server.asked)
	}
}

func TestDrawMapOfTheWholeWorld(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, chequered(t))
	tiles, _ := newTiles(t, server.URL)
	drawTileMap(t, tiles, true, line{{89, -179}, {-89, 0}, {89, 179}})
	server.wantsAsked(t, "/0/0/0.png")
}

func TestDrawMapOverLargeTiles(t *testing.T) {
	t.Parallel()
	// Stripes of one pixel, which are grey at half the size.
	stripes := image.NewGray(image.Rect(0, 0, 512, 512))
	for i := range stripes.Pix {
		stripes.Pix[i] = uint8(i % 2 * 200)
	}
	server := serveTiles(t, answers(encodePNG(t, stripes)))
	tiles, _ := newTiles(t, server.URL)
	img := drawTileMap(t, tiles, true, readTrack(t, "ride.gpx")...)
	wantsPixel(t, img, 5, 5, color.NRGBA{100, 100, 100, 255})
	wantsPixel(t, img, 390, 50, color.NRGBA{100, 100, 100, 255})
}

func TestDrawMapOverPhotos(t *testing.T) {
	t.Parallel()
	noise := image.NewNRGBA(image.Rect(0, 0, 256, 256))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(60 + state>>26)
	}
	server := serveTiles(t, answers(encodeJPEG(t, noise)))
	tiles, _ := newTiles(t, server.URL)
	img := drawTileMap(t, tiles, true, readTrack(t, "ride.gpx")...) // checks the size
	if n := count(img, lineBlue); n < 300 {
		t.Errorf("line has %d pixels; want its colour to be kept", n)
	}
}

func TestDrawMapWhereTheServerHasNoTile(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, http.NotFound)
	tiles, _ := newTiles(t, server.URL)
	track := readTrack(t, "ride.gpx")
	got, complete, err := tiles.DrawMap(context.Background(), track)
	if !complete || err != nil {
		t.Fatalf("DrawMap = complete: %v, %v; want a complete map", complete, err)
	}
	if want, err := assets.DrawMap(track); !bytes.Equal(got, want) || err != nil {
		t.Errorf("DrawMap without any tile = %d bytes; want the map without tiles, %d", len(got), len(want))
	}
	chequers := chequered(t)
	server.answerWith(func(w http.ResponseWriter, r *http.Request) {
		if _, x, _ := tileAddress(t, r); x%2 == 0 {
			http.NotFound(w, r)
			return
		}
		chequers(w, r)
	})
	img := drawTileMap(t, tiles, true, track...)
	if plain := count(img, ground); plain < 10_000 {
		t.Errorf("%d pixels are plain; want those without a tile", plain)
	}
}

func TestDrawMapWithHoles(t *testing.T) {
	t.Parallel()
	track := readTrack(t, "ride.gpx")
	chequers := chequered(t)
	half := plainTile(t, red)
	half = half[:len(half)/2] // has a good head
	for name, hole := range map[string]http.HandlerFunc{
		"no tile": answers([]byte("<html>")), "half a tile": answers(half), "failure": failures["500"],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n atomic.Int32
			server := serveTiles(t, func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) == 2 { // the requests come one after the other
					hole(w, r)
					return
				}
				chequers(w, r)
			})
			tiles, clock := newTiles(t, server.URL)
			img := drawTileMap(t, tiles, false, track...)
			if plain := count(img, ground); plain < 1000 {
				t.Errorf("%d pixels are plain; want a hole", plain)
			}
			wantsAttribution(t, img)
			clock.move(time.Minute)
			img = drawTileMap(t, tiles, true, track...)
			if plain := count(img, ground); plain > 0 {
				t.Errorf("%d pixels are plain; want the hole to be filled", plain)
			}
		})
	}
}

func TestDrawMapWithoutServer(t *testing.T) {
	t.Parallel()
	track := readTrack(t, "ride.gpx")
	server := serveTiles(t, failures["500"])
	tiles, _ := newTiles(t, server.URL)
	tiles.SetPace(time.Minute)
	for range 2 { // the second time nobody is asked, and nobody waits
		if data, complete, err := tiles.DrawMap(context.Background(), track); data != nil || complete || err == nil {
			t.Errorf("DrawMap = %d bytes, complete: %v, %v; want an error", len(data), complete, err)
		}
	}
	if n := server.timesAsked(); n != 1 {
		t.Errorf("server was asked %d times; want once", n)
	}
}

func TestDrawMapOverTilesNeedsPoints(t *testing.T) {
	t.Parallel()
	tiles, _ := newTiles(t, "http://localhost:1")
	if data, complete, err := tiles.DrawMap(context.Background(), []line{nil}); data != nil || complete || err == nil {
		t.Errorf("DrawMap = %d bytes, complete: %v, %v; want an error", len(data), complete, err)
	}
}

func TestMapsAskPolitely(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, chequered(t))
	tiles, _ := newTiles(t, server.URL)
	const pace = 50 * time.Millisecond
	tiles.SetPace(pace)
	start := time.Now()
	drawTileMap(t, tiles, true, readTrack(t, "ride.gpx")...)
	took, n := time.Since(start), server.timesAsked()
	if least := time.Duration(n-1) * pace; took < least {
		t.Errorf("%d tiles for a map took %v; want at least %v", n, took, least)
	}
	tiles.SetPace(time.Hour)
	drawTileMap(t, tiles, true, readTrack(t, "ride.gpx")...) // from the cache, without waiting
	if _, err := tiles.Tile(context.Background(), 0, 0, 0); err != nil {
		t.Errorf("Tile = %v; want it without waiting", err)
	}
}

func TestDrawMapEndsWithItsContext(t *testing.T) {
	t.Parallel()
	server := serveTiles(t, chequered(t))
	tiles, _ := newTiles(t, server.URL)
	tiles.SetPace(time.Hour)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	data, complete, err := tiles.DrawMap(ctx, readTrack(t, "ride.gpx"))
	if data != nil || complete || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("DrawMap = %d bytes, complete: %v, %v; want %v", len(data), complete, err, context.DeadlineExceeded)
	}
}

func TestPlainText(t *testing.T) {
	t.Parallel()
	for html, want := range map[string]string{
		"":      "",
		"plain": "plain",
		`&copy; <a href="http://www.openstreetmap.org/copyright" target="_blank" rel="noopener noreferrer">OpenStreetMap</a> contributors`: "© OpenStreetMap contributors",
		`Tiles <b>&lt;3</b> &amp; more`:          "Tiles <3 & more",
		`<a title="a > b" href='x>y'>one</a>two`: "onetwo",
		"  one\n\t<br/> two&nbsp;three ":         "one two three",
		"1 < 2":                                  "1 < 2",
		"données géographiques":                  "données géographiques",
		"<script":                                "<script",
	} {
		if got := assets.PlainText(html); got != want {
			t.Errorf("plain text of %q = %q; want %q", html, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		want string // lines, separated by |
	}{
		{"", ""},
		{"short", "short"},
		{"© one two", "© one two"},
		{"© one two three", "© one two|three"},
		{"ééééé ééééé ééé", "ééééé|ééééé ééé"},
		{"a incomprehensibilities b", "a|incomprehensibilities|b"},
	} {
		if got := strings.Join(assets.Wrap(row.text, 10), "|"); got != row.want {
			t.Errorf("Wrap(%q) = %q; want %q", row.text, got, row.want)
		}
	}
}

func TestLongAttributionIsWrapped(t *testing.T) {
	t.Parallel()
	files, _ := openFiles(t)
	server := serveTiles(t, answers(plainTile(t, sea)))
	tiles := files.NewTiles(assets.TilesOptions{
		URL: server.URL + "/{z}/{x}/{y}", Attribution: strings.Repeat("&copy; mappers of the world ", 6),
	})
	tiles.SetPace(0)
	img := drawTileMap(t, tiles, true, line{{48, 2}})
	for _, y := range []int{assets.MapHeightPX - 2, assets.MapHeightPX - 18, assets.MapHeightPX - 34} {
		if c := colorAt(img, assets.MapWidthPX-2, y); c == sea {
			t.Errorf("no bar in row %d; want three lines", y)
		}
	}
	wantsPixel(t, img, assets.MapWidthPX-2, assets.MapHeightPX-50, sea)
}

func BenchmarkDrawMapOverTiles(b *testing.B) {
	files, err := assets.Open(filepath.Join(b.TempDir(), "uploads"))
	if err != nil {
		b.Fatal(err)
	}
	tile := encodePNG(b, corners(256, 256))
	server := httptest.NewServer(answers(tile))
	defer server.Close()
	tiles, _ := tilesIn(files, server.URL)
	track := readTrack(b, "ride.gpx")
	b.ReportAllocs()
	for b.Loop() {
		if _, complete, err := tiles.DrawMap(context.Background(), track); !complete || err != nil {
			b.Fatal(complete, err)
		}
	}
}
