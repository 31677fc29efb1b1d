package backup

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"fittrackee/assets"
	"fittrackee/store"
)

const (
	// SweepAge is how long nothing has named a file that the server removes, and sweepPause how long it may be until
	// it does.
	SweepAge   = time.Hour
	SweepPause = time.Hour
	// removal is how long it takes at most to remove a file once its row is gone, unless that has failed.
	removal = time.Second
)

// Report is the damage in a database and its files.
type Report struct {
	// Faults is what is wrong with the database, in words for an operator.
	Faults []string
	// Lost are the files that rows name and nobody can open. Maps and the points of tracks can be made again.
	Lost []Lost
	// Unnamed are the paths of files that no row names, and that a server would have removed by now.
	Unnamed []string
}

// Lost is a file that cannot be opened.
type Lost struct {
	Path string // that of a picture is its folder
	Err  error  // why
}

// Check looks for damage in a database and in its files, also while a server works with them.
func Check(ctx context.Context, s *store.Store, files *assets.Files) (r Report, err error) {
	if r.Faults, err = s.Check(ctx); err != nil {
		return r, err
	}
	if r.Lost, err = lostFiles(ctx, s, files); err != nil {
		return r, err
	}
	r.Unnamed, err = unnamedFiles(ctx, s, files)
	return r, err
}

// Lines returns what was found, in lines for an operator.
func (r Report) Lines() []string {
	lines := slices.Clone(r.Faults)
	for _, v := range r.Lost {
		lines = append(lines, fmt.Sprintf("a file that the database names: %v", v.Err))
	}
	for _, path := range r.Unnamed {
		lines = append(lines, fmt.Sprintf("a file that nothing in the database names: uploads/%s; the server would remove it", path))
	}
	return lines
}

// lostFiles tells of the pictures and the tracks that rows name and nobody can open.
func lostFiles(ctx context.Context, s *store.Store, files *assets.Files) (lost []Lost, err error) {
	named, err := s.NamedFiles(ctx)
	if err != nil {
		return nil, err
	}
	failures := make(map[string]error)
	for _, name := range named.Pictures {
		failures[picturePath(name)] = tryPicture(files, name)
	}
	for _, name := range named.Tracks {
		failures[assets.TrackPath(name)] = tryOpen(files, assets.TrackPath(name))
	}
	// What has been deleted meanwhile is to be missing.
	if named, err = s.NamedFiles(ctx); err != nil {
		return nil, err
	}
	for _, name := range named.Pictures {
		lost = appendLost(lost, picturePath(name), failures)
	}
	for _, name := range named.Tracks {
		lost = appendLost(lost, assets.TrackPath(name), failures)
	}
	return lost, nil
}

func picturePath(name string) string { return path.Join("pictures", name) }

func appendLost(lost []Lost, path string, failures map[string]error) []Lost {
	if err := failures[path]; err != nil {
		lost = append(lost, Lost{path, err})
	}
	return lost
}

func tryPicture(files *assets.Files, name string) error {
	paths, err := files.PicturePaths(name)
	for _, path := range paths {
		if err == nil {
			err = tryOpen(files, path)
		}
	}
	return err
}

func tryOpen(files *assets.Files, path string) error {
	file, err := files.OpenPath(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// unnamedFiles tells of the pictures and the tracks that no row names, and that a server would have removed by now.
func unnamedFiles(ctx context.Context, s *store.Store, files *assets.Files) (paths []string, err error) {
	list := func() ([]string, error) {
		named, err := s.NamedFiles(ctx)
		if err != nil {
			return nil, err
		}
		return files.Unnamed(ctx, time.Now().Add(-SweepAge-SweepPause), assets.Named(named))
	}
	if paths, err = list(); len(paths) == 0 || err != nil {
		return nil, err
	}
	// What is just being deleted has lost its row, and will lose its file at once.
	select {
	case <-time.After(removal):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	still, err := list()
	return slices.DeleteFunc(paths, func(path string) bool { return !slices.Contains(still, path) }), err
}
