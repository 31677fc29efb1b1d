package assets_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"fittrackee/assets"
	"fittrackee/problem"
)

const fixtures = "../server/testdata/contract/fixtures"

var (
	red    = color.NRGBA{0xff, 0, 0, 0xff}
	green  = color.NRGBA{0, 0xff, 0, 0xff}
	blue   = color.NRGBA{0, 0, 0xff, 0xff}
	white  = color.NRGBA{0xff, 0xff, 0xff, 0xff}
	hidden = color.NRGBA{}
)

// makePicture makes a picture that must succeed, checks every file of it, and decodes the largest.
func makePicture(t *testing.T, upload []byte) (*assets.Picture, image.Image) {
	t.Helper()
	picture, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
	if err != nil {
		t.Fatalf("MakePicture = %v", err)
	}
	for size, data := range picture.Sizes {
		wantsClean(t, data)
		got := decodeSquare(t, data).Bounds().Dx()
		if got > size || size != 512 && got != size {
			t.Errorf("file for %d pixels is %d wide", size, got)
		}
	}
	return picture, decodeSquare(t, picture.Sizes[512])
}

// decodeSquare decodes a file that was made; it must be a square.
func decodeSquare(t *testing.T, data []byte) image.Image {
	t.Helper()
	decode := png.Decode
	if bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		decode = jpeg.Decode
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("decode what was made: %v", err)
	}
	if b := img.Bounds(); b.Dx() != b.Dy() || b.Dx() < 1 || b.Dx() > 512 {
		t.Errorf("picture is %d x %d pixels; want a square of at most 512", b.Dx(), b.Dy())
	}
	return img
}

// wantsClean checks that a file has only the parts that a picture needs, and nothing after its end.
func wantsClean(t *testing.T, data []byte) {
	t.Helper()
	parts := pngChunks
	allowed := []string{"IHDR", "PLTE", "tRNS", "IDAT", "IEND"}
	if bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		parts = jpegSegments
		allowed = []string{"DB", "C0", "C4", "DA", "D9"} // tables, baseline frame, scan, end
	}
	for _, part := range parts(data) {
		if !slices.Contains(allowed, part) {
			t.Errorf("made file has part %q; want only %q", part, allowed)
		}
	}
}

func pngChunks(data []byte) (names []string) {
	for data = data[8:]; len(data) >= 12; {
		names = append(names, string(data[4:8]))
		data = data[12+binary.BigEndian.Uint32(data):]
	}
	if len(data) > 0 {
		names = append(names, "trailing data")
	}
	return names
}

func jpegSegments(data []byte) (names []string) {
	for data = data[2:]; len(data) >= 2; {
		if data[0] != 0xff {
			return append(names, "lost the way")
		}
		name := fmt.Sprintf("%X", data[1])
		names = append(names, name)
		if name == "D9" {
			data = data[2:]
			break
		}
		data = data[2+int(binary.BigEndian.Uint16(data[2:])):]
		for name == "DA" && (data[0] != 0xff || data[1] == 0) {
			data = data[1:] // the scan
		}
	}
	if len(data) > 0 {
		names = append(names, "trailing data")
	}
	return names
}

// wantsColor checks a pixel, given in hundredths of the side, up to what JPEG changes.
func wantsColor(t *testing.T, img image.Image, x, y int, want color.NRGBA) {
	t.Helper()
	side := img.Bounds().Dx()
	got := color.NRGBAModel.Convert(img.At(x*side/100, y*side/100)).(color.NRGBA)
	far := func(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }
	if far(got.R, want.R) || far(got.G, want.G) || far(got.B, want.B) || far(got.A, want.A) {
		t.Errorf("colour at %d%%, %d%% = %v; want %v", x, y, got, want)
	}
}

// corners has red, green, blue and white quarters in reading order.
func corners(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	middle := image.Pt(width/2, height/2)
	fill := func(area image.Rectangle, c color.NRGBA) {
		draw.Draw(img, area, image.NewUniform(c), image.Point{}, draw.Src)
	}
	fill(img.Rect, white)
	fill(image.Rectangle{Max: middle}, red)
	fill(image.Rect(middle.X, 0, width, middle.Y), green)
	fill(image.Rect(0, middle.Y, middle.X, height), blue)
	return img
}

// wantsCorners checks that a picture shows corners the right way up.
func wantsCorners(t *testing.T, img image.Image) {
	t.Helper()
	wantsColor(t, img, 20, 20, red)
	wantsColor(t, img, 80, 20, green)
	wantsColor(t, img, 20, 80, blue)
	wantsColor(t, img, 80, 80, white)
}

func encodeJPEG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func encodePNG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// withSegment puts a segment behind the first two bytes of a JPEG.
func withSegment(upload []byte, marker byte, payload string) []byte {
	return slices.Concat(upload[:2], segment(marker, payload), upload[2:])
}

func segment(marker byte, payload string) []byte {
	head := binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(payload)+2))
	return append(head, payload...)
}

// exif is the payload of an APP1 segment: a make, the orientation, and a place.
func exif(order binary.AppendByteOrder, orientation int) string {
	tiff := []byte("MM\x00*")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		tiff = []byte("II*\x00")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 3)
	entry := func(tag, kind uint16, count uint32, value []byte) {
		tiff = order.AppendUint16(tiff, tag)
		tiff = order.AppendUint16(tiff, kind)
		tiff = order.AppendUint32(tiff, count)
		tiff = append(tiff, value...)
	}
	entry(0x010f, 2, 4, []byte("Cam\x00"))
	entry(0x0112, 3, 1, append(order.AppendUint16(nil, uint16(orientation)), 0, 0))
	entry(0x8825, 2, 4, []byte("GPS\x00"))
	return "Exif\x00\x00" + string(tiff)
}

// lain is upright as a camera stores it that says orientation: the standard tells for each which side
// of what is seen the first row is, and which side the first column.
func lain(upright image.Image, orientation int) image.Image {
	w, h := upright.Bounds().Dx(), upright.Bounds().Dy()
	seen := map[int]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },                 // row top, column left
		2: func(x, y int) (int, int) { return w - 1 - x, y },         // top, right
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y }, // bottom, right
		4: func(x, y int) (int, int) { return x, h - 1 - y },         // bottom, left
		5: func(x, y int) (int, int) { return y, x },                 // left, top
		6: func(x, y int) (int, int) { return w - 1 - y, x },         // right, top
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }, // right, bottom
		8: func(x, y int) (int, int) { return y, h - 1 - x },         // left, bottom
	}[orientation]
	size := image.Pt(w, h)
	if orientation > 4 {
		size = image.Pt(h, w)
	}
	stored := image.NewNRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			sx, sy := seen(x, y)
			stored.Set(x, y, upright.At(sx, sy))
		}
	}
	return stored
}

func TestEveryOrientationBecomesUpright(t *testing.T) {
	t.Parallel()
	orders := []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian}
	for orientation := 1; orientation <= 8; orientation++ {
		for _, size := range []image.Point{{96, 64}, {64, 96}} {
			t.Run(fmt.Sprint(orientation, size), func(t *testing.T) {
				t.Parallel()
				stored := encodeJPEG(t, lain(corners(size.X, size.Y), orientation))
				for _, order := range orders {
					_, img := makePicture(t, withSegment(stored, 0xe1, exif(order, orientation)))
					wantsCorners(t, img)
				}
			})
		}
	}
}

func TestSenselessExifIsUpright(t *testing.T) {
	t.Parallel()
	whole := exif(binary.BigEndian, 3)
	stored := encodeJPEG(t, corners(64, 64))
	payloads := map[string]string{
		"value 0": exif(binary.BigEndian, 0), "value 9": exif(binary.LittleEndian, 9),
		"no Exif": strings.Repeat("x", 40), "empty": "", "bad order": strings.Replace(whole, "MM", "MI", 1),
		"directory past the end":      strings.Replace(whole, "\x00\x00\x00\x08", "\x7f\xff\xff\xff", 1),
		"directory at the very end":   strings.Replace(whole, "\x00\x00\x00\x08", "\xff\xff\xff\xff", 1),
		"directory in its own head":   strings.Replace(whole, "\x00\x00\x00\x08", "\x00\x00\x00\x00", 1),
		"orientation that is a text":  strings.Replace(whole, "\x01\x12\x00\x03", "\x01\x12\x00\x02", 1),
		"more entries than are there": strings.Replace(exif(binary.BigEndian, 77), "\x00\x03", "\xff\xff", 1),
	}
	for n := range len(whole) - 14 { // cut off before the value of the orientation ends
		payloads[fmt.Sprintf("cut at %d", n)] = whole[:n]
	}
	for name, payload := range payloads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, img := makePicture(t, withSegment(stored, 0xe1, payload))
			wantsCorners(t, img)
		})
	}
}

func TestSidewaysPhoto(t *testing.T) {
	t.Parallel()
	picture, img := makePicture(t, readFixture(t, "photo-exif.jpg"))
	if picture.Ext != "jpg" || img.Bounds().Dx() != 512 {
		t.Errorf("photo became a %s of %d pixels; want a jpg of 512", picture.Ext, img.Bounds().Dx())
	}
	// As stored, red is at the top left.
	wantsColor(t, img, 80, 20, color.NRGBA{0xdc, 0x28, 0x29, 0xff})
	for _, other := range []image.Point{{20, 20}, {20, 60}, {80, 90}} {
		wantsColor(t, img, other.X, other.Y, color.NRGBA{0x27, 0x5a, 0x9f, 0xff})
	}
}

func TestMiddleSquareIsKept(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{300, 100}, {100, 300}, {1200, 600}, {1, 900}, {900, 1}, {1, 1}, {2051, 2053}} {
		t.Run(size.String(), func(t *testing.T) {
			t.Parallel()
			// The ends are red, the middle square is green.
			img := image.NewNRGBA(image.Rectangle{Max: size})
			draw.Draw(img, img.Rect, image.NewUniform(red), image.Point{}, draw.Src)
			side := min(size.X, size.Y)
			middle := image.Rect(0, 0, side, side).Add(image.Pt((size.X-side)/2, (size.Y-side)/2))
			draw.Draw(img, middle, image.NewUniform(green), image.Point{}, draw.Src)
			same := &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect} // quicker to encode
			uploads := [][]byte{encodePNG(t, img), encodeJPEG(t, same)}
			if side > 2000 {
				uploads = uploads[1:] // one is enough to see it averaged down
			}
			for _, upload := range uploads {
				_, made := makePicture(t, upload)
				if got := made.Bounds().Dx(); got != min(side, 512) {
					t.Errorf("picture is %d wide; want %d", got, min(side, 512))
				}
				if side > 8 { // JPEG smears colours over blocks
					wantsColor(t, made, 10, 10, green)
					wantsColor(t, made, 50, 50, green)
					wantsColor(t, made, 90, 90, green)
				}
			}
		})
	}
}

// pngWith puts chunks behind the header of a PNG.
func pngWith(upload []byte, chunks ...[]byte) []byte {
	const head = 8 + 25 // signature and header chunk
	return slices.Concat(upload[:head], slices.Concat(chunks...), upload[head:])
}

func chunk(name, data string) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(out, name+data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

func TestNothingButPixelsIsKept(t *testing.T) {
	t.Parallel()
	const secret = "52.5200N-13.4050E"
	clear := image.NewNRGBA(image.Rect(0, 0, 100, 100)) // all transparent: stays a PNG
	clear.Set(1, 1, red)
	plain := encodeJPEG(t, corners(100, 100))
	uploads := map[string][]byte{
		"jpeg segments": withSegment(withSegment(withSegment(withSegment(plain,
			0xe1, exif(binary.BigEndian, 1)+secret), 0xe2, "ICC_PROFILE\x00\x01\x01"+secret), 0xfe, secret),
			0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret),
		"jpeg tail": append(slices.Clone(plain), secret...),
		"png chunks": pngWith(encodePNG(t, clear), chunk("tEXt", "Comment\x00"+secret), chunk("eXIf", "MM\x00*"+secret),
			chunk("iCCP", "x\x00\x00"+secret), chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+secret), chunk("tIME", "1234567")),
		"opaque png chunks": pngWith(encodePNG(t, corners(20, 20)), chunk("tEXt", "Comment\x00"+secret)),
		"png tail":          append(encodePNG(t, clear), secret...),
		"gif comment":       gifWith(t, corners(70, 70), "\x21\xfe\x11"+secret+"\x00"),
	}
	for _, name := range []string{"photo-exif.jpg", "photo.png", "large.png", "small.png", "animated.gif"} {
		uploads[name] = readFixture(t, name)
	}
	for name, upload := range uploads {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			picture, _ := makePicture(t, upload) // checks the parts of each file
			for size, data := range picture.Sizes {
				for _, trace := range []string{secret, "Exif", "GPS", "ICC", "ContractCam", "adobe", "Comment"} {
					if bytes.Contains(data, []byte(trace)) {
						t.Errorf("file for %d pixels holds %q", size, trace)
					}
				}
			}
		})
	}
}

// gifWith encodes an image as GIF and puts an extension behind its head.
func gifWith(tb testing.TB, img image.Image, extension string) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := gif.Encode(&out, img, nil); err != nil {
		tb.Fatal(err)
	}
	data := out.Bytes()
	head := 13
	if fields := data[10]; fields&0x80 != 0 { // a colour table follows
		head += 3 << (1 + fields&7)
	}
	return slices.Concat(data[:head], []byte(extension), data[head:])
}

func TestTransparencySurvives(t *testing.T) {
	t.Parallel()
	for _, side := range []int{40, 520} {
		t.Run(fmt.Sprint(side), func(t *testing.T) {
			t.Parallel()
			img := image.NewNRGBA(image.Rect(0, 0, side, side))
			draw.Draw(img, image.Rect(0, 0, side/2, side), image.NewUniform(red), image.Point{}, draw.Src)
			half := color.NRGBA{0, 0, 0xff, 0x80}
			draw.Draw(img, image.Rect(0, side/2, side/2, side), image.NewUniform(half), image.Point{}, draw.Src)
			picture, made := makePicture(t, encodePNG(t, img))
			if picture.Ext != "png" {
				t.Errorf("transparent picture became a %s; want a png", picture.Ext)
			}
			wantsColor(t, made, 20, 20, red)
			wantsColor(t, made, 20, 80, half)
			wantsColor(t, made, 80, 50, hidden)
		})
	}
}

func TestEveryKindOfPixel(t *testing.T) {
	t.Parallel()
	from := corners(120, 120)
	to := func(img draw.Image) image.Image {
		draw.Draw(img, img.Bounds(), from, image.Point{}, draw.Src)
		return img
	}
	area := from.Bounds()
	palette := color.Palette{red, green, blue, white}
	for name, upload := range map[string][]byte{
		"8-bit":             encodePNG(t, from),
		"16-bit":            encodePNG(t, to(image.NewRGBA64(area))),
		"16-bit with alpha": encodePNG(t, to(image.NewNRGBA64(area))),
		"palette":           encodePNG(t, to(image.NewPaletted(area, palette))),
		"gif":               gifWith(t, to(image.NewPaletted(area, palette)), ""),
		"jpeg":              encodeJPEG(t, from),
		"jpeg in RGB":       rgbJPEG(t, from),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, made := makePicture(t, upload)
			wantsCorners(t, made)
		})
	}
	for name, upload := range map[string][]byte{
		"8-bit grey": encodePNG(t, to(image.NewGray(area))), "16-bit grey": encodePNG(t, to(image.NewGray16(area))),
		"grey jpeg": encodeJPEG(t, to(image.NewGray(area))),
	} {
		_, made := makePicture(t, upload)
		t.Log(name)
		wantsColor(t, made, 80, 80, white)
		wantsColor(t, made, 20, 20, color.NRGBA{76, 76, 76, 0xff})
	}
}

// rgbJPEG has red, green and blue as its planes, and says so in an Adobe segment.
func rgbJPEG(tb testing.TB, img image.Image) []byte {
	tb.Helper()
	bounds := img.Bounds()
	planes := image.NewYCbCr(bounds, image.YCbCrSubsampleRatio420)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			planes.Y[planes.YOffset(x, y)] = uint8(r >> 8)
			planes.Cb[planes.COffset(x, y)] = uint8(g >> 8)
			planes.Cr[planes.COffset(x, y)] = uint8(b >> 8)
		}
	}
	return withSegment(encodeJPEG(tb, planes), 0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00")
}

func TestAnimationGivesItsFirstFrame(t *testing.T) {
	t.Parallel()
	picture, img := makePicture(t, readFixture(t, "animated.gif"))
	if picture.Ext != "jpg" || img.Bounds().Dx() != 80 {
		t.Errorf("animation became a %s of %d pixels; want a jpg of 80", picture.Ext, img.Bounds().Dx())
	}
	wantsColor(t, img, 50, 50, color.NRGBA{0, 0, 0, 0xff})
}

func TestFrameSmallerThanItsCanvas(t *testing.T) {
	t.Parallel()
	for _, scale := range []int{1, 21} { // the larger one is averaged down
		frame := image.NewPaletted(image.Rect(60*scale, 10*scale, 100*scale, 50*scale), color.Palette{red, green})
		var out bytes.Buffer
		err := gif.EncodeAll(&out, &gif.GIF{
			Image: []*image.Paletted{frame}, Delay: []int{0},
			Config: image.Config{ColorModel: frame.Palette, Width: 100 * scale, Height: 100 * scale},
		})
		if err != nil {
			t.Fatal(err)
		}
		picture, img := makePicture(t, out.Bytes())
		if picture.Ext != "png" {
			t.Errorf("picture with bare canvas became a %s; want a png", picture.Ext)
		}
		wantsColor(t, img, 80, 30, red)
		wantsColor(t, img, 20, 30, hidden)
		wantsColor(t, img, 80, 70, hidden)
	}
}

func TestErrorsOfReadingAreNotTheUsersFault(t *testing.T) {
	t.Parallel()
	disk := errors.New("disk is gone")
	for _, name := range []string{"photo-exif.jpg", "photo.png", "animated.gif"} {
		data := readFixture(t, name)
		for _, good := range []int{0, 4, 50, 300} {
			src := &brokenAfter{ReadSeeker: bytes.NewReader(data), good: good, err: disk}
			_, err := assets.MakePicture(context.Background(), src)
			if !errors.Is(err, disk) || problem.Is(err, problem.BadUpload) {
				t.Errorf("MakePicture of %s, disk gone after %d bytes = %v; want %v", name, good, err, disk)
			}
		}
	}
}

// brokenAfter fails where more than good bytes from the beginning are asked for.
type brokenAfter struct {
	io.ReadSeeker
	good int
	err  error
	at   int
}

func (b *brokenAfter) Seek(offset int64, whence int) (int64, error) {
	b.at = 0
	return b.ReadSeeker.Seek(offset, whence)
}

func (b *brokenAfter) Read(p []byte) (int, error) {
	if b.at >= b.good {
		return 0, b.err
	}
	n, err := b.ReadSeeker.Read(p[:min(len(p), b.good-b.at)])
	b.at += n
	return n, err
}

func TestReadingInSmallPieces(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"photo-exif.jpg", "small.png", "animated.gif"} {
		data := bytes.NewReader(readFixture(t, name))
		src := struct {
			io.Reader
			io.Seeker
		}{iotest.OneByteReader(data), data}
		if _, err := assets.MakePicture(context.Background(), src); err != nil {
			t.Errorf("MakePicture of %s byte by byte = %v", name, err)
		}
	}
}

// slowUpload counts how many uploads were begun, and gives nothing until it is let go.
type slowUpload struct {
	*bytes.Reader
	once  sync.Once
	begun *atomic.Int32
	letGo <-chan struct{}
}

func (s *slowUpload) Read(p []byte) (int, error) {
	s.once.Do(func() { s.begun.Add(1) })
	<-s.letGo
	return s.Reader.Read(p)
}

// It takes both places, so that it cannot be parallel.
func TestTwoAtATime(t *testing.T) {
	var begun atomic.Int32
	letGo := make(chan struct{})
	data := readFixture(t, "small.png")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			src := &slowUpload{Reader: bytes.NewReader(data), begun: &begun, letGo: letGo}
			if _, err := assets.MakePicture(context.Background(), src); err != nil {
				t.Errorf("MakePicture = %v", err)
			}
		})
	}
	waitFor(t, "two are in work", func() bool { return begun.Load() >= 2 })

	// Whoever comes now waits no longer than its caller.
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := assets.MakePicture(ctx, bytes.NewReader(data)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("MakePicture without a place = %v; want %v", err, context.DeadlineExceeded)
	}
	if got := begun.Load(); got != 2 {
		t.Errorf("%d pictures were in work at once; want 2", got)
	}
	close(letGo)
	all.Wait()

	// Callers that are gone take no place.
	cancel()
	for range 5 {
		if _, err := assets.MakePicture(ctx, bytes.NewReader(data)); err == nil {
			t.Error("MakePicture for a caller that is gone succeeded")
		}
	}
	if _, err := assets.MakePicture(context.Background(), bytes.NewReader(data)); err != nil {
		t.Errorf("MakePicture after all = %v", err)
	}
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}
