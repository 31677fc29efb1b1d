package cmd

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestStopTellsBusyConnections stops a server whose clients use their connections again and again. Each is told
// with an answer that it is the last one; none loses a request.
func TestStopTellsBusyConnections(t *testing.T) {
	t.Parallel()
	const clients = 16
	for range times(2, 15) {
		p := startBinary(t, t.TempDir()+"/f.db", "--no-rate-limit")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		answered := make(chan struct{}, clients)
		ends := make(chan error, clients)
		for range clients {
			go func() { ends <- askUntilTold(ctx, strings.TrimPrefix(p.url, "http://"), answered) }()
		}
		for range clients {
			<-answered
		}
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		for range clients {
			if err := <-ends; err != nil {
				t.Errorf("a busy connection when the server stops: %v; want an answer that says close", err)
			}
		}
		cancel()
		if err := p.wait(t, 30*time.Second); err != nil {
			t.Errorf("the stopped process: %v; want exit 0", err)
		}
	}
}

// askUntilTold sends one request after the other on one connection until an answer says that it is the last.
func askUntilTold(ctx context.Context, addr string, answered chan<- struct{}) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		answered <- struct{}{}
		return err
	}
	defer conn.Close()
	answers := bufio.NewReader(conn)
	for n := 1; ctx.Err() == nil; n++ {
		if _, err = fmt.Fprint(conn, "GET /api/ping HTTP/1.1\r\nHost: fit\r\n\r\n"); err != nil {
			return fmt.Errorf("request %d: %w", n, err)
		}
		r, err := http.ReadResponse(answers, nil)
		if n == 1 {
			answered <- struct{}{}
		}
		if err != nil {
			return fmt.Errorf("answer %d: %w", n, err)
		}
		if _, err := bufio.NewReader(r.Body).WriteTo(new(strings.Builder)); err != nil {
			return fmt.Errorf("body of answer %d: %w", n, err)
		}
		if r.Close {
			return nil
		}
	}
	return ctx.Err()
}
