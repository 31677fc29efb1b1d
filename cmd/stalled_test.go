package cmd

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStalledRequestsBlockNobody opens connections whose requests never end, and uses the server meanwhile.
func TestStalledRequestsBlockNobody(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie", "--admin")
	const jsonHead = "Host: x\r\nContent-Type: application/json\r\nContent-Length: 60\r\n"
	const formHead = "Host: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 60000\r\n"
	token := "Authorization: Bearer " + v.token + "\r\n"
	beginnings := map[string]string{
		"no byte":      "",
		"half a head":  "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConte",
		"half a login": "POST /api/auth/login HTTP/1.1\r\n" + jsonHead + "\r\n{\"email\": ",
		"no chunk":     "POST /api/auth/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
		"half an edit": "POST /api/auth/profile/edit HTTP/1.1\r\n" + token + jsonHead + "\r\n{\"bio\": ",
		"half a form":  "POST /api/auth/picture HTTP/1.1\r\n" + token + formHead + "\r\n--x\r\nContent-Dispo",
		"half a picture": "POST /api/auth/picture HTTP/1.1\r\n" + token + formHead +
			"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n\x89PNG\r\n",
		"half a track": "POST /api/workouts HTTP/1.1\r\n" + token + formHead +
			"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gpx\"\r\n\r\n<?xml version=\"1.0\"?>\n",
	}
	stalled := make(map[string][]net.Conn)
	for what, beginning := range beginnings {
		for range 40 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			if _, err := io.WriteString(conn, beginning); err != nil {
				t.Fatal(err)
			}
			stalled[what] = append(stalled[what], conn)
		}
	}

	start := time.Now()
	for n := range 20 {
		w := newVisitor(t, p) // with a connection of its own
		w.login(t, "amelie")
		edit := object{"first_name": fmt.Sprint(n), "last_name": nil, "location": nil, "bio": nil, "birth_date": nil}
		w.wants(t, http.StatusOK, "POST", "/api/auth/profile/edit", edit)
		if r, err := w.setPicture(greyPicture(100)); err != nil || r.status != http.StatusOK {
			t.Fatalf("picture = %v, %v; want status 200", r, err)
		}
		w.wants(t, http.StatusOK, "GET", "/api/users/amelie/picture", nil)
		if r, err := w.postWorkouts("three.zip", someArchive.file); err != nil || r.status != http.StatusCreated {
			t.Fatalf("archive = %v, %v; want status 201", r, err)
		}
	}
	t.Logf("20 rounds beside %d stalled connections: %v", 40*len(stalled), time.Since(start))
	if !*long {
		return
	}
	// One that sends a byte a second is never silent, and yet never done.
	dripping := stalled["half a picture"][0]
	go func() {
		for range time.Tick(time.Second) {
			if _, err := dripping.Write([]byte{0}); err != nil {
				return
			}
		}
	}()
	// The bounds are 10 s for a head and 30 s between two pieces of a body.
	for what, conns := range stalled {
		for _, conn := range conns {
			if err := conn.SetReadDeadline(start.Add(90 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(conn); err != nil {
				t.Fatalf("%s: still open after 90 s: %q, %v", what, answer, err)
			}
		}
	}
}
