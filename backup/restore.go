package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fittrackee/assets"
	"fittrackee/store"
)

// Restored is what came out of a backup.
type Restored struct {
	Workouts int64
	Files    int      // tracks and pictures
	Missing  []string // when the backup was made, though rows name them
}

// unpackedExt is what the name of the folder ends in where a backup is unpacked, beside the database that is to be.
const unpackedExt = ".restore"

// Restore makes a database at db, and its files in the folder uploads beside it, of the backup at path. It
// tells shown how many files are done. Nothing may be there yet. The backup has to be whole in every byte, and
// what it holds has to be sound, apart from files that were missing when it was made. When it fails or ctx ends,
// all is as before.
func Restore(ctx context.Context, path, db string, shown func(done, total int)) (r Restored, err error) {
	uploads := filepath.Join(filepath.Dir(db), uploadsName)
	if err := wantNoDatabase(db, uploads); err != nil {
		return r, err
	}
	file, err := os.Open(path)
	if err != nil {
		return r, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return r, err
	}
	a, err := readArchive(file, info.Size())
	if err != nil {
		return r, fmt.Errorf("%s cannot be restored: %w", path, err)
	}
	into, err := makeScratch(db + unpackedExt)
	if err != nil {
		return r, err
	}
	if err := a.unpackSound(ctx, into.dir, shown); err != nil {
		return r, errors.Join(fmt.Errorf("%s cannot be restored: %w", path, err), into.remove())
	}
	if err := moveInto(into.dir, db, uploads); err != nil {
		return r, errors.Join(fmt.Errorf("move what was unpacked to its place: %w", err), into.remove())
	}
	return Restored{a.head.Workouts, len(a.files) - 1, a.missing}, into.keep()
}

// wantNoDatabase fails when there is something that a restored database would take the place of, or would be mixed
// up with.
func wantNoDatabase(db, uploads string) error {
	for _, path := range store.FilesAt(db) {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already: stop the server, and move the database with its uploads folder away, or give another place with --db", path)
		} else if !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if info, err := os.Lstat(uploads); err == nil && !info.IsDir() {
		return fmt.Errorf("%s is there already and no folder: move it away, or give another place with --db", uploads)
	}
	entries, err := os.ReadDir(uploads)
	if len(entries) > 0 {
		return fmt.Errorf("%s is there already and not empty: move it away, or give another place with --db", uploads)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// scratch is a folder for a restore that is under way.
type scratch struct {
	dir  string
	made []string // folders above it that were missing, the innermost first
}

// makeScratch makes the folder dir, and those above it that are missing.
func makeScratch(dir string) (*scratch, error) {
	s := &scratch{dir: dir}
	for parent := filepath.Dir(dir); ; parent = filepath.Dir(parent) {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		s.made = append(s.made, parent)
	}
	err := os.MkdirAll(filepath.Dir(dir), 0o700)
	if err == nil {
		err = os.Mkdir(dir, 0o700)
	}
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("%s is there already: another restore is under way, or one was killed and left it; then remove it", dir)
	case err != nil:
		return nil, errors.Join(err, s.removeMade())
	}
	return s, nil
}

// keep removes the folder and puts those above it safely on the disk.
func (s *scratch) keep() error {
	err := os.RemoveAll(s.dir)
	for _, parent := range s.made {
		err = errors.Join(err, assets.SyncDir(filepath.Dir(parent)))
	}
	return err
}

// remove removes all that was made.
func (s *scratch) remove() error { return errors.Join(os.RemoveAll(s.dir), s.removeMade()) }

func (s *scratch) removeMade() (err error) {
	for _, parent := range s.made {
		if removeErr := os.Remove(parent); !errors.Is(removeErr, os.ErrNotExist) {
			err = errors.Join(err, removeErr)
		}
	}
	return err
}

// unpackSound unpacks the archive in dir, and fails when what comes out has damage that the manifest does not
// tell of.
func (a *archive) unpackSound(ctx context.Context, dir string, shown func(done, total int)) (err error) {
	if err := a.unpack(ctx, dir, shown); err != nil {
		return err
	}
	files, err := assets.Open(filepath.Join(dir, uploadsName))
	if err != nil {
		return err
	}
	if err := a.checkSound(ctx, filepath.Join(dir, databaseName), files); err != nil {
		return err
	}
	return a.syncFolders(dir)
}

// checkSound opens the database, which brings an old one up to date and refuses one that is too new, looks for
// damage, and writes down whose the files are.
func (a *archive) checkSound(ctx context.Context, db string, files *assets.Files) (err error) {
	s, err := store.Open(ctx, db, false)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, s.Close()); err == nil {
			err = settle(db)
		}
	}()
	id, err := s.InstanceID(ctx)
	if err != nil {
		return err
	}
	if id != a.head.Instance {
		return errors.New("the database in it is another one than its manifest says") // such as an empty file, of which one is made
	}
	if err := files.Claim(id); err != nil {
		return err
	}
	found, err := Check(ctx, s, files)
	if err != nil {
		return err
	}
	found.Lost = slices.DeleteFunc(found.Lost, func(v Lost) bool { return a.lacks(v.Path) })
	if lines := found.Lines(); len(lines) > 0 {
		return fmt.Errorf("the database in it is damaged, as it was when it was backed up; restore an older backup, or unpack this one by hand: it is a zip archive. %s", strings.Join(lines, "; "))
	}
	return nil
}

// lacks tells whether a file, or one of a picture, was missing when the archive was made.
func (a *archive) lacks(path string) bool {
	return slices.ContainsFunc(a.missing, func(name string) bool {
		return name == path || strings.HasPrefix(name, path+"/")
	})
}

// settle puts a closed database safely on the disk, which is to be one file now.
func settle(db string) error {
	for _, path := range store.FilesAt(db)[1:] {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return errors.Join(fmt.Errorf("%s is left over", path), err)
		}
	}
	file, err := os.OpenFile(db, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// moveInto moves what was unpacked in dir to where it belongs, the database last: without it, nobody takes the
// files for anything.
func moveInto(dir, db, uploads string) error {
	// An empty folder may be in the way. Windows does not rename over it.
	isEmpty := os.Remove(uploads) == nil
	back := func(err error) error {
		if isEmpty {
			err = errors.Join(err, os.Mkdir(uploads, 0o700))
		}
		return err
	}
	if err := os.Rename(filepath.Join(dir, uploadsName), uploads); err != nil {
		return back(err)
	}
	err := assets.SyncDir(filepath.Dir(db))
	if err == nil {
		err = wantNothingAt(db)
	}
	if err == nil {
		err = os.Rename(filepath.Join(dir, databaseName), db)
	}
	if err != nil {
		return back(errors.Join(err, os.Rename(uploads, filepath.Join(dir, uploadsName))))
	}
	return assets.SyncDir(filepath.Dir(db))
}
