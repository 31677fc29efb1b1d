package mail

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

var _ Mailer = (*Memory)(nil)

func TestMemoryGivesEachMailOnce(t *testing.T) {
	t.Parallel()
	var m Memory
	for _, id := range []string{"1", "2"} {
		if err := m.Send(t.Context(), Message{ID: id, To: "Sam@example.org"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"1", "2"} {
		if got, ok := m.WaitFor("sam@example.org", time.Second); !ok || got.ID != want {
			t.Errorf("WaitFor = %q, %t; want %q", got.ID, ok, want)
		}
	}
	if got, ok := m.WaitFor("sam@example.org", time.Millisecond); ok {
		t.Errorf("WaitFor gave %q again", got.ID)
	}
	if n := len(m.Sent()); n != 2 {
		t.Errorf("Sent has %d mails; want 2", n)
	}
}

func TestMemoryWakesThoseWhoWait(t *testing.T) {
	t.Parallel()
	var m Memory
	var waiting sync.WaitGroup
	for i := range 20 {
		to := fmt.Sprintf("user%d@example.org", i)
		waiting.Go(func() {
			if _, ok := m.WaitFor(to, 5*time.Second); !ok {
				t.Errorf("no mail for %s", to)
			}
		})
		waiting.Go(func() {
			if err := m.Send(context.Background(), Message{To: to}); err != nil {
				t.Error(err)
			}
		})
	}
	waiting.Wait()
}

func TestMemoryFails(t *testing.T) {
	t.Parallel()
	var m Memory
	m.FailWith(fmt.Errorf("mailbox: %w", ErrRefused))
	if err := m.Send(t.Context(), Message{}); !Permanent(err) {
		t.Errorf("Send = %v; want a permanent failure", err)
	}
	m.FailWith(errors.New("away"))
	if err := m.Send(t.Context(), Message{}); err == nil || Permanent(err) {
		t.Errorf("Send = %v; want one that passes", err)
	}
	m.FailWith(nil)
	if err := m.Send(t.Context(), Message{}); err != nil {
		t.Error(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Send(ended, Message{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Send = %v; want canceled", err)
	}
	if n := len(m.Sent()); n != 1 {
		t.Errorf("Sent has %d mails; want 1", n)
	}
}
