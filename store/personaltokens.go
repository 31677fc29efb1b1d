package store

import (
	"context"
	"database/sql"
	"time"
)

// PersonalToken is a token that a user has made for a script or a phone.
type PersonalToken struct {
	ID         int64
	UserID     int64
	Name       string
	Scope      string // separated by blanks
	SportID    *int64 // of what is uploaded with it; nil: left to the file
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // as far as stored; zero: never
}

const personalTokenColumns = `
	p.id, p.user_id, p.name, p.scope, p.sport_id, p.created_at, coalesce(p.expires_at, 0), coalesce(p.last_used_at, 0)`

func scanPersonalToken(r row) (t PersonalToken, err error) {
	err = r.Scan(&t.ID, &t.UserID, &t.Name, &t.Scope, &t.SportID, unixTime{&t.CreatedAt},
		timeOrZero{&t.ExpiresAt}, timeOrZero{&t.LastUsedAt})
	return t, err
}

// AddPersonalToken stores a token that has a hash, for a user who is logged in by a session. An account has so many at most that have
// not expired. It returns ErrMissing when the session has ended, or ErrTooMany.
func (s *Store) AddPersonalToken(
	ctx context.Context, t PersonalToken, hash []byte, sessionID int64, most int,
) (added PersonalToken, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if err := hasSession(ctx, tx, t.UserID, sessionID); err != nil {
			return err
		}
		err := hasRoom(ctx, tx, most, `
			select count(*) from personal_tokens where user_id = $1 and (expires_at is null or expires_at > $2)`, t.UserID, s.now())
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `
			insert into personal_tokens (hash, user_id, name, scope, sport_id, created_at, expires_at)
			values ($1, $2, $3, $4, $5, $6, nullif($7, 0))`,
			hash, t.UserID, t.Name, t.Scope, t.SportID, s.now(), unixOrZero(t.ExpiresAt))
		if err != nil {
			return err
		}
		id, err := result.LastInsertId()
		if err != nil {
			return err
		}
		added, err = queryOne(ctx, tx, scanPersonalToken, `
			select `+personalTokenColumns+` from personal_tokens p where p.id = $1`, id)
		return err
	})
	return added, err
}

// PersonalTokens returns a user's tokens that have not expired, the newest first.
func (s *Store) PersonalTokens(ctx context.Context, userID int64) ([]PersonalToken, error) {
	return query(ctx, s.r, scanPersonalToken, `
		select `+personalTokenColumns+` from personal_tokens p
		where p.user_id = $1 and (p.expires_at is null or p.expires_at > $2)
		order by p.id desc`, userID, s.now())
}

// DeletePersonalToken removes a token of a user's. It returns ErrMissing.
func (s *Store) DeletePersonalToken(ctx context.Context, userID, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `delete from personal_tokens where id = $1 and user_id = $2`, id, userID))
	})
}

// PersonalTokenSport returns the sport of what is uploaded with a token, 0 when that is left to the file.
func (s *Store) PersonalTokenSport(ctx context.Context, id int64) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `select coalesce(sport_id, 0) from personal_tokens where id = $1`, id)
}
