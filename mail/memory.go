package mail

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Mailer that remembers instead of sending, for tests. Its zero value is ready, and it
// may be used by many goroutines at a time.
type Memory struct {
	mu      sync.Mutex
	sent    []Message
	taken   []bool        // as long as sent: what WaitFor has returned
	failure error         // what Send answers instead of remembering
	changed chan struct{} // closed at the next mail; nil while nobody waits
}

// Send remembers m. It fails when ctx has ended, and with the error that FailWith has set.
func (m *Memory) Send(ctx context.Context, msg Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failure != nil {
		return m.failure
	}
	m.sent = append(m.sent, msg)
	m.taken = append(m.taken, false)
	if m.changed != nil {
		close(m.changed)
		m.changed = nil
	}
	return nil
}

// FailWith lets every later Send fail with err, until it is called with nil. An error that wraps
// ErrRefused is a permanent one.
func (m *Memory) FailWith(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.failure = err
}

// Sent returns all mails so far, oldest first.
func (m *Memory) Sent() []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

// WaitFor returns the oldest mail for the address that it has not returned before. It waits for one
// at most as long as told, and says whether there was one. Letter case does not matter.
func (m *Memory) WaitFor(to string, atMost time.Duration) (Message, bool) {
	deadline := time.After(atMost)
	for {
		msg, changed, ok := m.take(to)
		if ok {
			return msg, true
		}
		select {
		case <-changed:
		case <-deadline:
			return Message{}, false
		}
	}
}

// take returns the oldest mail not taken yet, or else a channel that closes at the next mail.
func (m *Memory) take(to string) (Message, <-chan struct{}, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, msg := range m.sent {
		if !m.taken[i] && strings.EqualFold(msg.To, to) {
			m.taken[i] = true
			return msg, nil, true
		}
	}
	if m.changed == nil {
		m.changed = make(chan struct{})
	}
	return Message{}, m.changed, false
}
