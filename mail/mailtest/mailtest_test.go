package mailtest

import (
	"net/smtp"
	"strings"
	"testing"
	"time"
)

const letter = "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?q?=C3=89t=C3=A9?=\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9t=\r\n=C3=A9\r\n" +
	"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+w6k8L3A+\r\n--x--\r\n"

func TestSinkKeepsWhatComes(t *testing.T) {
	t.Parallel()
	s := NewSink(t)
	if err := smtp.SendMail(s.Addr(), nil, "a@example.org", []string{"b@example.org", "c@example.org"}, []byte(letter)); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"B@example.org", "c@example.org"} {
		m, ok := s.Wait(to, time.Second)
		if !ok {
			t.Fatalf("no mail for %s", to)
		}
		if m.Subject != "Été" || strings.TrimSpace(m.Text) != "été" || m.HTML != "<p>é</p>" || m.From != "a@example.org" {
			t.Errorf("came %+v", m)
		}
	}
	if m, ok := s.Wait("b@example.org", time.Millisecond); ok {
		t.Errorf("the same mail twice: %+v", m)
	}
	if all, left := len(s.Mails()), len(s.Left("b@example.org")); all != 2 || left != 0 || s.Connections() != 1 {
		t.Errorf("%d mails, %d left, %d connections; want 2, 0, 1", all, left, s.Connections())
	}
}

func TestHungConnectionsEnd(t *testing.T) {
	t.Parallel()
	for _, b := range []Behaviour{HangAtGreeting, HangAtHello, HangAtRecipient, HangAtData} {
		s := NewSink(t)
		s.Set(b)
		done := make(chan error, 1)
		go func() {
			done <- smtp.SendMail(s.Addr(), nil, "a@example.org", []string{"b@example.org"}, []byte(letter))
		}()
		for deadline := time.Now().Add(5 * time.Second); s.Connections() == 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			if err == nil {
				t.Errorf("behaviour %d took the mail", b)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("behaviour %d hangs after Close", b)
		}
	}
}

func TestSinkStartsAgainOnItsPort(t *testing.T) {
	t.Parallel()
	first := NewSink(t)
	if _, err := Start(first.Addr()); err == nil {
		t.Fatal("two sinks on one port")
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second, err := Start(first.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if second.URL() != first.URL() {
		t.Errorf("URL %s; want %s", second.URL(), first.URL())
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	s := NewSink(t, ImplicitTLS(), Auth("sam", "p@/"))
	if want := "smtp://sam:p%40%2F@" + s.Addr() + "?ssl=True"; s.URL() != want {
		t.Errorf("URL %s; want %s", s.URL(), want)
	}
	if len(s.CertificatePEM()) == 0 {
		t.Error("no certificate")
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "no header", "Content-Type: multipart/mixed\r\n\r\nx",
		"Content-Transfer-Encoding: rot13\r\n\r\nuryyb", "Content-Type: ///\r\n\r\nx",
	} {
		if m, err := Parse([]byte(raw)); err == nil {
			t.Errorf("Parse(%q) = %+v; want an error", raw, m)
		}
	}
}
