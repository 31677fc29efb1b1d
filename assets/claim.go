package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrClaimed is returned when files belong to another database.
var ErrClaimed = errors.New("the files belong to another database")

// Claim writes down which database the files belong to, by an id that the database has and no other. It
// fails with ErrClaimed when another id stands there.
func (f *Files) Claim(id string) error {
	path := filepath.Join(filepath.Dir(f.tmp), "instance")
	claimed, err := os.ReadFile(path)
	switch {
	case err == nil && string(claimed) == id:
		return nil
	case err == nil && len(claimed) > 0:
		return ErrClaimed
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("claim the files: %w", err)
	}
	aside := filepath.Join(f.tmp, NewName())
	err = writeFile(aside, []byte(id))
	if err == nil {
		err = os.Rename(aside, path)
	}
	if err == nil {
		err = SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("claim the files: %w", err)
	}
	return nil
}
