package cmd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// asks opens a connection and sends a request for a path, whose answer the caller reads, or does not. The kernel holds
// little of it for a caller who is slow.
func (v *visitor) asks(t *testing.T, path string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(64 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n", path, v.token); err != nil {
		t.Fatal(err)
	}
	return conn
}

// startWithTrack starts a server with a track in it, and returns where its chart is.
func startWithTrack(t *testing.T, maxBytes int, track io.Reader) (p *process, v *visitor, chart string) {
	t.Helper()
	p = startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v = p.signUp(t, "amelie", "--admin")
	v.wants(t, http.StatusOK, "PATCH", "/api/config", object{"max_single_file_size": maxBytes, "max_zip_file_size": 100 << 20})
	r, err := v.postTrack(track)
	if err != nil || r.status != http.StatusCreated {
		t.Fatalf("upload = %v, %v; want status 201", r, err)
	}
	added, err := r.workouts()
	if err != nil {
		t.Fatal(err)
	}
	p.stop(t)
	p = startBinary(t, p.db, "--no-rate-limit") // one that has not hashed a password
	v.url = p.url
	return p, v, "/api/workouts/" + added[0].text("id") + "/chart_data"
}

// TestClientsThatDoNotRead has clients ask for the largest chart that the default limits allow, and not read it. What the
// server keeps for them is bounded.
func TestClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	if !*long {
		t.Skip("run with -long")
	}
	const clients, atMost = 64, 200 << 20
	points := strings.Repeat(`<trkpt lat="48" lon="2"/>`, 41_000)
	p, v, chart := startWithTrack(t, 1<<20, strings.NewReader(trackOf(points, pointAt("48", "2", "2021-05-01T12:00:00Z"))))
	for range clients {
		conn := v.asks(t, chart)
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	peak := p.memory(t, "VmHWM")
	t.Logf("%d clients that do not read: memory %.0f MB at most", clients, float64(peak)/1e6)
	if peak > atMost {
		t.Errorf("%d clients that do not read their chart took %.0f MB of memory; want %.0f MB at most", clients, float64(peak)/1e6, float64(atMost)/1e6)
	}
}

// TestSlowReader reads a large chart slowly, but without a pause that is long. It gets all of it.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	if !*long {
		t.Skip("takes a minute; run with -long")
	}
	_, v, chart := startWithTrack(t, 20<<20, newLongTrack(200_000, true))
	read := func() *http.Response {
		answer, err := http.ReadResponse(bufio.NewReaderSize(v.asks(t, chart), 4<<10), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
	all, err := io.Copy(io.Discard, read().Body)
	if err != nil {
		t.Fatal(err)
	}
	answer, begin, n := read(), time.Now(), int64(0)
	for tick := time.NewTicker(time.Second / 10); err == nil; <-tick.C {
		var piece int64
		piece, err = io.CopyN(io.Discard, answer.Body, 40<<10)
		n += piece
	}
	if err != io.EOF || n != all {
		t.Errorf("%d bytes in %v, then %v; want all %d", n, time.Since(begin).Round(time.Second), err, all)
	}
}
