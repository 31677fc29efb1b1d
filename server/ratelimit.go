package server

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// limits refuse callers who try too often. The zero value refuses nobody.
type limits struct {
	anonymousCalls *limiter // by place
	mapCalls       *limiter // for map pictures and tiles, by place; a browser shows dozens at once, and sends no token
	pageLoads      *limiter // pages and their files, by place; a family behind one address loads many
	knownCalls     *limiter // by user, as callerKey has it
	longAnswers    *counter // at a time, by user
	placeLogins    *limiter // that failed, by place
	accountLogins  *limiter // that failed from places that never succeeded, by address of the account
	passwordTries  *limiter // that failed for somebody logged in, likewise
	placeSetups    *limiter // with a wrong code, by place
	allSetups      *limiter // likewise, from everywhere; a restart makes another code, and counts anew
	testMails      *limiter // of all administrators
	mails          *limiter // asked for, by address
}

func newLimits(now func() time.Time) limits {
	return limits{
		anonymousCalls: newLimiter(now, rate{300, 5 * time.Minute}),
		mapCalls:       newLimiter(now, rate{3000, 5 * time.Minute}),
		pageLoads:      newLimiter(now, rate{3000, 5 * time.Minute}),
		knownCalls:     newLimiter(now, rate{3000, 5 * time.Minute}),
		longAnswers:    &counter{running: make(map[int64]int)},
		placeLogins:    newLimiter(now, rate{10, 5 * time.Minute}),
		accountLogins:  newLimiter(now, rate{20, 15 * time.Minute}),
		passwordTries:  newLimiter(now, rate{10, 5 * time.Minute}),
		placeSetups:    newLimiter(now, rate{10, 5 * time.Minute}),
		allSetups:      newLimiter(now, rate{50, time.Hour}),
		testMails:      newLimiter(now, rate{5, 5 * time.Minute}),
		mails:          newLimiter(now, rate{1, 2 * time.Minute}, rate{5, time.Hour}),
	}
}

func (l limits) anonymous(a netip.Addr) error {
	_, err := l.anonymousCalls.take(auth.Place(a))
	return err
}

func (l limits) maps(a netip.Addr) error {
	_, err := l.mapCalls.take(auth.Place(a))
	return err
}

func (l limits) pages(a netip.Addr) error {
	_, err := l.pageLoads.take(auth.Place(a))
	return err
}

func (l limits) known(c store.Caller) error {
	_, err := l.knownCalls.take(callerKey(c))
	return err
}

// callerKey returns the key of a user, who has another one for all tokens together: whoever has found one of them must not
// keep its owner from ending it.
func callerKey(c store.Caller) string {
	return fmt.Sprintf("%d/%t", c.User.ID, c.SessionID != 0)
}

// mail counts a mail to an address that is not shown to be the caller's. It is taken back by undo.
func (l limits) mail(email string) (undo func(), err error) {
	return l.mails.take(addressKey(email))
}

// password counts a caller's try to give the present password as failed until succeeded is called.
func (l limits) password(c store.Caller) (succeeded func(), err error) {
	return l.passwordTries.take(callerKey(c))
}

// reset counts a mail that an administrator asks for. Those that anybody asks for are counted apart, so that nobody can keep an
// administrator from resetting a password.
func (l limits) reset(u store.User) (undo func(), err error) {
	return l.mails.take(fmt.Sprintf("%d/reset", u.ID))
}

// addressKey returns the key of a mail address as somebody typed it. Its length is bounded, because
// anybody can type anything.
func addressKey(email string) string {
	const longest = 254
	email = strings.ToLower(strings.TrimSpace(email))
	return strings.Clone(email[:min(len(email), longest)])
}

// login counts a login as failed until succeeded is called, so that many logins at once cannot exceed the limit.
func (l limits) login(a netip.Addr, email string, isKnownPlace bool) (succeeded func(), err error) {
	undoPlace, err := l.placeLogins.take(auth.Place(a))
	if err != nil || isKnownPlace {
		return undoPlace, err
	}
	undoAccount, err := l.accountLogins.take(addressKey(email))
	if err != nil {
		undoPlace() // it is not tried, so it does not fail
		return nil, err
	}
	return func() { undoPlace(); undoAccount() }, nil
}

// setup counts a code for the setup as wrong until wasRight is called.
func (l limits) setup(a netip.Addr) (wasRight func(), err error) {
	undoPlace, err := l.placeSetups.take(auth.Place(a))
	if err != nil {
		return nil, err
	}
	undoAll, err := l.allSetups.take("")
	if err != nil {
		undoPlace() // it is not tried
		return nil, err
	}
	return func() { undoPlace(); undoAll() }, nil
}

// testMail counts a test mail, sent or not.
func (l limits) testMail() error {
	_, err := l.testMails.take("")
	return err
}

// counter counts what is under way for each user. A nil counter counts nothing.
type counter struct {
	mu      sync.Mutex
	running map[int64]int
}

// mostLongAnswers is how many long answers one user may be sent at a time. Each holds the points of a track for as long as
// the client takes to read it.
const mostLongAnswers = 8

// begin counts one more until it is ended, or refuses it.
func (c *counter) begin(userID int64) (end func(), err error) {
	if c == nil {
		return func() {}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running[userID] == mostLongAnswers {
		return nil, &problem.Error{
			Kind:       problem.TooMany,
			Text:       fmt.Sprintf("rate limit exceeded (%d long answers at a time)", mostLongAnswers),
			RetryAfter: time.Second,
		}
	}
	c.running[userID]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.running[userID]--; c.running[userID] == 0 {
			delete(c.running, userID)
		}
	}, nil
}

// rate is how many events are allowed in any stretch of time.
type rate struct {
	events int
	per    time.Duration
}

func (r rate) String() string {
	if r.per == time.Hour {
		return fmt.Sprintf("%d per hour", r.events)
	}
	return fmt.Sprintf("%d per %d minutes", r.events, int(r.per/time.Minute))
}

// limiter remembers the events of each key for as long as they count. It is exact: in no stretch of time are
// more events allowed than the rates say, wherever the stretch begins. (A token bucket would let
// through up to twice as many.)
type limiter struct {
	rates []rate // the last one has the longest time
	now   func() time.Time

	mu     sync.Mutex
	events map[string][]time.Time // oldest first
	swept  time.Time
}

// maxKeys bounds the memory of a limiter. Over it, keys are forgotten that still count.
const maxKeys = 50_000

func newLimiter(now func() time.Time, rates ...rate) *limiter {
	return &limiter{rates: rates, now: now, events: make(map[string][]time.Time)}
}

// take counts an event of a key, or returns the problem that tells how long to wait. The event is taken
// back by undo. A nil limiter allows everything.
func (l *limiter) take(key string) (undo func(), err error) {
	if l == nil {
		return func() {}, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	events := l.current(key, now)
	for _, r := range l.rates {
		if wait := r.wait(events, now); wait > 0 {
			return nil, &problem.Error{
				Kind:       problem.TooMany,
				Text:       fmt.Sprintf("rate limit exceeded (%s)", r),
				RetryAfter: wait,
			}
		}
	}
	l.events[key] = append(events, now)
	return func() { l.undo(key, now) }, nil
}

// wait returns how long it takes until another event is allowed after the given ones.
func (r rate) wait(events []time.Time, now time.Time) time.Duration {
	if len(events) < r.events {
		return 0
	}
	oldest := events[len(events)-r.events]
	return oldest.Add(r.per).Sub(now)
}

// current returns the events of a key that still count.
func (l *limiter) current(key string, now time.Time) []time.Time {
	events := l.events[key]
	horizon := now.Add(-l.rates[len(l.rates)-1].per)
	first, _ := slices.BinarySearchFunc(events, horizon, func(e, h time.Time) int {
		if e.After(h) {
			return 1
		}
		return -1
	})
	return events[first:]
}

func (l *limiter) undo(key string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	events := l.events[key]
	if i := slices.Index(events, at); i >= 0 {
		l.events[key] = slices.Delete(slices.Clone(events), i, i+1)
	}
}

// sweep forgets keys whose events no longer count, at most once a minute. Over maxKeys it forgets a tenth of
// all, so that it does not look through them for each new one.
func (l *limiter) sweep(now time.Time) {
	if len(l.events) >= maxKeys {
		for key := range l.events {
			delete(l.events, key)
			if len(l.events) <= maxKeys*9/10 {
				break
			}
		}
	}
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for key := range l.events {
		if len(l.current(key, now)) == 0 {
			delete(l.events, key)
		}
	}
}
