package backup

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fittrackee/assets"
	"fittrackee/store"
)

// Folder is a folder in which a server keeps its newest backups. Other files in it are none of its business.
type Folder struct {
	Dir   string
	Every time.Duration // how old the newest may be
	Keep  int           // how many stay, at least 1
	// Now is the clock; a test may stop it.
	Now func() time.Time
}

// A backup in a folder is named after the time when it was begun, in UTC. In the order of names the oldest is first.
const (
	namePrefix = "fittrackee-"
	nameTime   = "20060102T150405Z"
	nameExt    = ".zip"
)

// OpenFolder returns the folder at dir, which it makes when it is missing. It fails when no file can be made in
// it, or when it lies in uploads, whose files are removed when no row names them.
func OpenFolder(dir, uploads string, every time.Duration, keep int) (*Folder, error) {
	isInside, err := isInside(dir, uploads)
	if err != nil {
		return nil, err
	}
	if isInside {
		return nil, fmt.Errorf("%s lies in %s, where files that the database does not name are removed", dir, uploads)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	probe, err := os.CreateTemp(dir, ".fittrackee-*")
	if err != nil {
		return nil, fmt.Errorf("cannot write there: %w", err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, err
	}
	return &Folder{Dir: dir, Every: every, Keep: keep, Now: time.Now}, nil
}

// isInside tells whether path lies in folder, also by links. Neither has to be there.
func isInside(path, folder string) (bool, error) {
	path, err := realPath(path)
	if err != nil {
		return false, err
	}
	if folder, err = realPath(folder); err != nil {
		return false, err
	}
	below, err := filepath.Rel(folder, path)
	return err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator)), nil
}

// realPath returns where path leads to. Of what is missing it follows no links.
func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	parent := filepath.Dir(path)
	real, err := filepath.EvalSymlinks(path)
	if errors.Is(err, os.ErrNotExist) && parent != path {
		if real, err = realPath(parent); err == nil {
			real = filepath.Join(real, filepath.Base(path))
		}
	}
	return real, err
}

// IsDue tells whether the newest backup is old enough for another one, or there is none.
func (f *Folder) IsDue() (bool, error) {
	names, err := f.list(nameExt)
	if err != nil {
		return false, err
	}
	now := f.Now()
	return !slices.ContainsFunc(names, func(name string) bool {
		// One from the future says that the clock is wrong, or was. Rather one backup too many than none.
		return now.Sub(timeOf(name)).Abs() < f.Every
	}), nil
}

// Make makes a backup of a database and its files, and then removes the oldest ones in the folder over the number
// to keep. When something was wrong with what it was made of, the newest one stays with which nothing was.
func (f *Folder) Make(ctx context.Context, s *store.Store, files *assets.Files) (path string, m Made, err error) {
	if err := f.removeParts(); err != nil {
		return "", m, err
	}
	name := namePrefix + f.Now().UTC().Format(nameTime) + nameExt
	path = filepath.Join(f.Dir, name)
	if m, err = Make(ctx, s, files, path, func(int, int) {}); err != nil {
		return path, m, err
	}
	return path, m, f.removeOld(name, m.Err() == nil)
}

// removeParts removes what killed runs have left.
func (f *Folder) removeParts() error {
	names, err := f.list(nameExt + partExt)
	if err != nil {
		return err
	}
	return f.remove(names)
}

// removeOld removes the oldest backups over the number to keep, but not the one that was made last.
func (f *Folder) removeOld(made string, isWhole bool) error {
	names, err := f.list(nameExt)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == made })
	old, kept := names[:max(0, len(names)-(f.Keep-1))], names[max(0, len(names)-(f.Keep-1)):]
	isGood := func(name string) bool { return lacksNothing(filepath.Join(f.Dir, name)) }
	if !isWhole && !slices.ContainsFunc(kept, isGood) {
		// What is missing now may be in the newest that lacks nothing.
		for i, name := range slices.Backward(old) {
			if isGood(name) {
				old = slices.Delete(old, i, i+1)
				break
			}
		}
	}
	return f.remove(old)
}

func (f *Folder) remove(names []string) (err error) {
	for _, name := range names {
		err = errors.Join(err, os.Remove(filepath.Join(f.Dir, name)))
	}
	return err
}

// list returns the names of the files whose names are those of a backup, with the given ending, the oldest first.
func (f *Folder) list(ext string) (names []string, err error) {
	entries, err := os.ReadDir(f.Dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.Type().IsRegular() && isName(entry.Name(), ext) {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// isName tells whether a name is that of a backup in a folder, with the given ending.
func isName(name, ext string) bool {
	at := timeOf(strings.TrimSuffix(name, ext) + nameExt)
	return name == namePrefix+at.Format(nameTime)+ext
}

// timeOf returns the time in the name of a backup.
func timeOf(name string) time.Time {
	text := strings.TrimSuffix(strings.TrimPrefix(name, namePrefix), nameExt)
	at, err := time.Parse(nameTime, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// lacksNothing tells whether the archive at path was made when nothing was wrong.
func lacksNothing(path string) bool {
	z, err := zip.OpenReader(path)
	if err != nil {
		return false
	}
	defer z.Close()
	manifest, err := z.Open(manifestName)
	if err != nil {
		return false
	}
	defer manifest.Close()
	lines := bufio.NewScanner(io.LimitReader(manifest, maxLine))
	h, err := readHead(lines)
	return err == nil && h.isWhole()
}
