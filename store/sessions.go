package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// NewSession is a login of a user on a device, to be stored.
type NewSession struct {
	TokenID   string // the token's jti
	UserID    int64
	ExpiresAt time.Time
	Device    string // as far as known, as is Browser
	Browser   string
	IP        string
}

func (s *Store) addSession(ctx context.Context, tx *sql.Tx, v NewSession) error {
	_, err := tx.ExecContext(ctx, `
		insert into sessions (token_id, user_id, created_at, last_used_at, expires_at, device, browser, ip)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		v.TokenID, v.UserID, s.now(), s.now(), v.ExpiresAt.Unix(), v.Device, v.Browser, v.IP)
	return err
}

// AddSession opens a session of a user who gave the password from place, which is known from now on.
// It returns ErrMissing when the password has been changed, or the account deactivated, since
// passwordHash was read: a login that overlaps the change must not outlive it.
func (s *Store) AddSession(ctx context.Context, v NewSession, passwordHash, place string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := hasPassword(ctx, tx, v.UserID, passwordHash); err != nil {
			return err
		}
		if err := s.addSession(ctx, tx, v); err != nil {
			return fmt.Errorf("add the session: %w", err)
		}
		_, err := tx.ExecContext(ctx, `
			insert into known_places (user_id, place, last_used_at) values ($1, $2, $3)
			on conflict (user_id, place) do update set last_used_at = excluded.last_used_at`,
			v.UserID, place, s.now())
		return err
	})
}

// Caller is who makes a request: a user, in one of the user's sessions.
type Caller struct {
	SessionID  int64
	LastUsedAt time.Time // of the session, as far as stored
	User       User
}

func scanCaller(r row) (Caller, error) {
	var c Caller
	err := r.Scan(append([]any{&c.SessionID, unixTime{&c.LastUsedAt}}, userFields(&c.User)...)...)
	return c, err
}

// Caller returns whose session a token names, or ErrMissing when the session has ended.
func (s *Store) Caller(ctx context.Context, tokenID string) (Caller, error) {
	return queryOne(ctx, s.r, scanCaller, `
		select v.id, v.last_used_at,`+userColumns+`
		from sessions v join users u on u.id = v.user_id
		where v.token_id = $1 and v.expires_at > $2`, tokenID, s.now())
}

// EndSession ends one session.
func (s *Store) EndSession(ctx context.Context, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from sessions where id = $1`, id)
		return err
	})
}

// TouchSessions notes when sessions were last used, by their ids.
func (s *Store) TouchSessions(ctx context.Context, used map[int64]time.Time) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for id, at := range used {
			_, err := tx.ExecContext(ctx, `
				update sessions set last_used_at = max(last_used_at, $1) where id = $2`, at.Unix(), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// IsKnownPlace tells whether the account with an address has been logged in to from a place.
func (s *Store) IsKnownPlace(ctx context.Context, email, place string) (bool, error) {
	_, err := queryOne(ctx, s.r, scanInt, `
		select 1 from known_places k join users u on u.id = k.user_id
		where lower(u.email) = lower($1) and k.place = $2`, email, place)
	return found(err)
}
