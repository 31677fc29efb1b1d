package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Files names kept files.
type Files struct {
	Pictures, Tracks, Maps []string
}

// NamedFiles returns all files that rows name.
func (s *Store) NamedFiles(ctx context.Context) (Files, error) {
	return namedFiles(ctx, s.r, `$1 = 0`, 0)
}

// namedFiles returns the files that rows of users for which a condition on user_id holds name.
func namedFiles(ctx context.Context, q querier, condition string, userID int64) (f Files, err error) {
	for _, v := range []struct {
		into *[]string
		text string
	}{
		{&f.Pictures, `select picture from (select id as user_id, picture from users) u where picture is not null and `},
		{&f.Tracks, `select track_file from workouts where track_file is not null and `},
		{&f.Maps, `select map_file from workouts where map_file is not null and `},
	} {
		if *v.into, err = query(ctx, q, scanString, v.text+condition, userID); err != nil {
			return f, fmt.Errorf("list the files that rows name: %w", err)
		}
	}
	return f, nil
}

// DeleteUser removes an account with everything that belongs to it, and returns the files that it had. It returns ErrMissing or
// ErrLastAdmin.
func (s *Store) DeleteUser(ctx context.Context, userID int64) (f Files, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		u, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if u.IsAdmin {
			others, err := queryOne(ctx, tx, scanInt, `
				select count(*) from users where is_admin = 1 and is_active = 1 and id != $1`, userID)
			if err != nil {
				return err
			}
			if others == 0 {
				return ErrLastAdmin
			}
		}
		if f, err = namedFiles(ctx, tx, `user_id = $1`, userID); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `delete from users where id = $1`, userID)
		return err
	})
	return f, err
}
