package auth

import (
	"errors"
	"regexp"
	"strings"
)

// Email is an address that a mail can be sent to; build one with ParseEmail.
type Email string

// emailForm is RFC 5321's mailbox without quoted strings and address literals, with a name of two labels at
// least: what people have, and nothing that could mean something in a header or a command.
var emailForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*" +
	`@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])$`)

// RFC 5321, 4.5.3.1.
const (
	maxEmailBytes   = 254
	maxMailboxBytes = 64
)

// emailFault is what is wrong with a text that ParseEmail does not take.
const emailFault = "email: valid email must be provided\n"

// ParseEmail returns text as an address, without spaces around it. It fails when it cannot be one.
func ParseEmail(text string) (Email, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxEmailBytes || strings.IndexByte(text, '@') > maxMailboxBytes || !emailForm.MatchString(text) {
		return "", errors.New("a valid email must be provided")
	}
	return Email(text), nil
}
