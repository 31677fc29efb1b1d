package assets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// The files that cannot be made again have a path below the folder, with slashes, by which they are
// copied: tracks/<hex>.gpx, and pictures/<hex>.jpg/512.jpg for each size of a picture.

const (
	tracksName   = "tracks"
	picturesName = "pictures"
)

// IsPath tells whether p is the path of a track or of a picture's file, as TrackPath and PicturePaths give
// them. Such a path leads nowhere else.
func IsPath(p string) bool {
	folder, rest, _ := strings.Cut(p, "/")
	switch folder {
	case tracksName:
		_, ok := trackStem(rest)
		return ok
	case picturesName:
		name, file, _ := strings.Cut(rest, "/")
		ext, ok := pictureExt(name)
		return ok && slices.ContainsFunc(slices.Concat(smallerSizesPX, []int{pictureSizePX}), func(size int) bool {
			return file == pictureFile(size, ext)
		})
	}
	return false
}

// TrackPath returns the path of the track called name.
func TrackPath(name string) string { return path.Join(tracksName, name) }

// PicturePaths returns the paths of the files of the picture called name, one for each size. A picture
// that is missing or lacks its largest size is an error that errors.Is(err, fs.ErrNotExist).
func (f *Files) PicturePaths(name string) (paths []string, err error) {
	ext, ok := pictureExt(name)
	if !ok {
		return nil, fmt.Errorf("open picture %q: %w", name, fs.ErrNotExist)
	}
	entries, err := os.ReadDir(filepath.Join(f.pictures, name))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if p := path.Join(picturesName, name, entry.Name()); IsPath(p) {
			paths = append(paths, p)
		}
	}
	largest := path.Join(picturesName, name, pictureFile(pictureSizePX, ext))
	if !slices.Contains(paths, largest) {
		return nil, fmt.Errorf("open %s: %w", largest, fs.ErrNotExist)
	}
	return paths, nil
}

// OpenPath opens the file at a path that IsPath. Any other path, and what is missing, is an error that
// errors.Is(err, fs.ErrNotExist).
func (f *Files) OpenPath(p string) (*os.File, error) {
	if !IsPath(p) {
		return nil, fmt.Errorf("open %q: %w", p, fs.ErrNotExist)
	}
	return os.Open(filepath.Join(filepath.Dir(f.tmp), filepath.FromSlash(p)))
}

// NewTempPath returns where a new file may be made that is of no use once its process has ended. Sweep
// removes what stays behind.
func (f *Files) NewTempPath() string { return filepath.Join(f.tmp, NewName()) }

// Unnamed returns the paths of the pictures and tracks that were last modified before olderThan and
// that nothing names, which is what Sweep removes. A picture is named by its folder. The names are read
// before it is called.
func (f *Files) Unnamed(ctx context.Context, olderThan time.Time, named Named) (paths []string, err error) {
	for _, folder := range []struct {
		name string
		keep []string
	}{{picturesName, named.Pictures}, {tracksName, named.Tracks}} {
		names, err := unnamed(ctx, filepath.Join(filepath.Dir(f.tmp), folder.name), olderThan, folder.keep)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // without a folder, nothing is in it
			return nil, fmt.Errorf("list the files that nothing names: %w", err)
		}
		for _, name := range names {
			paths = append(paths, path.Join(folder.name, name))
		}
	}
	return paths, nil
}
