package cmd

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"fittrackee/mail/mailtest"
)

const (
	// quick is how long a request takes at most in the middle, whatever the mail server does (A16).
	quick = 300 * time.Millisecond
	// recovery is how long mails may take once the mail server is well again: the pauses after the first
	// tries, and the time until a hanging one is given up.
	recovery = 90 * time.Second
)

var (
	confirmation = regexp.MustCompile(`/account-confirmation\?token=([\w.~-]+)`)
	passwordMail = regexp.MustCompile(`/password-reset\?token=([\w.~-]+)`)
	addressMail  = regexp.MustCompile(`/email-update\?token=([\w.~-]+)`)
)

// mailedToken waits for a mail and returns the token in it.
func mailedToken(t *testing.T, sink *mailtest.Sink, name string, link *regexp.Regexp) string {
	t.Helper()
	m, ok := sink.Wait(emailOf(name), recovery)
	if !ok {
		t.Fatalf("no mail to %s within %v", name, recovery)
	}
	token := link.FindStringSubmatch(m.Text)
	if token == nil {
		t.Fatalf("mail to %s: no link %v in %q", name, link, m.Text)
	}
	return token[1]
}

// confirmsOnce uses a confirmation token twice.
func (v *visitor) confirmsOnce(t *testing.T, name, token string) {
	t.Helper()
	v.wants(t, http.StatusOK, "POST", "/api/auth/account/confirm", object{"token": token})
	if r := v.ask(t, "POST", "/api/auth/account/confirm", object{"token": token}); r.status != http.StatusBadRequest {
		t.Errorf("the token of %s, used again = %v; want status 400", name, r)
	}
}

// registerAll makes accounts and returns how long each request took.
func (v *visitor) registerAll(t *testing.T, names []string) []time.Duration {
	t.Helper()
	var took []time.Duration
	for _, name := range names {
		start := time.Now()
		v.wants(t, http.StatusOK, "POST", "/api/auth/register", registration(name))
		took = append(took, time.Since(start))
	}
	return took
}

func someNames(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("walker_%d", i))
	}
	return names
}

func wantsQuick(t *testing.T, what string, took []time.Duration) {
	t.Helper()
	m := median(took)
	t.Logf("%s: median of %d requests %v", what, len(took), m.Round(time.Microsecond))
	if m > quick {
		t.Errorf("%s: median of %d requests %v; want %v at most", what, len(took), m, quick)
	}
}

// TestMailServerInTrouble is A16 for each way in which a mail server can fail. Requests do not notice, and
// mails come once it is well. The test is not parallel, for it takes times; its parts are.
func TestMailServerInTrouble(t *testing.T) {
	for name, b := range map[string]mailtest.Behaviour{
		"refuses for now":     mailtest.RefuseForNow,
		"refuses the sender":  mailtest.RefuseSender,
		"relays nothing":      mailtest.RefuseRelay,
		"hangs before hello":  mailtest.HangAtGreeting,
		"hangs at hello":      mailtest.HangAtHello,
		"hangs at the person": mailtest.HangAtRecipient,
		"hangs at the data":   mailtest.HangAtData,
		"drops the data":      mailtest.DropAtData,
		"says nothing after":  mailtest.DropAfterData,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, sink := startMailing(t, "--no-rate-limit")
			sink.Set(b)
			v := newVisitor(t, p)
			names := someNames(3)
			took := v.registerAll(t, names)
			eventually(t, time.Minute, "a try to send", func() bool { return sink.Connections() > 0 })
			for range 20 {
				start := time.Now()
				v.wants(t, http.StatusOK, "POST", "/api/auth/account/resend-confirmation", object{"email": emailOf("nobody")})
				took = append(took, time.Since(start))
			}
			wantsQuick(t, name, took)

			sink.Set(mailtest.Accept)
			for _, name := range names {
				v.confirmsOnce(t, name, mailedToken(t, sink, name, confirmation))
			}
		})
	}
}

// TestMailsRefusedForGood checks that what a mail server never takes is given up, and harms no other mail.
func TestMailsRefusedForGood(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]mailtest.Behaviour{
		"recipient": mailtest.RefuseRecipient,
		"content":   mailtest.RefuseContent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, sink := startMailing(t, "--no-rate-limit")
			sink.Set(b)
			v := newVisitor(t, p)
			v.registerAll(t, []string{"refused"})
			eventually(t, time.Minute, "the refusal in the log", func() bool {
				return regexp.MustCompile(`level=WARN msg="mail refused for good".*kind=confirm`).MatchString(p.log.String())
			})
			sink.Set(mailtest.Accept)
			v.registerAll(t, []string{"welcome"})
			v.confirmsOnce(t, "welcome", mailedToken(t, sink, "welcome", confirmation))
			if left := sink.Left(emailOf("refused")); len(left) > 0 {
				t.Errorf("%d mails after the refusal; want none", len(left))
			}
			v.wants(t, http.StatusOK, "POST", "/api/auth/account/resend-confirmation", object{"email": emailOf("refused")})
			v.confirmsOnce(t, "refused", mailedToken(t, sink, "refused", confirmation))
		})
	}
}

// TestQueuedMailsSurvive is A16: 20 mails are queued while the mail server is down, the process is
// killed, and both come back.
func TestQueuedMailsSurvive(t *testing.T) {
	sink := mailtest.NewSink(t)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(t.TempDir(), "f.db")
	flags := append(mailFlags(sink.Addr()), "--no-rate-limit")
	p := startBinary(t, db, flags...)
	v := newVisitor(t, p)
	names := someNames(20)
	wantsQuick(t, "mail server down", v.registerAll(t, names))
	p.kill(t)

	back, err := mailtest.Start(sink.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = back.Close() })
	p = startBinary(t, db, flags...)
	v = newVisitor(t, p)
	for _, name := range names {
		v.confirmsOnce(t, name, mailedToken(t, back, name, confirmation))
	}
	for _, name := range names {
		v.login(t, name)
	}
}

// TestKillWhileMailsAreSent kills the process while it talks to a slow mail server. Every mail comes, some
// perhaps twice, and each token works once.
func TestKillWhileMailsAreSent(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	sink.SetDelay(20 * time.Millisecond)
	db := filepath.Join(t.TempDir(), "f.db")
	flags := append(mailFlags(sink.Addr()), "--no-rate-limit")
	names := someNames(20)
	p := startBinary(t, db, flags...)
	newVisitor(t, p).registerAll(t, names)
	for kills := range 4 {
		enough := 4 * (kills + 1)
		eventually(t, recovery, "some mails", func() bool { return len(sink.Mails()) >= enough })
		p.kill(t)
		p = startBinary(t, db, flags...)
	}
	v := newVisitor(t, p)
	for _, name := range names {
		token := mailedToken(t, sink, name, confirmation)
		v.confirmsOnce(t, name, token)
		for _, again := range sink.Left(emailOf(name)) {
			if m := confirmation.FindStringSubmatch(again.Text); m == nil || m[1] != token {
				t.Errorf("second mail to %s has another token", name)
			}
		}
	}
	t.Logf("%d mails for 20 people", len(sink.Mails()))
}
