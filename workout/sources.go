package workout

import (
	"archive/zip"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
)

// source is a file that may become a workout. Who takes one releases it.
type source struct {
	name    string // leads to it, for messages
	open    func() (io.ReadCloser, error)
	release func()
	err     error // why it cannot be opened
}

// listSources gives all sources in files, archives and folders, until give returns an error, which it returns. It counts what it
// passes over. Only one folder and a few archives are in memory at a time.
func listSources(paths []string, give func(source) error) (passedOver int, err error) {
	list := sourceLister{give: func(s source) error {
		err := give(s)
		if err != nil {
			s.release()
		}
		return err
	}}
	for _, path := range paths {
		if err := list.path(path); err != nil {
			return list.passedOver, err
		}
	}
	return list.passedOver, nil
}

// countSources returns how many sources there are, or were found until ctx ended.
func countSources(ctx context.Context, paths []string) (n int) {
	_, _ = listSources(paths, func(s source) error { // the error is that of ctx
		s.release()
		n++
		return ctx.Err()
	})
	return n
}

// sourceLister finds sources. Its methods return what give returned.
type sourceLister struct {
	give       func(source) error
	passedOver int
}

// path gives what is in a path that somebody named.
func (l *sourceLister) path(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return l.refuse(path, err)
	case info.IsDir():
		return l.folder(path)
	case !info.Mode().IsRegular() || !isImportable(path):
		return l.refuse(path, errors.New("neither a .gpx nor a .zip file"))
	}
	return l.file(path)
}

func (l *sourceLister) refuse(name string, reason error) error {
	return l.give(source{name: name, err: reason, release: func() {}})
}

// file gives a GPX file, or what is in an archive.
func (l *sourceLister) file(path string) error {
	if hasExt(path, archiveExt) {
		return l.archive(path)
	}
	return l.give(source{name: path, open: func() (io.ReadCloser, error) { return os.Open(path) }, release: func() {}})
}

// folder gives what is in a folder and in those below it. Links in it are not followed.
func (l *sourceLister) folder(root string) error {
	root += string(filepath.Separator) // the folder itself may be a link
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		isHidden := path != root && d != nil && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			return l.refuse(path, err)
		case d.IsDir() && isHidden:
			l.passedOver++
			return fs.SkipDir
		case d.IsDir():
			return nil
		case isHidden || !d.Type().IsRegular() || !isImportable(path):
			l.passedOver++
			return nil
		}
		return l.file(path)
	})
}

// maxImportDirectoryBytes is how much of an archive may be read to learn what is in it. That is enough for eighty thousand
// files; more would take too much memory.
const maxImportDirectoryBytes = 8 << 20

// archive gives the GPX files in a zip archive. It is closed when the last of them is released.
func (l *sourceLister) archive(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return l.refuse(path, err)
	}
	var users atomic.Int64
	users.Store(1)
	release := func() {
		if users.Add(-1) == 0 {
			_ = file.Close() // it was only read
		}
	}
	defer release()
	entries, err := entriesOf(file)
	if err != nil {
		return l.refuse(path, err)
	}
	for _, entry := range entries {
		switch {
		case entry.Mode().IsDir():
			continue
		case !entry.Mode().IsRegular() || isHiddenEntry(entry.Name) || !hasExt(entry.Name, trackExt):
			l.passedOver++
			continue
		}
		found := source{name: path + "/" + readable(entry.Name, 200), open: entry.Open, release: release}
		if entry.Flags&isEncrypted != 0 {
			found.err = errors.New("it is encrypted")
		}
		users.Add(1)
		if err := l.give(found); err != nil {
			return err
		}
	}
	return nil
}

// isEncrypted is the flag of an encrypted file in an archive (PKWARE's APPNOTE.TXT, 4.4.4).
const isEncrypted = 1

// entriesOf returns what is in a zip archive.
func entriesOf(archive *os.File) ([]*zip.File, error) {
	info, err := archive.Stat()
	if err != nil {
		return nil, err
	}
	entries, err := entriesIn(archive, info.Size(), maxImportDirectoryBytes)
	if errors.Is(err, errLargeArchive) {
		return nil, errors.New("too many files in the archive")
	}
	return entries, err
}

// isHiddenEntry tells whether a file of an archive, or a folder that it is in, has a name like those that are hidden.
func isHiddenEntry(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return strings.HasPrefix(part, ".") && part != "." && part != ".."
	})
}

const archiveExt = "zip"

func isImportable(name string) bool { return hasExt(name, trackExt) || hasExt(name, archiveExt) }

// hasExt tells whether a name ends in ".gpx" where ext is "gpx", in whatever case.
func hasExt(name, ext string) bool { return strings.EqualFold(filepath.Ext(name), "."+ext) }

// withoutPath returns the cause of an error that names a file which the message names already.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
