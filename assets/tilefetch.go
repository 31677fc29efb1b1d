package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxTileRequest = 10 * time.Second // with its redirects, to the last byte
	maxTileBody    = 1 << 20          // bytes
	maxRedirects   = 3

	// Tiles are fresh for a week, as tile servers ask of programs that do not read their headers
	// (https://operations.osmfoundation.org/policies/tiles/), or longer when this one says so.
	minTileLife = 7 * 24 * time.Hour
	maxTileLife = 90 * 24 * time.Hour
)

// newTileClient returns a client whose requests are bounded in every way. It has no cookies.
func newTileClient() *http.Client {
	return &http.Client{
		Timeout: maxTileRequest,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			ResponseHeaderTimeout:  8 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost:        2,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true, // pictures are compressed
		},
		CheckRedirect: checkRedirect,
	}
}

func checkRedirect(r *http.Request, before []*http.Request) error {
	if len(before) > maxRedirects {
		return errors.New("too many redirects")
	}
	if r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return errors.New("redirect to neither http nor https")
	}
	r.Header.Del("Referer") // it would show the key
	return nil
}

// Failures of one tile, and of its server for all tiles.
var (
	errBadTile    = errors.New("the tile server sent no tile")
	errBusy       = errors.New("too many tiles are asked for")
	errBadService = errors.New("the tile server failed")
)

// mostWaiting is how many requests for tiles may wait for their turn at the server.
const mostWaiting = 50

// fetch asks the server for a tile, unless it is left alone. It returns how long the tile is fresh.
func (t *Tiles) fetch(ctx context.Context, at tile) (data []byte, life time.Duration, err error) {
	if t.waiting.Add(1) > mostWaiting {
		t.waiting.Add(-1)
		return nil, 0, errBusy
	}
	err = enter(ctx, t.atServer)
	t.waiting.Add(-1)
	if err != nil {
		return nil, 0, err
	}
	defer leave(t.atServer)
	if err := t.resting(); err != nil {
		return nil, 0, err
	}
	data, life, err = t.ask(ctx, at)
	if errors.Is(err, errBadService) && ctx.Err() == nil {
		t.startRest(err)
	}
	return data, life, err
}

// resting returns why the server is left alone, nil when it is not.
func (t *Tiles) resting() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.now().Before(t.restUntil) {
		return fmt.Errorf("a moment ago: %w", t.failure)
	}
	return nil
}

func (t *Tiles) startRest(failure error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failure, t.restUntil = failure, t.now().Add(t.rest)
}

// ask sends a request for a tile and reads the answer.
func (t *Tiles) ask(ctx context.Context, at tile) (data []byte, life time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.address(at), nil)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errBadService, withoutURL(err))
	}
	r.Header.Set("User-Agent", t.userAgent)
	r.Header.Set("Accept", "image/png, image/jpeg")
	answer, err := t.client.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errBadService, withoutURL(err))
	}
	defer answer.Body.Close()
	if err := checkStatus(answer); err != nil {
		return nil, 0, err
	}
	data, err = io.ReadAll(io.LimitReader(answer.Body, maxTileBody+1))
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errBadService, withoutURL(err))
	}
	if err := checkTile(data); err != nil {
		return nil, 0, err
	}
	return data, lifeOf(answer.Header), nil
}

// address returns the address of a tile. Neighbours use different names of the server, and each tile
// always the same.
func (t *Tiles) address(at tile) string {
	return strings.NewReplacer(
		"{s}", string("abc"[(at.x+at.y)%3]),
		"{z}", strconv.Itoa(at.z),
		"{x}", strconv.Itoa(at.x),
		"{y}", strconv.Itoa(at.y),
	).Replace(t.url)
}

// withoutURL returns what went wrong with a request without its address, which may hold a key.
func withoutURL(err error) error {
	var told *url.Error
	if errors.As(err, &told) {
		return told.Err
	}
	return err
}

// checkStatus fails with ErrNoTile when there is no such tile, with errBadTile when this one cannot be
// had, and with errBadService when none can.
func checkStatus(answer *http.Response) error {
	status := answer.StatusCode
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusNotFound, status == http.StatusGone, status == http.StatusNoContent:
		return ErrNoTile
	case status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusTooManyRequests, status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: status %d", errBadService, status)
	}
	return fmt.Errorf("%w: status %d", errBadTile, status)
}

// checkTile fails when data is too long or does not begin like a tile.
func checkTile(data []byte) error {
	if len(data) > maxTileBody {
		return fmt.Errorf("%w: over %s", errBadTile, FileSize(maxTileBody))
	}
	if _, err := readTileHead(data); err != nil {
		return fmt.Errorf("%w: %w", errBadTile, err)
	}
	return nil
}

// readTileHead reads what a tile declares before its pixels.
func readTileHead(data []byte) (*pictureHead, error) {
	if bytes.HasPrefix(data, []byte("GIF")) {
		return nil, errors.New("neither jpg nor png")
	}
	head, err := readHead(&source{src: bytes.NewReader(data)})
	if err != nil {
		return nil, err
	}
	if head.width != head.height || head.width != tilePX && head.width != 2*tilePX {
		return nil, fmt.Errorf("%d x %d pixels", head.width, head.height)
	}
	return head, nil
}

// lifeOf returns how long a tile is fresh.
func lifeOf(h http.Header) time.Duration {
	for directive := range strings.SplitSeq(h.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		seconds, err := strconv.ParseInt(value, 10, 32)
		if strings.EqualFold(name, "max-age") && err == nil {
			return min(max(time.Duration(seconds)*time.Second, minTileLife), maxTileLife)
		}
	}
	return minTileLife
}
