package cmd

import (
	"archive/zip"
	"bytes"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"
)

func uploadsOf(db string) string { return filepath.Join(filepath.Dir(db), "uploads") }

// namedFiles returns the paths below uploads that rows name.
func namedFiles(t testing.TB, db string) []string {
	t.Helper()
	names, err := selectNames(db, `
		select 'pictures/' || picture from users where picture is not null
		union all select 'tracks/' || track_file from workouts where track_file is not null
		union all select 'series/' || substr(track_file, 1, 32) from workouts where track_file is not null
		union all select 'maps/' || map_file from workouts where map_file is not null`)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// selectNames returns the texts that a query of a database selects.
func selectNames(db, query string) (names []string, err error) {
	s, err := sql.Open("sqlite", "file:"+filepath.ToSlash(db)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rows, err := s.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// keptFolders hold what rows name, and tmp what nothing does.
var keptFolders = []string{"pictures", "tracks", "series", "maps", "tmp"}

// keptFiles returns the paths below uploads that are there; a picture is one, though it is a folder.
func keptFiles(t testing.TB, uploads string) []string {
	t.Helper()
	var paths []string
	for _, folder := range keptFolders {
		entries, err := os.ReadDir(filepath.Join(uploads, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			paths = append(paths, folder+"/"+e.Name())
		}
	}
	return paths
}

// wantsNoStrays wants each file to be named by a row, and each named file to be there. The spooled file of an upload may go
// a moment after the answer.
func wantsNoStrays(t testing.TB, db string) {
	t.Helper()
	var stray, missing []string
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		kept, named := keptFiles(t, uploadsOf(db)), namedFiles(t, db)
		stray = slices.DeleteFunc(slices.Clone(kept), func(file string) bool { return slices.Contains(named, file) })
		missing = slices.DeleteFunc(named, func(file string) bool { return slices.Contains(kept, file) })
		if len(stray)+len(missing) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("files that no row names: %v; rows whose files are missing: %v; want none of either", stray, missing)
			return
		}
	}
}

// plantedFiles is how many files ageFiles leaves.
const plantedFiles = 4

// ageFiles lets two hours pass for all uploads, and leaves a stray file in each folder.
func ageFiles(t testing.TB, db string) {
	t.Helper()
	const digits = "0123456789abcdef0123456789abcdef"
	for _, name := range [plantedFiles]string{"tracks/" + digits + ".gpx", "series/" + digits, "maps/" + digits + ".png", "tmp/" + digits} {
		write(t, filepath.Join(uploadsOf(db), name), "left behind")
	}
	then := time.Now().Add(-2 * time.Hour)
	err := filepath.WalkDir(uploadsOf(db), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, then, then))
	})
	if err != nil {
		t.Fatal(err)
	}
}

var swept = regexp.MustCompile(`swept files that nothing names" removed=(\d+)`)

// wantsSwept waits for the sweep of a server that was started on aged files. It returns how many it has removed, apart
// from those that ageFiles has left.
func (p *process) wantsSwept(t testing.TB) (removed int) {
	t.Helper()
	var told []string
	eventually(t, 30*time.Second, "a sweep", func() bool {
		told = swept.FindStringSubmatch(p.log.String())
		return told != nil
	})
	wantsNoStrays(t, p.db)
	removed, err := strconv.Atoi(told[1])
	if err != nil || removed < plantedFiles {
		t.Errorf("the sweep removed %s files; want %d at least", told[1], plantedFiles)
	}
	return removed - plantedFiles
}

// unzip returns the files in an archive.
func unzip(archive []byte) ([][]byte, error) {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for _, entry := range z.File {
		r, err := entry.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		files = append(files, content)
	}
	return files, nil
}
