package auth

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"fittrackee/mail"
	"fittrackee/store"
)

const uiURL = "http://fit.example.com"

// counting is a mailer that counts the tries, and fails as it is told.
type counting struct {
	mail.Memory
	tries int
}

func (m *counting) Send(ctx context.Context, message mail.Message) error {
	m.tries++
	return m.Memory.Send(ctx, message)
}

func (r *rules) deliver(m mail.Mailer) {
	r.t.Helper()
	if err := r.DeliverMails(r.t.Context(), m, uiURL); err != nil {
		r.t.Fatalf("DeliverMails: %v", err)
	}
}

// queued returns how many mails wait.
func (r *rules) queued() int {
	r.t.Helper()
	start := r.clock()
	defer func() { r.forward(start.Sub(r.clock())) }()
	r.forward(30 * time.Minute) // the longest pause
	due, err := r.store.DueMails(r.t.Context(), 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	return len(due)
}

// TestRetryPauses shows when a mail that is not taken is tried again, and that it is given up when it expires.
func TestRetryPauses(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	if err := r.RequestReset(t.Context(), amelieEmail, Client{}); err != nil {
		t.Fatal(err)
	}
	var m counting
	m.FailWith(errors.New("the server is away"))
	start := r.clock()
	var tries []time.Duration
	for range 3600 {
		before := m.tries
		r.deliver(&m)
		if m.tries > before {
			tries = append(tries, r.clock().Sub(start))
		}
		r.forward(time.Second)
	}
	want := []time.Duration{0, 5 * time.Second}
	for _, pause := range []time.Duration{15, 30, 60, 120, 300, 600, 1200} {
		want = append(want, want[len(want)-1]+pause*time.Second)
	}
	if fmt.Sprint(tries) != fmt.Sprint(want) {
		t.Errorf("a reset's mail was tried at %v; want %v", tries, want)
	}
	m.FailWith(nil)
	r.deliver(&m)
	if sent := m.Sent(); len(sent) > 0 {
		t.Errorf("sent after an hour: %v; want nothing, for the token has expired", sent)
	}
	if err := r.DropExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.forward(-2 * time.Hour)
	if n := r.queued(); n != 0 {
		t.Errorf("%d mails wait after an hour; want none", n)
	}
}

// TestLastPauseRepeats looks at a mail that lives for days.
func TestLastPauseRepeats(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	err := r.Register(t.Context(), Registration{Username: "boris", Email: "boris@example.com", Password: "correct horse"}, Client{})
	if err != nil {
		t.Fatal(err)
	}
	var m counting
	m.FailWith(errors.New("the server is away"))
	for range 9 {
		r.forward(30 * time.Minute)
		r.deliver(&m)
	}
	m.tries = 0
	for range 10 {
		r.forward(30*time.Minute - time.Second)
		r.deliver(&m)
		if m.tries > 0 {
			t.Fatal("tried again before half an hour was over")
		}
		r.forward(time.Second)
		r.deliver(&m)
		if m.tries != 1 {
			t.Fatalf("tries after half an hour = %d; want 1", m.tries)
		}
		m.tries = 0
	}
	m.FailWith(nil)
	r.forward(30 * time.Minute)
	r.deliver(&m)
	if sent := m.Sent(); len(sent) != 1 || sent[0].To != "boris@example.com" {
		t.Errorf("sent once the server is back: %v; want the mail to boris", sent)
	}
	if n := r.queued(); n != 0 {
		t.Errorf("%d mails wait after it was sent; want none", n)
	}
}

// TestRefusedMail shows that a mail which is refused for good is tried once, and does not hold up the others.
func TestRefusedMail(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	if err := r.RequestReset(t.Context(), amelieEmail, Client{}); err != nil {
		t.Fatal(err)
	}
	var m counting
	m.FailWith(fmt.Errorf("no such mailbox: %w", mail.ErrRefused))
	r.deliver(&m)
	r.forward(time.Hour - time.Second)
	m.FailWith(nil)
	r.deliver(&m)
	if m.tries != 1 || r.queued() != 0 {
		t.Errorf("tries of a refused mail = %d, waiting = %d; want 1, 0", m.tries, r.queued())
	}
}

// picky is a mailer that does not take mails to one address.
type picky struct {
	mail.Memory
	not string
}

func (m *picky) Send(ctx context.Context, message mail.Message) error {
	if message.To == m.not {
		return errors.New("greylisted")
	}
	return m.Memory.Send(ctx, message)
}

// TestMailsDoNotWaitForEachOther shows that many mails go out around one that does not, also more than are read at once.
func TestMailsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	const many = 45
	hash := hashOf(t, "correct horse")
	r.addAmelie(hash)
	ask := func(email string) {
		t.Helper()
		if err := r.RequestReset(t.Context(), email, Client{}); err != nil {
			t.Fatal(err)
		}
	}
	ask(amelieEmail)
	for i := range many {
		ask(fmt.Sprintf("nobody%d@example.com", i)) // is queued too, and dropped
	}
	boris := Registration{Username: "boris", Email: "boris@example.com", Password: "correct horse"}
	if err := r.Register(t.Context(), boris, Client{}); err != nil {
		t.Fatal(err)
	}
	m := picky{not: amelieEmail}
	r.deliver(&m)
	if sent := m.Sent(); len(sent) != 1 || sent[0].To != boris.Email {
		t.Errorf("sent: %v; want the mail to boris", sent)
	}
	if n := r.queued(); n != 1 {
		t.Errorf("%d mails wait; want the one to amelie", n)
	}
}

// TestAskingAgain shows that of several mails of one kind to one address only the last waits, in whatever case it
// was written.
func TestAskingAgain(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	for _, email := range []string{"amelie@example.com", " Amelie@example.com ", "AMELIE@EXAMPLE.COM"} {
		if err := r.RequestReset(t.Context(), email, Client{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := r.queued(); n != 1 {
		t.Errorf("%d mails wait after asking three times; want 1", n)
	}
	select {
	case <-r.OutboxFilled():
	default:
		t.Error("OutboxFilled does not tell of a mail")
	}
	var m counting
	r.deliver(&m)
	if sent := m.Sent(); len(sent) != 1 {
		t.Errorf("sent: %v; want one mail", sent)
	}
}

// TestStoppedDelivery shows that a mail which was under way when the server stopped is sent later.
func TestStoppedDelivery(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	if err := r.RequestReset(t.Context(), amelieEmail, Client{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := r.DeliverMails(ctx, stopping{cancel}, uiURL)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("DeliverMails when stopped: %v; want context.Canceled", err)
	}
	var m counting
	r.deliver(&m)
	if sent := m.Sent(); len(sent) != 1 {
		t.Errorf("sent after the next start: %v; want one mail", sent)
	}
}

// stopping is a mailer during whose work the server is stopped.
type stopping struct{ stop func() }

func (m stopping) Send(ctx context.Context, _ mail.Message) error {
	m.stop()
	return ctx.Err()
}

// TestMailsThatLostTheirReason shows which mails are not sent although they were asked for.
func TestMailsThatLostTheirReason(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie("x")
	u, err := r.store.UserByEmail(t.Context(), amelieEmail)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	ask("a confirmation of who is active", r.ResendConfirmation(t.Context(), amelieEmail, Client{}))
	ask("a reset of nobody", r.RequestReset(t.Context(), "nobody@example.com", Client{}))
	ask("a reset of no address", r.RequestReset(t.Context(), "no address", Client{}))
	ask("a change to an address", r.store.QueueMail(t.Context(), func() (m store.NewMail) {
		m = r.newMail(mail.EmailConfirm, "new@example.com", Client{})
		m.UserID = u.ID // who has not asked for it, or has changed their mind
		return m
	}()))
	var m counting
	r.deliver(&m)
	if m.tries != 0 || r.queued() != 0 {
		t.Errorf("tries, waiting = %d, %d; want none of either", m.tries, r.queued())
	}
}
