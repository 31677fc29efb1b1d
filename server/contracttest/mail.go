package contracttest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

var errNoMailbox = errors.New("the target has no Mail")

// letter is a mail that the target handed over.
type letter struct{ subject, text string }

// mail waits for the mail of s and saves from it. Mails of one moment may come in any order, so that
// those which do not fit are kept for the steps to come.
func (r *run) mail(s Step) (differences []string, err error) {
	if r.target.Mail == nil {
		return nil, errNoMailbox
	}
	to, err := r.saved.fill(s.To)
	if err != nil {
		return nil, err
	}
	w, err := wantMail(s)
	if err != nil {
		return nil, err
	}
	if l, ok := r.claim(to, w); ok {
		w.save(l, r.saved)
		return nil, nil
	}
	missing := fmt.Sprintf("got no mail within %v; want one%s", r.target.MailWait, w)
	if other := r.kept[to]; len(other) > 0 {
		missing += fmt.Sprintf("; unclaimed mails: %q", subjects(other))
	}
	if len(s.Save) > 0 {
		return nil, errors.New(missing)
	}
	return []string{missing}, nil
}

// noMail reports the mail that arrives although none may. One that came earlier and that no step has
// claimed counts too.
func (r *run) noMail(s Step) (differences []string, err error) {
	if r.target.Mail == nil {
		return nil, errNoMailbox
	}
	to, err := r.saved.fill(s.To)
	if err != nil {
		return nil, err
	}
	if len(r.kept[to]) == 0 {
		if subject, text, ok := r.target.Mail(to, r.target.NoMailWait); ok {
			r.kept[to] = append(r.kept[to], letter{subject, text})
		}
	}
	if other := r.kept[to]; len(other) > 0 {
		return []string{fmt.Sprintf("got mail %q; want none", subjects(other))}, nil
	}
	return nil, nil
}

// claim takes the first mail to the address that fits: of those kept the oldest, else of those that
// arrive in time.
func (r *run) claim(to string, w wanted) (letter, bool) {
	if i := slices.IndexFunc(r.kept[to], w.fits); i >= 0 {
		l := r.kept[to][i]
		r.kept[to] = slices.Delete(r.kept[to], i, i+1)
		return l, true
	}
	deadline := time.Now().Add(r.target.MailWait)
	for wait := r.target.MailWait; wait > 0; wait = time.Until(deadline) {
		subject, text, ok := r.target.Mail(to, wait)
		if !ok {
			return letter{}, false
		}
		l := letter{subject, text}
		if w.fits(l) {
			return l, true
		}
		r.kept[to] = append(r.kept[to], l)
	}
	return letter{}, false
}

// wanted tells the mail of a step from others.
type wanted struct {
	subject string // any if empty
	values  map[string]*regexp.Regexp
}

func wantMail(s Step) (wanted, error) {
	w := wanted{values: map[string]*regexp.Regexp{}}
	if s.Expect != nil {
		w.subject = s.Expect.Subject
	}
	for name, expr := range s.Save {
		re, err := regexp.Compile(expr)
		if err != nil {
			return wanted{}, fmt.Errorf("save %s: %w", name, err)
		}
		w.values[name] = re
	}
	return w, nil
}

func (w wanted) fits(l letter) bool {
	if w.subject != "" && l.subject != w.subject {
		return false
	}
	for _, re := range w.values {
		if m := re.FindStringSubmatch(l.text); len(m) < 2 || m[1] == "" {
			return false
		}
	}
	return true
}

func (w wanted) save(l letter, saved values) {
	for name, re := range w.values {
		saved[name] = re.FindStringSubmatch(l.text)[1]
	}
}

func (w wanted) String() string {
	var words strings.Builder
	if w.subject != "" {
		fmt.Fprintf(&words, " with subject %q", w.subject)
	}
	for _, name := range sortedKeys(w.values) {
		fmt.Fprintf(&words, " with %q in its text", w.values[name])
	}
	return words.String()
}

func subjects(letters []letter) []string {
	list := make([]string, len(letters))
	for i, l := range letters {
		list[i] = l.subject
	}
	return list
}
