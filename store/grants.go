package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// ErrUsed is returned for a code or a refresh token that has been used before.
var ErrUsed = errors.New("it has been used before")

// NewGrant is what a user allows an application, to be stored.
type NewGrant struct {
	ClientID      int64
	Scope         string // separated by blanks
	CodeHash      []byte // SHA-256
	RedirectURI   string // as it was asked for; empty: not named
	CodeChallenge string // S256; empty: none
	ExpiresAt     time.Time
}

const (
	// maxGrants is how many grants an application may have: on as many devices it can run. Another one ends the oldest.
	maxGrants = 100
	// maxReplaced is how many replaced pairs of tokens of a grant are remembered.
	maxReplaced = 100
)

// AddGrant stores what a user allows one of the user's own applications, in a session. It returns ErrMissing when the session has
// ended, or the application is gone.
func (s *Store) AddGrant(ctx context.Context, g NewGrant, userID, sessionID int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := hasSession(ctx, tx, userID, sessionID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `
			delete from grants
			where client_id = $1 and id not in (select id from grants where client_id = $1 order by id desc limit $2)`,
			g.ClientID, maxGrants-1)
		if err != nil {
			return err
		}
		return mustChange(tx.ExecContext(ctx, `
			insert into grants (client_id, scope, code_hash, redirect_uri, code_challenge, created_at, expires_at)
			select id, $3, $4, $5, $6, $7, $8 from clients where id = $1 and user_id = $2`,
			g.ClientID, userID, g.Scope, g.CodeHash, g.RedirectURI, g.CodeChallenge, s.now(), g.ExpiresAt.Unix()))
	})
}

// Grant is what a user has allowed an application.
type Grant struct {
	ID            int64
	Scope         string
	RedirectURI   string
	CodeChallenge string
	IsRedeemed    bool // its code has been used
	ExpiresAt     time.Time
}

func scanGrant(r row) (g Grant, err error) {
	err = r.Scan(&g.ID, &g.Scope, &g.RedirectURI, &g.CodeChallenge, &g.IsRedeemed, unixTime{&g.ExpiresAt})
	return g, err
}

// GrantByCode returns the grant of an application whose code has a hash, or ErrMissing.
func (s *Store) GrantByCode(ctx context.Context, clientID int64, codeHash []byte) (Grant, error) {
	return queryOne(ctx, s.r, scanGrant, `
		select id, scope, redirect_uri, code_challenge, redeemed_at is not null, expires_at
		from grants where code_hash = $1 and client_id = $2`, codeHash, clientID)
}

// NewTokens are a pair of tokens, to be stored.
type NewTokens struct {
	AccessHash, RefreshHash           []byte // SHA-256
	Scope                             string // of the access token
	AccessExpiresAt, RefreshExpiresAt time.Time
}

// RedeemCode uses the code of a grant up, and stores the first tokens. A code that was used before costs the grant its access
// tokens, and the answer is ErrUsed; the contract has it that the application can still renew them. It returns ErrMissing when
// the grant has ended, or its user is not active.
func (s *Store) RedeemCode(ctx context.Context, grantID int64, t NewTokens) error {
	return s.useOnce(ctx, grantID, t, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `
			update grants set redeemed_at = $2 where id = $1 and redeemed_at is null`, grantID, s.now()))
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			update grant_tokens set access_expires_at = min(access_expires_at, $2) where grant_id = $1`, grantID, s.now())
		return err
	})
}

// TokenPair is a pair of tokens of a grant.
type TokenPair struct {
	ID, GrantID int64
	Scope       string // of the grant
	IsReplaced  bool   // by the next pair
	ExpiresAt   time.Time
}

func scanTokenPair(r row) (t TokenPair, err error) {
	err = r.Scan(&t.ID, &t.GrantID, &t.Scope, &t.IsReplaced, unixTime{&t.ExpiresAt})
	return t, err
}

// TokensByRefresh returns the pair of an application's whose refresh token has a hash, replaced or not, or ErrMissing.
func (s *Store) TokensByRefresh(ctx context.Context, clientID int64, refreshHash []byte) (TokenPair, error) {
	return queryOne(ctx, s.r, scanTokenPair, `
		select t.id, t.grant_id, g.scope, t.replaced_at is not null, t.refresh_expires_at
		from grant_tokens t join grants g on g.id = t.grant_id
		where t.refresh_hash = $1 and g.client_id = $2`, refreshHash, clientID)
}

// RotateTokens replaces a pair by the next one. A pair that was replaced before costs the application all that it was allowed, and the
// answer is ErrUsed. It returns ErrMissing when the grant has ended, or its user is not active.
func (s *Store) RotateTokens(ctx context.Context, before TokenPair, t NewTokens) error {
	return s.useOnce(ctx, before.GrantID, t, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `
			update grant_tokens set replaced_at = $2 where id = $1 and replaced_at is null`, before.ID, s.now()))
	}, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `delete from grants where id = $1`, before.GrantID)
		return err
	})
}

// useOnce stores the next tokens of a grant, if use does not return ErrMissing: what the tokens are for has been used then, and misused
// draws the consequence.
func (s *Store) useOnce(ctx context.Context, grantID int64, t NewTokens, use, misused func(*sql.Tx) error) error {
	isUsed := false
	err := s.change(ctx, func(tx *sql.Tx) error {
		_, err := queryOne(ctx, tx, scanInt, `
			select 1 from grants g join clients c on c.id = g.client_id join users u on u.id = c.user_id
			where g.id = $1 and u.is_active = 1`, grantID)
		if err != nil {
			return err
		}
		if err := use(tx); errors.Is(err, ErrMissing) {
			isUsed = true
			return misused(tx)
		} else if err != nil {
			return err
		}
		return s.addTokens(ctx, tx, grantID, t)
	})
	if err == nil && isUsed {
		return ErrUsed
	}
	return err
}

func (s *Store) addTokens(ctx context.Context, tx *sql.Tx, grantID int64, t NewTokens) error {
	_, err := tx.ExecContext(ctx, `update grants set expires_at = $1 where id = $2`, t.RefreshExpiresAt.Unix(), grantID)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		delete from grant_tokens
		where grant_id = $1 and id not in (select id from grant_tokens where grant_id = $1 order by id desc limit $2)`,
		grantID, maxReplaced)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		insert into grant_tokens (
		  grant_id, access_hash, refresh_hash, scope, created_at, access_expires_at, refresh_expires_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		grantID, t.AccessHash, t.RefreshHash, t.Scope, s.now(), t.AccessExpiresAt.Unix(), t.RefreshExpiresAt.Unix())
	return err
}

// RevokeToken takes back what an application was allowed with an access or a refresh token that has a hash. It returns ErrMissing
// when the token is unknown, another application's, or an access token that has ended.
func (s *Store) RevokeToken(ctx context.Context, clientID int64, hash []byte) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `
			delete from grants
			where client_id = $1 and id in (
			  select grant_id from grant_tokens where access_hash = $2 and replaced_at is null and access_expires_at > $3
			  union all select grant_id from grant_tokens where refresh_hash = $2)`, clientID, hash, s.now()))
	})
}

// IsOthersToken tells whether a hash is that of an access or a refresh token of another application.
func (s *Store) IsOthersToken(ctx context.Context, clientID int64, hash []byte) (bool, error) {
	_, err := queryOne(ctx, s.r, scanInt, `
		select 1 from grants
		where client_id != $1 and id in (
		  select grant_id from grant_tokens where access_hash = $2
		  union all select grant_id from grant_tokens where refresh_hash = $2)`, clientID, hash)
	return found(err)
}

// DropExpiredGrants removes codes and tokens that expired before a time, and returns how many grants and pairs of tokens that were.
func (s *Store) DropExpiredGrants(ctx context.Context, before time.Time) (grants, tokens int64, err error) {
	err = s.change(ctx, func(tx *sql.Tx) (err error) {
		tokens, err = countRemoved(tx.ExecContext(ctx, `delete from grant_tokens where refresh_expires_at <= $1`, before.Unix()))
		if err != nil {
			return err
		}
		grants, err = countRemoved(tx.ExecContext(ctx, `delete from grants where expires_at <= $1`, before.Unix()))
		return err
	})
	return grants, tokens, err
}

func countRemoved(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
