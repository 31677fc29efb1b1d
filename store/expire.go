package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DropExpired removes sessions, mailed tokens and mails whose time is over, and places from which nobody has
// logged in for placeLife.
func (s *Store) DropExpired(ctx context.Context, placeLife time.Duration) error {
	now := s.Now()
	return s.change(ctx, func(tx *sql.Tx) error {
		for _, d := range []struct {
			text   string
			before time.Time
		}{
			{`delete from sessions where expires_at <= $1`, now},
			{`delete from mail_tokens where expires_at <= $1`, now},
			{`delete from outbox where expires_at <= $1`, now},
			{`delete from personal_tokens where expires_at <= $1`, now},
			{`delete from known_places where last_used_at <= $1`, now.Add(-placeLife)},
		} {
			if _, err := tx.ExecContext(ctx, d.text, d.before.Unix()); err != nil {
				return fmt.Errorf("%s: %w", d.text, err)
			}
		}
		return nil
	})
}
