package backup

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"fittrackee/assets"
)

// archive is an archive whose manifest says what its entries say.
type archive struct {
	head    head
	files   []packed
	missing []string
}

// packed is a file in an archive.
type packed struct {
	entry
	zip *zip.File
}

// readArchive reads what an archive of so many bytes has. It fails when that is not exactly what the manifest
// lists, with names that lead nowhere else. The content is looked at when it is unpacked.
func readArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("not a zip archive, or only the beginning of one: %w", err)
	}
	left := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		if left[f.Name] != nil {
			return nil, fmt.Errorf("%q is in it twice", f.Name)
		}
		if f.Method != zip.Deflate && f.Method != zip.Store {
			return nil, fmt.Errorf("%q is packed in a way that is not known", f.Name)
		}
		left[f.Name] = f
	}
	a := &archive{files: make([]packed, 0, len(z.File))}
	manifest := left[manifestName]
	if manifest == nil {
		return nil, errors.New("there is no manifest in it, so it is not a backup")
	}
	delete(left, manifestName)
	err = readEntry(manifest, maxManifest, func(r io.Reader) (err error) {
		a.head, a.missing, err = readManifest(r, func(e entry) error { return a.find(e, left) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("its manifest: %w", err)
	}
	for name := range left {
		return nil, fmt.Errorf("%q is in it, which the manifest does not list", name)
	}
	if len(a.files) == 0 || a.files[0].name != databaseName {
		return nil, errors.New("there is no database in it")
	}
	return a, nil
}

// find takes the entry that the manifest speaks of from those that are left.
func (a *archive) find(e entry, left map[string]*zip.File) error {
	f := left[e.name]
	if f == nil {
		return fmt.Errorf("%s is not in it, or is listed twice", e.name)
	}
	delete(left, e.name)
	if f.UncompressedSize64 != uint64(e.size) {
		return fmt.Errorf("%s has %d bytes; the manifest says %d", e.name, f.UncompressedSize64, e.size)
	}
	a.files = append(a.files, packed{e, f})
	return nil
}

// readEntry lets read read an entry to its end, which is to come after limit bytes at most. It fails when the
// entry is longer, or has other bytes than were packed.
func readEntry(f *zip.File, limit int64, read func(io.Reader) error) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if err := read(io.LimitReader(r, limit)); err != nil {
		return err
	}
	// At its end the sum of the zip format is compared.
	n, err := io.ReadFull(r, make([]byte, 1))
	switch {
	case n > 0:
		return errors.New("there is more of it than there is to be")
	case err != io.EOF:
		return err
	}
	return nil
}

// unpack makes the files of the archive in dir, which is empty: the database, and in the folder uploads the
// others. They are safely on the disk, their names in the folders are not. It tells shown how many are done.
func (a *archive) unpack(ctx context.Context, dir string, shown func(done, total int)) error {
	if err := a.makeFolders(dir); err != nil {
		return err
	}
	// Much of the time goes to waiting for the disk, which writes what several wait for at once.
	workers := 4 * runtime.GOMAXPROCS(0)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	var begun atomic.Int64
	done := make(chan struct{}, workers)
	for range workers {
		all.Go(func() {
			for i := begun.Add(1) - 1; i < int64(len(a.files)) && ctx.Err() == nil; i = begun.Add(1) - 1 {
				if err := a.files[i].unpack(ctx, pathIn(dir, a.files[i].name)); err != nil {
					stop(err)
					return
				}
				done <- struct{}{}
			}
		})
	}
	go func() { all.Wait(); close(done) }()
	n := 0
	for range done {
		n++
		shown(n, len(a.files))
	}
	return context.Cause(ctx)
}

// Where an entry goes below the folder that an archive is unpacked in.
const uploadsName = "uploads"

func pathIn(dir, name string) string {
	if name == databaseName {
		return filepath.Join(dir, databaseName)
	}
	return filepath.Join(dir, uploadsName, filepath.FromSlash(name))
}

// makeFolders makes the folders that the files lie in.
func (a *archive) makeFolders(dir string) error {
	made := make(map[string]bool)
	for _, f := range a.files {
		folder := filepath.Dir(pathIn(dir, f.name))
		if made[folder] {
			continue
		}
		made[folder] = true
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// syncFolders puts the names of the files safely on the disk.
func (a *archive) syncFolders(dir string) error {
	synced := make(map[string]bool)
	for _, f := range a.files {
		for folder := filepath.Dir(pathIn(dir, f.name)); !synced[folder] && len(folder) >= len(dir); folder = filepath.Dir(folder) {
			synced[folder] = true
			if err := assets.SyncDir(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// unpack writes a file to path, safely on the disk. It never writes more than the manifest says, and fails
// when that is not what was backed up.
func (p packed) unpack(ctx context.Context, path string) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	sum := sha256.New()
	err = readEntry(p.zip, p.size, func(r io.Reader) error {
		_, err := io.Copy(io.MultiWriter(file, sum), reader{ctx, r})
		return err
	})
	if err != nil {
		return fmt.Errorf("unpack %s: %w", p.name, err)
	}
	if [sha256.Size]byte(sum.Sum(nil)) != p.sum {
		return fmt.Errorf("%s is not what was backed up: its SHA-256 sum is another", p.name)
	}
	return file.Sync()
}
