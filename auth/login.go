package auth

import (
	"context"
	"errors"
	"log/slog"

	"fittrackee/problem"
	"fittrackee/store"
)

var errBadCredentials = problem.New(problem.BadCredentials, "invalid credentials")

// Login opens a session and returns its token. An unknown address, an account that is not active and a
// wrong password get the same answer after the same time.
func (a *Auth) Login(ctx context.Context, email, password string, c Client) (token string, err error) {
	token, err = a.tryLogin(ctx, email, password, c)
	if errors.Is(err, store.ErrMissing) {
		// The hash was replaced while it was compared, perhaps by one of the same password.
		token, err = a.tryLogin(ctx, email, password, c)
	}
	if errors.Is(err, store.ErrMissing) {
		return "", errBadCredentials
	}
	return token, err
}

// tryLogin returns store.ErrMissing when the account was changed meanwhile.
func (a *Auth) tryLogin(ctx context.Context, email, password string, c Client) (token string, err error) {
	u, err := a.store.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrMissing) {
		u.PasswordHash = nobodysHash
	} else if err != nil {
		return "", err
	}
	ok, old, err := checkPassword(ctx, u.PasswordHash, password)
	if err != nil {
		return "", err
	}
	if !ok || u.ID == 0 || !u.IsActive {
		return "", errBadCredentials
	}
	v := a.newSession(c)
	v.UserID = u.ID
	if err := a.store.AddSession(ctx, v, u.PasswordHash, Place(c.Addr)); err != nil {
		return "", err
	}
	if old {
		a.renewHash(ctx, u, password)
	}
	return a.sign(v)
}

// renewHash replaces a hash of an older kind. A login does not fail for it; the next one tries again.
func (a *Auth) renewHash(ctx context.Context, u store.User, password string) {
	hash, err := hashPassword(ctx, password)
	if err == nil {
		err = a.store.ReplaceHash(ctx, u.ID, u.PasswordHash, hash)
	}
	if err != nil {
		slog.Warn("renew a password's hash", "user", u.ID, "error", err)
	}
}

// IsKnownPlace tells whether the account with an address has been logged in to from where c is.
func (a *Auth) IsKnownPlace(ctx context.Context, email string, c Client) (bool, error) {
	return a.store.IsKnownPlace(ctx, email, Place(c.Addr))
}
