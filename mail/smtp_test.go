package mail

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"fittrackee/mail/mailtest"
)

var _ Mailer = (*SMTP)(nil)

const (
	me    = "FitTrackee <fit@example.org>"
	sam   = "sam@example.org"
	soon  = 5 * time.Second // in which all that works here has worked
	short = 300 * time.Millisecond
)

// mailer returns a client that trusts the sink.
func mailer(t *testing.T, s *mailtest.Sink) *SMTP {
	t.Helper()
	m := mailerAt(t, s.URL())
	m.roots = s.Roots()
	return m
}

func mailerAt(t *testing.T, url string) *SMTP {
	t.Helper()
	m, err := NewSMTP(url, me)
	if err != nil {
		t.Fatalf("NewSMTP(%q): %v", url, err)
	}
	m.sendTimeout = soon
	return m
}

func toSam(id string) Message {
	return Message{ID: id, To: sam, Subject: "FitTrackee - Été à vélo", Text: "Grüße\n.\nlast line\n", HTML: "<p>Grüße</p>\n"}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options   []mailtest.Option
		encrypted bool
		user      string
	}{
		"in clear":                {nil, false, ""},
		"STARTTLS":                {[]mailtest.Option{mailtest.StartTLS()}, true, ""},
		"implicit TLS":            {[]mailtest.Option{mailtest.ImplicitTLS()}, true, ""},
		"PLAIN in clear":          {[]mailtest.Option{mailtest.Auth("sam", "p@ss/word", "PLAIN")}, false, "sam"},
		"LOGIN in clear":          {[]mailtest.Option{mailtest.Auth("sam", "p@ss/word", "LOGIN")}, false, "sam"},
		"CRAM-MD5 in clear":       {[]mailtest.Option{mailtest.Auth("sam", "p@ss/word", "CRAM-MD5")}, false, "sam"},
		"PLAIN and STARTTLS":      {[]mailtest.Option{mailtest.StartTLS(), mailtest.Auth("sam", "p%#?:", "PLAIN")}, true, "sam"},
		"LOGIN and implicit":      {[]mailtest.Option{mailtest.ImplicitTLS(), mailtest.Auth("sam", "pässword", "LOGIN")}, true, "sam"},
		"PLAIN and LOGIN offered": {[]mailtest.Option{mailtest.Auth("sam", "p")}, false, "sam"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.NewSink(t, c.options...)
			if err := mailer(t, sink).Send(t.Context(), toSam("m-1")); err != nil {
				t.Fatal(err)
			}
			got, ok := sink.Wait(sam, soon)
			if !ok {
				t.Fatal("no mail came")
			}
			if got.Encrypted != c.encrypted || got.User != c.user {
				t.Errorf("encrypted %t, user %q; want %t, %q", got.Encrypted, got.User, c.encrypted, c.user)
			}
			if got.Subject != "FitTrackee - Été à vélo" || got.Text != "Grüße\n.\nlast line\n" || got.HTML != "<p>Grüße</p>\n" {
				t.Errorf("came %q, %q, %q", got.Subject, got.Text, got.HTML)
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	m, err := NewSMTP(sink.URL(), "Zoë's Vélo <fit@fit.example.org>")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second try looks the same
		if err := m.Send(t.Context(), toSam("outbox-17")); err != nil {
			t.Fatal(err)
		}
		got, ok := sink.Wait(sam, soon)
		if !ok {
			t.Fatal("no mail came")
		}
		for name, want := range map[string]string{
			"Message-Id":     "<outbox-17@fit.example.org>",
			"Auto-Submitted": "auto-generated",
			"To":             "<sam@example.org>",
			"User-Agent":     "",
			"X-Mailer":       "",
		} {
			if v := got.Header.Get(name); v != want {
				t.Errorf("%s: %q; want %q", name, v, want)
			}
		}
		from, err := mail.ParseAddress(got.Header.Get("From"))
		if err != nil || from.Name != "Zoë's Vélo" || from.Address != "fit@fit.example.org" || got.From != from.Address {
			t.Errorf("from %v, %v; envelope %q", from, err, got.From)
		}
		date, err := got.Header.Date()
		if err != nil || time.Since(date).Abs() > time.Minute {
			t.Errorf("date %v, %v", date, err)
		}
		if kind := got.Header.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/alternative") {
			t.Errorf("content type %q", kind)
		}
		if strings.Contains(string(got.Raw), "Été") {
			t.Error("the mail is not in ASCII")
		}
	}
}

func TestRenderedMailsArriveWhole(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	m := mailer(t, sink)
	for _, k := range Kinds() {
		for _, language := range []string{"en", "fr", "de"} {
			sent := render(t, k, example(language))
			if err := m.Send(t.Context(), sent); err != nil {
				t.Fatal(err)
			}
			got, ok := sink.Wait(sent.To, soon)
			if !ok || got.Subject != sent.Subject || got.Text != sent.Text || got.HTML != sent.HTML {
				t.Errorf("%q in %s came as %q:\n%s", k, language, got.Subject, got.Text)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for behaviour, c := range map[mailtest.Behaviour]struct {
		permanent bool
		code      string
	}{
		mailtest.RefuseForNow:    {false, "451"},
		mailtest.RefuseRecipient: {true, "550"},
		mailtest.RefuseRelay:     {false, "554"},
		mailtest.RefuseSender:    {false, "550"},
		mailtest.RefuseContent:   {true, "554"},
		mailtest.DropAtData:      {false, "EOF"},
		mailtest.DropAfterData:   {false, "EOF"},
	} {
		t.Run(fmt.Sprint(c.code, behaviour), func(t *testing.T) {
			t.Parallel()
			sink := mailtest.NewSink(t)
			sink.Set(behaviour)
			err := mailer(t, sink).Send(t.Context(), toSam("m-1"))
			if err == nil || !strings.Contains(err.Error(), c.code) {
				t.Fatalf("Send = %v; want %s", err, c.code)
			}
			if Permanent(err) != c.permanent {
				t.Errorf("Permanent(%v) = %t; want %t", err, !c.permanent, c.permanent)
			}
			sink.Set(mailtest.Accept)
			if err := mailer(t, sink).Send(t.Context(), toSam("m-1")); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestOperatorsTroubleIsNotPermanent(t *testing.T) {
	t.Parallel()
	plain := mailtest.NewSink(t)
	login := mailtest.NewSink(t, mailtest.Auth("sam", "right"))
	implicit := mailtest.NewSink(t, mailtest.ImplicitTLS())
	start := mailtest.NewSink(t, mailtest.StartTLS())
	for name, c := range map[string]struct {
		url, want string
	}{
		"connection refused":       {"smtp://" + freeAddr(t), "refused"},
		"no such host":             {"smtp://nowhere.invalid", "nowhere.invalid"},
		"wrong password":           {"smtp://sam:hunter2@" + login.Addr(), "535"},
		"no password":              {"smtp://" + login.Addr(), "530"},
		"no login offered":         {"smtp://sam:hunter2@" + plain.Addr(), "no way to log in"},
		"no STARTTLS offered":      {"smtp://" + plain.Addr() + "?tls=True", "STARTTLS"},
		"TLS on a clear port":      {"smtp://" + plain.Addr() + "?ssl=True", "TLS"},
		"clear text on a TLS port": {"smtp://" + implicit.Addr(), ""},
		"unknown issuer":           {implicit.URL(), "certificate"},
		"unknown issuer, STARTTLS": {start.URL(), "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := mailerAt(t, c.url)
			m.sendTimeout = time.Second
			err := m.Send(t.Context(), toSam("m-1"))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("Send = %v; want %q", err, c.want)
			}
			if Permanent(err) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\n") {
				t.Errorf("Send = %q, permanent %t; want one line without the password, not permanent", err, Permanent(err))
			}
		})
	}
}

func TestCertificateForAnotherHost(t *testing.T) {
	t.Parallel()
	sink, err := mailtest.Start("127.0.0.2:0", mailtest.ImplicitTLS())
	if err != nil {
		t.Skipf("this system has one loopback address only: %v", err)
	}
	defer sink.Close()
	err = mailer(t, sink).Send(t.Context(), toSam("m-1"))
	if err == nil || !strings.Contains(err.Error(), "127.0.0.2") || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Send = %v; want a word about the certificate", err)
	}
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Without ?tls=True the alternative is clear text, so that any certificate is better than none.
func TestOpportunisticTLSTakesAnyCertificate(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t, mailtest.StartTLS())
	m := mailerAt(t, "smtp://"+sink.Addr())
	if err := m.Send(t.Context(), toSam("m-1")); err != nil {
		t.Fatal(err)
	}
	if got, ok := sink.Wait(sam, soon); !ok || !got.Encrypted {
		t.Errorf("came %t, encrypted %t; want both", ok, got.Encrypted)
	}
}

// But it is not good enough for a password, unless the certificate is valid.
func TestVerifiedOnlyWithValidCertificate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options []mailtest.Option
		query   string
		trusted bool
		want    bool
	}{
		{"clear text", nil, "", true, false},
		{"opportunistic, unknown issuer", []mailtest.Option{mailtest.StartTLS()}, "", false, false},
		{"opportunistic, valid", []mailtest.Option{mailtest.StartTLS()}, "", true, true},
		{"STARTTLS, valid", []mailtest.Option{mailtest.StartTLS()}, "?tls=True", true, true},
		{"implicit, valid", []mailtest.Option{mailtest.ImplicitTLS()}, "?ssl=True", true, true},
	} {
		sink := mailtest.NewSink(t, c.options...)
		m := mailerAt(t, "smtp://"+sink.Addr()+c.query)
		m.roots = x509.NewCertPool()
		if c.trusted {
			m.roots = sink.Roots()
		}
		msg, err := m.build(toSam("m-1"))
		if err != nil {
			t.Fatal(err)
		}
		d := &dialogue{smtp: m, ctx: t.Context()}
		if err := d.send(msg); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d.hangUp(); d.verified != c.want {
			t.Errorf("%s: verified = %t; want %t", c.name, d.verified, c.want)
		}
	}
}

func TestLoginIsRefusedOverClearText(t *testing.T) {
	t.Parallel()
	l := &login{user: "sam", password: "hunter2", mayLogIn: func() bool { return false }}
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256"} {
		_, toServer, err := l.Start(&smtp.ServerInfo{Name: "localhost", Auth: []string{mechanism}})
		if !errors.Is(err, errNotSecure) || toServer != nil {
			t.Errorf("%s: Start = %q, %v; want nothing sent", mechanism, toServer, err)
		}
	}
}

func TestBestLoginIsChosen(t *testing.T) {
	t.Parallel()
	for offered, want := range map[string]string{
		"PLAIN LOGIN":                           "PLAIN",
		"LOGIN PLAIN CRAM-MD5":                  "PLAIN",
		"LOGIN XOAUTH2":                         "LOGIN",
		"CRAM-MD5":                              "CRAM-MD5",
		"PLAIN SCRAM-SHA-1":                     "SCRAM-SHA-1",
		"PLAIN SCRAM-SHA-1 SCRAM-SHA-256 LOGIN": "SCRAM-SHA-256",
		"SCRAM-SHA-256-PLUS GSSAPI NTLM OAUTHBEARER X": "",
		"": "",
	} {
		l := &login{user: "sam", password: "p", mayLogIn: func() bool { return true }}
		got, _, err := l.Start(&smtp.ServerInfo{Name: "mail.example.org", Auth: strings.Fields(offered)})
		if got != want || (err != nil) != (want == "") {
			t.Errorf("of %q: %q, %v; want %q", offered, got, err, want)
		}
	}
}

func TestHangingServers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		behaviour mailtest.Behaviour
		options   []mailtest.Option
	}{
		"greeting":        {mailtest.HangAtGreeting, nil},
		"TLS handshake":   {mailtest.HangAtGreeting, []mailtest.Option{mailtest.ImplicitTLS()}},
		"EHLO":            {mailtest.HangAtHello, nil},
		"EHLO, encrypted": {mailtest.HangAtHello, []mailtest.Option{mailtest.ImplicitTLS()}},
		"RCPT TO":         {mailtest.HangAtRecipient, nil},
		"content":         {mailtest.HangAtData, nil},
		"content, TLS":    {mailtest.HangAtData, []mailtest.Option{mailtest.StartTLS()}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.NewSink(t, c.options...)
			sink.Set(c.behaviour)
			m := mailer(t, sink)
			m.sendTimeout = short
			start := time.Now()
			err := m.Send(t.Context(), toSam("m-1"))
			if took := time.Since(start); took > soon {
				t.Errorf("took %v; want about %v", took, short)
			}
			if err == nil || Permanent(err) || !strings.Contains(err.Error(), "took longer than 300ms") {
				t.Errorf("Send = %v; want that it took too long", err)
			}
			if n := len(sink.Mails()); n != 0 {
				t.Errorf("%d mails came; want none", n)
			}
		})
	}
}

func TestCancelledSend(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	sink.Set(mailtest.HangAtData)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- mailer(t, sink).Send(ctx, toSam("m-1")) }()
	for deadline := time.Now().Add(soon); sink.Connections() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) || Permanent(err) {
			t.Errorf("Send = %v; want canceled", err)
		}
	case <-time.After(soon):
		t.Error("Send goes on after its context has ended")
	}
}

func TestSlowServer(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	sink.SetDelay(20 * time.Millisecond)
	if err := mailer(t, sink).Send(t.Context(), toSam("m-1")); err != nil {
		t.Error(err)
	}
}

func TestServerComesBack(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	m := mailer(t, sink)
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), toSam("m-1")); err == nil {
		t.Fatal("sent to a closed server")
	}
	again, err := mailtest.Start(sink.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := m.Send(t.Context(), toSam("m-1")); err != nil {
		t.Error(err)
	}
}

func TestManyAtATime(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t, mailtest.Auth("sam", "p"))
	m := mailer(t, sink)
	var sending sync.WaitGroup
	for i := range 20 {
		sending.Go(func() {
			if err := m.Send(t.Context(), toSam(fmt.Sprint("m-", i))); err != nil {
				t.Error(err)
			}
		})
	}
	sending.Wait()
	if n := len(sink.Mails()); n != 20 {
		t.Errorf("%d mails came; want 20", n)
	}
}

func TestInjectionIsRefused(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	m := mailer(t, sink)
	for name, change := range map[string]func(*Message){
		"header in the address":   func(m *Message) { m.To = "sam@example.org\r\nBcc: all@example.org" },
		"command in the address":  func(m *Message) { m.To = "sam@example.org>\r\nRCPT TO:<all@example.org" },
		"quoted command":          func(m *Message) { m.To = "\"sam>\r\nRCPT TO:<all@example.org> x\"@example.org" },
		"quoted brackets":         func(m *Message) { m.To = `"sam@evil.example> x"@example.org` },
		"second recipient":        func(m *Message) { m.To = "sam@example.org, all@example.org" },
		"a name":                  func(m *Message) { m.To = "Sam <sam@example.org>" },
		"a group":                 func(m *Message) { m.To = "All: sam@example.org, all@example.org;" },
		"no address":              func(m *Message) { m.To = "" },
		"no domain":               func(m *Message) { m.To = "sam" },
		"header in the subject":   func(m *Message) { m.Subject = "x\r\nBcc: all@example.org" },
		"no subject":              func(m *Message) { m.Subject = "" },
		"header in the id":        func(m *Message) { m.ID = "x\r\nBcc: all@example.org" },
		"bracket in the id":       func(m *Message) { m.ID = "x>" },
		"letters beyond ASCII":    func(m *Message) { m.ID = "ı" },
		"no id":                   func(m *Message) { m.ID = "" },
		"no text":                 func(m *Message) { m.Text = "" },
		"no HTML":                 func(m *Message) { m.HTML = "" },
		"NUL in the address":      func(m *Message) { m.To = "sam\x00@example.org" },
		"comment in the address":  func(m *Message) { m.To = "sam@example.org (Sam)" },
		"address literal, broken": func(m *Message) { m.To = "sam@[127.0.0.1" },
	} {
		msg := toSam("m-1")
		change(&msg)
		err := m.Send(t.Context(), msg)
		if !Permanent(err) {
			t.Errorf("%s: Send = %v; want it refused for good", name, err)
		} else if strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("%s: Send = %q; want one line", name, err)
		}
	}
	if n := sink.Connections(); n != 0 {
		t.Errorf("%d connections; want none for mails that cannot be sent", n)
	}
}

func TestUTF8Recipient(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	msg := toSam("m-1")
	msg.To = "zoë@exämple.org"
	if err := mailer(t, sink).Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	if _, ok := sink.Wait("zoë@exämple.org", soon); !ok {
		t.Errorf("came %+v", sink.Mails())
	}
}

func TestTextCannotEndTheMail(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	msg := toSam("m-1")
	msg.Text = "one\n.\nQUIT\n\r\n.\r\nMAIL FROM:<evil@example.org>\r\n"
	if err := mailer(t, sink).Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	got, ok := sink.Wait(sam, soon)
	if want := strings.ReplaceAll(msg.Text, "\r\n", "\n"); !ok || got.Text != want || len(sink.Mails()) != 1 {
		t.Errorf("came %q, %d mails; want %q in one", got.Text, len(sink.Mails()), want)
	}
}

// rude is a server that answers every line with the same words, and everything it says comes back
// in errors.
func rude(t *testing.T, answer func(line string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go converse(c, answer)
		}
	}()
	return l.Addr().String()
}

func converse(c net.Conn, answer func(line string) string) {
	defer c.Close()
	_, _ = fmt.Fprint(c, answer(""))
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if _, err := fmt.Fprint(c, answer(strings.TrimSpace(string(buffer[:n])))); err != nil {
			return
		}
	}
}

func TestServerThatRepeatsThePassword(t *testing.T) {
	t.Parallel()
	const password = "hunter2 is secret"
	addr := rude(t, func(line string) string {
		switch {
		case line == "":
			return "220 rude\r\n"
		case strings.HasPrefix(line, "EHLO"):
			return "250-rude\r\n250 AUTH PLAIN\r\n"
		}
		return fmt.Sprintf("535-what is %s?\r\n535 or %s, %s\x1b[31m\r\n", line, password,
			base64.StdEncoding.EncodeToString([]byte(password)))
	})
	err := mailerAt(t, "smtp://sam:"+url.PathEscape(password)+"@"+addr).Send(t.Context(), toSam("m-1"))
	if err == nil || !strings.Contains(err.Error(), "535") {
		t.Fatalf("Send = %v; want 535", err)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, bad := range []string{password, "hunter2", "aHVudGVyMi", "AHNhbQBod", "\n", "\x1b"} {
			if strings.Contains(e.Error(), bad) {
				t.Errorf("Send = %q; it has %q", e, bad)
			}
		}
	}
}

func TestServerThatTalksWithoutEnd(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1<<16)
	addr := rude(t, func(string) string { return "220-" + strings.Repeat(long, 64) })
	err := mailerAt(t, "smtp://"+addr).Send(t.Context(), toSam("m-1"))
	if err == nil || Permanent(err) || len(err.Error()) > 2*maxReason {
		t.Errorf("Send = %.1000v; want a short complaint", err)
	}
}

// The server has the mail, so the goodbye must not have it sent again.
func TestGoodbyeDoesNotMatter(t *testing.T) {
	t.Parallel()
	for name, goodbye := range map[string]string{"refused": "500 no\r\n", "unanswered": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := rude(t, func(line string) string {
				switch {
				case line == "":
					return "220 rude\r\n"
				case strings.HasPrefix(line, "QUIT"):
					return goodbye
				case line == "DATA":
					return "354 go\r\n"
				case strings.HasSuffix(line, "\r\n."), strings.HasPrefix(line, "EHLO"), strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"):
					return "250 fine\r\n"
				}
				return ""
			})
			m := mailerAt(t, "smtp://"+addr)
			m.quitTimeout = 50 * time.Millisecond
			if err := m.Send(t.Context(), toSam("m-1")); err != nil {
				t.Errorf("Send = %v; want it sent", err)
			}
		})
	}
}
