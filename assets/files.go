// Package assets keeps the files of the server: uploads on disk, and the pictures that it makes of
// them. A file is on the disk, whole, before its name is given out; what a user sent is never kept
// under a name, a type or an encoding of the user's choosing. Which row names which file, and who
// may see it, is left to the packages above.
package assets

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// CountMore is how many bytes Spool reads past its limit at most, so that it can tell the real size.
const CountMore = 8 << 20

// Files is the folder of the files that the server keeps:
//
//	tmp/                       spooled uploads, things being written, things being removed
//	pictures/<name>/512.jpg    one folder for each picture, one file for each of its sizes
//
// Only the rename out of tmp gives a thing its name, so nothing outside tmp is ever half there.
// Its methods may be called from several goroutines.
type Files struct {
	tmp      string
	pictures string
}

// At returns the files in the folder dir, for a look at what is there.
func At(dir string) *Files {
	return &Files{tmp: filepath.Join(dir, "tmp"), pictures: filepath.Join(dir, "pictures")}
}

// Open returns the files in the folder dir, which it makes when it is missing. Folders that others
// could read are closed to them. It fails when a folder cannot be made or closed.
func Open(dir string) (*Files, error) {
	f := At(dir)
	for _, folder := range []string{dir, f.tmp, f.pictures} {
		if err := makePrivate(folder); err != nil {
			return nil, fmt.Errorf("open the folder of kept files: %w", err)
		}
	}
	// A picture is as safe as the folders above it.
	if err := errors.Join(SyncDir(dir), SyncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("open the folder of kept files: %w", err)
	}
	return f, nil
}

// makePrivate makes a folder that only the server's user may enter, or makes an old one so.
func makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(dir, 0o700)
}

// SizeError tells that an upload was longer than Limit bytes.
type SizeError struct {
	// Size is the length of the upload in bytes, or how much of it was seen when Exact is false.
	Size int64
	// Exact is false when the upload did not end within the part that was counted.
	Exact bool
	// Limit is how many bytes were allowed.
	Limit int64
}

func (e *SizeError) Error() string {
	if !e.Exact {
		return fmt.Sprintf("upload of at least %d bytes exceeds %d", e.Size, e.Limit)
	}
	return fmt.Sprintf("upload of %d bytes exceeds %d", e.Size, e.Limit)
}

// Spooled is an upload in a file of its own, until Close. Its position starts at zero.
type Spooled struct {
	file *os.File
	size int64
}

// Read reads on from the current position.
func (s *Spooled) Read(p []byte) (int, error) { return s.file.Read(p) }

// Seek moves the current position.
func (s *Spooled) Seek(offset int64, whence int) (int64, error) { return s.file.Seek(offset, whence) }

// Size returns the length of the upload in bytes.
func (s *Spooled) Size() int64 { return s.size }

// Close removes the file. Closing again does nothing.
func (s *Spooled) Close() error {
	err := s.file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return errors.Join(err, removeFile(s.file.Name()))
}

// Spool copies r, an upload of at most limit bytes, to a file in tmp; the caller closes it. A longer
// upload is not kept: its rest is counted, for at most 8 MiB, and the error is a *SizeError. That
// stands also when reading fails while counting. Other failures to read r are returned as they are
// wrapped. No failure leaves a file.
func (f *Files) Spool(r io.Reader, limit int64) (*Spooled, error) {
	file, err := os.OpenFile(filepath.Join(f.tmp, randomName()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool upload: %w", err)
	}
	s := &Spooled{file: file}
	if err := s.fill(r, limit); err != nil {
		return nil, errors.Join(fmt.Errorf("spool upload: %w", err), s.Close())
	}
	return s, nil
}

// fill copies r into the file and winds it back.
func (s *Spooled) fill(r io.Reader, limit int64) error {
	size, err := io.Copy(s.file, io.LimitReader(r, limit))
	if err != nil {
		return err
	}
	s.size = size
	if size == limit {
		more, err := io.Copy(io.Discard, io.LimitReader(r, CountMore))
		if more > 0 {
			return &SizeError{Size: size + more, Exact: err == nil && more < CountMore, Limit: limit}
		}
		if err != nil {
			return err
		}
	}
	_, err = s.file.Seek(0, io.SeekStart)
	return err
}

// Sweep removes what was last modified before olderThan and is of no use: leftovers in tmp, and
// pictures of which keepPicture says that no row names them. It returns how many it removed. It goes
// on after a thing that cannot be removed, and tells; it stops when keepPicture fails or ctx ends.
func (f *Files) Sweep(
	ctx context.Context, olderThan time.Time, keepPicture func(ctx context.Context, name string) (bool, error),
) (removed int, err error) {
	// Pictures first: a picture that cannot be removed at once waits in tmp for the next round.
	inPictures, err := f.sweepFolder(ctx, f.pictures, olderThan, keepPicture)
	if err != nil {
		return inPictures, fmt.Errorf("sweep pictures: %w", err)
	}
	inTmp, err := f.sweepFolder(ctx, f.tmp, olderThan, keepNothing)
	if err != nil {
		err = fmt.Errorf("sweep tmp: %w", err)
	}
	return inPictures + inTmp, err
}

func keepNothing(context.Context, string) (bool, error) { return false, nil }

// sweepFolder removes the entries of dir that are older than olderThan and not to be kept.
func (f *Files) sweepFolder(
	ctx context.Context, dir string, olderThan time.Time, keep func(context.Context, string) (bool, error),
) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	var failed []error
	for _, entry := range entries {
		if ctx.Err() != nil {
			return removed, errors.Join(append(failed, ctx.Err())...)
		}
		info, err := entry.Info()
		if err != nil || !info.ModTime().Before(olderThan) {
			continue // young, or gone since it was listed
		}
		kept, err := keep(ctx, entry.Name())
		if err != nil {
			return removed, errors.Join(append(failed, err)...)
		}
		if kept {
			continue
		}
		if err := f.discard(filepath.Join(dir, entry.Name())); err != nil {
			failed = append(failed, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(failed...)
}

// discard removes a file or a folder in one step, seen from outside tmp. What is missing is no error.
func (f *Files) discard(path string) error {
	gone := filepath.Join(f.tmp, randomName())
	if err := os.Rename(path, gone); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}

// addFolder makes the folder path of the given files, keyed by name: all of them, safely on the
// disk, or nothing.
func (f *Files) addFolder(path string, files map[string][]byte) error {
	aside := filepath.Join(f.tmp, randomName())
	if err := writeFolder(aside, files); err != nil {
		return errors.Join(err, os.RemoveAll(aside))
	}
	if err := os.Rename(aside, path); err != nil {
		return errors.Join(err, os.RemoveAll(aside))
	}
	if err := SyncDir(filepath.Dir(path)); err != nil {
		return errors.Join(err, f.discard(path))
	}
	return nil
}

func writeFolder(dir string, files map[string][]byte) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for name, data := range files {
		if err := writeFile(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return SyncDir(dir)
}

func writeFile(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// SyncDir puts the names in a folder safely on the disk.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// randomName returns 128 random bits in 32 lower-case hexadecimal digits.
func randomName() string {
	var bits [16]byte
	rand.Read(bits[:]) // never fails
	return hex.EncodeToString(bits[:])
}

// FileSize returns a size in steps of 1024 bytes with one decimal, as people read it in messages:
// 512.0 bytes, 83.9KB, 1.0MB.
func FileSize(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%.1f bytes", float64(bytes))
	}
	units := []string{"KB", "MB", "GB", "TB"}
	size := float64(bytes) / 1024
	for size >= 1024 && len(units) > 1 {
		size /= 1024
		units = units[1:]
	}
	return fmt.Sprintf("%.1f%s", size, units[0])
}
