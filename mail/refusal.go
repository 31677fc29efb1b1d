package mail

import (
	"errors"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// serverTrouble are the 5xx answers that are not about the mail: a command that is unknown or out
// of order (RFC 5321, 4.2.1), a server that takes no mail at all (521), and logins that are missing
// or wrong (RFC 4954, 6).
var serverTrouble = []int{500, 502, 503, 504, 521, 530, 534, 535, 538}

// refusedForGood tells whether the server will never take this very mail: it has refused the
// recipient or the content with 5xx.
func refusedForGood(err error) bool {
	var e *gomail.SendError
	if !errors.As(err, &e) || e.ErrorCode() < 500 || e.ErrorCode() > 599 {
		return false
	}
	if slices.Contains(serverTrouble, e.ErrorCode()) {
		return false
	}
	switch e.Reason {
	case gomail.ErrSMTPRcptTo:
		// Class 7 is about permission (RFC 3463, 3.8): at this point, mostly a server that relays
		// nothing for callers without a login.
		return !strings.HasPrefix(e.EnhancedStatusCode(), "5.7.")
	case gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return true
	}
	return false
}
