package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

const (
	// applicationID stands in the header of every database of ours, as the first migration sets it.
	applicationID = 0x46697454
	// readerConns is how many reads go on at once.
	readerConns = 4
)

// pragmas hold on every connection. FULL, because with NORMAL a power cut loses answers already given.
var pragmas = []string{
	"busy_timeout(10000)",
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"foreign_keys(1)",
	"trusted_schema(0)",
}

// prepareFile makes the folder and an empty file, if there is to be one, with modes that keep others out.
// SQLite gives the files that it makes beside the database the same mode.
func prepareFile(path string, create bool) error {
	flags := os.O_RDWR
	if create {
		flags |= os.O_CREATE
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make the folder of the database: %w", err)
		}
	}
	f, err := os.OpenFile(path, flags, 0o600)
	if !create && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no database at %s", path)
	}
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	return f.Close()
}

// dsn names the file at path with options for the driver. SQLite decodes the path as a URL's.
func dsn(path string, options url.Values) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?" + options.Encode()
}

func openWriter(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}))
	if err != nil {
		return nil, fmt.Errorf("open the database for writing: %w", err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func openReaders(path string) (*readers, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{"_pragma": pragmas, "mode": {"ro"}}))
	if err != nil {
		return nil, fmt.Errorf("open the database for reading: %w", err)
	}
	db.SetMaxOpenConns(readerConns)
	db.SetMaxIdleConns(readerConns)
	return &readers{db: db}, nil
}

// inspect looks at the file without changing a byte of it, and refuses what is not ours to write.
func inspect(ctx context.Context, path string) (err error) {
	if isEmpty, err := checkHeader(path); err != nil || isEmpty {
		return err
	}
	db, err := sql.Open("sqlite", dsn(path, inspectOptions(path)))
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	// What is in it is counted before the id is read. Both come with one commit of another process that is
	// making the database now, so whoever sees the tables sees the id.
	var things, id int
	err = db.QueryRowContext(ctx, `
		select count(*) from sqlite_master where name not like 'sqlite_%' and name != 'goose_db_version'`).Scan(&things)
	if err != nil {
		return readableError(path, err)
	}
	if err := db.QueryRowContext(ctx, `pragma application_id`).Scan(&id); err != nil {
		return readableError(path, err)
	}
	switch {
	case things == 0 && id == 0:
		return nil
	case id != applicationID:
		return fmt.Errorf("%s is a database of another program", path)
	}
	return refuseNewer(ctx, db, path)
}

// inspectOptions returns the way to open a file for inspect. A file that nobody has open is read as it stands,
// for else SQLite would make others beside it. After a power cut there may be a journal: the file can
// be read once SQLite has rolled back what the journal says.
func inspectOptions(path string) url.Values {
	o := url.Values{"_pragma": {"busy_timeout(10000)"}, "mode": {"ro"}}
	switch {
	case exists(path + "-journal"):
		o.Set("mode", "rw")
	case !exists(path + "-wal"):
		o.Set("immutable", "1")
	}
	return o
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// closeToOthers takes the rights of others away from the files of the database.
func closeToOthers(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(name, 0o600)
		}
		if err != nil {
			return fmt.Errorf("close the database to others: %w", err)
		}
	}
	return nil
}

// checkHeader looks for the words that every SQLite file begins with. SQLite itself takes some shorter files
// for empty databases, and would write over them.
func checkHeader(path string) (isEmpty bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("open the database: %w", err)
	}
	defer f.Close()
	const header = "SQLite format 3\x00"
	begin := make([]byte, len(header))
	n, err := io.ReadFull(f, begin)
	switch {
	case err == io.EOF:
		return true, nil
	case err != nil && err != io.ErrUnexpectedEOF:
		return false, fmt.Errorf("read the database: %w", err)
	case string(begin[:n]) != header:
		return false, fmt.Errorf("%s is not a database", path)
	}
	return false, nil
}

// readableError says what an error of SQLite means for an operator, where that is not plain.
func readableError(path string, err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the rest tells more about the same
		case sqlitelib.SQLITE_NOTADB:
			return fmt.Errorf("%s is not a database", path)
		case sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_CANTOPEN:
			return fmt.Errorf("%s and its folder have to be writable: %w", path, err)
		}
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// isConflict tells whether err says that a unique index would not hold, on the named index or column.
func isConflict(err error, name string) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE && strings.Contains(e.Error(), name)
}

// isForeignKey tells whether err says that a row would name one that is not there.
func isForeignKey(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code() == sqlitelib.SQLITE_CONSTRAINT_FOREIGNKEY
}
