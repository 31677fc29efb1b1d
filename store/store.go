// Package store keeps everything that has rows: accounts, sessions, sports, settings, workouts and the
// mails to be sent. It speaks SQL. A rule stands here only when it must hold inside the transaction that
// it guards: a token is used once, a mail that has lost its reason makes no token, a held name is not
// given away. All other rules are on the floors above.
//
// An exported method that changes something is one transaction. Once it returns, the change survives a
// power cut. All times are stored as Unix seconds.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

var (
	// ErrMissing is returned when no row fits.
	ErrMissing = errors.New("no such row")
	// ErrNameTaken is returned for a username that another account has, in whatever case.
	ErrNameTaken = errors.New("the username is taken")
	// ErrEmailTaken is returned for an address that another account has, in whatever case.
	ErrEmailTaken = errors.New("the address is taken")
	// ErrLastAdmin is returned when the only account that can administrate is to go.
	ErrLastAdmin = errors.New("no other account has admin rights")
	// ErrNoAdmin is returned when who asks for something is no administrator any more.
	ErrNoAdmin = errors.New("no administrator any more")
	// ErrHasAdmin is returned when the first administrator is not the first.
	ErrHasAdmin = errors.New("there is an administrator")
	// ErrFull is returned when there are as many accounts as the settings allow.
	ErrFull = errors.New("no more accounts are allowed")
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	path string
	w    *sql.DB // one connection: SQLite has one writer at a time
	r    *readers
	// Now is the clock; a test may stop it.
	Now func() time.Time
}

// Open opens the database in the file at path, brings its schema up to date and returns it. A
// missing file is made when create is set, and is an error otherwise. A file that is not
// such a database, or that a newer version has written, is refused and left as it is.
func Open(ctx context.Context, path string, create bool) (*Store, error) {
	if err := prepareFile(path, create); err != nil {
		return nil, err
	}
	// SQLite follows links, and puts its other files beside what they lead to.
	file, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := inspect(ctx, file); err != nil {
		return nil, err
	}
	if err := closeToOthers(file); err != nil {
		return nil, err
	}
	w, err := openWriter(file)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, w); err != nil {
		return nil, errors.Join(readableError(path, err), w.Close())
	}
	r, err := openReaders(file)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &Store{path: file, w: w, r: r, Now: time.Now}, nil
}

// Path returns the file of the database itself, where a link led to it.
func (s *Store) Path() string { return s.path }

// Size returns how many bytes the database takes on the disk, with the log of what has been written last.
func (s *Store) Size() (bytes int64, err error) {
	for _, name := range []string{s.path, s.path + "-wal"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("measure the database: %w", err)
		}
		bytes += info.Size()
	}
	return bytes, nil
}

// Close closes the database once the statements under way have ended.
func (s *Store) Close() error {
	return errors.Join(s.r.Close(), s.w.Close())
}

func (s *Store) now() int64 { return s.Now().Unix() }

// change runs f in a transaction that holds the write lock from its beginning.
func (s *Store) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.w.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback() // after a commit there is nothing to roll back
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
