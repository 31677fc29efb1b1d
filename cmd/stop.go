package cmd

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// drain is how long requests in flight may take once a stop is asked for. With what comes after them the
	// process ends within 30 seconds.
	drain = 25 * time.Second
	// lastCall is how long connections are still taken once a stop is asked for.
	lastCall = 250 * time.Millisecond
	// silence is how long a connection may be open after that without having said anything.
	silence = 5 * time.Second
)

// stop ends a server once it has answered what it has been asked. It fails when that takes longer than drain.
//
// The library's Shutdown alone is not enough: it drops requests that are read after it has begun, it closes
// connections between two requests though the next may be under way, and closing the listener resets
// connections which the system has taken and the server has not. So for a moment all goes on, but every
// answer is the last on its connection; Shutdown comes when no connection waits for one.
func stop(web *http.Server, listener net.Listener, open *connections) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	open.closing.Store(true)
	pause(ctx, lastCall)
	web.SetKeepAlivesEnabled(false)
	_ = listener.Close() // Shutdown would close it again, and say so
	open.settle(ctx)
	return web.Shutdown(ctx)
}

// connections knows on which connections an answer is due, or may be.
type connections struct {
	// closing tells that every answer is to be the last on its connection.
	closing atomic.Bool

	mu     sync.Mutex
	states map[net.Conn]http.ConnState // new and active ones
}

func newConnections() *connections {
	return &connections{states: make(map[net.Conn]http.ConnState)}
}

// lastAnswers returns next with answers that tell clients when to go on with another connection.
func (c *connections) lastAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.closing.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// note is told of every change of a connection's state.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if state == http.StateNew || state == http.StateActive {
		c.states[conn] = state
	} else {
		delete(c.states, conn)
	}
}

// settle returns when no answer is due any more, or ctx ends.
func (c *connections) settle(ctx context.Context) {
	begun := time.Now()
	for ctx.Err() == nil && c.isDue(time.Since(begun) < silence) {
		pause(ctx, 10*time.Millisecond)
	}
}

// isDue tells whether an answer is due. New connections have not asked for one yet; they count if countNew is set.
func (c *connections) isDue(countNew bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, state := range c.states {
		if state == http.StateActive || countNew {
			return true
		}
	}
	return false
}
