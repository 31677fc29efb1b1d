// Package backup copies a database and the files that its rows name into one archive, and makes both of
// such an archive again. It knows what is damage, in an archive and in what a server has, and which of
// the backups in a folder are to stay. When a backup is due, and where it goes, is left to the packages
// above.
package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"fittrackee/assets"
	"fittrackee/store"
)

// Made is what became of a backup.
type Made struct {
	Workouts int64
	Files    int   // of tracks and pictures
	Bytes    int64 // of the archive
	// Missing are the files that rows name and that could not be read. They are not in the archive.
	Missing []string
	// Faults is what is wrong with the database, in words for an operator.
	Faults []string
}

// Err returns what an operator has to know of a backup that was made all the same; nil: nothing.
func (m Made) Err() error {
	switch {
	case len(m.Faults) > 0:
		return fmt.Errorf("the backup was written, but the database is damaged (%s), and restore will refuse it: see fittrackee db check", m.Faults[0])
	case len(m.Missing) > 0:
		return fmt.Errorf("the backup was written, but files that the database names are missing (%d): see fittrackee db check", len(m.Missing))
	}
	return nil
}

// Make writes a backup of the database s and its files to path, where nothing may be yet, while others go on
// reading and writing. All that was acknowledged before it was called is in it. It tells shown how many files
// are done. It fails, and leaves nothing, when ctx ends or the archive cannot be written. Files that
// are missing are no failure, nor is damage in the database: what is there is saved, and Made tells what is wrong.
func Make(ctx context.Context, s *store.Store, files *assets.Files, path string, shown func(done, total int)) (m Made, err error) {
	if err := wantNothingAt(path); err != nil {
		return m, err
	}
	w, err := createArchive(path + partExt)
	if err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			m, err = Made{}, errors.Join(err, w.abandon())
		}
	}()
	if err := fill(ctx, s, files, w, shown); err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	bytes, err := w.finish(path)
	if err != nil {
		return m, fmt.Errorf("back up: %w", err)
	}
	return Made{
		Workouts: w.head.Workouts, Files: len(w.entries) - 1, Bytes: bytes,
		Missing: w.missing, Faults: w.faults,
	}, nil
}

// partExt is what the name of an archive ends in that is not whole yet.
const partExt = ".part"

// wantNothingAt fails when something is at path.
func wantNothingAt(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("%s is there already: give another name, or move it away", path)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// fill writes all that belongs into an archive. Until it has read the last file, all stay where they are.
func fill(ctx context.Context, s *store.Store, files *assets.Files, w *archiveWriter, shown func(done, total int)) (err error) {
	held, release, err := files.Hold(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if lost := release(); lost != nil {
			err = lost // whatever else went wrong came from it
		}
	}()
	w.head.MadeAt = s.Now().UTC().Truncate(time.Second)
	named, err := w.addDatabase(held, s, files.NewTempPath())
	if err != nil {
		return err
	}
	total := len(named.Tracks) + len(named.Pictures)
	for i, name := range named.Tracks {
		if err := w.addFile(held, files, assets.TrackPath(name)); err != nil {
			return err
		}
		shown(i+1, total)
	}
	for i, name := range named.Pictures {
		if err := w.addPicture(held, files, name); err != nil {
			return err
		}
		shown(len(named.Tracks)+i+1, total)
	}
	return w.addManifest()
}

// addDatabase adds a copy of the database, which it makes at temp for the time being. It returns what the copy names.
func (w *archiveWriter) addDatabase(ctx context.Context, s *store.Store, temp string) (named store.Files, err error) {
	if err := s.CopyTo(ctx, temp); err != nil {
		return named, err
	}
	defer func() { err = errors.Join(err, store.RemoveFiles(temp)) }()
	if named, err = w.lookInto(ctx, temp); err != nil {
		return named, fmt.Errorf("look into the copy of the database: %w", err)
	}
	file, err := os.Open(temp)
	if err != nil {
		return named, err
	}
	defer file.Close()
	return named, w.add(ctx, databaseName, file)
}

// lookInto reads from a copy of the database what the manifest says of it, and returns what it names.
func (w *archiveWriter) lookInto(ctx context.Context, path string) (named store.Files, err error) {
	s, err := store.Open(ctx, path, false)
	if err != nil {
		return named, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if w.head.Instance, err = s.InstanceID(ctx); err != nil {
		return named, err
	}
	if w.head.Schema, err = s.SchemaVersion(ctx); err != nil {
		return named, err
	}
	if w.head.Workouts, err = s.CountWorkouts(ctx); err != nil {
		return named, err
	}
	if w.faults, err = s.Check(ctx); err != nil {
		return named, err
	}
	return s.NamedFiles(ctx)
}

func (w *archiveWriter) addPicture(ctx context.Context, files *assets.Files, name string) error {
	paths, err := files.PicturePaths(name)
	if err != nil {
		w.missing = append(w.missing, "pictures/"+name)
		return nil
	}
	for _, path := range paths {
		if err := w.addFile(ctx, files, path); err != nil {
			return err
		}
	}
	return nil
}

// addFile adds a kept file. One that cannot be read is noted, and no failure: nothing of it may be in the archive
// then, so it is read once before.
func (w *archiveWriter) addFile(ctx context.Context, files *assets.Files, path string) error {
	file, err := files.OpenPath(path)
	if err == nil {
		defer file.Close()
		_, err = io.Copy(io.Discard, reader{ctx, file})
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		w.missing = append(w.missing, path)
		return nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return w.add(ctx, path, file)
}

// reader reads until ctx ends.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}
