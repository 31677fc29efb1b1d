package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"fittrackee/mail"
	"fittrackee/store"
)

// mailLives tells how long each kind of mail, and the token in it, is worth anything.
var mailLives = map[mail.Kind]time.Duration{
	mail.Confirm:         7 * 24 * time.Hour,
	mail.Reset:           time.Hour,
	mail.EmailConfirm:    24 * time.Hour,
	mail.PasswordChanged: 3 * 24 * time.Hour,
	mail.EmailChanged:    3 * 24 * time.Hour,
}

// retryPauses are the pauses after each try that failed; the last one repeats.
var retryPauses = []time.Duration{
	5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
	5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 30 * time.Minute,
}

func (a *Auth) newMail(k mail.Kind, recipient string, c Client) store.NewMail {
	nonce := make([]byte, 32)
	rand.Read(nonce) // never fails
	device, browser := c.device()
	return store.NewMail{
		Kind: string(k), Recipient: recipient, Nonce: nonce,
		Device: device, Browser: browser, Life: mailLives[k],
	}
}

// mailIfOn returns a new mail, nil while mail is off.
func (a *Auth) mailIfOn(k mail.Kind, recipient string, c Client) *store.NewMail {
	if !a.options.MailOn {
		return nil
	}
	m := a.newMail(k, recipient, c)
	return &m
}

// requestMail queues a mail that somebody who is not logged in asks for. It does the same for every
// address; whether an account is behind it comes out when the mail is sent.
func (a *Auth) requestMail(ctx context.Context, k mail.Kind, text string, c Client) error {
	email, err := ParseEmail(text)
	if err != nil {
		return nil // nobody can have this address, which is not to be told either
	}
	if err := a.store.QueueMail(ctx, a.newMail(k, string(email), c)); err != nil {
		return err
	}
	a.wakeOutbox()
	return nil
}

func (a *Auth) wakeOutbox() {
	select {
	case a.outboxFilled <- struct{}{}:
	default: // it has been told already
	}
}

// OutboxFilled has a value when a mail may have been queued since DeliverMails was last called.
func (a *Auth) OutboxFilled() <-chan struct{} { return a.outboxFilled }

// mailToken returns the token in a queued mail. It can be made again for another try, and is nowhere stored.
func (a *Auth) mailToken(m store.QueuedMail) string {
	h := hmac.New(sha256.New, a.key.mail)
	h.Write([]byte(m.Kind))
	h.Write([]byte{0})
	h.Write(m.Nonce)
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// DeliverMails sends the queued mails that are due, one after the other, with links that begin with uiURL.
// A mail that cannot be sent now is tried again later; one that is refused for good, has lost its reason
// or has expired is dropped.
func (a *Auth) DeliverMails(ctx context.Context, mailer mail.Mailer, uiURL string) error {
	const batch = 20
	for ctx.Err() == nil {
		due, err := a.store.DueMails(ctx, batch)
		if err != nil || len(due) == 0 {
			return err
		}
		for _, m := range due {
			if err := a.deliver(ctx, mailer, uiURL, m); err != nil {
				return fmt.Errorf("mail %d: %w", m.ID, err)
			}
		}
	}
	return ctx.Err()
}

func (a *Auth) deliver(ctx context.Context, mailer mail.Mailer, uiURL string, m store.QueuedMail) error {
	u, token, err := a.addressee(ctx, m)
	if errors.Is(err, store.ErrMissing) {
		return a.store.DropMail(ctx, m.ID)
	}
	if err != nil {
		return err
	}
	err = send(ctx, mailer, m, mail.Data{
		Username: u.Username, Language: u.Language,
		UIURL: uiURL, Token: token, NewEmail: m.NewEmail,
		Device: m.Device, Browser: m.Browser, ValidFor: a.validFor(m),
	})
	log := slog.With("mail", m.ID, "kind", m.Kind)
	switch {
	case err == nil:
		log.Debug("mail sent")
	case ctx.Err() != nil:
		return ctx.Err() // stopped in between; it stays queued
	case mail.Permanent(err):
		log.Warn("mail refused for good", "error", err)
	default:
		pause := retryPauses[min(m.Tries, len(retryPauses)-1)]
		log.Warn("mail not sent", "again_in", pause, "error", err)
		return a.store.DelayMail(ctx, m.ID, a.store.Now().Add(pause))
	}
	return a.store.DropMail(ctx, m.ID)
}

// validFor returns how long a mail may say that it is worth anything: its life, or what a late one has left of it.
func (a *Auth) validFor(m store.QueuedMail) time.Duration {
	if m.Tries == 0 {
		return m.Life
	}
	return max(m.ExpiresAt.Sub(a.store.Now()), time.Minute)
}

// send writes and sends a mail. Its id is the same at each try, so that a mail which arrives twice can be told.
func send(ctx context.Context, mailer mail.Mailer, m store.QueuedMail, d mail.Data) error {
	message, err := mail.Render(mail.Kind(m.Kind), m.Recipient, d)
	if err != nil {
		return err
	}
	message.ID = fmt.Sprintf("%d.%x", m.ID, m.Nonce[:8])
	return mailer.Send(ctx, message)
}

// addressee returns whom a mail is for, and its token if it carries one.
func (a *Auth) addressee(ctx context.Context, m store.QueuedMail) (u store.User, token string, err error) {
	switch store.Purpose(m.Kind) {
	case store.PurposeConfirm, store.PurposeReset, store.PurposeEmailConfirm:
		token = a.mailToken(m)
		u, err = a.store.MakeMailToken(ctx, m, hashSecret(token))
	default:
		u, err = a.store.MailUser(ctx, m)
	}
	return u, token, err
}
