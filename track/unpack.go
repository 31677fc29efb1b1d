package track

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

var errPacked = errors.New("not a packed track, or damaged")

// Unpack returns the track that Pack made data from. It fails when data is anything else: of another
// version, cut off, changed, or malicious. It takes memory for no more points than data has bytes for.
func Unpack(data []byte) (*Track, error) {
	body := len(data) - crc32.Size
	if body < len(magic) || string(data[:len(magic)]) != magic ||
		crc32.ChecksumIEEE(data[:body]) != binary.LittleEndian.Uint32(data[body:]) {
		return nil, errPacked
	}
	u := unpacker{data: data[len(magic):body], points: maxPoints}
	first, rest := u.count(maxSegments), u.count(maxSegments)
	t := &Track{Segments: u.segments(first), Rest: u.segments(rest)}
	if u.failed || len(u.data) > 0 {
		return nil, errPacked
	}
	return t, nil
}

// unpacker reads a packed track. After a failure its methods return zeros, as far as that is safe.
type unpacker struct {
	data   []byte // what is left of it
	points int    // how many more are allowed
	failed bool
}

// count reads how many of something follow. Each of them takes a byte at least.
func (u *unpacker) count(limit int) int {
	n, size := binary.Uvarint(u.data)
	if size <= 0 || n > uint64(limit) || n > uint64(len(u.data)-size) {
		u.failed = true
		return 0
	}
	u.data = u.data[size:]
	return int(n)
}

func (u *unpacker) varint() int64 {
	v, size := binary.Varint(u.data)
	if size <= 0 {
		u.failed = true
		return 0
	}
	u.data = u.data[size:]
	return v
}

func (u *unpacker) bytes(n int) []byte {
	if n > len(u.data) {
		u.failed = true
		n = len(u.data)
	}
	b := u.data[:n]
	u.data = u.data[n:]
	return b
}

func (u *unpacker) segments(n int) []Segment {
	var segments []Segment
	for range n {
		if u.failed {
			return nil
		}
		segments = append(segments, u.segment())
	}
	return segments
}

func (u *unpacker) segment() Segment {
	n := u.count(u.points)
	u.points -= n
	s := make(Segment, n)
	for i := range s {
		s[i] = unknownPoint
	}
	for _, at := range floatColumns {
		u.floats(s, at)
	}
	u.times(s)
	for _, at := range readingColumns {
		u.readings(s, at)
	}
	for i := range s {
		if !s[i].possible() {
			u.failed = true
		}
	}
	return s
}

func (u *unpacker) floats(s Segment, at func(*Point) *float64) {
	code, known := u.head(s)
	switch {
	case code == 0:
	case code < codeBits:
		power := powers[code-codeUnit]
		u.values(s, known, func(p *Point, v int64) { *at(p) = float64(v) / power })
	case code == codeBits:
		u.values(s, known, func(p *Point, v int64) {
			*at(p) = math.Float64frombits(uint64(v))
			if math.IsNaN(*at(p)) {
				u.failed = true // an unknown value has no bits
			}
		})
	default:
		u.failed = true
	}
}

func (u *unpacker) times(s Segment) {
	code, known := u.head(s)
	switch {
	case code == 0:
	case code < codeBits:
		unit := int64(powers[code-codeUnit])
		u.values(s, known, func(p *Point, v int64) { p.Time = v * unit })
	default:
		u.failed = true
	}
}

func (u *unpacker) readings(s Segment, at func(*Point) *int16) {
	code, known := u.head(s)
	switch code {
	case 0:
	case codeUnit:
		u.values(s, known, func(p *Point, v int64) {
			*at(p) = int16(v)
			if int64(*at(p)) != v {
				u.failed = true
			}
		})
	default:
		u.failed = true
	}
}

// head reads the beginning of a column: its code, and the bitmap of points that have a value, nil
// when all of them have.
func (u *unpacker) head(s Segment) (code byte, known []byte) {
	for _, c := range u.bytes(1) {
		code = c
	}
	if code&gapsFlag == 0 {
		return code, nil
	}
	size := (len(s) + 7) / 8
	if known = u.bytes(size); len(known) < size {
		return 0, nil
	}
	return code &^ gapsFlag, known
}

// values reads the values of a column.
func (u *unpacker) values(s Segment, known []byte, set func(*Point, int64)) {
	last := int64(0)
	for i := range s {
		if known == nil || known[i/8]&(1<<(i%8)) != 0 {
			last += u.varint()
			set(&s[i], last)
		}
	}
}

// possible tells whether p is within the limits that Parse keeps.
func (p *Point) possible() bool {
	return math.Abs(p.Latitude) <= maxLatitude &&
		math.Abs(p.Longitude) <= maxLongitude &&
		(!p.hasElevation() || math.Abs(p.Elevation) <= maxElevation) &&
		(!p.hasTime() || minTime <= p.Time && p.Time <= maxTime)
}
