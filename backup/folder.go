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
	"sync"
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

	mu    sync.Mutex
	fault error // of the latest try, and of what it was made of
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

// Wait returns how long it is until a backup is due: until the newest is old enough, or no time when there is none.
func (f *Folder) Wait() (time.Duration, error) {
	names, err := f.list(nameExt)
	if err != nil {
		return 0, err
	}
	now := f.Now()
	var wait time.Duration
	for _, name := range names {
		// One from the far future says that the clock is wrong, or was. Rather one backup too many than none.
		if at := timeOf(name); now.Sub(at).Abs() < f.Every {
			wait = max(wait, at.Add(f.Every).Sub(now))
		}
	}
	return wait, nil
}

// Kept is a backup in a folder.
type Kept struct {
	Name      string
	Bytes     int64
	CreatedAt time.Time
}

// ErrNone says that there is no backup yet.
var ErrNone = errors.New("there is no backup")

// Newest returns the newest backup. It fails with ErrNone when there is none.
func (f *Folder) Newest() (Kept, error) {
	names, err := f.list(nameExt)
	if err != nil {
		return Kept{}, err
	}
	if len(names) == 0 {
		return Kept{}, ErrNone
	}
	name := names[len(names)-1]
	info, err := os.Stat(filepath.Join(f.Dir, name))
	if err != nil {
		return Kept{}, err
	}
	return Kept{Name: name, Bytes: info.Size(), CreatedAt: timeOf(name)}, nil
}

// Fault returns what was wrong with the latest Make, or with what it made; nil: nothing, as far as is known since the start.
func (f *Folder) Fault() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fault
}

// Make makes a backup of a database and its files. Before, it removes what killed runs have left.
func (f *Folder) Make(ctx context.Context, s *store.Store, files *assets.Files) (path string, m Made, err error) {
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.fault = err
		if err == nil {
			f.fault = m.Err()
		}
	}()
	path = filepath.Join(f.Dir, namePrefix+f.Now().UTC().Format(nameTime)+nameExt)
	if err := f.removeParts(); err != nil {
		return path, m, err
	}
	m, err = Make(ctx, s, files, path, func(int, int) {})
	return path, m, err
}

// removeParts removes what killed runs have left.
func (f *Folder) removeParts() error {
	names, err := f.list(nameExt + partExt)
	if err != nil {
		return err
	}
	return f.remove(names)
}

// RemoveOld removes the oldest backups over the number to keep, but not the one at path, which was made last. When
// something was wrong with what that was made of, the newest one stays too with which nothing was: it may have
// what is missing now.
func (f *Folder) RemoveOld(path string, m Made) error {
	names, err := f.list(nameExt)
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == filepath.Base(path) })
	over := max(0, len(names)-(f.Keep-1))
	old := slices.Clone(names[:over])
	if m.Err() != nil {
		for i, name := range slices.Backward(names) {
			if lacksNothing(filepath.Join(f.Dir, name)) {
				if i < over {
					old = slices.Delete(old, i, i+1)
				}
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
