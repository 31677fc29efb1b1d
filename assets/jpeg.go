package assets

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Markers of JPEG (ITU-T T.81, table B.1), each after a byte 0xff.
const (
	markerSOF0  = 0xc0 // baseline frame
	markerSOF2  = 0xc2 // progressive frame
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerEOI   = 0xd9 // end of the image
	markerSOS   = 0xda // start of a scan
	markerAPP1  = 0xe1 // Exif among others
	markerAdobe = 0xee
)

// maxProgressiveScans bounds how often a progressive JPEG may go over its pixels. A scan that changes
// nothing takes some sixty bytes, so a file of a megabyte could ask for minutes of work. Usual encoders
// write about ten.
const maxProgressiveScans = 20

// jpegHead is what a JPEG declares before its first scan.
type jpegHead struct {
	width, height int
	// components are the planes, one for grey, three for colour, four for print.
	components []jpegComponent
	// progressive pictures are refined scan by scan; the decoder keeps 4 bytes for each sample.
	progressive bool
	// adobeRGB is true when an Adobe segment says that the planes are red, green and blue.
	adobeRGB bool
	// orientation is that of Exif, upright when there is none.
	orientation int
	// length is the number of bytes up to and with the marker of the first scan.
	length int64
}

// jpegComponent is one plane: its name, and how many blocks it has across and down in each unit.
type jpegComponent struct {
	id           byte
	across, down int64
}

// decodedBytes returns how much memory image/jpeg takes for the picture: planes padded to whole units
// of 8x8 blocks, coefficients when progressive, and one more copy when the planes are not Y, Cb, Cr.
func (h *jpegHead) decodedBytes() int64 {
	first := h.components[0]
	if len(h.components) == 1 {
		first = jpegComponent{across: 1, down: 1} // a single plane is never subsampled
	}
	units := ceilDiv(int64(h.width), 8*first.across) * ceilDiv(int64(h.height), 8*first.down)
	blocks := first.across * first.down
	for _, c := range h.components[1:] {
		blocks += c.across * c.down
	}
	samples := units * blocks * 64
	total := samples
	if h.progressive {
		total += 4 * samples
	}
	if h.converted() {
		total += 4 * int64(h.width) * int64(h.height)
	}
	return total
}

// converted tells whether image/jpeg may copy the planes into one image of 4 bytes a pixel.
func (h *jpegHead) converted() bool {
	if len(h.components) != 3 {
		return len(h.components) == 4
	}
	c := h.components
	return h.adobeRGB || c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B'
}

// maxScans is how many scans a picture of this kind may need.
func (h *jpegHead) maxScans() int {
	if h.progressive {
		return maxProgressiveScans
	}
	return len(h.components)
}

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

// readJPEGHead walks over the segments of a JPEG up to its first scan, by the same rules as
// image/jpeg, so that both see the same frame.
func readJPEGHead(r io.Reader) (*jpegHead, error) {
	w := &segmentWalker{r: bufio.NewReader(r)}
	h := &jpegHead{orientation: upright}
	if err := w.skip(2); err != nil { // start of the image, looked at already
		return nil, err
	}
	for {
		marker, err := w.next()
		if err != nil {
			return nil, err
		}
		if marker == markerSOS {
			break
		}
		if marker == markerEOI {
			return nil, errors.New("jpeg: no scan")
		}
		payload, err := w.payload()
		if err != nil {
			return nil, err
		}
		if err := h.take(marker, payload); err != nil {
			return nil, err
		}
	}
	if h.components == nil {
		return nil, errors.New("jpeg: no frame before the first scan")
	}
	h.length = w.read
	return h, nil
}

// take notes what a segment says.
func (h *jpegHead) take(marker byte, payload []byte) error {
	switch {
	case marker == markerAPP1 && h.orientation == upright:
		h.orientation = exifOrientation(payload)
	case marker == markerAdobe && len(payload) >= 12 && payload[11] == 0:
		h.adobeRGB = true
	case marker >= markerSOF0 && marker <= markerSOF2:
		h.progressive = marker == markerSOF2
		return h.takeFrame(payload)
	}
	return nil
}

// takeFrame reads the header of a frame: precision (1 byte), height (2), width (2), number of
// components (1), then for each of them its name, its sampling factors and its table.
func (h *jpegHead) takeFrame(payload []byte) error {
	if h.components != nil {
		return errors.New("jpeg: second frame")
	}
	if len(payload) < 6 || len(payload) != 6+3*int(payload[5]) || payload[5] == 0 {
		return errors.New("jpeg: bad length of the frame")
	}
	h.height = int(binary.BigEndian.Uint16(payload[1:]))
	h.width = int(binary.BigEndian.Uint16(payload[3:]))
	for c := payload[6:]; len(c) > 0; c = c[3:] {
		component := jpegComponent{id: c[0], across: int64(c[1] >> 4), down: int64(c[1] & 0x0f)}
		if component.across == 0 || component.down == 0 {
			return errors.New("jpeg: bad sampling factor")
		}
		h.components = append(h.components, component)
	}
	return nil
}

// segmentWalker reads the markers and segments of a JPEG, and counts the bytes.
type segmentWalker struct {
	r    *bufio.Reader
	read int64
}

// next returns the next marker that has a segment. Bytes between segments are skipped, as are fill
// bytes and restart markers.
func (w *segmentWalker) next() (byte, error) {
	var last byte
	for {
		b, err := w.r.ReadByte()
		if err != nil {
			return 0, err
		}
		w.read++
		if last == 0xff && b != 0 && b != 0xff && (b < markerRST0 || b > markerRST7) {
			return b, nil
		}
		last = b
	}
}

// payload returns what the segment holds, at most 64 KiB, since its length has two bytes.
func (w *segmentWalker) payload() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(w.r, length[:]); err != nil {
		return nil, err
	}
	n := int(binary.BigEndian.Uint16(length[:])) - 2
	if n < 0 {
		return nil, errors.New("jpeg: short segment")
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(w.r, payload)
	w.read += int64(2 + n)
	return payload, err
}

func (w *segmentWalker) skip(n int) error {
	skipped, err := w.r.Discard(n)
	w.read += int64(skipped)
	return err
}

// jpegGuard passes a JPEG on to its decoder, and fails where it asks for more than its head announced:
// more scans, or an Adobe segment that comes late and doubles the memory.
//
// It looks at pairs of bytes, not at segments. In the data of a scan a byte 0xff is followed by zero
// or by a marker, so nothing looks like a marker by chance.
type jpegGuard struct {
	r         *bufio.Reader
	head      int64 // bytes of the head that are left; they have been checked already
	scansLeft int
	last      byte
}

func newJPEGGuard(r io.Reader, head *jpegHead) *jpegGuard {
	return &jpegGuard{r: bufio.NewReader(r), head: head.length, scansLeft: head.maxScans() - 1}
}

// Read stops after each marker of the end of an image, so that the decoder never gets what follows it:
// phones append videos and further pictures there.
func (g *jpegGuard) Read(p []byte) (int, error) {
	if _, err := g.r.Peek(1); err != nil {
		return 0, err
	}
	waiting, _ := g.r.Peek(min(len(p), g.r.Buffered()))
	if g.head > 0 {
		n := copy(p, waiting[:min(int64(len(waiting)), g.head)])
		g.head -= int64(n)
		_, err := g.r.Discard(n)
		return n, err
	}
	n, err := g.look(waiting)
	if err != nil {
		return 0, err
	}
	copy(p, waiting[:n])
	_, err = g.r.Discard(n)
	return n, err
}

// look returns how many of the bytes may be passed on together.
func (g *jpegGuard) look(data []byte) (int, error) {
	for i, b := range data {
		last := g.last
		g.last = b
		if last != 0xff {
			continue
		}
		switch b {
		case markerEOI:
			return i + 1, nil
		case markerAdobe:
			return 0, errors.New("jpeg: late Adobe segment")
		case markerSOS:
			g.scansLeft--
			if g.scansLeft < 0 {
				return 0, errors.New("jpeg: too many scans")
			}
		}
	}
	return len(data), nil
}
