package cmd

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"fittrackee/auth"
	"fittrackee/mail"
)

// every calls f at once and then in intervals, until ctx ends. A failure is logged, and tried again next time.
func every(ctx context.Context, interval time.Duration, what string, f func(context.Context) error) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := f(ctx); err != nil && ctx.Err() == nil {
			slog.Error("job failed", "job", what, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

const (
	// mailPoll is how often the outbox is looked into without being told: for mails whose next try is due.
	mailPoll = 5 * time.Second
	// mailGather is how long a mail waits at least, and half of how long it waits at most. Whether somebody's
	// address is known shows in the work that sending takes; the pause keeps that work from
	// falling together with the very next request.
	mailGather = 100 * time.Millisecond
)

// mapPoll is how often maps are looked for that are to be drawn on tiles.
const mapPoll = 10 * time.Second

// deliver sends queued mails until ctx ends.
func deliver(ctx context.Context, a *auth.Auth, mailer mail.Mailer, uiURL string) {
	tick := time.NewTicker(mailPoll)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := a.DeliverMails(ctx, mailer, uiURL); err != nil && ctx.Err() == nil {
			slog.Error("deliver mails", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-a.OutboxFilled():
			pause(ctx, mailGather+rand.N(mailGather))
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
