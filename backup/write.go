package backup

import (
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"fittrackee/assets"
)

const (
	// syncBytes is how much of an archive may wait for the disk. Where much waits, a server that wants its few
	// bytes written waits behind it.
	syncBytes = 8 << 20
	// bufferBytes is how much of it is written at once.
	bufferBytes = 256 << 10
)

// archiveWriter writes an archive.
type archiveWriter struct {
	file     *os.File
	buffered *bufio.Writer
	zip      *zip.Writer

	head    head
	entries []entry
	missing []string
	faults  []string
}

// createArchive makes an archive at path, where nothing may be yet.
func createArchive(path string) (*archiveWriter, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: another backup is under way, or remove it", path)
	}
	if err != nil {
		return nil, err
	}
	w := newArchiveWriter(&syncedWriter{file: file})
	w.file = file
	return w, nil
}

// newArchiveWriter returns what writes an archive to out.
func newArchiveWriter(out io.Writer) *archiveWriter {
	w := &archiveWriter{buffered: bufio.NewWriterSize(out, bufferBytes)}
	w.zip = zip.NewWriter(w.buffered)
	// The default level takes four times as long, to save a seventh. To make a compressor takes longer than to
	// compress a short track, so there is one for all.
	compressor, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is known
	}
	w.zip.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) {
		compressor.Reset(out)
		return compressor, nil
	})
	return w
}

// syncedWriter writes to a file, and now and then waits for the disk.
type syncedWriter struct {
	file    *os.File
	waiting int // bytes
}

func (w *syncedWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	w.waiting += n
	if err == nil && w.waiting >= syncBytes {
		w.waiting = 0
		err = w.file.Sync()
	}
	return n, err
}

// add adds a file and keeps its sum for the manifest. Pictures are compressed as they are.
func (w *archiveWriter) add(ctx context.Context, name string, r io.Reader) error {
	method := zip.Deflate
	if assets.PictureType(pictureOf(name)) != "" {
		method = zip.Store
	}
	into, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: w.head.MadeAt})
	if err != nil {
		return err
	}
	e := entry{name: name}
	sum := sha256.New()
	if e.size, err = io.Copy(io.MultiWriter(into, sum), reader{ctx, r}); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	sum.Sum(e.sum[:0])
	w.entries = append(w.entries, e)
	return nil
}

// pictureOf returns the name of the picture that an entry belongs to, "" when it is something else.
func pictureOf(name string) string {
	rest, ok := strings.CutPrefix(name, "pictures/")
	if !ok {
		return ""
	}
	picture, _, _ := strings.Cut(rest, "/")
	return picture
}

func (w *archiveWriter) addManifest() error {
	w.head.Faults = len(w.faults)
	into, err := w.zip.CreateHeader(&zip.FileHeader{Name: manifestName, Method: zip.Deflate, Modified: w.head.MadeAt})
	if err == nil {
		err = writeManifest(into, w.head, w.entries, w.missing)
	}
	return err
}

// finish puts the archive safely on the disk and gives it its name, which must not be taken. It returns its
// size in bytes.
func (w *archiveWriter) finish(path string) (bytes int64, err error) {
	if err := errors.Join(w.zip.Close(), w.buffered.Flush(), w.file.Sync()); err != nil {
		return 0, err
	}
	info, err := w.file.Stat()
	if err != nil {
		return 0, err
	}
	if err := errors.Join(w.file.Close(), wantNothingAt(path)); err != nil {
		return 0, err
	}
	if err := os.Rename(w.file.Name(), path); err != nil {
		return 0, err
	}
	if err := assets.SyncDir(filepath.Dir(path)); err != nil {
		return 0, errors.Join(err, os.Remove(path))
	}
	return info.Size(), nil
}

// abandon removes what there is of the archive.
func (w *archiveWriter) abandon() error {
	if err := w.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	if err := os.Remove(w.file.Name()); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
