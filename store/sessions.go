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

// maxSessions is how many sessions a user may have. Another login ends the one that has not been used for longest.
const maxSessions = 200

func (s *Store) addSession(ctx context.Context, tx *sql.Tx, v NewSession) error {
	_, err := tx.ExecContext(ctx, `
		delete from sessions
		where user_id = $1 and id not in (
		  select id from sessions where user_id = $1 order by last_used_at desc, id desc limit $2)`, v.UserID, maxSessions-1)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
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
		return s.addSessionFrom(ctx, tx, v, place)
	})
}

// addSessionFrom opens a session from a place that is known from now on.
func (s *Store) addSessionFrom(ctx context.Context, tx *sql.Tx, v NewSession, place string) error {
	if err := s.addSession(ctx, tx, v); err != nil {
		return fmt.Errorf("add the session: %w", err)
	}
	_, err := tx.ExecContext(ctx, `
		insert into known_places (user_id, place, last_used_at) values ($1, $2, $3)
		on conflict (user_id, place) do update set last_used_at = excluded.last_used_at`,
		v.UserID, place, s.now())
	return err
}

// Session is a login of a user on a device.
type Session struct {
	ID                    int64
	CreatedAt, LastUsedAt time.Time // LastUsedAt as far as stored
	Device, Browser       string    // as far as known
	IP                    string    // where the login came from
}

func scanSession(r row) (v Session, err error) {
	err = r.Scan(&v.ID, unixTime{&v.CreatedAt}, unixTime{&v.LastUsedAt}, &v.Device, &v.Browser, &v.IP)
	return v, err
}

// Sessions returns where a user is logged in, the last used first.
func (s *Store) Sessions(ctx context.Context, userID int64) ([]Session, error) {
	return query(ctx, s.r, scanSession, `
		select id, created_at, last_used_at, device, browser, ip from sessions
		where user_id = $1 and expires_at > $2
		order by last_used_at desc, id desc`, userID, s.now())
}

// hasSession returns ErrMissing unless a user's session goes on. Whatever a session makes that opens the account is made
// only if the session has not been ended meanwhile: it must not outlive what ends all sessions.
func hasSession(ctx context.Context, tx *sql.Tx, userID, sessionID int64) error {
	_, err := queryOne(ctx, tx, scanInt, `
		select 1 from sessions v join users u on u.id = v.user_id
		where v.id = $1 and u.id = $2 and u.is_active = 1`, sessionID, userID)
	return err
}

// EndOtherSessions ends a user's sessions but one.
func (s *Store) EndOtherSessions(ctx context.Context, userID, keepSession int64) error {
	return s.change(ctx, func(tx *sql.Tx) error { return endSessions(ctx, tx, userID, keepSession) })
}

// endSessions ends a user's sessions but one.
func endSessions(ctx context.Context, tx *sql.Tx, userID, keepSession int64) error {
	_, err := tx.ExecContext(ctx, `delete from sessions where user_id = $1 and id != $2`, userID, keepSession)
	return err
}

// EndSession ends a session of a user's. It returns ErrMissing when there is no such session.
func (s *Store) EndSession(ctx context.Context, userID, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `delete from sessions where id = $1 and user_id = $2`, id, userID))
	})
}

// IsKnownPlace tells whether the account with an address has been logged in to from a place.
func (s *Store) IsKnownPlace(ctx context.Context, email, place string) (bool, error) {
	_, err := queryOne(ctx, s.r, scanInt, `
		select 1 from known_places k join users u on u.id = k.user_id
		where lower(u.email) = lower($1) and k.place = $2`, email, place)
	return found(err)
}
