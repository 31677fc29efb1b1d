package workout

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/google/uuid"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
)

// ImportOptions go with files that an operator imports. Both functions have to be there; they are called one at a time.
type ImportOptions struct {
	Sport *store.Sport // nil: each file says by itself what it is
	// Refused is told of each file that becomes no workout, and why: all that is known of the reason.
	Refused func(name string, reason error)
	// Progress is told of each file.
	Progress func(Progress)
}

// Imported counts files by what came of them.
type Imported struct {
	Added      int
	Known      int // the user has a workout of the same content
	Refused    int
	PassedOver int // of folders and archives: hidden, links, or neither GPX files nor archives
}

// maxImportBytes is how large a GPX file may be, unpacked. What is imported is not held to the limits of uploads.
const maxImportBytes = 64 << 20

// Import adds workouts of a user from GPX files, zip archives of them, and folders of both. Each file is for itself: one that is no
// workout is refused, one whose content the user has is left out. When ctx ends, what has been analysed is still
// stored, and the error is that of ctx; the same import goes on from there. Any other error ends the import, too, and all that
// was added before stays. A path that does not exist is an error before anything is added.
func (w *Workouts) Import(ctx context.Context, u store.User, paths []string, o ImportOptions) (Imported, error) {
	for _, path := range paths {
		if _, err := os.Stat(path); err != nil {
			return Imported{}, fmt.Errorf("%s: %w", path, withoutPath(err))
		}
	}
	sports, err := w.store.Sports(ctx, u.ID)
	if err != nil {
		return Imported{}, err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	whole := context.WithoutCancel(ctx) // what has been begun is finished
	m := &importer{Workouts: w, user: u, sports: sports, options: o, run: run{stop: stop}}
	m.progress.Total = countSources(ctx, paths)
	passedOver := 0
	err = inParallel(running,
		func(give func(source) error) (err error) {
			passedOver, err = listSources(paths, give)
			return err
		},
		func(s source) candidate {
			one, err := m.draftSource(whole, s)
			return candidate{s.name, one, err}
		},
		func(c candidate) { m.take(whole, c) },
	)
	m.flush(whole)
	m.imported.PassedOver = passedOver
	return m.imported, cmp.Or(m.failed, err)
}

// importer is one import under way.
type importer struct {
	*Workouts
	user    store.User
	sports  []store.Sport
	options ImportOptions
	turns   turns

	// What follows belongs to the goroutine that takes candidates.
	run
	batch    []draft
	imported Imported
}

// candidate is a source that has been analysed, or why there is no draft of it: errKnown, a refusal, or what
// keeps the import from going on.
type candidate struct {
	name  string
	draft draft
	err   error
}

// errKnown says that the user has a workout of the same content.
var errKnown = errors.New("already there")

var errTooLarge = refusal{errors.New("larger than " + assets.FileSize(maxImportBytes))}

// asRefusal makes a refusal of an error whose cause is the file, with the words that the log has for it.
func asRefusal(err error) error {
	var p *problem.Error
	if errors.As(err, &p) && p.Err != nil {
		return refusal{p.Err}
	}
	return err
}

// draftSource analyses a source, unless its content is known. It releases the source.
func (m *importer) draftSource(ctx context.Context, s source) (draft, error) {
	defer s.release()
	if s.err != nil {
		return draft{}, refusal{withoutPath(s.err)}
	}
	// Files that are known are read only; a second run writes nothing to the disk.
	hash, err := digest(s)
	if err != nil {
		return draft{}, err
	}
	_, err = m.store.WorkoutWithContent(ctx, m.user.ID, hash)
	switch {
	case err == nil:
		return draft{}, errKnown
	case !errors.Is(err, store.ErrMissing):
		return draft{}, err
	}
	file, err := m.spool(s)
	if err != nil {
		return draft{}, err
	}
	one, err := m.analyse(file)
	if err != nil {
		return draft{}, errors.Join(err, file.Close())
	}
	return one, nil
}

// digest returns the SHA-256 of a source.
func digest(s source) ([]byte, error) {
	in, err := s.open()
	if err != nil {
		return nil, refusal{withoutPath(err)}
	}
	defer in.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(in, maxImportBytes+1))
	switch {
	case err != nil:
		return nil, refusal{withoutPath(err)}
	case n > maxImportBytes:
		return nil, errTooLarge
	}
	return hash.Sum(nil), nil
}

// spool copies a source to the disk.
func (m *importer) spool(s source) (*assets.Spooled, error) {
	in, err := s.open()
	if err != nil {
		return nil, refusal{withoutPath(err)}
	}
	defer in.Close()
	noting := &notingReader{Reader: in}
	file, err := m.files.Spool(noting, maxImportBytes)
	var tooLarge *assets.SizeError
	switch {
	case noting.err != nil:
		return nil, refusal{withoutPath(noting.err)}
	case errors.As(err, &tooLarge):
		return nil, errTooLarge
	}
	return file, err
}

// notingReader notes why reading failed, so that it can be told from a failure to write.
type notingReader struct {
	io.Reader
	err error
}

func (r *notingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// analyse makes a draft of a spooled file.
func (m *importer) analyse(file *assets.Spooled) (draft, error) {
	defer m.turns.enter(file.Size())()
	t, hash, err := parse(file)
	if err != nil {
		return draft{}, asRefusal(err)
	}
	sport, err := m.sportOf(t.Type)
	if err != nil {
		return draft{}, refusal{err}
	}
	one, err := m.draftOf(t, hash, m.user, file, sport, nil)
	return one, asRefusal(err)
}

// sportOf returns the sport of a file, which says that it is of some kind.
func (m *importer) sportOf(kind string) (store.Sport, error) {
	if m.options.Sport != nil {
		return *m.options.Sport, nil
	}
	return sportOfKind(m.sports, kind)
}

// take counts a candidate, and stores it with others once there are enough.
func (m *importer) take(ctx context.Context, c candidate) {
	var refused refusal
	switch {
	case c.err == nil:
		m.batch = append(m.batch, c.draft)
		if len(m.batch) == batchSize {
			m.flush(ctx)
		}
	case errors.Is(c.err, errKnown):
		m.imported.Known++
	case errors.As(c.err, &refused):
		m.imported.Refused++
		m.progress.Failed++
		m.options.Refused(c.name, refused.reason)
	default:
		m.fail(fmt.Errorf("%s: %w", c.name, c.err))
	}
	m.progress.Done++
	m.options.Progress(m.progress)
}

// flush stores the drafts that have been collected, all of them or none. Once the import cannot go on, it removes them.
func (m *importer) flush(ctx context.Context) {
	batch := m.batch
	m.batch = nil
	switch {
	case len(batch) == 0:
		return
	case m.failed != nil:
		m.discard(batch)
		for _, one := range batch {
			_ = one.file.Close() // the sweeper removes what this does not
		}
		return
	}
	var known []uuid.UUID // by now: from another import, or twice in this batch
	err := m.keep(ctx, batch, func(ctx context.Context, rows []store.NewWorkout) (err error) {
		known, err = m.store.AddUnknownWorkouts(ctx, rows)
		return err
	})
	if err != nil {
		m.fail(err)
		return
	}
	m.imported.Added += len(batch) - len(known)
	m.imported.Known += len(known)
	m.discard(slices.DeleteFunc(batch, func(d draft) bool { return !slices.Contains(known, d.workout.UUID) }))
}
