package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
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
	return a.store.DropExpired(ctx, placeLife)
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

// Authenticate returns whose session a token is for. The token is refused when it was not signed here, has
// expired or been altered, when its session has ended, and when its user is not active.
func (a *Auth) Authenticate(ctx context.Context, token string) (store.Caller, error) {
	claims, err := a.verify(token)
	if err != nil {
		return store.Caller{}, err
	}
	c, err := a.store.Caller(ctx, claims.ID)
	if errors.Is(err, store.ErrMissing) {
		return c, errBadToken
	}
	if err != nil {
		return c, err
	}
	if strconv.FormatInt(c.User.ID, 10) != claims.Subject {
		return c, errBadToken
	}
	if !c.User.IsActive {
		return c, ErrNoToken
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

// touch remembers that a caller's session was used, if what is stored is old enough to be worth an update.
func (a *Auth) touch(c store.Caller) {
	now := a.store.Now()
	if now.Sub(c.LastUsedAt) < touchEvery {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.used[c.SessionID] = now
}

// StoreUse stores when sessions were last used. It is called now and then, and before the store is closed.
func (a *Auth) StoreUse(ctx context.Context) error {
	a.mu.Lock()
	used := a.used
	a.used = make(map[int64]time.Time)
	a.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	return a.store.TouchSessions(ctx, used)
}

// Logout ends the caller's session.
func (a *Auth) Logout(ctx context.Context, c store.Caller) error {
	return a.store.EndSession(ctx, c.SessionID)
}
