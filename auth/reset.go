package auth

import (
	"context"
	"errors"

	"fittrackee/mail"
	"fittrackee/problem"
	"fittrackee/store"
)

var errBadResetToken = problem.New(problem.BadCredentials, "invalid token, please request a new token")

// RequestReset queues a mail with which a password can be reset. Whether there is an account is not disclosed.
func (a *Auth) RequestReset(ctx context.Context, email string, c Client) error {
	return a.requestMail(ctx, mail.Reset, email, c)
}

// ResetPassword sets a new password with a mailed token, and ends all sessions of the account. A password
// that is refused leaves the token usable.
func (a *Auth) ResetPassword(ctx context.Context, token, password string, c Client) error {
	if fault := passwordFault(password); fault != "" {
		return problem.New(problem.Invalid, fault)
	}
	// Looked up before the password is hashed, for that is dear and anybody may send anything.
	hash := hashSecret(token)
	if ok, err := a.store.HasToken(ctx, hash, store.PurposeReset); err != nil {
		return err
	} else if !ok {
		return errBadResetToken
	}
	passwordHash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	err = a.store.ResetPassword(ctx, hash, passwordHash, a.mailIfOn(mail.PasswordChanged, "", c))
	if errors.Is(err, store.ErrMissing) {
		return errBadResetToken
	}
	if err != nil {
		return err
	}
	a.wakeOutbox()
	return nil
}
