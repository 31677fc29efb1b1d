package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ErrTooMany is returned when an account has as many things of a kind as it may have.
var ErrTooMany = errors.New("there are as many as an account may have")

// Client is a third-party application that a user has registered.
type Client struct {
	ID           int64
	ClientID     string // public
	UserID       int64  // whose it is
	SecretHash   []byte // SHA-256
	Name         string
	Description  *string // nil: none
	Website      string
	RedirectURIs []string
	Scope        string // what may be asked for at most, separated by blanks
	CreatedAt    time.Time
}

const clientColumns = `
	c.id, c.client_id, c.user_id, c.secret_hash, c.name, c.description, c.website, c.redirect_uris, c.scope, c.created_at`

func scanClient(r row) (c Client, err error) {
	var uris string
	err = r.Scan(&c.ID, &c.ClientID, &c.UserID, &c.SecretHash, &c.Name, &c.Description, &c.Website, &uris, &c.Scope,
		unixTime{&c.CreatedAt})
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(uris), &c.RedirectURIs); err != nil {
		return c, fmt.Errorf("redirect addresses of client %d: %w", c.ID, err)
	}
	return c, nil
}

// AddClient registers an application, for a user who is logged in by a session. An account has so many at most. It returns
// ErrMissing when the session has ended, or ErrTooMany.
func (s *Store) AddClient(ctx context.Context, c Client, sessionID int64, most int) (added Client, err error) {
	uris, err := json.Marshal(c.RedirectURIs)
	if err != nil {
		return c, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		if err := hasSession(ctx, tx, c.UserID, sessionID); err != nil {
			return err
		}
		err := hasRoom(ctx, tx, most, `select count(*) from clients where user_id = $1`, c.UserID)
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, `
			insert into clients (client_id, secret_hash, user_id, name, description, website, redirect_uris, scope, created_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			c.ClientID, c.SecretHash, c.UserID, c.Name, c.Description, c.Website, string(uris), c.Scope, s.now())
		if err != nil {
			return err
		}
		id, err := result.LastInsertId()
		if err != nil {
			return err
		}
		added, err = queryOne(ctx, tx, scanClient, `select `+clientColumns+` from clients c where c.id = $1`, id)
		return err
	})
	return added, err
}

// hasRoom returns ErrTooMany when a count has reached most.
func hasRoom(ctx context.Context, tx *sql.Tx, most int, count string, args ...any) error {
	n, err := queryOne(ctx, tx, scanInt, count, args...)
	if err == nil && n >= int64(most) {
		return ErrTooMany
	}
	return err
}

// Clients returns a part of a user's applications, the newest first.
func (s *Store) Clients(ctx context.Context, userID int64, limit, offset int) ([]Client, error) {
	return query(ctx, s.r, scanClient, `
		select `+clientColumns+` from clients c
		where c.user_id = $1
		order by c.id desc limit $2 offset $3`, userID, limit, offset)
}

// CountClients returns how many applications a user has.
func (s *Store) CountClients(ctx context.Context, userID int64) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `select count(*) from clients where user_id = $1`, userID)
}

// Client returns an application of a user's, or ErrMissing.
func (s *Store) Client(ctx context.Context, userID, id int64) (Client, error) {
	return queryOne(ctx, s.r, scanClient, `
		select `+clientColumns+` from clients c where c.id = $1 and c.user_id = $2`, id, userID)
}

// ClientByPublicID returns the application with a public id, whosever it is, or ErrMissing.
func (s *Store) ClientByPublicID(ctx context.Context, clientID string) (Client, error) {
	return queryOne(ctx, s.r, scanClient, `select `+clientColumns+` from clients c where c.client_id = $1`, clientID)
}

// DeleteClient removes an application of a user's, with all that it was allowed. It returns ErrMissing.
func (s *Store) DeleteClient(ctx context.Context, userID, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `delete from clients where id = $1 and user_id = $2`, id, userID))
	})
}

// RevokeClient takes back all that an application of a user's was allowed. It returns ErrMissing when there is no such application.
func (s *Store) RevokeClient(ctx context.Context, userID, id int64) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := queryOne(ctx, tx, scanInt, `select 1 from clients where id = $1 and user_id = $2`, id, userID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from grants where client_id = $1`, id)
		return err
	})
}
