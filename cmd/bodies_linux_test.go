package cmd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// memory returns a line of what the kernel knows of a process's memory, VmRSS or VmHWM, in bytes.
func (p *process) memory(t *testing.T, line string) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(l, ":")
		if name != line {
			continue
		}
		kB, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return kB << 10
	}
	t.Fatalf("no %s in %s", line, status)
	return 0
}

// forgetPeak makes VmHWM start anew.
func (p *process) forgetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// hugeBody is a request whose body is made while it is taken: 10 GB, as long as anybody wants them.
type hugeBody struct {
	method, path string
	token        string
	contentType  string
	isChunked    bool
	beginning    string // what the body begins with; then it goes on with spaces
	statuses     []int
}

const hugeBytes = 10 << 30

func (h hugeBody) String() string {
	return fmt.Sprintf("%s %s, token %.5q, %s, chunked %v, %.20q…", h.method, h.path, h.token, h.contentType, h.isChunked, h.beginning)
}

// send returns the status of the answer, and how much of the body was taken before it came.
func (h hugeBody) send(p *process) (status int, taken int64, err error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		return 0, 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return 0, 0, err
	}
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n", h.method, h.path, h.contentType)
	if h.token != "" {
		head += "Authorization: Bearer " + h.token + "\r\n"
	}
	if h.isChunked {
		head += "Transfer-Encoding: chunked\r\n\r\n"
	} else {
		head += fmt.Sprintf("Content-Length: %d\r\n\r\n", int64(hugeBytes))
	}
	if _, err := io.WriteString(conn, head); err != nil {
		return 0, 0, err
	}
	var sent atomic.Int64
	go h.pour(conn, &sent)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	taken = sent.Load()
	if err != nil {
		return 0, taken, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusNoContent && (err != nil || !strings.HasPrefix(string(text), "{")) {
		return resp.StatusCode, taken, fmt.Errorf("body %.100q, %v; want JSON", text, err)
	}
	return resp.StatusCode, taken, nil
}

// pour writes the body until it is complete or not taken any more.
func (h hugeBody) pour(conn net.Conn, sent *atomic.Int64) {
	piece := []byte(h.beginning + strings.Repeat(" ", 64<<10-len(h.beginning)))
	for sent.Load() < hugeBytes {
		frame := piece
		if h.isChunked {
			frame = fmt.Appendf(nil, "%x\r\n%s\r\n", len(piece), piece)
		}
		n, err := conn.Write(frame)
		sent.Add(int64(n))
		if err != nil {
			return
		}
		piece = []byte(strings.Repeat(" ", 64<<10))
	}
}

// TestHugeBodies is A20: 10 GB are refused before they are read, in little memory.
func TestHugeBodies(t *testing.T) {
	first, sink := startMailing(t)
	v := first.signUp(t, "amelie", "--admin")
	added, err := v.wants(t, http.StatusCreated, "POST", "/api/workouts/no_gpx", edit(1)).workouts()
	if err != nil {
		t.Fatal(err)
	}
	workout := added[0].text("id")
	first.stop(t)
	// A server that has not hashed a password yet has no memory to spare.
	p := startBinary(t, first.db, append(mailFlags(sink.Addr()), "--no-rate-limit")...)
	v.url = p.url
	const form = "multipart/form-data; boundary=x"
	part := func(name, fileName string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"" + fileName + "\r\n\r\n"
	}
	const picture, workouts = "/api/auth/picture", "/api/workouts"
	const json = `{"email": "a@example.com", "password": "`
	var bodies []hugeBody
	for _, isChunked := range []bool{false, true} {
		for _, path := range []string{
			"register", "login", "account/confirm", "account/resend-confirmation",
			"password/reset-request", "password/update", "email/update",
		} {
			bodies = append(bodies, hugeBody{
				"POST", "/api/auth/" + path, "", "application/json", isChunked, json, []int{413},
			})
		}
		for _, route := range []string{
			"PATCH /api/auth/profile/edit/account", "POST /api/auth/profile/edit",
			"POST /api/auth/profile/edit/preferences", "POST /api/auth/profile/edit/sports",
			"PATCH /api/sports/1", "PATCH /api/config",
			"POST /api/workouts/no_gpx", "PATCH /api/workouts/" + workout,
		} {
			method, path, _ := strings.Cut(route, " ")
			bodies = append(
				bodies,
				hugeBody{method, path, "", "application/json", isChunked, json, []int{401}},
				hugeBody{method, path, "a.bad.token", "application/json", isChunked, json, []int{401}},
				hugeBody{method, path, v.token, "application/json", isChunked, json, []int{413}},
				hugeBody{method, path, v.token, "text/plain", isChunked, json, []int{400, 413}},
			)
		}
		for _, u := range []struct{ path, fileName string }{{picture, "a.png"}, {workouts, "a.gpx"}, {workouts, "a.zip"}} {
			file := part("file", `; filename="`+u.fileName+`"`)
			bodies = append(
				bodies,
				hugeBody{"POST", u.path, "", form, isChunked, file, []int{401}},
				hugeBody{"POST", u.path, "a.bad.token", form, isChunked, file, []int{401}},
				hugeBody{"POST", u.path, v.token, form, isChunked, file, []int{413}},
				hugeBody{"POST", u.path, v.token, form, isChunked, part("data", "") + "{}\r\n" + file, []int{413}},
				hugeBody{"POST", u.path, v.token, "text/plain", isChunked, file, []int{400, 413}},
				hugeBody{"POST", u.path, v.token, "multipart/form-data", isChunked, file, []int{400, 413}},
			)
		}
		for _, path := range []string{picture, workouts} {
			for _, beginning := range []string{
				"no form", "--x\r\nA-Header: ", "--x\r\n" + strings.Repeat("A: b\r\n", 9000), part("other", ""), part("file", ""),
				part("data", ""), part("data", `; filename="a.gpx"`),
			} {
				bodies = append(bodies, hugeBody{"POST", path, v.token, form, isChunked, beginning, []int{400, 413}})
			}
		}
		bodies = append(
			bodies,
			// Where no body is due, the answer is the one without.
			hugeBody{"DELETE", picture, v.token, "text/plain", isChunked, "", []int{204}},
			hugeBody{"GET", workouts, v.token, "text/plain", isChunked, "", []int{200}},
			hugeBody{"DELETE", workouts + "/nowhere", v.token, "text/plain", isChunked, "", []int{404}},
			hugeBody{"GET", "/api/ping", "", "text/plain", isChunked, "", []int{200}},
			hugeBody{"POST", "/api/nowhere", "", "application/json", isChunked, json, []int{404}},
			hugeBody{"PUT", "/api/ping", "", "application/json", isChunked, json, []int{405}},
		)
	}

	const atOnce = 8
	const atMost = 32 << 20 // 19 MB may be read of an archive; the rest waits in the buffers of two sockets
	begin := p.memory(t, "VmRSS")
	var most int64
	for _, h := range bodies {
		if h.method == "POST" && (h.path == picture || h.path == workouts) && !h.isChunked && h.token == v.token && h.contentType == form {
			h.statuses = []int{413} // its length says enough
		}
		p.forgetPeak(t)
		before := p.memory(t, "VmRSS")
		start := time.Now()
		var all sync.WaitGroup
		for range atOnce {
			all.Go(func() {
				status, taken, err := h.send(p)
				if err != nil || !slices.Contains(h.statuses, status) {
					t.Errorf("%s = %d, %v; want %v", h, status, err, h.statuses)
				}
				if taken > atMost {
					t.Errorf("%s: %d bytes were taken before the answer; want %d at most", h, taken, atMost)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: answered after %v; want at once", h, took)
		}
		grown := p.memory(t, "VmHWM") - before
		if grown >= 32<<20 {
			t.Errorf("%s: %d at once took %.1f MB of memory; want less than 32 MB", h, atOnce, float64(grown)/1e6)
		}
		most = max(most, grown)
	}
	t.Logf("%d bodies, each %d times at once: memory %.1f MB before all, grew by %.1f MB at most",
		len(bodies), atOnce, float64(begin)/1e6, float64(most)/1e6)
	wantsNoStrays(t, p.db)
	v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
}
