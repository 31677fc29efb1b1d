package store

import (
	"context"
	"fmt"
)

// Files names kept files.
type Files struct {
	Pictures, Tracks, Maps []string
}

// NamedFiles returns all files that rows name.
func (s *Store) NamedFiles(ctx context.Context) (Files, error) { return namedFiles(ctx, s.r, 0) }

// namedFiles returns the files that the rows of one user name, or those of all when userID is 0.
func namedFiles(ctx context.Context, q querier, userID int64) (f Files, err error) {
	for _, v := range []struct {
		into *[]string
		text string
	}{
		{&f.Pictures, `select picture from users where picture is not null and ($1 = 0 or id = $1)`},
		{&f.Tracks, `select track_file from workouts where track_file is not null and ($1 = 0 or user_id = $1)`},
		{&f.Maps, `select map_file from workouts where map_file is not null and ($1 = 0 or user_id = $1)`},
	} {
		if *v.into, err = query(ctx, q, scanString, v.text, userID); err != nil {
			return f, fmt.Errorf("list the files that rows name: %w", err)
		}
	}
	return f, nil
}
