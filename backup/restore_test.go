package backup_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fittrackee/backup"
)

// item is an entry of an archive.
type item struct {
	name    string
	content []byte
}

// items are all entries of an archive.
type items []item

const (
	database = "fittrackee.db"
	manifest = "manifest.jsonl"
)

func readItems(t testing.TB, archive []byte) (all items) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item{f.Name, content})
	}
	return all
}

// pack makes an archive.
func (all items) pack(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, v := range all {
		into, err := w.Create(v.name)
		if err == nil {
			_, err = into.Write(v.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// named returns the entry with a name, or whose name begins like that.
func (all items) named(name string) *item {
	i := slices.IndexFunc(all, func(v item) bool { return strings.HasPrefix(v.name, name) })
	return &all[i]
}

// without leaves out the entry with a name, but not in the manifest.
func (all items) without(name string) items {
	return slices.DeleteFunc(all, func(v item) bool { return strings.HasPrefix(v.name, name) })
}

// listed writes a manifest that lists all entries as they are.
func (all items) listed(t testing.TB) items {
	t.Helper()
	head, _, _ := bytes.Cut(all.named(manifest).content, []byte("\n"))
	all = all.without(manifest)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n", regexp.MustCompile(`"files":\d+`).ReplaceAll(head, fmt.Appendf(nil, `"files":%d`, len(all))))
	for _, v := range all {
		sum := sha256.Sum256(v.content)
		line, err := json.Marshal(map[string]any{"name": v.name, "size": len(v.content), "sha256": hex.EncodeToString(sum[:])})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return append(all, item{manifest, b.Bytes()})
}

// replace changes the manifest.
func (all items) replace(from, to string) items {
	m := all.named(manifest)
	m.content = regexp.MustCompile(from).ReplaceAll(m.content, []byte(to))
	return all
}

// edit changes the database by SQL, and lists it as it is then.
func (all items) edit(t testing.TB, statements ...string) items {
	t.Helper()
	file := filepath.Join(t.TempDir(), "f.db")
	if err := os.WriteFile(file, all.named(database).content, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		exec(t, file, s)
	}
	var err error
	if all.named(database).content, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	return all.listed(t)
}

const digits = "0123456789abcdef0123456789abcdef"

// brokenArchives are what can become of an archive, and words of what is said about it.
var brokenArchives = []struct {
	name   string
	spoil  func(t testing.TB, all items) items
	reason string
}{
	{"a track left out", func(_ testing.TB, all items) items { return all.without("tracks/") }, "is not in it"},
	{"no database", func(_ testing.TB, all items) items { return all.without(database) }, "fittrackee.db is not in it"},
	{"no database, and none is listed", func(t testing.TB, all items) items {
		return all.without(database).listed(t)
	}, "there is no database in it"},
	{"an entry more", func(_ testing.TB, all items) items {
		return append(all, item{"tracks/" + digits + ".gpx", []byte("more")})
	}, "which the manifest does not list"},
	{"a key more", func(t testing.TB, all items) items {
		return append(all, item{"secret.key", make([]byte, 32)}).listed(t)
	}, "is not the name of a file in a backup"},
	{"a folder more", func(_ testing.TB, all items) items { return append(all, item{"tracks/", nil}) }, "which the manifest does not list"},
	{"an entry twice", func(_ testing.TB, all items) items { return append(all, all[1]) }, "is in it twice"},
	{"the manifest twice", func(_ testing.TB, all items) items { return append(all, all[len(all)-1]) }, "is in it twice"},
	{"a line twice", func(t testing.TB, all items) items {
		all.named(manifest).content = append(all.named(manifest).content, bytes.SplitAfter(all.named(manifest).content, []byte("\n"))[1]...)
		return all
	}, "is listed twice"},
	{"no manifest", func(_ testing.TB, all items) items { return all.without(manifest) }, "no manifest"},
	{"nothing at all", func(testing.TB, items) items { return nil }, "no manifest"},
	{"an empty manifest", func(_ testing.TB, all items) items { return all.replace(`(?s).*`, "") }, "it is empty"},
	{"a manifest of something else", func(_ testing.TB, all items) items { return all.replace(`fittrackee backup`, "shopping list") }, "not one of a backup"},
	{"a manifest of zeros", func(_ testing.TB, all items) items {
		all.named(manifest).content = make([]byte, 64<<20)
		return all
	}, "its manifest: "},
	{"a manifest that ends early", func(_ testing.TB, all items) items { return all.replace(`[^\n]*\n$`, "") }, "where its head says"},
	{"a newer format", func(_ testing.TB, all items) items { return all.replace(`"version":1`, `"version":2`) }, "newer version of fittrackee (format 2"},
	{"lines that are no JSON", func(_ testing.TB, all items) items { return all.replace(`\n\{`, "\n[") }, "not the JSON object"},
	{"a size that is too small", func(_ testing.TB, all items) items { return all.replace(`"size":7`, `"size":6`) }, "the manifest says 6"},
	{"a size that is too large", func(_ testing.TB, all items) items { return all.replace(`"size":7`, `"size":99999999999`) }, "the manifest says 99999999999"},
	{"a size below zero", func(_ testing.TB, all items) items { return all.replace(`"size":7`, `"size":-7`) }, "cannot have -7 bytes"},
	{"a size that is no number", func(_ testing.TB, all items) items { return all.replace(`"size":7`, `"size":1e99`) }, "not the JSON object"},
	{"another sum", func(_ testing.TB, all items) items { return all.replace(`"sha256":"....`, `"sha256":"0000`) }, "SHA-256 sum is another"},
	{"no sum", func(_ testing.TB, all items) items { return all.replace(`"sha256":"[^"]*`, `"sha256":"`) }, "is not a SHA-256 sum"},
	{"a longer sum", func(_ testing.TB, all items) items { return all.replace(`"sha256":"`, `"sha256":"00`) }, "is not a SHA-256 sum"},
	{"other content", func(_ testing.TB, all items) items {
		all.named("tracks/").content = []byte("b track")
		return all
	}, "SHA-256 sum is another"},
	{"something that is no database", func(t testing.TB, all items) items {
		all.named(database).content = []byte("SQLite format 2")
		return all.listed(t)
	}, "is not a database"},
	{"an empty database", func(t testing.TB, all items) items {
		all.named(database).content = nil
		return all.listed(t)
	}, "is another one than its manifest says"},
	{"half a database", func(t testing.TB, all items) items {
		all.named(database).content = all.named(database).content[:40_000]
		return all.listed(t)
	}, "cannot be restored"},
	{"a database of another program", func(t testing.TB, all items) items {
		return all.edit(t, `pragma application_id = 1`)
	}, "is a database of another program"},
	{"a newer schema", func(t testing.TB, all items) items {
		return all.edit(t, `insert into goose_db_version (version_id, is_applied) values (9999, 1)`)
	}, "written by a newer version of fittrackee (schema 9999"},
	{"a database with damage", func(t testing.TB, all items) items {
		return all.edit(t, `delete from records`)
	}, "is not the best of the workouts"},
	{"a file that nobody listed as missing", func(t testing.TB, all items) items {
		return all.without("tracks/").listed(t)
	}, "a file that the database names: open "},
}

// badNames are names that lead out of the folder, or to what a backup does not have.
var badNames = []string{
	"../x", "../../tracks/" + digits + ".gpx", "/etc/passwd", "/tracks/" + digits + ".gpx", "tracks/../" + digits + ".gpx",
	"tracks/../../x.gpx", `..\x`, `tracks\` + digits + ".gpx", `C:\x`, "C:/x", "tracks/" + digits + ".gpx/", "tracks/" + digits + ".gpx/x",
	"./tracks/" + digits + ".gpx", "tracks//" + digits + ".gpx", "tracks/" + digits + ".gpx\x00", "tracks/" + digits, "tracks/" + digits + ".zip",
	"tracks/" + strings.ToUpper(digits) + ".gpx", "pictures/" + digits + ".jpg", "pictures/" + digits + ".jpg/../../x",
	"pictures/" + digits + ".jpg/513.jpg", "pictures/" + digits + ".jpg/512.png", "pictures/" + digits + ".svg/512.svg", "instance", "uploads/instance",
	"tmp/x", "maps/" + digits + ".png", "series/" + digits, "holds/x", "Fittrackee.db", "fittrackee.db-wal", "fittrackee.db/", "", ".", "..",
}

// refuses wants the archive not to be restored, and the folder to be as before.
func refuses(t *testing.T, name string, archive []byte, reason string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "b.zip")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"f.db", filepath.Join("new", "folder", "f.db")} {
		before := tree(t, dir)
		_, err := backup.Restore(t.Context(), path, filepath.Join(dir, target), tell)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("Restore of an archive with %s = %v; want %q in an error", name, err, reason)
		}
		wantsSame(t, dir, before)
	}
}

func TestRestoreRefusesBrokenArchives(t *testing.T) {
	t.Parallel()
	path, _ := newInstance(t).backUp(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range brokenArchives {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			refuses(t, c.name, c.spoil(t, readItems(t, whole)).pack(t), c.reason)
		})
	}
	for _, name := range badNames {
		t.Run("name "+name, func(t *testing.T) {
			t.Parallel()
			bad := item{name, []byte("bad")}
			if strings.HasSuffix(name, "/") {
				bad.content = nil // the library has no more for a folder
			}
			refuses(t, fmt.Sprintf("the name %q", name), append(readItems(t, whole), bad).listed(t).pack(t), "cannot be restored")
			refuses(t, fmt.Sprintf("the unlisted name %q", name), append(readItems(t, whole), bad).pack(t), "cannot be restored")
		})
	}
	for _, n := range []int{0, 1, 22, len(whole) / 3, len(whole) - 100, len(whole) - 1} {
		refuses(t, fmt.Sprintf("%d of %d bytes", n, len(whole)), whole[:n], "not a zip archive, or only the beginning of one")
	}
	refuses(t, "other bytes", bytes.Repeat([]byte("no zip "), 1000), "not a zip archive")
}

// TestRestoreNoticesEveryBit flips bits all over an archive. What is restored all the same is what was backed up.
func TestRestoreNoticesEveryBit(t *testing.T) {
	t.Parallel()
	path, _ := newInstance(t).backUp(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	restore := func(archive []byte) (map[string]string, error) {
		dir := t.TempDir()
		path := filepath.Join(dir, "b.zip")
		if err := os.WriteFile(path, archive, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := backup.Restore(t.Context(), path, filepath.Join(dir, "f.db"), tell)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for path, what := range tree(t, dir) {
			if filepath.Ext(path) != ".db" { // whose counters go on when it is opened
				got[strings.TrimPrefix(path, dir)] = what
			}
		}
		return got, err
	}
	want, err := restore(whole)
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for at := 0; at < len(whole); at += 197 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1 << (at % 8)
		got, err := restore(flipped)
		switch {
		case err != nil && len(got) > 1:
			t.Errorf("bit flipped in byte %d: %v, and there is %v; want nothing", at, err, got)
		case err != nil:
			refused++
		case fmt.Sprint(got) != fmt.Sprint(want):
			t.Errorf("bit flipped in byte %d: restored\n%v\nwant\n%v", at, got, want)
		}
	}
	t.Logf("%d of %d refused", refused, (len(whole)+196)/197)
}

// TestRestoreRefusesBombs has entries that are much longer than they say.
func TestRestoreRefusesBombs(t *testing.T) {
	t.Parallel()
	path, _ := newInstance(t).backUp(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var zeros bytes.Buffer
	into, err := flate.NewWriter(&zeros, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	for range 256 { // 256 MiB in all
		if _, err := into.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := into.Close(); err != nil {
		t.Fatal(err)
	}
	for _, bomb := range []string{"tracks/" + digits + ".gpx", database, manifest} {
		all := readItems(t, whole).without(bomb)
		said := item{bomb, make([]byte, 1000)}
		if bomb != manifest {
			all = append(all, said).listed(t).without(bomb)
		}
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		raw, err := w.CreateRaw(&zip.FileHeader{
			Name: bomb, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(said.content),
			UncompressedSize64: uint64(len(said.content)), CompressedSize64: uint64(zeros.Len()),
		})
		if err == nil {
			_, err = raw.Write(zeros.Bytes())
		}
		for _, v := range all {
			into, createErr := w.Create(v.name)
			if err = errors.Join(err, createErr); err == nil {
				_, err = into.Write(v.content)
			}
		}
		if err = errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		refuses(t, bomb+" of 256 MiB", b.Bytes(), "cannot be restored")
	}
}

func TestRestoreRefusesTargets(t *testing.T) {
	t.Parallel()
	path, _ := newInstance(t).backUp(t)
	makeFile := func(name string) func(dir string) error {
		return func(dir string) error {
			file := filepath.Join(dir, name)
			return errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("precious"), 0o600))
		}
	}
	for _, c := range []struct {
		name   string
		lay    func(dir string) error
		reason string
	}{
		{"a database", makeFile("f.db"), "f.db is there already: stop the server, and move"},
		{"a write-ahead log", makeFile("f.db-wal"), "f.db-wal is there already"},
		{"an index of a log", makeFile("f.db-shm"), "f.db-shm is there already"},
		{"a journal", makeFile("f.db-journal"), "f.db-journal is there already"},
		{"a track", makeFile("uploads/tracks/x.gpx"), "uploads is there already and not empty"},
		{"a mark of whose the files are", makeFile("uploads/instance"), "uploads is there already and not empty"},
		{"a file called uploads", makeFile("uploads"), "uploads is there already and no folder"},
		{"another restore", makeFile("f.db.restore/fittrackee.db"), "f.db.restore is there already"},
		{"a link to nothing", func(dir string) error { return os.Symlink("nowhere", filepath.Join(dir, "f.db")) }, "f.db is there already"},
		{"a link to a folder", func(dir string) error { return os.Symlink(os.TempDir(), filepath.Join(dir, "uploads")) }, "uploads is there already and no folder"},
	} {
		dir := t.TempDir()
		if err := c.lay(dir); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		_, err := backup.Restore(t.Context(), path, filepath.Join(dir, "f.db"), tell)
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("Restore beside %s = %v; want %q in an error", c.name, err, c.reason)
		}
		wantsSame(t, dir, before)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "uploads"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), path, filepath.Join(dir, "f.db"), tell); err != nil {
		t.Errorf("Restore beside an empty folder = %v", err)
	}
	wantsSound(t, open(t, filepath.Join(dir, "f.db")))
}

func TestRestoreEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path, _ := newInstance(t).backUp(t)
	dir := t.TempDir()
	for at := range 5 { // of the files and the database
		ctx, cancel := context.WithCancel(t.Context())
		before := tree(t, dir)
		_, err := backup.Restore(ctx, path, filepath.Join(dir, "new", "f.db"), func(done, _ int) {
			if done == at+1 {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Restore that ends after %d files = %v; want %v", at+1, err, context.Canceled)
		}
		wantsSame(t, dir, before)
	}
}
