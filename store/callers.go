package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Caller is who makes a request: a user, and what the request showed for it. Exactly one of the three ids is not 0.
type Caller struct {
	SessionID       int64
	ClientID        int64     // of a third-party application, which showed an access token
	PersonalTokenID int64     // of a token that the user has made
	Scope           string    // what the token is good for, separated by blanks; empty for a session, which is good for everything
	LastUsedAt      time.Time // of the session or the personal token, as far as stored; zero: never
	User            User
}

func scanCaller(r row) (Caller, error) {
	var c Caller
	err := r.Scan(append([]any{
		&c.SessionID, &c.ClientID, &c.PersonalTokenID, &c.Scope,
		timeOrZero{&c.LastUsedAt},
	}, userFields(&c.User)...)...)
	return c, err
}

// SessionCaller returns whose session a token names, or ErrMissing when the session has ended.
func (s *Store) SessionCaller(ctx context.Context, tokenID string) (Caller, error) {
	return queryOne(ctx, s.r, scanCaller, `
		select v.id, 0, 0, '', v.last_used_at,`+userColumns+`
		from sessions v join users u on u.id = v.user_id
		where v.token_id = $1 and v.expires_at > $2`, tokenID, s.now())
}

// ClientCaller returns for whom an application calls whose access token has a hash, or ErrMissing when the token has ended.
func (s *Store) ClientCaller(ctx context.Context, accessHash []byte) (Caller, error) {
	return queryOne(ctx, s.r, scanCaller, `
		select 0, c.id, 0, t.scope, 0,`+userColumns+`
		from grant_tokens t
		join grants g on g.id = t.grant_id
		join clients c on c.id = g.client_id
		join users u on u.id = c.user_id
		where t.access_hash = $1 and t.replaced_at is null and t.access_expires_at > $2`, accessHash, s.now())
}

// PersonalTokenCaller returns whose personal token has a hash, or ErrMissing when the token has ended.
func (s *Store) PersonalTokenCaller(ctx context.Context, hash []byte) (Caller, error) {
	return queryOne(ctx, s.r, scanCaller, `
		select 0, 0, p.id, p.scope, coalesce(p.last_used_at, 0),`+userColumns+`
		from personal_tokens p join users u on u.id = p.user_id
		where p.hash = $1 and (p.expires_at is null or p.expires_at > $2)`, hash, s.now())
}

// mustAdministrate returns ErrNoAdmin unless a caller is an administrator still, by what was shown for it.
func mustAdministrate(ctx context.Context, tx *sql.Tx, c Caller) error {
	_, err := queryOne(ctx, tx, scanInt, `
		select 1 from users u
		where u.id = $1 and u.is_admin = 1 and u.is_active = 1 and (
		  exists (select 1 from sessions where id = $2 and user_id = u.id)
		  or exists (select 1 from grants where client_id = $3)
		  or exists (select 1 from personal_tokens where id = $4 and user_id = u.id))`,
		c.User.ID, c.SessionID, c.ClientID, c.PersonalTokenID)
	if errors.Is(err, ErrMissing) {
		return ErrNoAdmin
	}
	return err
}

// Uses tells when sessions and personal tokens were last used, by their ids.
type Uses struct{ Sessions, PersonalTokens map[int64]time.Time }

// StoreUses notes when sessions and personal tokens were last used.
func (s *Store) StoreUses(ctx context.Context, uses Uses) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for id, at := range uses.Sessions {
			_, err := tx.ExecContext(ctx, `
				update sessions set last_used_at = max(last_used_at, $1) where id = $2`, at.Unix(), id)
			if err != nil {
				return err
			}
		}
		for id, at := range uses.PersonalTokens {
			_, err := tx.ExecContext(ctx, `
				update personal_tokens set last_used_at = max(coalesce(last_used_at, 0), $1) where id = $2`, at.Unix(), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// endAccess ends all that opens an account: its sessions but one, what applications were allowed, and personal tokens.
func endAccess(ctx context.Context, tx *sql.Tx, userID, keepSession int64) error {
	if err := endSessions(ctx, tx, userID, keepSession); err != nil {
		return err
	}
	for _, text := range []string{
		`delete from grants where client_id in (select id from clients where user_id = $1)`,
		`delete from personal_tokens where user_id = $1`,
	} {
		if _, err := tx.ExecContext(ctx, text, userID); err != nil {
			return err
		}
	}
	return nil
}
