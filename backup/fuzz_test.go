package backup

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"fittrackee/assets"
)

// FuzzArchive reads any bytes as an archive. What is taken for one has a database, and only names and sizes that a
// backup can have.
func FuzzArchive(f *testing.F) {
	for _, content := range []string{"", "a track"} {
		var b bytes.Buffer
		f.Add(packSmall(f, &b, content))
	}
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := readArchive(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for i, v := range a.files {
			path := pathIn("dir", v.name)
			if !filepath.IsLocal(path) || seen[path] || (i == 0) != (v.name == databaseName) || i > 0 && !assets.IsPath(v.name) {
				t.Errorf("file %d is %q", i, v.name)
			}
			seen[path] = true
			var n int64
			err := readEntry(v.zip, v.size, func(r io.Reader) (err error) {
				n, err = io.Copy(io.Discard, r)
				return err
			})
			if n > v.size || v.size < 0 || err == nil && n != v.size {
				t.Errorf("%s gives %d bytes, %v; want %d", v.name, n, err, v.size)
			}
		}
	})
}

// packSmall packs an archive with a database that is none, and a track.
func packSmall(tb testing.TB, b *bytes.Buffer, track string) []byte {
	tb.Helper()
	w := newArchiveWriter(b)
	err := w.add(tb.Context(), databaseName, strings.NewReader("database"))
	if err == nil {
		err = w.add(tb.Context(), "tracks/0123456789abcdef0123456789abcdef.gpx", strings.NewReader(track))
	}
	if err == nil {
		err = w.addManifest()
	}
	if err == nil {
		err = w.zip.Close()
	}
	if err == nil {
		err = w.buffered.Flush()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// FuzzManifest reads any text as a manifest. What is taken for one comes back when it is written again.
func FuzzManifest(f *testing.F) {
	var b bytes.Buffer
	if err := writeManifest(&b, head{Schema: 2, Workouts: 3}, []entry{{name: databaseName, size: 7}}, []string{"tracks/x"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		var entries []entry
		h, missing, err := readManifest(bytes.NewReader(text), func(e entry) error {
			entries = append(entries, e)
			return nil
		})
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeManifest(&again, h, entries, missing); err != nil {
			return // a year that JSON has no form for
		}
		n := 0
		if _, _, err := readManifest(&again, func(e entry) error {
			if e != entries[n] {
				t.Errorf("file %d was %v and is %v", n, entries[n], e)
			}
			n++
			return nil
		}); err != nil || n != len(entries) {
			t.Errorf("read again = %d files, %v; want %d", n, err, len(entries))
		}
	})
}
