// Package assets keeps the files of the server: uploaded tracks and what is derived from them, profile
// pictures, maps. It makes the pictures and draws the maps, over tiles that it fetches from a tile
// server. No file has a name of a user's choosing. A picture is encoded anew; a track is kept as it
// came. What cannot be made again, pictures and tracks, is safely on the disk before its name is given
// out. Which row names which file, and who may see it, is left to the packages above.
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
	"strings"
)

// CountMore is how many bytes Spool reads past its limit at most, to learn the real size.
const CountMore = 8 << 20

// Files is the folder of the files that the server keeps. <hex> stands for 32 lower-case hexadecimal
// digits, which are random:
//
//	tmp/                           spooled uploads, things being written, things being removed
//	pictures/<hex>.jpg/512.jpg     one folder for each picture, one file for each of its sizes
//	tracks/<hex>.gpx               uploaded tracks
//	series/<hex>                   the points of the track with the same digits, packed
//	maps/<hex>.png                 map pictures
//	tiles/<template>/<z>/<x>/<y>   map tiles, see Tiles
//	holds/<hex>                    markers that say files are to stay, see Hold
//
// Only the rename out of tmp gives a thing its name, so nothing outside tmp is ever half there.
// Pictures and tracks are safely on the disk before they have it. The others can be made again, so
// that nobody waits for the disk: after a power cut they may be empty or full of zeros, and readers then
// treat them as missing. Its methods may be called from several goroutines.
type Files struct {
	tmp, pictures, tracks, series, maps, tiles, holds string

	maxTileBytes int64 // how much is left of the tiles when they are trimmed
}

// At returns the files in the folder dir, without making or changing anything.
func At(dir string) *Files {
	return &Files{
		tmp:          filepath.Join(dir, "tmp"),
		pictures:     filepath.Join(dir, picturesName),
		tracks:       filepath.Join(dir, tracksName),
		series:       filepath.Join(dir, "series"),
		maps:         filepath.Join(dir, "maps"),
		tiles:        filepath.Join(dir, "tiles"),
		holds:        filepath.Join(dir, "holds"),
		maxTileBytes: maxTileBytes,
	}
}

// Open returns the files in the folder dir, which it makes when it is missing. Folders that others
// could read are closed to them. It fails when a folder cannot be made or closed.
func Open(dir string) (*Files, error) {
	f := At(dir)
	for _, folder := range []string{dir, f.tmp, f.pictures, f.tracks, f.series, f.maps, f.tiles, f.holds} {
		if err := makePrivate(folder); err != nil {
			return nil, fmt.Errorf("open the folder of kept files: %w", err)
		}
	}
	// A file is as safe as the folders above it.
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

// SizeError reports that an upload was longer than Limit bytes.
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

// DiskError is a failure of the server's own disk, as opposed to one of reading what is copied to it. It
// wraps the error of package os.
type DiskError struct{ err error }

func (e *DiskError) Error() string { return e.err.Error() }

func (e *DiskError) Unwrap() error { return e.err }

// onDisk makes a DiskError of a failure. The end of a file is none.
func onDisk(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return &DiskError{err}
}

// Spooled is an upload in a file of its own, until Close. Its position starts at zero. Failures to read
// it are DiskErrors.
type Spooled struct {
	file *os.File
	size int64
}

// Name returns the 32 hexadecimal digits that TrackName begins with.
func (s *Spooled) Name() string { return filepath.Base(s.file.Name()) }

// TrackName returns the name that KeepTracks will keep the upload under. It is known in advance, so that
// what is derived from the upload can be named after it.
func (s *Spooled) TrackName() string { return s.Name() + "." + trackExt }

// Read reads on from the current position.
func (s *Spooled) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	return n, onDisk(err)
}

// Seek moves the current position.
func (s *Spooled) Seek(offset int64, whence int) (int64, error) {
	position, err := s.file.Seek(offset, whence)
	return position, onDisk(err)
}

// ReadAt reads at an offset, wherever the current position is.
func (s *Spooled) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.file.ReadAt(p, offset)
	return n, onDisk(err)
}

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
// upload is not kept: its rest is counted, for at most 8 MiB, and the error is a *SizeError, also when
// reading fails while counting. Other failures to read r are returned wrapped; those of the file are
// DiskErrors. No failure leaves a file.
func (f *Files) Spool(r io.Reader, limit int64) (*Spooled, error) {
	file, err := os.OpenFile(filepath.Join(f.tmp, NewName()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool upload: %w", onDisk(err))
	}
	s := &Spooled{file: file}
	if err := s.fill(r, limit); err != nil {
		return nil, errors.Join(fmt.Errorf("spool upload: %w", err), s.Close())
	}
	return s, nil
}

// fill copies r into the file and winds it back.
func (s *Spooled) fill(r io.Reader, limit int64) error {
	size, err := io.Copy(spoolWriter{s.file}, io.LimitReader(r, limit))
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
	_, err = s.Seek(0, io.SeekStart)
	return err
}

// spoolWriter writes to a file. Its failures are DiskErrors, so that io.Copy does not mix them up with
// those of reading.
type spoolWriter struct{ file *os.File }

func (w spoolWriter) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	return n, onDisk(err)
}

// discard removes a file or a folder in one step, as seen from outside tmp. When it is missing, that is
// no error.
func (f *Files) discard(path string) error {
	gone := filepath.Join(f.tmp, NewName())
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

// addFolder makes the folder path with the given files, keyed by name: all of them, safely on the
// disk, or nothing.
func (f *Files) addFolder(path string, files map[string][]byte) error {
	aside := filepath.Join(f.tmp, NewName())
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

// putCache writes a file that can be made again. It appears in one step, but is not safely on the disk.
func (f *Files) putCache(path string, data []byte) error {
	aside := filepath.Join(f.tmp, NewName())
	err := os.WriteFile(aside, data, 0o600)
	if err == nil {
		err = os.Rename(aside, path)
	}
	if err != nil {
		return errors.Join(err, removeFile(aside))
	}
	return nil
}

// Size returns how many bytes the kept files take, without tmp and map tiles.
// It looks at each file, and fails when it cannot, or when ctx ends.
func (f *Files) Size(ctx context.Context) (bytes int64, err error) {
	for _, folder := range []string{f.pictures, f.tracks, f.series, f.maps} {
		err := walkFiles(ctx, folder, func(_ string, info fs.FileInfo) { bytes += info.Size() })
		if err != nil {
			return 0, fmt.Errorf("measure the kept files: %w", err)
		}
	}
	return bytes, nil
}

// walkFiles calls visit for each file under dir. A file that is removed meanwhile is no error.
func walkFiles(ctx context.Context, dir string, visit func(path string, info fs.FileInfo)) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && entry.IsDir() {
			return nil
		}
		var info fs.FileInfo
		if err == nil {
			info, err = entry.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		visit(path, info)
		return nil
	})
}

// NewName returns 128 random bits as 32 lower-case hexadecimal digits.
func NewName() string {
	var bits [16]byte
	rand.Read(bits[:]) // never fails
	return hex.EncodeToString(bits[:])
}

// splitName splits the ending off the name of a kept file. It is not ok for any other string: one with
// an ending that is known can be put into a path without further thought.
func splitName(name string) (stem, ext string, ok bool) {
	stem, ext, _ = strings.Cut(name, ".")
	return stem, ext, len(stem) == 32 && strings.Trim(stem, "0123456789abcdef") == ""
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
