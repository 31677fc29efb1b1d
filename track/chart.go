package track

import (
	"bytes"
	"io"
	"math"
	"strconv"
)

// httpDate is how the API writes times; they must be in UTC.
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// WriteChart writes a JSON array with an entry for each point of the segments, as FitTrackee's
// clients draw it: the distance so far in km, with the jumps from one segment to the next; the seconds
// since the first point; elevation in metres and speed in km/h, 0 when unknown; degrees; the time as in
// HTTP. A point without time has null for its time, and the duration of the one before. It fails when w does.
//
// A workout has thousands of points, so encoding/json would be too slow. The result is valid JSON for
// every track that Parse or Unpack returns.
func WriteChart(w io.Writer, segments []Segment) error {
	c := chart{pieces: pieces{out: w}}
	c.json = append(c.json, '[')
	for _, s := range segments {
		c.addSegment(s)
	}
	c.json = append(c.json, ']')
	return c.end(c.json)
}

// pieceBytes is how much is written at once.
const pieceBytes = 32 << 10

// pieces writes what is appended to a buffer, a piece at a time.
type pieces struct {
	out io.Writer
	err error // of the first piece that could not be written; the rest is not
}

// flush writes the buffer if a piece is full, and returns what is to be appended to.
func (p *pieces) flush(buffer []byte) []byte {
	if len(buffer) < pieceBytes {
		return buffer
	}
	_ = p.end(buffer) // the last call of end tells
	return buffer[:0]
}

// end writes what is left in the buffer.
func (p *pieces) end(buffer []byte) error {
	if p.err == nil {
		_, p.err = p.out.Write(buffer)
	}
	return p.err
}

// chart is a chart that is being written.
type chart struct {
	pieces
	json    []byte // not written yet
	last    *Point
	metres  float64
	start   int64   // first known time, in Unix microseconds
	started bool    // start is known
	seconds float64 // from the start to the last known time
}

func (c *chart) addSegment(s Segment) {
	if c.last != nil && len(s) > 0 {
		c.metres += distanceM(c.last, &s[0])
	}
	before := 0.0 // speed, km/h
	for i := range s {
		p := &s[i]
		metres, after := 0.0, 0.0
		if i+1 < len(s) {
			metres = distanceM(p, &s[i+1])
			after = pairSpeed(p, &s[i+1], metres)
		}
		c.add(p, mean(before, after))
		c.last = p
		c.metres += metres
		before = after
	}
}

// add writes the entry of p. The very first has an integer for its duration, as in FitTrackee.
func (c *chart) add(p *Point, kmh float64) {
	if p.hasTime() {
		if !c.started {
			c.start, c.started = p.Time, true
		}
		c.seconds = float64(p.Time-c.start) / 1e6
	}
	b := c.json
	if c.last != nil {
		b = append(b, ',')
	}
	b = append(b, `{"distance":`...)
	b = appendRounded(b, c.metres/1000, 2)
	b = append(b, `,"duration":`...)
	if c.last == nil {
		b = append(b, '0')
	} else {
		b = appendFull(b, c.seconds)
	}
	b = append(b, `,"elevation":`...)
	if p.hasElevation() {
		b = appendRounded(b, p.Elevation, 1)
	} else {
		b = append(b, '0')
	}
	b = append(b, `,"latitude":`...)
	b = appendFull(b, p.Latitude)
	b = append(b, `,"longitude":`...)
	b = appendFull(b, p.Longitude)
	b = append(b, `,"speed":`...)
	b = appendRounded(b, kmh, 2)
	b = append(b, `,"time":`...)
	if p.hasTime() {
		b = append(b, '"')
		b = p.At().AppendFormat(b, httpDate)
		b = append(b, '"')
	} else {
		b = append(b, "null"...)
	}
	c.json = c.flush(append(b, '}'))
}

// pairSpeed returns the speed in km/h over the metres from a to b, 0 when it is unknown.
func pairSpeed(a, b *Point, metres float64) float64 {
	if !a.hasTime() || !b.hasTime() || b.Time <= a.Time {
		return 0
	}
	return speedKMH(metres, float64(b.Time-a.Time)/1e6)
}

// mean returns the mean of two speeds, or the one that is not zero.
func mean(a, b float64) float64 {
	if a == 0 || b == 0 {
		return a + b
	}
	return (a + b) / 2
}

// appendRounded appends v with that many decimals, and without the zeros at the end, but one at least. It
// rounds the binary number, not the decimal one that it stands for, as Python does.
func appendRounded(dst []byte, v float64, decimals int) []byte {
	scaled := v * powers[decimals]
	nearest := math.RoundToEven(scaled)
	// The product is rounded itself, which matters only near a half.
	if math.Abs(scaled-nearest) < 0.499 && math.Abs(scaled) < 1e12 {
		return appendDecimal(dst, int64(nearest), decimals)
	}
	return trimZeros(strconv.AppendFloat(dst, v, 'f', decimals, 64))
}

// appendFull appends v with as many decimals as it needs, and at least one.
func appendFull(dst []byte, v float64) []byte {
	const usual = 7 // decimals of a coordinate: a centimetre
	// Of all decimal numbers with 15 digits or less, at most one is read as v.
	scaled := math.RoundToEven(v * powers[usual])
	if scaled/powers[usual] == v && v != 0 && math.Abs(scaled) < 1e15 {
		return appendDecimal(dst, int64(scaled), usual)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// appendDecimal appends n with a point before the last of its decimals, without the zeros at
// the end, but one at least.
func appendDecimal(dst []byte, n int64, decimals int) []byte {
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	unit := int64(powers[decimals])
	dst = strconv.AppendInt(dst, n/unit, 10)
	point := len(dst)
	dst = strconv.AppendInt(dst, unit+n%unit, 10) // the 1 in front keeps the zeros
	dst[point] = '.'
	return trimZeros(dst)
}

// trimZeros removes the zeros at the end of a number with a point, except for one right after the point.
func trimZeros(dst []byte) []byte {
	for dst[len(dst)-1] == '0' && dst[len(dst)-2] != '.' {
		dst = dst[:len(dst)-1]
	}
	return dst
}
