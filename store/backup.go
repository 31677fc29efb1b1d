package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// CopyTo writes a copy of the database, as it is at one moment, to a file at path that is not there yet. It
// reads on a connection of its own, so that nobody waits for it. When it fails or ctx ends, it leaves no file.
// The copy is not safely on the disk.
func (s *Store) CopyTo(ctx context.Context, path string) error {
	path, err := filepath.Abs(path) // SQLite takes some other names for something else
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	// SQLite writes into an empty file too, whose mode keeps others out.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	err = file.Close()
	if err == nil {
		err = vacuumInto(ctx, s.path, path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("copy the database: %w", err), RemoveFiles(path))
	}
	return nil
}

func vacuumInto(ctx context.Context, from, to string) error {
	db, err := sql.Open("sqlite", dsn(from, url.Values{"_pragma": pragmas, "mode": {"ro"}}))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `vacuum into $1`, to)
	if ctx.Err() != nil {
		err = context.Cause(ctx) // rather than that a statement was interrupted
	}
	return errors.Join(err, db.Close())
}

// RemoveFiles removes the file of a database that nobody has open, and what SQLite makes beside it. What is
// missing is no error.
func RemoveFiles(path string) error {
	var failed []error
	for _, name := range FilesAt(path) {
		if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// FilesAt returns the names of the file of the database at path, and of those that SQLite makes beside it.
func FilesAt(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + "-journal"}
}

// CountWorkouts returns how many workouts there are.
func (s *Store) CountWorkouts(ctx context.Context) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `select count(*) from workouts`)
}
