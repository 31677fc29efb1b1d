package contracttest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// The patience of a Target that names none of its own.
const (
	defaultMailWait   = 10 * time.Second
	defaultNoMailWait = 300 * time.Millisecond
	requestTimeout    = 30 * time.Second
)

// shownDifferences is how many differences of one step are written out: a wrong chart has hundreds.
const shownDifferences = 20

// Target is the server under test and what stands around it.
type Target struct {
	// URL is where the server listens, without a slash at its end.
	URL string
	// Mail takes the oldest unread mail to the address, waiting for one at most so long. Only cases
	// with mail steps need it.
	Mail func(to string, wait time.Duration) (subject, text string, ok bool)
	// CLI runs an administrator's command on the server's database. Only cases with cli steps need it.
	CLI func(args ...string) error
	// Check, if not nil, looks at each answer with its body, and at the request in it, whatever the case expects. Its error is
	// reported as a difference. The body of the request is to be had from GetBody.
	Check func(answer *http.Response, body []byte) error
	// Client sends the requests; nil stands for one with a timeout of 30 s. Redirects are not
	// followed, whatever it says.
	Client *http.Client
	// MailWait is how long a mail may take, 10 s if zero.
	MailWait time.Duration
	// NoMailWait is how long none may arrive, 300 ms if zero.
	NoMailWait time.Duration
}

// Replay has the conversation c with the target and reports every step that goes otherwise, by its
// number from 1, with what came and what was wanted. Where a step differs the next ones are still
// taken, unless it owes them a value.
func Replay(t testing.TB, c Case, target Target) {
	t.Helper()
	if err := replay(t.Context(), c, target); err != nil {
		t.Error(err)
	}
}

// run is one conversation under way.
type run struct {
	target   Target
	client   *http.Client
	fixtures fs.FS
	saved    values
	kept     map[string][]letter // mails taken from the target that no step has claimed, by address
}

func replay(ctx context.Context, c Case, target Target) error {
	r := newRun(c, target)
	var failed []error
	for i, s := range c.Steps {
		differences, err := r.take(ctx, s)
		if len(differences) > shownDifferences {
			more := len(differences) - shownDifferences
			differences = append(slices.Clip(differences[:shownDifferences]), fmt.Sprintf("… and %d more", more))
		}
		if err != nil {
			differences = append(differences, err.Error(), fmt.Sprintf("steps not taken after this: %d", len(c.Steps)-i-1))
		}
		if len(differences) > 0 {
			failed = append(failed, fmt.Errorf("%s: step %d, %s:\n    %s", c.Name, i+1, s, strings.Join(differences, "\n    ")))
		}
		if err != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func newRun(c Case, target Target) *run {
	if target.MailWait == 0 {
		target.MailWait = defaultMailWait
	}
	if target.NoMailWait == 0 {
		target.NoMailWait = defaultNoMailWait
	}
	client := http.Client{Timeout: requestTimeout}
	if target.Client != nil {
		client = *target.Client
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &run{target, &client, c.fixtures, values{}, map[string][]letter{}}
}

// take takes one step. It returns what differs from the case, and an error when the conversation
// cannot go on.
func (r *run) take(ctx context.Context, s Step) (differences []string, err error) {
	switch s.Do {
	case Request:
		return r.request(ctx, s)
	case Mail:
		return r.mail(s)
	case NoMail:
		return r.noMail(s)
	case CLI:
		return nil, r.command(s)
	default:
		return nil, fmt.Errorf("unknown kind of step %q", s.Do)
	}
}

func (r *run) command(s Step) error {
	if r.target.CLI == nil {
		return errors.New("the target has no CLI")
	}
	args := make([]string, len(s.Args))
	for i, arg := range s.Args {
		text, err := r.saved.fill(arg)
		if err != nil {
			return err
		}
		args[i] = text
	}
	return r.target.CLI(args...)
}
