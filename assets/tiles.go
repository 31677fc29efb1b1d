package assets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNoTile is returned when there is no such tile: the tile server says so, or there cannot be one.
var ErrNoTile = errors.New("no such map tile")

// maxTileZoom is the largest zoom of a tile; at 19, a pixel is 30 cm at the equator.
const maxTileZoom = 19

// TilesOptions say where tiles come from.
type TilesOptions struct {
	// URL is the address of a tile with {z}, {x} and {y} in it, and, where the server has several names,
	// {s} for one of a, b and c. It may hold a key: no error shows it.
	URL string
	// UserAgent is how the program introduces itself to the server.
	UserAgent string
	// Attribution is HTML that names the source of the tiles. Pictures show it as plain text.
	Attribution string
}

// Tiles fetches map tiles from one server and keeps them for a while. It asks for two at a time at most.
// When the server fails, it is left alone for a while, and old tiles are used meanwhile. The methods may
// be called from several goroutines.
type Tiles struct {
	files       *Files
	dir         string // of this server's tiles
	url         string
	userAgent   string
	attribution string // plain text
	client      *http.Client
	atServer    chan struct{} // one for each request under way
	waiting     atomic.Int32  // requests that wait for their turn
	now         func() time.Time
	pace        time.Duration // between requests for pictures
	rest        time.Duration // after a failure of the server

	mu        sync.Mutex
	flights   map[tile]*flight
	failure   error // why the server is left alone
	restUntil time.Time
	nextTurn  time.Time // when the next request for a picture is due
	grown     int64     // bytes kept since the tiles were last trimmed
}

// NewTiles returns the tiles of the server that o names, kept in f.
func (f *Files) NewTiles(o TilesOptions) *Tiles {
	return &Tiles{
		files:       f,
		dir:         f.tilesOf(o.URL),
		url:         o.URL,
		userAgent:   o.UserAgent,
		attribution: plainText(o.Attribution),
		client:      newTileClient(),
		atServer:    make(chan struct{}, 2),
		now:         time.Now,
		pace:        time.Second / 2,
		rest:        30 * time.Second,
		flights:     make(map[tile]*flight),
	}
}

// tile is the address of a tile: its zoom, its column from the antimeridian and its row from the north.
type tile struct{ z, x, y int }

func (t tile) String() string { return fmt.Sprintf("%d/%d/%d", t.z, t.x, t.y) }

func (t tile) exists() bool {
	return t.z >= 0 && t.z <= maxTileZoom && t.x >= 0 && t.x < 1<<t.z && t.y >= 0 && t.y < 1<<t.z
}

// Tile returns the tile of zoom z in column x and row y, a PNG or JPEG of 256 or 512 pixels a side; the
// caller must not change it. It comes from the server when none is kept that is fresh; when the server
// fails, an old one will do. It fails with ErrNoTile when there is no such tile. Any other error may be
// gone later.
func (t *Tiles) Tile(ctx context.Context, z, x, y int) ([]byte, error) {
	at := tile{z, x, y}
	if !at.exists() {
		return nil, fmt.Errorf("tile %v: %w", at, ErrNoTile)
	}
	data, err := t.loadOnce(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("tile %v: %w", at, err)
	}
	return data, nil
}

// flight is a tile on its way to all who want it.
type flight struct {
	landed chan struct{} // closed at the end
	data   []byte
	err    error
	// lost is true when the request was given up without an answer, which says nothing about the tile.
	lost bool
}

// loadOnce loads a tile once for all who ask for it at the same time.
func (t *Tiles) loadOnce(ctx context.Context, at tile) ([]byte, error) {
	for {
		f, isFirst := t.board(at)
		if isFirst {
			return t.fly(ctx, at, f)
		}
		select {
		case <-f.landed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !f.lost {
			return f.data, f.err
		}
	}
}

// board returns the flight of a tile, and whether the caller has to make it.
func (t *Tiles) board(at tile) (f *flight, isFirst bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.flights[at]; ok {
		return f, false
	}
	f = &flight{landed: make(chan struct{}), lost: true}
	t.flights[at] = f
	return f, true
}

func (t *Tiles) fly(ctx context.Context, at tile, f *flight) ([]byte, error) {
	defer func() {
		t.mu.Lock()
		delete(t.flights, at)
		t.mu.Unlock()
		close(f.landed)
	}()
	f.data, f.err = t.load(ctx, at)
	f.lost = f.err != nil && ctx.Err() != nil
	return f.data, f.err
}

// load returns a kept tile while it is fresh, else the server's, else what there is.
func (t *Tiles) load(ctx context.Context, at tile) ([]byte, error) {
	kept, isFresh := t.kept(at)
	if isFresh {
		return kept, nil
	}
	data, life, err := t.fetch(ctx, at)
	if err == nil {
		t.keep(ctx, at, data, life)
		return data, nil
	}
	if kept != nil && !errors.Is(err, ErrNoTile) {
		return kept, nil
	}
	return nil, err
}
