// Package problem holds the one error type whose text a client may read. Every floor returns it for
// failures that the caller can act on; the server turns its kind into a status. All other errors
// are for the log only.
package problem

import (
	"errors"
	"strings"
	"time"
)

// Kind says what went wrong, in terms that decide how a client is answered.
type Kind int

const (
	// Invalid is a request that makes no sense or breaks a rule.
	Invalid Kind = iota + 1
	// BadUpload is an uploaded file, or the form around it, that is not what is due; and what FitTrackee answers alike.
	BadUpload
	// TooLarge is an upload or a body over its limit.
	TooLarge
	// NoToken is a request that needs a caller and names none, or one who is not active.
	NoToken
	// BadToken is a request with a token that opens nothing (any more).
	BadToken
	// BadCredentials is a wrong password, or a mailed token that cannot be used.
	BadCredentials
	// Forbidden is a known caller who may not do this.
	Forbidden
	// NoScope is a known caller whose token is not for this.
	NoScope
	// Missing is a thing that does not exist, as far as the caller may know.
	Missing
	// Conflict is a request that does not fit how things are now.
	Conflict
	// BadMethod is a method that the path does not have.
	BadMethod
	// Failed is a failure of ours that has words of its own for the client.
	Failed
	// Unavailable is something that is not to be had at the moment, through no fault of the caller or of ours.
	Unavailable
	// TooMany is a caller who has tried too often.
	TooMany
)

// Error is a failure that may be told to the client.
type Error struct {
	Kind Kind
	// Text is the sentence for the client.
	Text string
	// List holds several sentences, for the answers whose message is a list. Text is empty then.
	List []string
	// RetryAfter is how long a caller who tried too often has to wait.
	RetryAfter time.Duration
	// Err is the cause, for the log; it may be nil.
	Err error
}

// ErrInvalidPayload is told where there is no better word for what is wrong with a request.
var ErrInvalidPayload = New(Invalid, "invalid payload")

// New returns a problem of kind k that tells the client text.
func New(k Kind, text string) *Error {
	return &Error{Kind: k, Text: text}
}

// Wrap returns a problem of kind k that tells the client text, and the log err.
func Wrap(k Kind, text string, err error) *Error {
	return &Error{Kind: k, Text: text, Err: err}
}

// With returns the same problem with its cause.
func (e *Error) With(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

func (e *Error) Error() string {
	text := e.Text
	if len(e.List) > 0 {
		text = strings.Join(e.List, "; ")
	}
	if e.Err != nil {
		return text + ": " + e.Err.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Is tells whether err is, or wraps, a problem of kind k.
func Is(err error, k Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}
