package server_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"
)

// zipFile is a file in an archive that is written byte by byte, so that it can lie. The zero value of what is told is the truth.
type zipFile struct {
	name       string
	method     uint16 // zip.Store or zip.Deflate
	flags      uint16
	mode       fs.FileMode // of Unix; 0: none is told
	packed     []byte      // as it is in the archive
	size       int64       // unpacked
	sum        uint32      // CRC-32, unpacked
	toldPacked uint32      // told length of packed
}

// stored is a file as it is.
func stored(name, content string) zipFile {
	return zipFile{name: name, packed: []byte(content), size: int64(len(content)), sum: crc32.ChecksumIEEE([]byte(content))}
}

// crafted returns an archive of files, of which those with the same packed bytes share them.
func crafted(files ...zipFile) string {
	var b, directory bytes.Buffer
	places := make(map[*byte]int)
	for _, f := range files {
		told := uint32(len(f.packed))
		if f.toldPacked != 0 {
			told = f.toldPacked
		}
		header := func(w io.Writer, signature string, central bool) {
			_, _ = io.WriteString(w, signature)
			if central {
				write(w, uint16(3<<8|20)) // made by Unix
			}
			write(w, uint16(20), f.flags, f.method, uint16(0), uint16(0x21), f.sum, told, uint32(f.size), uint16(len(f.name)), uint16(0))
		}
		at, known := 0, false
		if len(f.packed) > 0 {
			at, known = places[&f.packed[0]]
		}
		if !known {
			at = b.Len()
			header(&b, "PK\x03\x04", false)
			b.WriteString(f.name)
			b.Write(f.packed)
			if len(f.packed) > 0 {
				places[&f.packed[0]] = at
			}
		}
		header(&directory, "PK\x01\x02", true)
		write(&directory, uint16(0), uint16(0), uint16(0), unixMode(f.mode), uint32(at))
		directory.WriteString(f.name)
	}
	at, n := b.Len(), uint16(len(files)&0xffff)
	b.Write(directory.Bytes())
	b.WriteString("PK\x05\x06")
	write(&b, uint16(0), uint16(0), n, n, uint32(directory.Len()), uint32(at), uint16(0))
	return b.String()
}

func write(w io.Writer, values ...any) {
	for _, v := range values {
		_ = binary.Write(w, binary.LittleEndian, v)
	}
}

// unixMode returns the external attributes of a file with a mode.
func unixMode(mode fs.FileMode) uint32 {
	switch {
	case mode == 0:
		return 0
	case mode&fs.ModeSymlink != 0:
		return 0o120777 << 16
	case mode&fs.ModeNamedPipe != 0:
		return 0o010644 << 16
	case mode&fs.ModeDevice != 0:
		return 0o060644 << 16
	}
	return 0o100644 << 16
}

// zeros returns so many MiB of zeros, deflated: a thousandth of that.
func zeros(t testing.TB, mebibytes int) []byte {
	t.Helper()
	one := make([]byte, 1<<20)
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	flushed := func() []byte {
		if _, err := w.Write(one); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		defer b.Reset()
		return bytes.Clone(b.Bytes())
	}
	first, more := flushed(), flushed() // from the second on, one is like the other
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return append(append(first, bytes.Repeat(more, mebibytes-1)...), b.Bytes()...)
}

// setLimits sets how many files an archive may have, and the largest sizes in bytes.
func (s *site) setLimits(admin user, files, fileBytes, archiveBytes int) {
	s.t.Helper()
	admin.patch("/api/config", object{
		"gpx_limit_import": files, "max_single_file_size": fileBytes, "max_zip_file_size": archiveBytes, "max_users": 0, "admin_contact": nil,
	}).wants(200)
}

// TestGoodArchives shows which files of an archive become workouts.
func TestGoodArchives(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	n := 0
	track := func() string {
		n++
		return ride(morning.Add(time.Duration(n)*time.Hour), 3)
	}
	a := track()
	deflated := func(content string) zipFile {
		var b bytes.Buffer
		w, _ := flate.NewWriter(&b, flate.DefaultCompression) // the level is one
		_, _ = io.WriteString(w, content)
		_ = w.Close()
		f := stored("a.gpx", content)
		f.method, f.packed = zip.Deflate, b.Bytes()
		return f
	}
	link := stored("link.gpx", "/etc/passwd")
	link.mode = fs.ModeSymlink
	pipe := stored("pipe.gpx", "x")
	pipe.mode = fs.ModeNamedPipe
	device := stored("device.gpx", "x")
	device.mode = fs.ModeDevice
	for _, c := range []struct {
		name, archive string
		workouts      int
	}{
		{"one file", zipped(t, entry{"a.gpx", a}), 1},
		{"stored", crafted(stored("a.gpx", a)), 1},
		{"deflated", crafted(deflated(a)), 1},
		{"ten files", zipped(t, entry{"a.gpx", track()}, entry{"b.gpx", track()}, entry{"c.gpx", track()}, entry{"d.gpx", track()},
			entry{"e.gpx", track()}, entry{"f.gpx", track()}, entry{"g.gpx", track()}, entry{"h.gpx", track()}, entry{"i.gpx", track()},
			entry{"j.gpx", track()}), 10},
		{"an extension in capitals", zipped(t, entry{"A.GPX", a}, entry{"b.Gpx", track()}), 2},
		{"folders", zipped(t, entry{"rides/", ""}, entry{"rides/a.gpx", a}, entry{"rides/2021/b.gpx", track()}), 2},
		{"a folder called as a file", zipped(t, entry{"a.gpx/", ""}, entry{"a.gpx/b.gpx", a}), 1},
		{"the same name twice", zipped(t, entry{"a.gpx", a}, entry{"a.gpx", track()}), 2},
		{"the same file twice", zipped(t, entry{"a.gpx", a}, entry{"b.gpx", a}), 2},
		{"other files", zipped(t, entry{"a.gpx", a}, entry{"a.txt", "x"}, entry{"b.fit", "x"}, entry{"gpx", "x"}, entry{"a.gpx.bak", "x"},
			entry{"inner.zip", zipped(t, entry{"b.gpx", track()})}), 1},
		{"what macOS adds", zipped(t, entry{"a.gpx", a}, entry{"__MACOSX/._a.gpx", "\x00\x05\x16\x07"}, entry{".DS_Store", "x"}, entry{"._b.gpx", "x"}), 1},
		{"a way out", zipped(t, entry{"../../x.gpx", a}), 1},
		{"a place on the disk", zipped(t, entry{"/etc/x.gpx", a}), 1},
		{"a place on a disk of Windows", zipped(t, entry{`C:\x.gpx`, a}), 1},
		{"a way out of Windows", zipped(t, entry{`..\..\x.gpx`, a}), 1},
		{"a name in UTF-8", zipped(t, entry{"été 🚲.gpx", a}), 1},
		{"a name in another charset", crafted(stored("\xe9t\xe9.gpx", a)), 1},
		{"a long name", zipped(t, entry{strings.Repeat("x", 60_000) + ".gpx", a}), 1},
		{"a name with control characters", zipped(t, entry{"a\x00b\n\x1b[31m.gpx", a}), 1},
		{"a link, a pipe and a device", crafted(link, pipe, device, stored("a.gpx", a)), 1},
		{"something before it", "#!/bin/sh\n" + zipped(t, entry{"a.gpx", a}), 1},
	} {
		r := amelie.upload("rides.ZIP", c.archive)
		r.call = "archive: " + c.name
		if r.wants(201).status != 201 {
			continue
		}
		if got := r.workouts(); len(got) != c.workouts {
			t.Errorf("%s: %d workouts; want %d", r.call, len(got), c.workouts)
		}
		for _, v := range r.workouts() {
			amelie.delete("/api/workouts/" + v["id"].(string)).wants(204)
		}
		s.wantsFiles(c.name+" and the deletion of its workouts", nil)
	}
}

// TestBadArchives sends archives that are refused, as a whole and at once, and looks that nothing is kept of them (A17).
func TestBadArchives(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	a, b := ride(morning, 3), ride(morning.Add(time.Hour), 3)
	good := zipped(t, entry{"a.gpx", a}, entry{"b.gpx", b})
	eleven := make([]entry, 11)
	for i := range eleven {
		eleven[i] = entry{fmt.Sprintf("%d.gpx", i), a}
	}
	many := make([]zipFile, 100_000)
	for i := range many {
		many[i] = zipFile{name: "a.gpx"}
	}
	with := func(f zipFile, edit func(f *zipFile)) zipFile {
		edit(&f)
		return f
	}
	gib := zeros(t, 1024)
	bomb := zipFile{name: "a.gpx", method: zip.Deflate, packed: gib, size: 1 << 30}
	bombs := make([]zipFile, 10) // which share their bytes, and unpack to ten GiB
	for i := range bombs {
		bombs[i] = bomb
	}
	encrypted := []byte(a)
	for i := range encrypted {
		encrypted[i] ^= 0x5a
	}
	const (
		single = "Error during workout upload, size of a.gpx exceeds 1.0MB."
		count  = "the number of files in the archive (11) exceeds the limit (10)"
		fail   = "fail"
		wrong  = "error"
	)
	s.unchanged("archives that are refused", func() {
		for _, c := range []struct {
			name, archive   string
			code            int
			status, message string // no message: an empty list
		}{
			{"nothing", "", 400, wrong, badArchive},
			{"a byte", "P", 400, wrong, badArchive},
			{"a text", "this is no archive", 400, wrong, badArchive},
			{"another archive", "Rar!\x1a\x07\x00", 400, wrong, badArchive},
			{"a track", a, 400, wrong, badArchive},
			{"an archive of nothing", zipped(t), 400, fail, ""},
			{"an archive of other files", zipped(t, entry{"a.txt", a}, entry{"b/", ""}, entry{"gpx", a}, entry{".gpx.x", a}), 400, fail, ""},
			{"an archive of what macOS adds", zipped(t, entry{"__MACOSX/._a.gpx", "x"}), 400, fail, ""},
			{"an archive in an archive", zipped(t, entry{"a.zip", good}), 400, fail, ""},
			{"an archive called a track in an archive", zipped(t, entry{"a.gpx", good}), 400, wrong, badFile},
			{"only a link", crafted(with(stored("a.gpx", "/etc/passwd"), func(f *zipFile) { f.mode = fs.ModeSymlink })), 400, fail, ""},
			{"too many files", zipped(t, eleven...), 400, fail, count},
			{"a broken file before good ones", zipped(t, entry{"0.gpx", "<gpx>"}, entry{"a.gpx", a}, entry{"b.gpx", b}), 400, wrong, badFile},
			{"a broken file among good ones", zipped(t, entry{"a.gpx", a}, entry{"0.gpx", "<gpx>"}, entry{"b.gpx", b}), 400, wrong, badFile},
			{"a broken file after good ones", zipped(t, entry{"a.gpx", a}, entry{"b.gpx", b}, entry{"0.gpx", "<gpx>"}), 400, wrong, badFile},
			{"a file without times after a good one", zipped(t, entry{"a.gpx", a}, entry{"0.gpx", gpx(segment(point(1, 1)))}), 400, wrong, badContent},
			{"an empty file after a good one", zipped(t, entry{"a.gpx", a}, entry{"0.gpx", ""}), 400, wrong, badFile},
			{"a large file after a good one", zipped(t, entry{"b.gpx", b}, entry{"a.gpx", a + strings.Repeat(" ", 1<<20)}), 413, fail, single},
			{"a file one byte too large", zipped(t, entry{"a.gpx", a + strings.Repeat(" ", 1<<20+1-len(a))}), 413, fail, single},
			{"a size that is too small", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.size -= 10 })), 400, wrong, badArchive},
			{"a size that is too large", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.size += 10 })), 400, wrong, badArchive},
			{"a packed size that is too large", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.toldPacked = 1 << 31 })), 400, wrong, badArchive},
			{"a size of four GiB", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.size = 0xfffffffe })), 413, fail, single},
			{"a wrong checksum", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.sum++ })), 400, wrong, badArchive},
			{"a wrong checksum after a good file", crafted(stored("b.gpx", b), with(stored("a.gpx", a), func(f *zipFile) { f.sum++ })), 400, wrong, badArchive},
			{"another way of packing", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.method = 12 })), 400, wrong, badArchive},
			{"stored, and called deflated", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.method = zip.Deflate })), 400, wrong, badArchive},
			{"an encrypted file", crafted(with(stored("a.gpx", a), func(f *zipFile) { f.flags, f.packed = 1, encrypted })), 400, wrong, badArchive},
			{"an encrypted file, deflated", crafted(zipFile{
				name: "a.gpx", flags: 1, method: zip.Deflate, packed: encrypted, size: 1000, sum: 1,
			}), 400, wrong, badArchive},
			{"cut off in the middle", good[:len(good)/2], 400, wrong, badArchive},
			{"cut off in the directory", good[:len(good)-60], 400, wrong, badArchive},
			{"cut off at the end", good[:len(good)-1], 400, wrong, badArchive},
			{"without its beginning", good[100:], 400, wrong, badArchive},
			{"only its directory", good[strings.Index(good, "PK\x01\x02"):], 400, wrong, badArchive},
			{"100 000 files", crafted(many...), 400, wrong, "invalid zip archive: too many entries"},
			{"a GiB of zeros", crafted(bomb), 413, fail, single},
			{"a GiB of zeros, called 1000 bytes", crafted(with(bomb, func(f *zipFile) { f.size = 1000 })), 400, wrong, badArchive},
			{"ten GiB of zeros", crafted(bombs...), 413, fail, single},
			{"ten GiB of zeros, the first called nothing", crafted(append([]zipFile{with(bomb, func(f *zipFile) { f.size = 0 })}, bombs[1:]...)...), 400, wrong, badArchive},
			{"too large an archive", good + strings.Repeat("\x00", 10<<20), 413, fail, ""},
		} {
			start := time.Now()
			r := amelie.upload("a.zip", c.archive)
			r.call = "archive: " + c.name
			r.wants(c.code).wantsHeaders(apiSet).wantsJSON()
			switch {
			case r.text("status") != c.status:
				t.Errorf("%s: %s; want status %s", r.call, r.body, c.status)
			case c.message != "":
				r.wants(c.code, c.message)
			case c.code == 400 && string(r.body) != `{"status":"fail","data":{"workouts":[]}}`+"\n":
				t.Errorf("%s: %s; want an empty list", r.call, r.body)
			}
			if took := time.Since(start); took > 2*time.Second && !raced {
				t.Errorf("%s: %s; want an answer within a second or two", r.call, took)
			}
			s.wantsFiles(c.name, nil)
		}
	})
	amelie.upload("a.zip", good).wants(201)
}

// TestSizes shows the limits of files and archives to the byte, and what those are told who exceed them.
func TestSizes(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	a := ride(morning, 3)
	padded := func(n int) string { return a + strings.Repeat("\n", n-len(a)) }
	archive := func(n int) string { // its comment makes it as long as wanted
		text := zipped(t, entry{"a.gpx", a})
		more := n - len(text)
		return text[:len(text)-2] + string([]byte{byte(more), byte(more >> 8)}) + strings.Repeat(" ", more)
	}
	s.setLimits(root, 2, 2000, 5000)
	for _, c := range []struct {
		name, content string
		message       string // empty: taken
	}{
		{"a.gpx", padded(1999), ""},
		{"a.gpx", padded(2000), ""},
		{"a.gpx", padded(2001), "Error during workout upload, file size (2.0KB) exceeds 2.0KB."},
		{"a.gpx", padded(5001), "Error during workout upload, file size (4.9KB) exceeds 2.0KB."},
		{"a.gpx", padded(1 << 20), "Error during workout upload, file size (1.0MB) exceeds 2.0KB."},
		{"a.zip", archive(4999), ""},
		{"a.zip", archive(5000), ""},
		{"a.zip", archive(5001), "Error during workout upload, file size (4.9KB) exceeds 4.9KB."},
		{"a.zip", archive(60_000), "Error during workout upload, file size (58.6KB) exceeds 4.9KB."},
		{"a.zip", zipped(t, entry{"b.gpx", padded(2000)}), ""},
		{"a.zip", zipped(t, entry{"b.gpx", padded(2001)}), "Error during workout upload, size of b.gpx exceeds 2.0KB."},
		{"a.zip", zipped(t, entry{"b.gpx", a}, entry{"a.gpx", a}), ""},
		{"a.zip", zipped(t, entry{"b.gpx", a}, entry{"a.gpx", a}, entry{"c.gpx", a}), "the number of files in the archive (3) exceeds the limit (2)"},
	} {
		files := s.files()
		r := amelie.upload(c.name, c.content)
		r.call = fmt.Sprintf("%s of %d bytes", c.name, len(c.content))
		switch {
		case c.message == "":
			r.wants(201)
		case strings.Contains(c.message, "number of files"):
			r.wants(400, c.message)
		default:
			r.wants(413, c.message)
		}
		if c.message != "" && r.text("status") != "fail" {
			t.Errorf("%s: %s; want status fail", r.call, r.body)
		}
		if c.message != "" {
			s.wantsFiles(r.call, files)
		}
	}
	s.setLimits(root, 10, 1<<20, 10<<20)
	files := s.files()
	amelie.upload("a.gpx", padded(1<<20)).wants(201)
	amelie.upload("a.gpx", padded(1<<20+1<<19)).wants(413, "Error during workout upload, file size (1.5MB) exceeds 1.0MB.")
	amelie.upload("a.zip", strings.Repeat(" ", 10<<20+1<<19)).wants(413, "Error during workout upload, file size (10.5MB) exceeds 10.0MB.")
	// Without a length, a file is read a little past its limit, to tell how large it is.
	for size, want := range map[int]string{
		1<<20 + 1<<19: "Error during workout upload, file size (1.5MB) exceeds 1.0MB.",
		10 << 20:      "Error during workout upload, file size (over 9.0MB) exceeds 1.0MB.",
	} {
		body := fileForm("a.gpx", padded(size), `{"sport_id": 1}`)
		s.sendRaw(fmt.Sprintf("%d bytes in chunks", size), chunked(amelie.token(), formType, body, 1<<16)).wants(413, want).wantsHeaders(apiSet)
	}
	if n := len(s.files()) - len(files); n != 3 {
		t.Errorf("files more after one good upload: %d; want 3", n)
	}
}
