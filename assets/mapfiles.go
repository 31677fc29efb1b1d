package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// NewMapName returns a new name for a map picture, 32 hexadecimal digits and ".png".
func NewMapName() string { return NewName() + "." + mapExt }

// mapExt is what a map picture's name ends in, after a point.
const mapExt = "png"

// PutMap stores a map picture under a name as NewMapName gives them, and replaces what was there. It
// fails on any other name.
func (f *Files) PutMap(name string, png []byte) error {
	if !isMapName(name) {
		return fmt.Errorf("put map: %q is not the name of a map", name)
	}
	if err := f.putCache(filepath.Join(f.maps, name), png); err != nil {
		return fmt.Errorf("put map: %w", err)
	}
	return nil
}

// OpenMap opens a map picture. One that is missing, or that a power cut has left broken, is an error
// that errors.Is(err, fs.ErrNotExist), as is a name that is not a map's.
func (f *Files) OpenMap(name string) (*os.File, error) {
	if !isMapName(name) {
		return nil, fmt.Errorf("open map %q: %w", name, fs.ErrNotExist)
	}
	file, err := os.Open(filepath.Join(f.maps, name))
	if err != nil {
		return nil, err
	}
	whole, err := isWholePNG(file)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open map: %w", err), file.Close())
	}
	if !whole {
		return nil, errors.Join(fmt.Errorf("open map %q, which is broken: %w", name, fs.ErrNotExist), file.Close())
	}
	return file, nil
}

// How a PNG begins, and the empty chunk that it ends with: length, name, CRC-32.
const (
	pngMagic = "\x89PNG\r\n\x1a\n"
	pngEnd   = "\x00\x00\x00\x00IEND\xae\x42\x60\x82"
)

// isWholePNG tells whether a file begins and ends like a PNG. Its position stays where it was.
func isWholePNG(file *os.File) (bool, error) {
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	size := info.Size()
	if size < int64(len(pngMagic)+len(pngEnd)) {
		return false, nil
	}
	var magic [len(pngMagic)]byte
	var end [len(pngEnd)]byte
	_, err = file.ReadAt(magic[:], 0)
	if err == nil {
		_, err = file.ReadAt(end[:], size-int64(len(end)))
	}
	if err != nil {
		return false, err
	}
	return string(magic[:]) == pngMagic && string(end[:]) == pngEnd, nil
}

// RemoveMaps removes map pictures; one that is missing is no error. When one cannot be removed it goes
// on, and reports it. It removes nothing when one of the names is not a map's.
func (f *Files) RemoveMaps(names []string) error {
	for _, name := range names {
		if !isMapName(name) {
			return fmt.Errorf("remove maps: %q is not the name of a map", name)
		}
	}
	var failed []error
	for _, name := range names {
		failed = append(failed, removeFile(filepath.Join(f.maps, name)))
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("remove maps: %w", err)
	}
	return nil
}

func isMapName(name string) bool {
	_, ext, ok := splitName(name)
	return ok && ext == mapExt
}
