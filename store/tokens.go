package store

import (
	"context"
	"database/sql"
	"strings"
)

// Purpose is the one thing that a mailed token is good for.
type Purpose string

// The purposes of mailed tokens. They are also the kinds of the mails that carry them.
const (
	PurposeConfirm      Purpose = "confirm"
	PurposeReset        Purpose = "reset"
	PurposeEmailConfirm Purpose = "email-confirm"
)

type mailToken struct {
	userID int64
	email  string // where it was sent
}

func scanMailToken(r row) (t mailToken, err error) {
	err = r.Scan(&t.userID, &t.email)
	return t, err
}

// takeToken uses a token up and returns whom it is for, or ErrMissing when it is unknown, used, replaced
// by a newer one, expired or for another purpose.
func (s *Store) takeToken(ctx context.Context, tx *sql.Tx, hash []byte, p Purpose) (User, mailToken, error) {
	t, err := queryOne(ctx, tx, scanMailToken, `
		delete from mail_tokens where hash = $1 and purpose = $2 and expires_at > $3
		returning user_id, email`, hash, p, s.now())
	if err != nil {
		return User{}, t, err
	}
	u, err := userByID(ctx, tx, t.userID)
	return u, t, err
}

func dropTokens(ctx context.Context, tx *sql.Tx, userID int64, purposes ...Purpose) error {
	for _, p := range purposes {
		_, err := tx.ExecContext(ctx, `delete from mail_tokens where user_id = $1 and purpose = $2`, userID, p)
		if err != nil {
			return err
		}
	}
	return nil
}

// HasToken tells whether a token could be used, without using it.
func (s *Store) HasToken(ctx context.Context, hash []byte, p Purpose) (bool, error) {
	_, err := queryOne(ctx, s.r, scanInt, `
		select 1 from mail_tokens where hash = $1 and purpose = $2 and expires_at > $3`, hash, p, s.now())
	return found(err)
}

// ConfirmAccount uses a confirmation token up, activates its account and opens a session of it. It
// returns ErrMissing when the token is no good.
func (s *Store) ConfirmAccount(ctx context.Context, hash []byte, v NewSession) (userID int64, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		u, t, err := s.takeToken(ctx, tx, hash, PurposeConfirm)
		if err != nil {
			return err
		}
		// An administrator may have activated, and perhaps deactivated, the account since, or have
		// changed its address.
		if u.IsConfirmed || !strings.EqualFold(t.email, u.Email) {
			return ErrMissing
		}
		if err := s.activate(ctx, tx, u); err != nil {
			return err
		}
		userID, v.UserID = u.ID, u.ID
		return s.addSession(ctx, tx, v)
	})
	return userID, err
}

// ResetPassword uses a reset token up, sets its account's password, ends all its sessions and queues the
// notice, if there is one, to the account's address. It returns ErrMissing when the token is no good.
func (s *Store) ResetPassword(ctx context.Context, hash []byte, passwordHash string, notice *NewMail) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		u, t, err := s.takeToken(ctx, tx, hash, PurposeReset)
		if err != nil {
			return err
		}
		if !u.IsActive || !strings.EqualFold(t.email, u.Email) {
			return ErrMissing
		}
		if err := setPassword(ctx, tx, u.ID, passwordHash, 0); err != nil {
			return err
		}
		if notice == nil {
			return nil
		}
		m := *notice
		m.UserID, m.Recipient = u.ID, u.Email
		return s.queueMail(ctx, tx, m)
	})
}

// ConfirmEmail uses an address-change token up and gives its account the address that it was sent to. It
// returns ErrMissing when the token is no good, and ErrEmailTaken.
func (s *Store) ConfirmEmail(ctx context.Context, hash []byte) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		u, t, err := s.takeToken(ctx, tx, hash, PurposeEmailConfirm)
		if err != nil {
			return err
		}
		if !u.IsActive || t.email != u.EmailToConfirm {
			return ErrMissing
		}
		return setEmail(ctx, tx, u.ID, t.email)
	})
}
