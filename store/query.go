package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// querier is what runs a query: the readers, or a transaction of the writer.
type querier interface {
	QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// row is one row of an answer.
type row interface {
	Scan(into ...any) error
}

// readers are the connections for reading. Each text is prepared once, which halves the time of
// a small query; texts are constants, so there are few of them.
type readers struct {
	db    *sql.DB
	stmts sync.Map // text → *sql.Stmt
}

// QueryContext runs a query. It is not interrupted once it has begun: being ready for that costs the driver and database/sql a
// goroutine each, a fifth of the time of a small request.
func (r *readers) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if stmt, ok := r.stmts.Load(text); ok {
		return stmt.(*sql.Stmt).QueryContext(ctx, args...)
	}
	stmt, err := r.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if earlier, loaded := r.stmts.LoadOrStore(text, stmt); loaded {
		_ = stmt.Close() // someone else was faster; theirs is as good
		stmt = earlier.(*sql.Stmt)
	}
	return stmt.QueryContext(ctx, args...)
}

func (r *readers) Close() error {
	var errs []error
	for _, stmt := range r.stmts.Range {
		errs = append(errs, stmt.(*sql.Stmt).Close())
	}
	return errors.Join(append(errs, r.db.Close())...)
}

// query returns all rows of an answer, each read by scan.
func query[T any](ctx context.Context, q querier, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

// queryOne returns the first row of an answer, or ErrMissing.
func queryOne[T any](ctx context.Context, q querier, scan func(row) (T, error), text string, args ...any) (T, error) {
	var none T
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return none, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return none, err
		}
		return none, ErrMissing
	}
	return scan(rows)
}

// unixTime reads a column of Unix seconds into a time in UTC.
type unixTime struct{ into *time.Time }

// Scan is called with the column's value.
func (t unixTime) Scan(v any) error {
	seconds, ok := v.(int64)
	if !ok {
		return fmt.Errorf("want Unix seconds, got %T", v)
	}
	*t.into = time.Unix(seconds, 0).UTC()
	return nil
}

// timeOrZero reads such a column, in which 0 is no time, into the zero time.
type timeOrZero struct{ into *time.Time }

// Scan is called with the column's value.
func (t timeOrZero) Scan(v any) error {
	if v == int64(0) {
		*t.into = time.Time{}
		return nil
	}
	return unixTime(t).Scan(v)
}

// unixOrZero is what timeOrZero reads.
func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func scanInt(r row) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}

func scanString(r row) (text string, err error) {
	err = r.Scan(&text)
	return text, err
}

// mustChange turns "no row was there to be changed" into ErrMissing.
func mustChange(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return ErrMissing
	}
	return err
}

// maxList is how many values placeholders takes.
const maxList = 100

// placeholders returns a list of placeholders for the args from number first on: one, five, twenty or a hundred of
// them, so that there are few texts to prepare. The last value is repeated in the places that are left.
func placeholders(first int, args *[]any) string {
	wanted := len(*args) - first + 1
	sizes := []int{1, 5, 20, maxList}
	size := sizes[slices.IndexFunc(sizes, func(n int) bool { return n >= wanted })]
	var text strings.Builder
	for i := range size {
		if i > 0 {
			text.WriteString(", ")
		}
		fmt.Fprintf(&text, "$%d", first+i)
		if i >= wanted {
			*args = append(*args, (*args)[len(*args)-1])
		}
	}
	return text.String()
}

// anys returns ids as the args of a query.
func anys(ids []int64) []any {
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	return args
}
