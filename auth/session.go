package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"fittrackee/problem"
	"fittrackee/store"
)

var (
	// ErrNoToken says that a request which needs a caller names none who is active.
	ErrNoToken = problem.New(problem.NoToken, "provide a valid auth token")

	errBadToken     = problem.New(problem.BadToken, "invalid token, please log in again")
	errExpiredToken = problem.New(problem.BadToken, "signature expired, please log in again")
)

// placeLife is how long an account's owner is known at a place without logging in from there.
const placeLife = 180 * 24 * time.Hour

// DropExpired removes what is not good for anything any more. It is called now and then.
func (a *Auth) DropExpired(ctx context.Context) error {
	_, _, err := a.store.DropExpiredGrants(ctx, a.store.Now())
	return errors.Join(err, a.store.DropExpired(ctx, placeLife))
}

// touchEvery is how exact a session's time of last use is. Storing every use would wear out SD cards.
const touchEvery = 5 * time.Minute

// newSession returns a session of a client that is still to be stored.
func (a *Auth) newSession(c Client) store.NewSession {
	device, browser := c.device()
	return store.NewSession{
		TokenID:   rand.Text(), // 128 bits at least
		ExpiresAt: a.store.Now().Add(a.options.SessionLife).Truncate(time.Second),
		Device:    device,
		Browser:   browser,
		IP:        c.Addr.Unmap().String(),
	}
}

// sign returns the token of a stored session.
func (a *Auth) sign(v store.NewSession) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject:   strconv.FormatInt(v.UserID, 10),
		ID:        v.TokenID,
		IssuedAt:  jwt.NewNumericDate(a.store.Now()),
		ExpiresAt: jwt.NewNumericDate(v.ExpiresAt),
	}).SignedString(a.key.session)
}

// Authenticate returns who shows a token: a session's, an application's or a personal one. It is refused when it was not given out
// here, has expired or been altered, when it has been ended, and when its user is not active.
func (a *Auth) Authenticate(ctx context.Context, token string) (store.Caller, error) {
	switch {
	case strings.HasPrefix(token, accessPrefix):
		return a.admit(a.store.ClientCaller(ctx, hashSecret(token)))
	case strings.HasPrefix(token, personalPrefix):
		return a.admit(a.store.PersonalTokenCaller(ctx, hashSecret(token)))
	}
	claims, err := a.verify(token)
	if err != nil {
		return store.Caller{}, err
	}
	c, err := a.admit(a.store.SessionCaller(ctx, claims.ID))
	if err == nil && strconv.FormatInt(c.User.ID, 10) != claims.Subject {
		return store.Caller{}, errBadToken
	}
	return c, err
}

// admit returns a caller who was looked up, if the user is active.
func (a *Auth) admit(c store.Caller, err error) (store.Caller, error) {
	switch {
	case errors.Is(err, store.ErrMissing):
		return store.Caller{}, errBadToken
	case err != nil:
		return store.Caller{}, err
	case !c.User.IsActive:
		return store.Caller{}, ErrNoToken
	}
	a.touch(c)
	return c, nil
}

func (a *Auth) verify(token string) (claims jwt.RegisteredClaims, err error) {
	_, err = a.tokens.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return a.key.session, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return claims, errExpiredToken.With(err)
	case err != nil:
		return claims, errBadToken.With(err)
	case claims.IssuedAt == nil || claims.Subject == "" || claims.ID == "":
		return claims, errBadToken
	}
	return claims, nil
}

// touch remembers that what a caller showed was used, if what is stored is old enough to be worth an update.
func (a *Auth) touch(c store.Caller) {
	now := a.store.Now()
	if now.Sub(c.LastUsedAt) < touchEvery {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case c.SessionID != 0:
		a.used.Sessions[c.SessionID] = now
	case c.PersonalTokenID != 0:
		a.used.PersonalTokens[c.PersonalTokenID] = now
	}
}

func noUses() store.Uses {
	return store.Uses{Sessions: make(map[int64]time.Time), PersonalTokens: make(map[int64]time.Time)}
}

// StoreUse stores when sessions and personal tokens were last used. It is called now and then, and before the store is closed. What could
// not be stored is kept for the next time.
func (a *Auth) StoreUse(ctx context.Context) error {
	a.mu.Lock()
	used := a.used
	a.used = noUses()
	a.mu.Unlock()
	if len(used.Sessions)+len(used.PersonalTokens) == 0 {
		return nil
	}
	err := a.store.StoreUses(ctx, used)
	if err != nil {
		a.mu.Lock()
		defer a.mu.Unlock()
		maps.Copy(used.Sessions, a.used.Sessions) // the later ones count
		maps.Copy(used.PersonalTokens, a.used.PersonalTokens)
		a.used = used
	}
	return err
}

// tryStoreUse does so for a list that tells of uses, which is of use without it: on a full disk, say.
func (a *Auth) tryStoreUse(ctx context.Context) {
	if err := a.StoreUse(ctx); err != nil {
		slog.Warn("store when sessions and tokens were last used; it will be tried again", "error", err)
	}
}

var errNoSession = problem.New(problem.Missing, "session does not exist")

// Sessions returns where the caller is logged in, the last used first.
func (a *Auth) Sessions(ctx context.Context, c store.Caller) ([]store.Session, error) {
	a.tryStoreUse(ctx)
	return a.store.Sessions(ctx, c.User.ID)
}

// EndSession ends a session of the caller's.
func (a *Auth) EndSession(ctx context.Context, c store.Caller, id int64) error {
	err := a.store.EndSession(ctx, c.User.ID, id)
	if errors.Is(err, store.ErrMissing) {
		return errNoSession
	}
	return err
}

// EndOtherSessions ends the caller's sessions but the present one.
func (a *Auth) EndOtherSessions(ctx context.Context, c store.Caller) error {
	return a.store.EndOtherSessions(ctx, c.User.ID, c.SessionID)
}

// Logout ends the caller's session.
func (a *Auth) Logout(ctx context.Context, c store.Caller) error {
	err := a.store.EndSession(ctx, c.User.ID, c.SessionID)
	if errors.Is(err, store.ErrMissing) {
		return nil // something else has ended it meanwhile
	}
	return err
}
