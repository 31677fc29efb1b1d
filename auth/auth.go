// Package auth holds the rules of who you are: registration, passwords, sessions, mailed tokens, third-party
// applications and personal tokens; what users may change of their account, and administrators of others'. It leaves
// rows to the store, and sentences that a client may read to package problem.
package auth

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"fittrackee/assets"
	"fittrackee/mail"
	"fittrackee/store"
)

// Options are what an operator decides about accounts.
type Options struct {
	// SessionLife is how long a login is good for.
	SessionLife time.Duration
	// MailOn tells that mails can be sent: addresses are confirmed, passwords reset by mail.
	MailOn bool
}

// Auth applies the rules to the accounts of one store. It is safe for concurrent use.
type Auth struct {
	store   *store.Store
	files   *assets.Files
	key     Key
	options Options
	tokens  *jwt.Parser
	// outboxFilled has a value when a mail may have been queued since it was last emptied.
	outboxFilled chan struct{}
	// settle waits before the answer to an exchange is given. It is a field so that a test can decide how long.
	settle func(context.Context)

	mu sync.Mutex
	// setupCode is the hash of the code that makes the first administrator; nil: none does.
	setupCode []byte
	// used holds when sessions and personal tokens were last used, until that is stored.
	used store.Uses
	// exchanged tells, by client and hash of a code or refresh token, when its exchange was answered; zero: it is under way.
	exchanged map[string]time.Time
}

// New returns the rules over s and the pictures in f. The key signs session tokens and makes mailed ones.
func New(s *store.Store, f *assets.Files, key Key, o Options) *Auth {
	return &Auth{
		store: s,
		tokens: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
			jwt.WithExpirationRequired(), jwt.WithStrictDecoding(),
			jwt.WithTimeFunc(func() time.Time { return s.Now() })),
		files:        f,
		key:          key,
		options:      o,
		outboxFilled: make(chan struct{}, 1),
		settle:       settle,
		used:         noUses(),
		exchanged:    make(map[string]time.Time),
	}
}

// MailOn tells whether mails can be sent.
func (a *Auth) MailOn() bool { return a.options.MailOn }

// Client is where a request comes from.
type Client struct {
	Addr      netip.Addr
	UserAgent string
}

// device returns what the User-Agent tells about device and browser, empty where it does not.
func (c Client) device() (device, browser string) { return mail.Device(c.UserAgent) }

// Place returns the network of an address whose owner is taken to be one: the address itself for IPv4,
// the first 64 bits for IPv6, where a household has at least as many.
func Place(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
