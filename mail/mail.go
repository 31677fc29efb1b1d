// Package mail writes the six mails of this server in the language of who reads them, and hands
// them to an SMTP server. When a mail is due, who may ask for one, the queue and the pauses between
// two tries are the business of others; so is what a token in a link opens.
package mail

import (
	"context"
	"errors"
)

// Message is one mail to one person, ready to be sent.
type Message struct {
	// ID makes the Message-ID header, together with the sender's domain. It stays the same when a
	// sending is tried again, so that a server which already has the mail can tell. Letters,
	// digits, dots, dashes and underscores.
	ID string
	// To is a bare address, without a name.
	To      string
	Subject string
	// Text and HTML say the same thing twice; neither may be empty.
	Text string
	HTML string
}

// Mailer delivers mails. Its two implementations are SMTP and Memory.
type Mailer interface {
	// Send returns nil once the mail is in other hands. Permanent tells whether to try again.
	Send(ctx context.Context, m Message) error
}

// ErrRefused is wrapped by the errors of mails that will never be taken.
var ErrRefused = errors.New("the mail was refused for good")

// Permanent tells whether err, from a Mailer, means that this very mail will never be taken: its
// recipient or its content was refused. Everything else is worth another try, also what only the
// operator can mend: a server that is away, a wrong password, a certificate that is not trusted.
func Permanent(err error) bool {
	return errors.Is(err, ErrRefused)
}
