package mail

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

const (
	// dialTimeout bounds finding and reaching the server.
	dialTimeout = 10 * time.Second
	// sendTimeout bounds all of one mail, from the first packet to the server's word that it has it.
	sendTimeout = 30 * time.Second
	// quitTimeout bounds the goodbye to a server that has the mail already.
	quitTimeout = 2 * time.Second
	// maxAnswer is how many bytes a server may send in one dialogue. A usual one takes 10 kB, most
	// of it certificates.
	maxAnswer = 1 << 20
	// maxReason bounds what is kept of a server's explanation.
	maxReason = 500
)

// SMTP is a Mailer that speaks to one SMTP server, with a fresh connection for each mail. It may be
// used by many goroutines at a time.
type SMTP struct {
	server server
	from   *mail.Address
	roots  *x509.CertPool // nil: those of the system

	// Tests shorten them.
	dialTimeout time.Duration
	sendTimeout time.Duration
	quitTimeout time.Duration
}

// NewSMTP returns a Mailer for the server at the URL, such as smtp://localhost:1025,
// smtp://user:password@host:465?ssl=True (TLS from the first byte) or
// smtp://user:password@host:587?tls=True (STARTTLS required). Without either, STARTTLS is used when
// the server offers it, and a password is sent only over a connection that is encrypted to a server
// with a valid certificate, or that does not leave this machine. from is an address, or
// Name <address>. It fails when one of the two makes no sense, and does not connect yet.
func NewSMTP(rawURL, from string) (*SMTP, error) {
	server, err := parseServer(rawURL)
	if err != nil {
		return nil, err
	}
	sender, err := parseFrom(from)
	if err != nil {
		return nil, err
	}
	return &SMTP{
		server:      server,
		from:        sender,
		dialTimeout: dialTimeout,
		sendTimeout: sendTimeout,
		quitTimeout: quitTimeout,
	}, nil
}

// Send delivers one mail, or fails within 30 seconds. When the server says that it has the mail, it
// is sent, whatever happens afterwards. Errors are one line and never contain the password.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg, err := s.build(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.sendTimeout,
		fmt.Errorf("the mail server took longer than %s", s.sendTimeout))
	defer cancel()
	d := &dialogue{smtp: s, ctx: ctx}
	defer d.hangUp()
	if err := d.send(msg); err != nil {
		return s.explain(ctx, err)
	}
	return nil
}

// build makes the mail. It fails for what no try will ever deliver.
func (s *SMTP) build(m Message) (*gomail.Msg, error) {
	switch {
	case m.ID == "" || strings.ContainsFunc(m.ID, notInID):
		return nil, fmt.Errorf("%q is no id for a mail", m.ID)
	case m.Subject == "" || hasControl(m.Subject):
		return nil, fmt.Errorf("%q is no subject", m.Subject)
	case m.Text == "" || m.HTML == "":
		return nil, errors.New("the text or the HTML part is empty")
	}
	if err := checkRecipient(m.To); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.From(s.from.String()); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + domain(s.from.Address))
	msg.SetDate()
	// RFC 3834: out-of-office programs do not answer such mails.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}

func notInID(r rune) bool {
	return r > unicode.MaxASCII || !isLetter(byte(r)) && !isDigit(byte(r)) && !strings.ContainsRune("._-", r)
}

// explain makes err fit for a log: one line, with the server's address, without the password, and
// with nothing wrapped that would have it.
func (s *SMTP) explain(ctx context.Context, err error) error {
	reason := s.server.address() + ": " + s.redact(oneLine(err.Error()))
	switch {
	case refusedForGood(err):
		return fmt.Errorf("%w: %s", ErrRefused, reason)
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s", context.Cause(ctx), reason)
	}
	return errors.New(reason)
}

// redact takes out the password, also as it goes over the wire: there are servers that repeat a
// command which they do not understand.
func (s *SMTP) redact(text string) string {
	if s.server.password == "" {
		return text
	}
	encode := base64.StdEncoding.EncodeToString
	return strings.NewReplacer(
		encode([]byte("\x00"+s.server.user+"\x00"+s.server.password)), "***",
		encode([]byte(s.server.password)), "***",
		s.server.password, "***",
	).Replace(text)
}

func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	}), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
