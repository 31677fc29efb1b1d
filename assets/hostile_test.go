package assets_test

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"io"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/assets"
	"fittrackee/problem"
)

// wantsRefusal checks that an upload is refused as the kind says.
func wantsRefusal(t *testing.T, upload []byte, kind problem.Kind) {
	t.Helper()
	_, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
	if !problem.Is(err, kind) {
		t.Errorf("MakePicture = %v; want a problem of kind %d", err, kind)
	}
}

func TestOtherBytesAreRefused(t *testing.T) {
	t.Parallel()
	for name, upload := range map[string]string{
		"nothing": "", "one byte": "\xff", "text": "hello", "html": "<!DOCTYPE html><script>alert(1)</script>",
		"svg":  `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`,
		"bmp":  "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x18\x00" + strings.Repeat("\x00", 40),
		"tiff": "II*\x00\x08\x00\x00\x00" + strings.Repeat("\x00", 40),
		"webp": "RIFF\x24\x00\x00\x00WEBPVP8 " + strings.Repeat("\x00", 40),
		"pdf":  "%PDF-1.7\n", "zip": "PK\x03\x04", "elf": "\x7fELF\x02\x01\x01", "gpx": "<?xml version=\"1.0\"?><gpx/>",
		"only the magic of jpg": "\xff\xd8\xff", "only the magic of png": "\x89PNG\r\n\x1a\n",
		"only the magic of gif": "GIF89a", "unknown gif": "GIF88a" + strings.Repeat("\x01", 40),
		"jpg without scan": "\xff\xd8\xff\xd9", "space first": " \xff\xd8\xff\xe0\x00\x10JFIF",
		"jpg of one marker": "\xff\xd8" + strings.Repeat("\xff", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantsRefusal(t, []byte(upload), problem.BadUpload)
			_, err := assets.MakePicture(context.Background(), strings.NewReader(upload))
			if told, ok := err.(*problem.Error); !ok || told.Text != "invalid image file" {
				t.Errorf("MakePicture = %#v; want the text %q", err, "invalid image file")
			}
		})
	}
}

func TestTruncatedFilesAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"photo-exif.jpg", "small.png", "animated.gif"} {
		data := readFixture(t, name)
		last := len(data) - 1
		if name == "animated.gif" {
			last = len(data) / 5 // what is after the first frame does not matter
		}
		for _, length := range []int{1, 5, 9, 20, 30, last / 2, last} {
			wantsRefusal(t, data[:length], problem.BadUpload)
		}
	}
}

func TestPolyglotsAreOnlyTheirPicture(t *testing.T) {
	t.Parallel()
	const tail = "<script>alert(1)</script>PK\x03\x04\xff\xda\xff\xda\xff\xee\xff\xd9"
	jpg := encodeJPEG(t, corners(100, 100))
	for name, upload := range map[string][]byte{
		"jpg": append(slices.Clone(jpg), tail...),
		// Phones append films, and second pictures with segments of their own.
		"jpg, jpg": slices.Concat(jpg, withSegment(rgbJPEG(t, corners(9, 9)), 0xe1, "Exif\x00\x00"), bytes.Repeat([]byte("\xff\xda"), 5000)),
		"png":      append(encodePNG(t, corners(100, 100)), tail...),
		"gif":      append(gifWith(t, corners(100, 100), ""), tail...),
		"js gif":   gifWith(t, corners(100, 100), "\x21\xfe\x08*/=1;/* \x00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, img := makePicture(t, upload)
			wantsCorners(t, img)
		})
	}
}

// rawPNG is a PNG of black, or of the first colour, without anybody ever having had its pixels.
func rawPNG(tb testing.TB, width, height, depth, colorType, interlace int, more ...[]byte) []byte {
	tb.Helper()
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	header = append(header, byte(depth), byte(colorType), 0, 0, byte(interlace))
	channels := map[int]int{0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colorType]
	// Adam7 adds some bytes for the ends of its short rows: its passes, and what is left over, are
	// told apart by the decoder.
	rows := func(w, h int) int64 { return int64(h) * int64(1+(w*channels*depth+7)/8) }
	size := rows(width, height)
	if interlace == 1 {
		size = 0
		for _, p := range [][4]int{{8, 8, 0, 0}, {8, 8, 4, 0}, {4, 8, 0, 4}, {4, 4, 2, 0}, {2, 4, 0, 2}, {2, 2, 1, 0}, {1, 2, 0, 1}} {
			w, h := (width-p[2]+p[0]-1)/p[0], (height-p[3]+p[1]-1)/p[1]
			if w > 0 && h > 0 {
				size += rows(w, h)
			}
		}
	}
	var packed bytes.Buffer
	w, err := zlib.NewWriterLevel(&packed, zlib.BestSpeed)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(w, zeros(size)); err != nil {
		tb.Fatal(err)
	}
	w.Close()
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", string(header))...)
	out = append(out, slices.Concat(more...)...)
	if colorType == 3 {
		out = append(out, chunk("PLTE", "\x00\x00\x00\xff\x00\x00")...)
	}
	return slices.Concat(out, chunk("IDAT", packed.String()), chunk("IEND", ""))
}

// rawGIF is a GIF of one colour.
func rawGIF(tb testing.TB, width, height int) []byte {
	tb.Helper()
	out := gifHead(width, height)
	out = append(out, gifFrame(tb, width, height, zeros(int64(width)*int64(height)))...)
	return append(out, ';')
}

func gifHead(width, height int) []byte {
	out := binary.LittleEndian.AppendUint16([]byte("GIF89a"), uint16(width))
	out = binary.LittleEndian.AppendUint16(out, uint16(height))
	return append(out, "\x80\x00\x00\xff\x00\x00\x00\x00\xff"...) // a table of red and blue
}

func gifFrame(tb testing.TB, width, height int, pixels io.Reader) []byte {
	tb.Helper()
	out := binary.LittleEndian.AppendUint16([]byte(",\x00\x00\x00\x00"), uint16(width))
	out = binary.LittleEndian.AppendUint16(out, uint16(height))
	out = append(out, 0, 2)
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.LSB, 2)
	if _, err := io.Copy(w, pixels); err != nil {
		tb.Fatal(err)
	}
	w.Close()
	for block := range slices.Chunk(packed.Bytes(), 255) {
		out = append(append(out, byte(len(block))), block...)
	}
	return append(out, 0)
}

// rawJPEG is a JPEG of even grey planes, with sampling factors such as 0x22 for each of them, its
// Huffman codes of one bit, all of which are zero. With more than one scan it is progressive: a first
// one of the even colours, then scans of the first plane that change nothing.
func rawJPEG(width, height, scans int, sampling ...byte) []byte {
	sof := byte(0xc0)
	if scans > 1 {
		sof = 0xc2
	}
	frame := string([]byte{8, byte(height >> 8), byte(height), byte(width >> 8), byte(width), byte(len(sampling))})
	scan := string([]byte{byte(len(sampling))})
	blocks := int64(0)
	for i, factors := range sampling {
		frame += string([]byte{byte(i + 1), factors, 0})
		scan += string([]byte{byte(i + 1), 0})
		if len(sampling) == 1 {
			factors = 0x11
		}
		blocks += int64(factors>>4) * int64(factors&15)
	}
	unitPX := func(factor byte) int64 {
		if len(sampling) == 1 {
			return 8
		}
		return 8 * int64(factor)
	}
	units := (int64(width) + unitPX(sampling[0]>>4) - 1) / unitPX(sampling[0]>>4) *
		((int64(height) + unitPX(sampling[0]&15) - 1) / unitPX(sampling[0]&15))

	// One code of one bit in each table: no change of the even colour; the end of a block, or, in
	// progressive ones, the end of up to 32767 blocks, told in 14 more bits.
	end, bitsPerBlock, last := "\x00", int64(2), "\x3f"
	if scans > 1 {
		end, bitsPerBlock, last = "\xe0", 1, "\x00"
	}
	lengths := "\x01" + strings.Repeat("\x00", 15)
	out := slices.Concat(
		[]byte("\xff\xd8"),
		segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x01"),
		segment(0xdb, "\x00"+strings.Repeat("\x01", 64)),
		segment(sof, frame),
		segment(0xc4, "\x00"+lengths+"\x00"),
		segment(0xc4, "\x10"+lengths+end),
		segment(0xda, scan+"\x00"+last+"\x00"),
		make([]byte, (units*blocks*bitsPerBlock+7)/8),
	)
	for range scans - 1 {
		out = append(out, segment(0xda, "\x01\x01\x00\x01\x3f\x00")...)
		runs := (units*int64(sampling[0]>>4)*int64(sampling[0]&15) + 32766) / 32767
		if len(sampling) == 1 {
			runs = (units + 32766) / 32767
		}
		out = append(out, endOfBlocks(int(runs))...)
	}
	return append(out, 0xff, 0xd9)
}

// endOfBlocks is the code 0 and fourteen ones, n times.
func endOfBlocks(n int) (out []byte) {
	bits := strings.Repeat("0"+strings.Repeat("1", 14), n)
	bits += strings.Repeat("1", (8-len(bits)%8)%8)
	for ; len(bits) > 0; bits = bits[8:] {
		var b byte
		fmt.Sscanf(bits[:8], "%b", &b)
		if out = append(out, b); b == 0xff {
			out = append(out, 0)
		}
	}
	return out
}

func TestTooLargeForMemoryIsRefusedUnseen(t *testing.T) {
	t.Parallel()
	const grey, rgb, palette, rgba = 0, 2, 3, 6
	head := func(upload []byte) []byte { return upload[:min(len(upload), 400)] }
	small := func(width, height, depth, colorType, interlace int) []byte {
		upload := rawPNG(t, 1, 1, depth, colorType, interlace)
		binary.BigEndian.PutUint32(upload[16:], uint32(width))
		binary.BigEndian.PutUint32(upload[20:], uint32(height))
		return slices.Concat(upload[:8], chunk("IHDR", string(upload[16:29])), upload[33:])
	}
	for name, upload := range map[string][]byte{
		"png of 40 gigapixels":        small(200_000, 200_000, 8, rgb, 0),
		"png of 2^62 pixels":          small(1<<31-1, 1<<31-1, 8, rgba, 0),
		"png over 40 megapixels":      small(6400, 6300, 1, palette, 0),
		"png too wide":                small(10_001, 1, 8, rgb, 0),
		"png too high":                small(1, 10_001, 8, rgb, 0),
		"png of 27 megapixels":        small(5400, 5000, 8, rgb, 0),
		"png of 27 megapixels, grey":  small(5400, 5000, 8, grey, 0),
		"png of 14 megapixels, deep":  small(4000, 3500, 16, rgba, 0),
		"png of 14 megapixels, laced": small(4000, 3500, 8, rgba, 1),
		"gif of 4 gigapixels":         gifHead(65_535, 65_535),
		"gif too wide":                gifHead(10_001, 10),
		"jpg of 4 gigapixels":         head(rawJPEG(65_535, 65_535, 1, 0x11)),
		"jpg too high":                head(rawJPEG(20, 10_001, 1, 0x11)),
		"jpg of 40 megapixels, 4:4:4": head(rawJPEG(8000, 5000, 1, 0x11, 0x11, 0x11)),
		"jpg, progressive, 4:4:4":     head(rawJPEG(3000, 2500, 9, 0x11, 0x11, 0x11)),
		"jpg, progressive, 4:2:0":     head(rawJPEG(4000, 3600, 9, 0x22, 0x11, 0x11)),
		"jpg, print":                  head(rawJPEG(4000, 3500, 1, 0x11, 0x11, 0x11, 0x11)),
		"jpg, RGB":                    withSegment(head(rawJPEG(5000, 4000, 1, 0x22, 0x11, 0x11)), 0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := problem.TooLarge
			if strings.Contains(name, "2^62") {
				kind = problem.BadUpload // the decoder itself cannot count so far
			}
			wantsRefusal(t, upload, kind)
		})
	}
}

func TestNoPixelsIsNoPicture(t *testing.T) {
	t.Parallel()
	png := rawPNG(t, 1, 1, 8, 2, 0)
	header := []byte(png[16:29])
	clear(header[:4])
	for name, upload := range map[string][]byte{
		"gif without width": rawGIF(t, 0, 5), "gif without height": rawGIF(t, 5, 0),
		"gif with an empty frame": slices.Concat(gifHead(5, 5), gifFrame(t, 0, 0, zeros(0)), []byte(";")),
		"gif without frame":       append(gifHead(5, 5), ';'),
		"jpg without height":      rawJPEG(5, 0, 1, 0x11), "jpg without width": rawJPEG(0, 5, 1, 0x11),
		"png without width": slices.Concat(png[:8], chunk("IHDR", string(header)), png[33:]),
	} {
		_, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
		if err != nil && !problem.Is(err, problem.BadUpload) || err == nil && name != "gif with an empty frame" {
			t.Errorf("MakePicture of a %s = %v; want a problem", name, err)
		}
	}
}

func TestColourOutsideThePalette(t *testing.T) {
	t.Parallel()
	// The palette has two colours, and the picture a third.
	area := image.Rect(0, 0, 60, 40)
	wide := image.NewPaletted(area, color.Palette{red, green, blue, white})
	for i := range wide.Pix {
		wide.Pix[i] = 3
	}
	upload := encodePNG(t, wide)
	plte, end := bytes.Index(upload, []byte("PLTE"))-4, bytes.Index(upload, []byte("IDAT"))-4
	short := chunk("PLTE", "\xff\x00\x00\x00\xff\x00")
	for name, upload := range map[string][]byte{
		"png":                   slices.Concat(upload[:plte], short, upload[end:]),
		"png with transparency": slices.Concat(upload[:plte], short, chunk("tRNS", "\x80"), upload[end:]),
		"gif":                   slices.Concat(gifHead(20, 20), gifFrame(t, 20, 20, strings.NewReader(strings.Repeat("\x03", 400))), []byte(";")),
		"gif with transparency": slices.Concat(gifHead(20, 20), []byte("\x21\xf9\x04\x01\x00\x00\xff\x00"),
			gifFrame(t, 20, 20, strings.NewReader(strings.Repeat("\x03", 400))), []byte(";")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
			if err != nil && !problem.Is(err, problem.BadUpload) {
				t.Errorf("MakePicture = %v; want a picture or a problem", err)
			}
		})
	}
}

func TestManyFramesAreNotRead(t *testing.T) {
	t.Parallel()
	upload := gifHead(300, 300)
	frame := gifFrame(t, 300, 300, zeros(90_000))
	for range 20_000 {
		upload = append(upload, frame...)
	}
	src := &counting{Reader: bytes.NewReader(upload)}
	picture, err := assets.MakePicture(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	wantsColor(t, decodeSquare(t, picture.Sizes[512]), 50, 50, red)
	if src.read > 100_000 {
		t.Errorf("read %d bytes of %d; want the first frame only", src.read, len(upload))
	}
}

type counting struct {
	*bytes.Reader
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestJPEGThatAsksForMoreThanItsHead(t *testing.T) {
	t.Parallel()
	plain := encodeJPEG(t, corners(64, 64))
	end := len(plain) - 2
	scan := bytes.Index(plain, []byte("\xff\xda"))
	late := func(more []byte) []byte { return slices.Concat(plain[:end], more, plain[end:]) }
	for name, upload := range map[string][]byte{
		"21 progressive scans":  rawJPEG(64, 64, 21, 0x11),
		"10000 of them":         rawJPEG(640, 640, 10_000, 0x11),
		"4 plain scans":         slices.Concat(plain[:scan], bytes.Repeat(plain[scan:end], 4), plain[end:]),
		"late Adobe segment":    late(segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00")),
		"late frame":            late(segment(0xc0, "\x08\x27\x10\x27\x10\x01\x01\x11\x00")),
		"two frames":            withSegment(plain, 0xc0, "\x08\x00\x40\x00\x40\x01\x01\x11\x00"),
		"frame of nothing":      withSegment(plain, 0xc0, "\x08\x00\x40\x00\x40\x00"),
		"frame without factors": withSegment(plain, 0xc0, "\x08\x00\x40\x00\x40\x01\x01\x00\x00"),
		"frame cut short":       withSegment(plain, 0xc2, "\x08\x00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantsRefusal(t, upload, problem.BadUpload)
		})
	}
	makePicture(t, rawJPEG(64, 64, 20, 0x11))
	makePicture(t, rawJPEG(100, 40, 12, 0x22, 0x11, 0x11))
	makePicture(t, rawJPEG(50, 40, 1, 0x22, 0x11, 0x11, 0x22))
}

// maxMemory is what one picture may cost, whatever it is, in bytes.
const maxMemory uint64 = 150_000_000

// skipUnderRaceDetector leaves out what decodes hundreds of megapixels, minutes of work while watched.
func skipUnderRaceDetector(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("measured without the race detector")
	}
}

// It measures the process, so that it cannot be parallel.
func TestHostilePicturesCostBoundedMemory(t *testing.T) {
	skipUnderRaceDetector(t)
	for _, row := range []struct {
		name   string
		upload []byte
		kind   problem.Kind // zero: it becomes a picture
	}{
		{"png, 26 megapixels", rawPNG(t, 6200, 4200, 8, 2, 0), 0},
		{"png, 13 megapixels of 16 bits", rawPNG(t, 3600, 3600, 16, 6, 0), 0},
		{"png, 6.5 megapixels, laced", rawPNG(t, 2550, 2550, 16, 6, 1), 0},
		{"png, 40 megapixels, two colours, laced", rawPNG(t, 8000, 5000, 1, 3, 1), 0},
		{"gif, 40 megapixels", rawGIF(t, 6300, 6300), 0},
		{"jpg, 40 megapixels", rawJPEG(6300, 6300, 1, 0x22, 0x11, 0x11), 0},
		{"jpg, 34 megapixels in full colour", rawJPEG(5800, 5800, 1, 0x11, 0x11, 0x11), 0},
		{"jpg, 13 megapixels, 20 scans", rawJPEG(3700, 3700, 20, 0x22, 0x11, 0x11), 0},
		{"jpg, 12 megapixels for print", rawJPEG(3600, 3400, 1, 0x22, 0x11, 0x11, 0x22), 0},
		{"jpg, a narrow one of wide units", rawJPEG(1, 10_000, 1, 0x42, 0x11, 0x11), 0},
		{"jpg, 40 megapixels, RGB told late", lateRGB(6300, 6300), problem.BadUpload},
	} {
		t.Run(row.name, func(t *testing.T) {
			var err error
			peak := peakMemory(func() {
				_, err = assets.MakePicture(context.Background(), bytes.NewReader(row.upload))
			})
			if row.kind == 0 && err != nil || row.kind != 0 && !problem.Is(err, row.kind) {
				t.Errorf("MakePicture = %v; want kind %d", err, row.kind)
			}
			if peak > maxMemory {
				t.Errorf("%d bytes of upload took %d MB; want less than %d", len(row.upload), peak/1e6, maxMemory/1e6)
			}
			t.Logf("%d bytes of upload took %d MB", len(row.upload), peak/1e6)
		})
	}
}

func TestHostilePicturesTogetherCostBoundedMemory(t *testing.T) {
	skipUnderRaceDetector(t)
	upload := rawPNG(t, 6200, 4200, 8, 2, 0)
	peak := peakMemory(func() {
		done := make(chan error)
		for range 4 {
			go func() {
				_, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
				done <- err
			}()
		}
		for range 4 {
			if err := <-done; err != nil {
				t.Errorf("MakePicture = %v", err)
			}
		}
	})
	if peak > maxMemory {
		t.Errorf("four uploads took %d MB; want less than %d", peak/1e6, maxMemory/1e6)
	}
	t.Logf("four uploads took %d MB", peak/1e6)
}

func lateRGB(width, height int) []byte {
	upload := rawJPEG(width, height, 1, 0x22, 0x11, 0x11)
	end := len(upload) - 2
	return slices.Concat(upload[:end], segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00"), upload[end:])
}

// peakMemory returns the most bytes that were in objects of the heap, garbage too, while f ran, above
// what was there before.
func peakMemory(f func()) (bytes uint64) {
	runtime.GC()
	before := heapBytes()
	done, peak := make(chan struct{}), make(chan uint64)
	go func() {
		var most uint64
		tick := time.NewTicker(200 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, heapBytes())
			case <-done:
				peak <- most
				return
			}
		}
	}()
	f()
	close(done)
	return max(<-peak, before) - before
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
