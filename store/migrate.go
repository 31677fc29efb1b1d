package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	// Migrations that other people have worn smooth: numbered files, a transaction each.
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

func newMigrator(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
}

// migrate applies what is missing, each file in a transaction of its own. Another process may be
// doing the same; whoever comes second finds the work done.
func migrate(ctx context.Context, db *sql.DB) error {
	m, err := newMigrator(db)
	if err != nil {
		return err
	}
	const attempts = 5
	for i := 1; ; i++ {
		_, err := m.Up(ctx)
		if err == nil {
			return nil
		}
		pending, pendingErr := m.HasPending(ctx)
		if pendingErr == nil && !pending {
			return nil
		}
		if i == attempts || ctx.Err() != nil {
			return err
		}
		time.Sleep(time.Duration(i*i) * 20 * time.Millisecond) // the other process is about as far
	}
}

// latest returns the number of the newest migration that this binary knows.
func latest(db *sql.DB) (int64, error) {
	m, err := newMigrator(db)
	if err != nil {
		return 0, err
	}
	sources := m.ListSources()
	return sources[len(sources)-1].Version, nil
}

// refuseNewer returns an error when a newer binary has written to the database.
func refuseNewer(ctx context.Context, db *sql.DB, path string) error {
	known, err := latest(db)
	if err != nil {
		return err
	}
	var version int64
	err = db.QueryRowContext(ctx, `select coalesce(max(version_id), 0) from goose_db_version`).Scan(&version)
	if err != nil {
		return fmt.Errorf("read the version of %s: %w", path, err)
	}
	if version > known {
		return fmt.Errorf("%s was written by a newer version of fittrackee (schema %d; this one knows up to %d): install that version again, or restore a backup", path, version, known)
	}
	return nil
}

// SchemaVersion returns the number of the last migration that was applied.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `select max(version_id) from goose_db_version`)
}
