package assets_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"fittrackee/assets"
)

// openFiles opens a fresh folder of files and returns it with its path.
func openFiles(t *testing.T) (*assets.Files, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "uploads")
	files, err := assets.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return files, dir
}

// wantsEntries checks what a folder holds, in the order of names.
func wantsEntries(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s holds %q; want %q", filepath.Base(dir), got, want)
	}
}

func wantsMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("mode of %s = %o; want %o", filepath.Base(path), got, want)
	}
}

func TestOpenClosesFoldersToOthers(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "uploads")
	if err := os.MkdirAll(filepath.Join(dir, "pictures"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time everything is there
		if _, err := assets.Open(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"", "tmp", "pictures", "tracks", "series", "maps", "tiles"} {
		wantsMode(t, filepath.Join(dir, folder), 0o700)
	}
}

func TestOpenTellsWhatIsInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inTheWay := filepath.Join(dir, "pictures")
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := assets.Open(dir); err == nil || !strings.Contains(err.Error(), inTheWay) {
		t.Errorf("Open over a file = %v; want an error that names %s", err, inTheWay)
	}
}

func TestSpoolGivesTheUploadBack(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	for _, upload := range []string{"", "x", "0123456789"} {
		spooled, err := files.Spool(iotest.OneByteReader(strings.NewReader(upload)), 10)
		if err != nil {
			t.Fatalf("Spool(%q) = %v", upload, err)
		}
		if got := spooled.Size(); got != int64(len(upload)) {
			t.Errorf("size of %q = %d; want %d", upload, got, len(upload))
		}
		if err := iotest.TestReader(spooled, []byte(upload)); err != nil {
			t.Errorf("reading %q back: %v", upload, err)
		}
		name := onlyEntry(t, filepath.Join(dir, "tmp"))
		wantsMode(t, filepath.Join(dir, "tmp", name), 0o600)
		for range 2 { // closing again does nothing
			if err := spooled.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
		}
		wantsEntries(t, filepath.Join(dir, "tmp"))
	}
}

func onlyEntry(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("entries of %s = %v, %v; want one", filepath.Base(dir), entries, err)
	}
	return entries[0].Name()
}

// zeros is an upload of n bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestSpoolCountsWhatIsTooLong(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	broken := errors.New("connection lost")
	for _, row := range []struct {
		name   string
		upload io.Reader
		want   assets.SizeError
	}{
		{"one byte over", zeros(mib + 1), assets.SizeError{Size: mib + 1, Exact: true, Limit: mib}},
		{"half over", zeros(mib * 3 / 2), assets.SizeError{Size: mib * 3 / 2, Exact: true, Limit: mib}},
		{"just countable", zeros(9*mib - 1), assets.SizeError{Size: 9*mib - 1, Exact: true, Limit: mib}},
		{"endless", zeroReader{}, assets.SizeError{Size: 9 * mib, Exact: false, Limit: mib}},
		{
			"over, then broken", io.MultiReader(zeros(mib+5), iotest.ErrReader(broken)),
			assets.SizeError{Size: mib + 5, Exact: false, Limit: mib},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			files, dir := openFiles(t)
			_, err := files.Spool(row.upload, mib)
			var got *assets.SizeError
			if !errors.As(err, &got) {
				t.Fatalf("Spool = %v; want a SizeError", err)
			}
			if *got != row.want {
				t.Errorf("Spool = %+v; want %+v", *got, row.want)
			}
			wantsEntries(t, filepath.Join(dir, "tmp"))
		})
	}
}

func TestSpoolReturnsTheReadersError(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	for _, before := range []int64{0, 5, 10} { // 10 is the limit
		files, dir := openFiles(t)
		_, err := files.Spool(io.MultiReader(zeros(before), iotest.ErrReader(broken)), 10)
		if !errors.Is(err, broken) {
			t.Errorf("Spool broken after %d bytes = %v; want %v", before, err, broken)
		}
		wantsEntries(t, filepath.Join(dir, "tmp"))
	}
}

// TestSpoolTellsWhoFailed tells failures of the disk from those of an upload, which may be a file itself.
func TestSpoolTellsWhoFailed(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	var failure *assets.DiskError
	broken := &fs.PathError{Op: "read", Path: "elsewhere.gpx", Err: errors.New("broken")}
	_, err := files.Spool(iotest.ErrReader(broken), 10)
	if !errors.Is(err, broken) || errors.As(err, &failure) {
		t.Errorf("Spool of a broken file = %v; want %v, and no DiskError", err, broken)
	}
	spooled := spool(t, files, "upload")
	if err := errors.Join(spooled.Close(), os.Remove(filepath.Join(dir, "tmp"))); err != nil {
		t.Fatal(err)
	}
	_, readErr := spooled.Read(make([]byte, 1))
	_, readAtErr := spooled.ReadAt(make([]byte, 1), 0)
	_, seekErr := spooled.Seek(0, io.SeekStart)
	_, spoolErr := files.Spool(strings.NewReader("upload"), 10)
	for step, err := range map[string]error{"Read": readErr, "ReadAt": readAtErr, "Seek": seekErr, "Spool": spoolErr} {
		var cause *fs.PathError
		if !errors.As(err, &failure) || !errors.As(err, &cause) {
			t.Errorf("%s = %v; want a DiskError of a PathError", step, err)
		}
	}
}

func readFixture(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// addFixture adds a picture and returns its name.
func addFixture(t *testing.T, files *assets.Files, name string) string {
	t.Helper()
	added, err := files.AddPicture(context.Background(), bytes.NewReader(readFixture(t, name)))
	if err != nil {
		t.Fatalf("AddPicture(%s) = %v", name, err)
	}
	return added
}

// side opens a picture and returns how wide it is, in pixels.
func side(t *testing.T, files *assets.Files, name string, size int) int {
	t.Helper()
	file, err := files.OpenPicture(name, size)
	if err != nil {
		t.Fatalf("OpenPicture(%s, %d) = %v", name, size, err)
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return decodeSquare(t, data).Bounds().Dx()
}

func TestOpenPictureServesTheSizeThatFits(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	for _, row := range []struct {
		fixture, kept string
		wants         map[int]int // asked for: given, in pixels
	}{
		{
			"large.png", "128.jpg 256.jpg 512.jpg 64.jpg",
			map[int]int{-1: 512, 0: 512, 1: 64, 64: 64, 65: 128, 200: 256, 257: 512, 4000: 512},
		},
		{"animated.gif", "512.jpg 64.jpg", map[int]int{0: 80, 64: 64, 128: 80}},
		{"small.png", "512.jpg", map[int]int{0: 16, 64: 16}},
	} {
		name := addFixture(t, files, row.fixture)
		folder := filepath.Join(dir, "pictures", name)
		wantsEntries(t, folder, strings.Fields(row.kept)...)
		wantsMode(t, folder, 0o700)
		wantsMode(t, filepath.Join(folder, "512.jpg"), 0o600)
		for size, want := range row.wants {
			if got := side(t, files, name, size); got != want {
				t.Errorf("%s asked for %d pixels: %d; want %d", row.fixture, size, got, want)
			}
		}
	}
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestAddPictureKeepsNothingOfABadOne(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	if _, err := files.AddPicture(context.Background(), strings.NewReader("<svg/>")); err == nil {
		t.Error("AddPicture of an svg succeeded")
	}
	wantsEntries(t, filepath.Join(dir, "pictures"))
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestAddPictureIsAllOrNothing(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	// With a file in the place of the folder, the last step cannot succeed.
	pictures := filepath.Join(dir, "pictures")
	if err := errors.Join(os.Remove(pictures), os.WriteFile(pictures, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := files.AddPicture(context.Background(), bytes.NewReader(readFixture(t, "small.png"))); err == nil {
		t.Error("AddPicture without a folder succeeded")
	}
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestRemovePicture(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	name, other := addFixture(t, files, "small.png"), addFixture(t, files, "photo.png")
	open, err := files.OpenPicture(name, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	for range 2 { // the second time it is missing
		if err := files.RemovePicture(name); err != nil {
			t.Errorf("RemovePicture = %v", err)
		}
	}
	if _, err := files.OpenPicture(name, 0); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenPicture of a removed one = %v; want %v", err, fs.ErrNotExist)
	}
	if _, err := io.ReadAll(open); err != nil {
		t.Errorf("reading on a picture that was removed meanwhile: %v", err)
	}
	wantsEntries(t, filepath.Join(dir, "pictures"), other)
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestNamesThatAreNotPictures(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	const stem = "0123456789abcdef0123456789abcdef"
	// What the names below would lead to, were they believed.
	for _, lure := range []string{stem + ".jpg", "512.jpg"} {
		if err := os.WriteFile(filepath.Join(dir, lure), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "/", "../" + stem + ".jpg", "../../uploads", "./" + stem + ".jpg", stem, stem + ".",
		stem + ".gif", stem + ".jpg/", stem + ".jpg/..", stem + ".jpg.png", stem + ".JPG", stem + ".jpg\x00",
		strings.ToUpper(stem) + ".jpg", stem[1:] + ".jpg", stem + "0.jpg", stem[2:] + "..", ".jpg",
		stem[3:] + "../.jpg", stem[1:] + "/.jpg", stem[1:] + "\\.png", stem[2:] + "é.png", "..\\" + stem + ".jpg",
	} {
		if _, err := files.OpenPicture(name, 0); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("OpenPicture(%q) = %v; want %v", name, err, fs.ErrNotExist)
		}
		if err := files.RemovePicture(name); err == nil {
			t.Errorf("RemovePicture(%q) succeeded", name)
		}
		if got := assets.PictureType(name); got != "" {
			t.Errorf("PictureType(%q) = %q; want none", name, got)
		}
	}
	wantsEntries(t, dir, stem+".jpg", "512.jpg", "holds", "maps", "pictures", "series", "tiles", "tmp", "tracks")
	if _, err := files.OpenPicture(stem+".png", 64); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenPicture of a free name = %v; want %v", err, fs.ErrNotExist)
	}
}

func TestPictureType(t *testing.T) {
	t.Parallel()
	const stem = "0123456789abcdef0123456789abcdef"
	for ext, want := range map[string]string{"jpg": "image/jpeg", "png": "image/png"} {
		if got := assets.PictureType(stem + "." + ext); got != want {
			t.Errorf("PictureType of a %s = %q; want %q", ext, got, want)
		}
	}
}

func TestReplacingAPictureNeverLeavesNone(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	old := addFixture(t, files, "small.png")
	replacement := addFixture(t, files, "animated.gif")
	if side(t, files, old, 0) != 16 || side(t, files, replacement, 0) != 80 {
		t.Error("the old and the new picture are not both there before the row changes")
	}
	if err := files.RemovePicture(old); err != nil {
		t.Fatal(err)
	}
	wantsEntries(t, filepath.Join(dir, "pictures"), replacement)
}

func TestFileSize(t *testing.T) {
	t.Parallel()
	for bytes, want := range map[int64]string{
		0: "0.0 bytes", 512: "512.0 bytes", 1023: "1023.0 bytes", 1024: "1.0KB", 85_914: "83.9KB",
		1 << 20: "1.0MB", 1_572_864: "1.5MB", 3 << 29: "1.5GB", 1 << 40: "1.0TB", 1 << 50: "1024.0TB",
	} {
		if got := assets.FileSize(bytes); got != want {
			t.Errorf("FileSize(%d) = %q; want %q", bytes, got, want)
		}
	}
}
