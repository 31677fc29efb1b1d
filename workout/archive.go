package workout

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
)

var (
	// ErrNoFiles is returned for an archive without a track file in it.
	ErrNoFiles = problem.New(problem.BadUpload, "no track file in the archive")

	errBadArchive   = problem.New(problem.Invalid, "invalid zip archive")
	errLargeArchive = problem.New(problem.Invalid, "invalid zip archive: too many entries")
)

// AddArchive adds a workout for each GPX file in a zip archive: all of them, or none. Other files in it are passed over. The
// archive is read where it lies; nothing in it names a place on the disk.
func (w *Workouts) AddArchive(ctx context.Context, u store.User, archive *assets.Spooled, d Details) ([]Added, error) {
	sport, err := w.sportFinder(ctx, u.ID, d.SportID)
	if err != nil {
		return nil, err
	}
	limits, err := w.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	files, err := tracksIn(archive, archive.Size())
	if err != nil {
		return nil, err
	}
	switch {
	case len(files) == 0:
		return nil, ErrNoFiles
	case int64(len(files)) > limits.ArchiveFiles:
		return nil, problem.New(problem.BadUpload, fmt.Sprintf(
			"the number of files in the archive (%d) exceeds the limit (%d)", len(files), limits.ArchiveFiles))
	}
	var drafts []draft
	defer func() {
		for _, one := range drafts {
			_ = one.file.Close() // removes what was not kept; the sweeper removes the rest
		}
	}()
	for _, file := range files {
		one, err := w.draftEntry(ctx, u, file, limits.MaxFileBytes, sport, d.Notes)
		if err != nil {
			w.discard(drafts)
			return nil, err
		}
		drafts = append(drafts, one)
	}
	return w.add(ctx, u.ID, drafts, d.FindDuplicates)
}

// draftEntry analyses one file of an archive.
func (w *Workouts) draftEntry(
	ctx context.Context, u store.User, entry *zip.File, maxBytes int64, sport sportFinder, notes *string,
) (draft, error) {
	file, err := w.spoolEntry(entry, maxBytes)
	if err != nil {
		return draft{}, err
	}
	one, err := w.draft(ctx, u, file, sport, notes)
	if err != nil {
		return draft{}, errors.Join(fmt.Errorf("%s: %w", entryName(entry), err), file.Close())
	}
	return one, nil
}

// spoolEntry unpacks one file of an archive, as far as it is not too large.
func (w *Workouts) spoolEntry(entry *zip.File, maxBytes int64) (*assets.Spooled, error) {
	tooLarge := problem.New(problem.TooLarge, fmt.Sprintf(
		"Error during workout upload, size of %s exceeds %s.", entryName(entry), assets.FileSize(maxBytes)))
	if entry.UncompressedSize64 > uint64(maxBytes) {
		return nil, tooLarge
	}
	unpacked, err := entry.Open()
	if err != nil {
		return nil, errBadArchive.With(fmt.Errorf("%s: %w", entryName(entry), err))
	}
	defer unpacked.Close()
	file, err := w.files.Spool(unpacked, maxBytes)
	var overLimit *assets.SizeError
	var disk *fs.PathError // unpacking has no path
	switch {
	case err == nil:
		return file, nil
	case errors.As(err, &overLimit):
		return nil, tooLarge
	case errors.As(err, &disk):
		return nil, err
	}
	return nil, errBadArchive.With(fmt.Errorf("%s: %w", entryName(entry), err))
}

// entryName returns the name of a file in an archive, for messages.
func entryName(entry *zip.File) string { return readable(path.Base(entry.Name), 100) }

// maxDirectoryBytes is how much of an archive may be read to learn what is in it. That is enough for ten thousand files,
// and each of them takes some hundred bytes of memory.
const maxDirectoryBytes = 1 << 20

// tracksIn returns the GPX files in a zip archive, in its order.
func tracksIn(archive io.ReaderAt, size int64) ([]*zip.File, error) {
	entries, err := entriesIn(archive, size, maxDirectoryBytes)
	switch {
	case errors.Is(err, errLargeArchive):
		return nil, errLargeArchive
	case errors.As(err, new(*fs.PathError)): // our disk's fault
		return nil, fmt.Errorf("read the spooled archive: %w", err)
	case err != nil:
		return nil, errBadArchive.With(err)
	}
	return slices.DeleteFunc(entries, func(f *zip.File) bool { return !isTrack(f.Name) || !f.Mode().IsRegular() }), nil
}

// isTrack tells whether a file is to be taken for a GPX file. The companions that macOS puts beside files are none.
func isTrack(name string) bool {
	return hasExt(name, trackExt) && !strings.HasPrefix(path.Base(name), "._")
}

// entriesIn returns what is in a zip archive; its files may be read by several goroutines. It fails with errLargeArchive when
// more than maxBytes have to be read for that.
func entriesIn(archive io.ReaderAt, size, maxBytes int64) ([]*zip.File, error) {
	in := &replaceableReader{&boundedReader{archive, maxBytes}}
	directory, err := zip.NewReader(in, size)
	if err != nil {
		return nil, err
	}
	in.ReaderAt = archive
	return directory.File, nil
}

// replaceableReader can be given another reader to read from.
type replaceableReader struct{ io.ReaderAt }

// boundedReader fails once more than so many bytes have been read. It is not for concurrent use.
type boundedReader struct {
	io.ReaderAt
	left int64
}

func (r *boundedReader) ReadAt(p []byte, offset int64) (int, error) {
	if r.left -= int64(len(p)); r.left < 0 {
		return 0, errLargeArchive
	}
	return r.ReaderAt.ReadAt(p, offset)
}
