package store

import (
	"context"
	"database/sql"
	"time"
)

// decoyMail is a row that is only there because writing it takes time.
const decoyMail = "decoy"

// NewMail is a mail to be queued.
type NewMail struct {
	Kind      string // a mail.Kind
	Recipient string
	UserID    int64  // 0: whoever has the address when the mail is sent
	Nonce     []byte // random; what the token in the mail is made from
	NewEmail  string // for the notice that the address is to change
	Device    string // of who asked, when known, as is Browser
	Browser   string
	Life      time.Duration // how long the mail, and the token in it, is worth anything
}

// QueuedMail is a mail that waits to be sent.
type QueuedMail struct {
	ID int64
	NewMail
	CreatedAt time.Time
	ExpiresAt time.Time
	Tries     int // that have failed
}

// QueueMail queues a mail.
func (s *Store) QueueMail(ctx context.Context, m NewMail) error {
	return s.change(ctx, func(tx *sql.Tx) error { return s.queueMail(ctx, tx, m) })
}

// queueMail queues m in the place of an earlier mail of the same kind to the same address.
func (s *Store) queueMail(ctx context.Context, tx *sql.Tx, m NewMail) error {
	_, err := tx.ExecContext(ctx, `
		delete from outbox where kind = $1 and lower(recipient) = lower($2)`, m.Kind, m.Recipient)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into outbox (
		  kind, recipient, user_id, nonce, new_email, device, browser, created_at, expires_at, next_try_at)
		values ($1, $2, nullif($3, 0), $4, $5, $6, $7, $8, $9, $8)`,
		m.Kind, m.Recipient, m.UserID, m.Nonce, m.NewEmail, m.Device, m.Browser,
		s.now(), s.now()+int64(m.Life/time.Second))
	return err
}

func scanQueuedMail(r row) (QueuedMail, error) {
	var m QueuedMail
	err := r.Scan(&m.ID, &m.Kind, &m.Recipient, &m.UserID, &m.Nonce, &m.NewEmail, &m.Device, &m.Browser,
		unixTime{&m.CreatedAt}, unixTime{&m.ExpiresAt}, &m.Tries)
	m.Life = m.ExpiresAt.Sub(m.CreatedAt)
	return m, err
}

// DueMails returns at most n mails whose time to be sent has come.
func (s *Store) DueMails(ctx context.Context, n int) ([]QueuedMail, error) {
	return query(ctx, s.r, scanQueuedMail, `
		select id, kind, recipient, coalesce(user_id, 0), nonce, new_email, device, browser, created_at, expires_at, tries
		from outbox where next_try_at <= $1 and expires_at > $1
		order by next_try_at, id limit $2`, s.now(), n)
}

// MailUser returns whom a queued mail is for. The answer is ErrMissing when the mail has lost its
// reason: nobody has the address, or nothing is to be confirmed there.
func (s *Store) MailUser(ctx context.Context, m QueuedMail) (User, error) {
	return mailUser(ctx, s.r, m)
}

func mailUser(ctx context.Context, q querier, m QueuedMail) (User, error) {
	u, err := queryOne(ctx, q, scanUser, `
		select `+userColumns+` from users u
		where u.id = $1 or ($1 = 0 and lower(u.email) = lower($2))`, m.UserID, m.Recipient)
	if err != nil {
		return u, err
	}
	var stands bool
	switch Purpose(m.Kind) {
	case PurposeConfirm:
		stands = !u.IsConfirmed
	case PurposeReset:
		stands = u.IsActive
	case PurposeEmailConfirm:
		stands = u.EmailToConfirm == m.Recipient
	case decoyMail:
		stands = false
	default:
		stands = true // a notice
	}
	if !stands {
		return u, ErrMissing
	}
	return u, nil
}

// MakeMailToken stores the hash of the token in a queued mail, in the place of any earlier token of that
// purpose and user. Asked again for the same mail it makes nothing, and returns ErrMissing when the
// token has been used or replaced since: a mail that is sent twice must not revive it. An address that
// is another account's is not asked for its confirmation either.
func (s *Store) MakeMailToken(ctx context.Context, m QueuedMail, hash []byte) (User, error) {
	var u User
	err := s.change(ctx, func(tx *sql.Tx) (err error) {
		if u, err = mailUser(ctx, tx, m); err != nil {
			return err
		}
		p := Purpose(m.Kind)
		if p == PurposeEmailConfirm {
			if isTaken, err := isEmailTaken(ctx, tx, m.Recipient); err != nil {
				return err
			} else if isTaken {
				return ErrMissing
			}
		}
		made, err := queryOne(ctx, tx, scanInt, `select token_made from outbox where id = $1`, m.ID)
		if err != nil {
			return err
		}
		if made == 1 {
			_, err := queryOne(ctx, tx, scanInt, `select 1 from mail_tokens where hash = $1`, hash)
			return err
		}
		_, err = tx.ExecContext(ctx, `
			insert into mail_tokens (hash, purpose, user_id, email, expires_at) values ($1, $2, $3, $4, $5)
			on conflict (user_id, purpose) do update
			set hash = excluded.hash, email = excluded.email, expires_at = excluded.expires_at`,
			hash, p, u.ID, m.Recipient, m.ExpiresAt.Unix())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `update outbox set token_made = 1 where id = $1`, m.ID)
		return err
	})
	return u, err
}

// DelayMail notes that a try has failed, and when the next is due.
func (s *Store) DelayMail(ctx context.Context, id int64, nextTry time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			update outbox set tries = tries + 1, next_try_at = $1 where id = $2`, nextTry.Unix(), id)
		return err
	})
}

// DropMail removes a mail that was sent, or that has lost its reason.
func (s *Store) DropMail(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from outbox where id = $1`, id)
		return err
	})
}
