package track

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
)

// The packed form, with integers as in encoding/binary's varints:
//
//	magic
//	segments of the first track, segments of the others (unsigned varints)
//	for each segment: its points (unsigned varint), then its columns
//	CRC-32 (IEEE) of all that, 4 bytes, little-endian
//
// There is a column for each field of Point, in its order. A column is one byte of code, 0 when no
// point has a value. If the code has gapsFlag set, a bitmap follows that says which points have one,
// the first point in the lowest bit of the first byte. Then come the differences of each value to
// the one before, signed varints; the first differs from 0. The values are integers: times and
// readings in units of 10^(code-1), coordinates and elevations in units of 10^-(code-1), or, where
// not all of them are such decimals, the bits of their IEEE 754 form.
const (
	magic       = "trk\x01" // the last byte is the version
	gapsFlag    = 0x80
	maxDecimals = 9
	codeBits    = 1 + maxDecimals + 1
	codeUnit    = 1 // 10^0
)

var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// The columns. Points are read and written through these.
var (
	floatColumns = []func(*Point) *float64{
		func(p *Point) *float64 { return &p.Latitude },
		func(p *Point) *float64 { return &p.Longitude },
		func(p *Point) *float64 { return &p.Elevation },
	}
	readingColumns = []func(*Point) *int16{
		func(p *Point) *int16 { return &p.HeartRate },
		func(p *Point) *int16 { return &p.Cadence },
		func(p *Point) *int16 { return &p.Power },
		func(p *Point) *int16 { return &p.Temperature },
	}
)

// Pack returns the points of a track, as Parse gives it, in a compact form for a cache. Nothing of
// them is lost; the name and the type are not kept.
func Pack(t *Track) []byte {
	const pointBytes = 5 // about what one takes
	segments := slices.Concat(t.Segments, t.Rest)
	points := 0
	for _, s := range segments {
		points += len(s)
	}
	b := append(make([]byte, 0, 64+points*pointBytes), magic...)
	b = binary.AppendUvarint(b, uint64(len(t.Segments)))
	b = binary.AppendUvarint(b, uint64(len(t.Rest)))
	for _, s := range segments {
		b = packSegment(b, s)
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func packSegment(b []byte, s Segment) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	for _, at := range floatColumns {
		b = packFloats(b, s, at)
	}
	b = packTimes(b, s)
	for _, at := range readingColumns {
		b = packColumn(b, s, codeUnit, func(p *Point) (int64, bool) {
			v := *at(p)
			return int64(v), v != NoReading
		})
	}
	return b
}

func packFloats(b []byte, s Segment, at func(*Point) *float64) []byte {
	decimals := 0
	for i := range s {
		v := *at(&s[i])
		for !math.IsNaN(v) && decimals <= maxDecimals && !isDecimal(v, decimals) {
			decimals++
		}
	}
	if decimals > maxDecimals {
		return packColumn(b, s, codeBits, func(p *Point) (int64, bool) {
			v := *at(p)
			return int64(math.Float64bits(v)), !math.IsNaN(v)
		})
	}
	power := powers[decimals]
	return packColumn(b, s, codeUnit+byte(decimals), func(p *Point) (int64, bool) {
		v := *at(p)
		return int64(math.RoundToEven(v * power)), !math.IsNaN(v)
	})
}

// isDecimal tells whether v, to the bit, is what an integer with that many decimals is read as.
func isDecimal(v float64, decimals int) bool {
	n := int64(math.RoundToEven(v * powers[decimals]))
	return math.Float64bits(float64(n)/powers[decimals]) == math.Float64bits(v)
}

func packTimes(b []byte, s Segment) []byte {
	code, unit := byte(codeUnit+6), int64(1e6)
	for i := range s {
		for s[i].hasTime() && s[i].Time%unit != 0 {
			code, unit = code-1, unit/10
		}
	}
	return packColumn(b, s, code, func(p *Point) (int64, bool) {
		return p.Time / unit, p.hasTime()
	})
}

// packColumn appends a column. The value of a point is the integer to write, and whether there is one.
func packColumn(b []byte, s Segment, code byte, value func(*Point) (int64, bool)) []byte {
	known := 0
	for i := range s {
		if _, ok := value(&s[i]); ok {
			known++
		}
	}
	switch known {
	case 0:
		return append(b, 0)
	case len(s):
		b = append(b, code)
	default:
		b = append(b, code|gapsFlag)
		bitmap := len(b)
		b = append(b, make([]byte, (len(s)+7)/8)...)
		for i := range s {
			if _, ok := value(&s[i]); ok {
				b[bitmap+i/8] |= 1 << (i % 8)
			}
		}
	}
	last := int64(0)
	for i := range s {
		if v, ok := value(&s[i]); ok {
			b = binary.AppendVarint(b, v-last)
			last = v
		}
	}
	return b
}
