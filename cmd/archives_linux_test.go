package cmd

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// zipFile is an entry of an archive. The content is packed as it is when the header says that sizes are known.
type zipFile struct {
	zip.FileHeader
	content []byte
	isRaw   bool
}

// packedFile is a deflated file.
func packedFile(name string, content []byte) zipFile {
	return zipFile{FileHeader: zip.FileHeader{Name: name, Method: zip.Deflate}, content: content}
}

// zipOf returns an archive.
func zipOf(files ...zipFile) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		create := z.CreateHeader
		if f.isRaw {
			create = z.CreateRaw
		}
		w, err := create(&f.FileHeader)
		if err == nil {
			_, err = w.Write(f.content)
		}
		if err != nil {
			panic(err) // a buffer takes everything
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// rawFile is a file whose packed content and header need not fit together.
func rawFile(name string, packed []byte, change func(*zip.FileHeader)) zipFile {
	h := zip.FileHeader{
		Name: name, Method: zip.Deflate,
		CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(len(packed)),
	}
	change(&h)
	return zipFile{h, packed, true}
}

// deflated packs content.
func deflated(content []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err != nil || w.Close() != nil {
		panic(err)
	}
	return b.Bytes()
}

// tenGiB returns 10 GiB of zeros, deflated to 10 MB. Apart from the beginning, one piece is repeated.
func tenGiB() []byte {
	const piece = 4 << 20
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	var ends [2]int
	for i := range ends {
		if _, err := w.Write(make([]byte, piece)); err != nil {
			panic(err)
		}
		if err := w.Flush(); err != nil {
			panic(err)
		}
		ends[i] = b.Len()
	}
	packed := slices.Concat(b.Bytes()[:ends[0]], bytes.Repeat(b.Bytes()[ends[0]:ends[1]], 10<<30/piece-1))
	return append(packed, 1, 0, 0, 0xff, 0xff) // the last block, which is empty
}

// patched returns a copy of an archive whose header with this signature is changed: the last one.
func patched(archive []byte, signature string, change func(header []byte)) []byte {
	archive = bytes.Clone(archive)
	change(archive[bytes.LastIndex(archive, []byte(signature)):])
	return archive
}

// Signatures, and where the fields that are changed below stand after them (APPNOTE 4.3).
const (
	localHeader   = "PK\x03\x04"
	directoryLine = "PK\x01\x02"
	directoryEnd  = "PK\x05\x06"

	linePacked, lineUnpacked, lineOffset = 20, 24, 42
	endCount, endSize, endOffset         = 10, 12, 16
)

func set32(at int, value uint32) func([]byte) {
	return func(header []byte) {
		for i := range 4 {
			header[at+i] = byte(value >> (8 * i)) // little-endian
		}
	}
}

// badArchive is one that is no good, or not as good as it looks.
type badArchive struct {
	name    string
	content []byte
	adds    int // workouts; 0: it is refused
}

func badArchives(outside string) []badArchive {
	ride, no := contractFile("ride.gpx"), contractFile("malformed.gpx")
	good, three := zipOf(packedFile("ride.gpx", ride)), contractFile("three.zip")
	zeros := tenGiB()
	bomb := rawFile("bomb.gpx", zeros, func(h *zip.FileHeader) { h.UncompressedSize64 = 10 << 30 })
	lyingBomb := rawFile("bomb.gpx", zeros, func(h *zip.FileHeader) { h.UncompressedSize64 = 1000 })
	packed := deflated(ride)
	size := func(n int) func(h *zip.FileHeader) {
		return func(h *zip.FileHeader) { h.CRC32, h.UncompressedSize64 = crc32.ChecksumIEEE(ride), uint64(n) }
	}
	mode := func(name string, m fs.FileMode, content string) zipFile {
		f := packedFile(name, []byte(content))
		f.SetMode(m)
		return f
	}
	var files []zipFile
	for i := range 100_000 {
		files = append(files, rawFile(fmt.Sprintf("%d.gpx", i), nil, func(*zip.FileHeader) {}))
	}
	many := zipOf(files...)
	var eleven []zipFile
	for i := range 11 {
		eleven = append(eleven, packedFile(fmt.Sprintf("%d.gpx", i), ride))
	}
	bad := []badArchive{
		{"10 GiB of zeros", zipOf(bomb), 0},
		{"10 GiB of zeros in a file that is small by its header", zipOf(lyingBomb), 0},
		{"10 GiB of zeros after good tracks", zipOf(append(eleven[:5:5], lyingBomb)...), 0},
		{"10 GiB of zeros in an archive in an archive", zipOf(packedFile("inner.zip", zipOf(bomb))), 0},
		{"100 000 tracks", many, 0},
		{"100 000 other files", bytes.ReplaceAll(many, []byte(".gpx"), []byte(".txt")), 0},
		{"65 534 files in a directory of one", patched(good, directoryEnd, set32(endCount-2, 0xfffefffe)), 0},
		{"11 tracks", zipOf(eleven...), 0},

		{"a file longer than its header says", zipOf(rawFile("a.gpx", packed, size(len(ride)-1))), 0},
		{"a file shorter than its header says", zipOf(rawFile("a.gpx", packed, size(len(ride)+1))), 0},
		{"a file with another checksum", zipOf(rawFile("a.gpx", packed, func(h *zip.FileHeader) { h.CRC32, h.UncompressedSize64 = 1, uint64(len(ride)) })), 0},
		{"a packed size beyond the end", patched(good, directoryLine, set32(linePacked, 1<<30)), 0},
		{"an unpacked size of 4 GiB", patched(good, directoryLine, set32(lineUnpacked, math.MaxUint32-1)), 0},
		{"a file that begins beyond the end", patched(good, directoryLine, set32(lineOffset, 1<<30)), 0},
		{"a file that begins in the directory", patched(good, directoryLine, set32(lineOffset, uint32(len(good)-60))), 0},
		{"a directory beyond the end", patched(good, directoryEnd, set32(endOffset, 1<<30)), 0},
		{"a directory of 1 GiB", patched(good, directoryEnd, set32(endSize, 1<<30)), 0},
		{"a file that is not packed as its header says", zipOf(rawFile("a.gpx", ride, func(*zip.FileHeader) {})), 0},
		{"an unknown method", zipOf(rawFile("a.gpx", packed, func(h *zip.FileHeader) { h.Method = 99 })), 0},
		{"an encrypted file", zipOf(rawFile("a.gpx", packed, func(h *zip.FileHeader) { h.Flags |= 1 })), 0},

		{"an archive in an archive", zipOf(packedFile("inner.zip", good)), 0},
		{"an archive that is called a track", zipOf(packedFile("inner.gpx", good)), 0},
		{"a link", zipOf(mode("a.gpx", 0o777|fs.ModeSymlink, "../../secret.key")), 0},
		{"a link, and a file below it", zipOf(mode("a", 0o777|fs.ModeSymlink, outside), packedFile("a/evil.gpx", no)), 0},
		{"a folder", zipOf(mode("a.gpx/", 0o777|fs.ModeDir, "")), 0},
		{"a device", zipOf(mode("a.gpx", 0o666|fs.ModeDevice, "")), 0},

		{"no archive", ride, 0},
		{"nothing", nil, 0},
		{"random bytes", slices.Concat(good[:10], bytes.Repeat([]byte("\xa5\x5a\x17"), 1000)), 0},
		{"a bad track", zipOf(packedFile("a.gpx", no)), 0},
		{"a bad track after good ones", zipOf(append(eleven[:3:3], packedFile("a.gpx", no))...), 0},
		{"a bad track before good ones", zipOf(append([]zipFile{packedFile("a.gpx", no)}, eleven[:3]...)...), 0},
		{"a picture that is called a track", zipOf(append(eleven[:3:3], packedFile("a.gpx", contractFile("photo.png")))...), 0},
		{"a track that is too large", zipOf(append(eleven[:3:3], packedFile("a.gpx", bytes.Repeat([]byte{' '}, 1<<20+1)))...), 0},
		{"entities in a track", zipOf(packedFile("a.gpx", billionLaughs())), 0},
		{"a deep track", zipOf(packedFile("a.gpx", deepTrack())), 0},
	}
	for _, n := range []int{1, 10, len(three) / 2, len(three) - 22, len(three) - 1} {
		bad = append(bad, badArchive{fmt.Sprintf("the first %d bytes of an archive", n), three[:n], 0})
	}
	// Names name nothing on the disk.
	for _, name := range []string{
		"../evil.gpx", "../../../../../../evil.gpx", "a/../../evil.gpx", `..\..\evil.gpx`, `C:\evil.gpx`, "~/evil.gpx", "//evil.gpx",
		filepath.Join(outside, "evil.gpx"), "\x00\xff\n/evil.gpx", strings.Repeat("deep/", 10_000) + "evil.gpx", "CON.gpx",
	} {
		bad = append(bad, badArchive{fmt.Sprintf("a file called %.40q", name), zipOf(packedFile(name, ride)), 1})
	}
	return bad
}

// TestBadArchives is A17.
func TestBadArchives(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	data, start := filepath.Join(root, "data", "of", "the", "server"), filepath.Join(root, "a", "b", "c", "d")
	if err := os.MkdirAll(start, 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(binary, "serve", "--db", filepath.Join(data, "f.db"), "--listen", "127.0.0.1:0", "--no-rate-limit")
	c.Env, c.Dir = cleanEnvironment(), start
	p, err := await(c)
	if err != nil {
		t.Fatal(err)
	}
	p.db = filepath.Join(data, "f.db")
	p.endWith(t)
	v := p.signUp(t, "amelie")
	var slowest, largest struct {
		name   string
		amount float64
	}
	for _, bad := range badArchives(root) {
		p.forgetPeak(t)
		before, begin := p.memory(t, "VmRSS"), time.Now()
		r, err := v.postWorkouts("many.zip", bad.content)
		took, grown := time.Since(begin), p.memory(t, "VmHWM")-before
		switch {
		case err != nil:
			t.Fatalf("%s: %v", bad.name, err)
		case !json.Valid([]byte(r.body)):
			t.Errorf("%s = %v; want JSON", bad.name, r)
		case bad.adds > 0 && r.status != http.StatusCreated:
			t.Errorf("%s = %v; want status 201", bad.name, r)
		case bad.adds == 0 && (r.status < 400 || r.status > 499):
			t.Errorf("%s = %v; want status 400 to 499", bad.name, r)
		}
		if took > 10*time.Second {
			t.Errorf("%s: answered after %v; want at once", bad.name, took)
		}
		if grown > 100<<20 {
			t.Errorf("%s took %.0f MB of memory; want less than 100 MB", bad.name, float64(grown)/1e6)
		}
		if took.Seconds() > slowest.amount {
			slowest.name, slowest.amount = bad.name, took.Seconds()
		}
		if grown := float64(grown) / 1e6; grown > largest.amount {
			largest.name, largest.amount = bad.name, grown
		}
		v.wantsWorkouts(t, bad.name, bad.adds)
		wantsNoStrays(t, p.db)
	}
	t.Logf("the slowest, %s, took %.2f s; the largest, %s, %.1f MB of memory", slowest.name, slowest.amount, largest.name, largest.amount)
	wantsOnly(t, root, data)
	if r, err := v.postWorkouts("three.zip", contractFile("three.zip")); err != nil || r.status != http.StatusCreated {
		t.Errorf("a good archive after all = %v, %v; want status 201", r, err)
	}
}

// wantsWorkouts counts the workouts in the account, and deletes them.
func (v *visitor) wantsWorkouts(t *testing.T, what string, want int) {
	t.Helper()
	all, err := v.wants(t, http.StatusOK, "GET", "/api/workouts?per_page=100", nil).workouts()
	if err != nil || len(all) != want {
		t.Errorf("%s: %d workouts then, %v; want %d", what, len(all), err, want)
	}
	for _, w := range all {
		v.wants(t, http.StatusNoContent, "DELETE", "/api/workouts/"+w.text("id"), nil)
	}
}

// wantsOnly wants no file below root but those of a server in the folder data.
func wantsOnly(t *testing.T, root, data string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		inside, err := filepath.Rel(data, path)
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(inside, "uploads/"), inside == "secret.key", strings.HasPrefix(inside, "f.db"):
			return nil
		}
		t.Errorf("a file at %s; want none outside of uploads", path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// billionLaughs returns a track whose name is 3 GB of text by way of entities.
func billionLaughs() []byte {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a0 "lol">`)
	for i := range 9 {
		fmt.Fprintf(&b, `<!ENTITY a%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&a%d;", i), 10))
	}
	b.WriteString(`]><gpx><trk><name>&a9;</name><trkseg><trkpt lat="1" lon="2"><time>2021-05-01T07:00:00Z</time></trkpt></trkseg></trk></gpx>`)
	return b.Bytes()
}

// deepTrack returns a megabyte of elements inside each other.
func deepTrack() []byte {
	return append([]byte("<gpx>"), bytes.Repeat([]byte("<a>"), (1<<20-10)/3)...)
}
