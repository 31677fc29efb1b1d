// Package track turns recorded activities into figures. It reads GPX files, measures what they
// hold, and makes from them what clients ask for: the chart, one segment as a file of its own, a
// compact form to keep beside the original. It knows bytes and numbers only; files, users and
// limits on uploads are left to others.
package track

import (
	"errors"
	"math"
	"time"
)

// Failures of Parse and UTF8, for errors.Is. The errors themselves say more.
var (
	// ErrSyntax is a file that is not well-formed XML, not GPX, or has impossible numbers in it.
	ErrSyntax = errors.New("not a valid GPX file")
	// ErrUnusable is a sound GPX file that makes no workout: without a track, or with a first track
	// that has no points or no times.
	ErrUnusable = errors.New("no workout in the GPX file")
)

const (
	// NoTime is the Time of a point that has none.
	NoTime = math.MinInt64
	// NoReading is the reading of a sensor that was not there, or sent an impossible one. Zero is a reading.
	NoReading = math.MinInt16
)

// Point is one recorded place. A million of them must fit into memory, hence the small types.
type Point struct {
	Latitude    float64 // degrees, -90 to 90
	Longitude   float64 // degrees, -180 to 180
	Elevation   float64 // metres, NaN when unknown
	Time        int64   // Unix microseconds, or NoTime; years 1 to 9999
	HeartRate   int16   // beats a minute, or NoReading
	Cadence     int16   // turns or steps a minute, or NoReading
	Power       int16   // watts, or NoReading
	Temperature int16   // 0.1 °C, or NoReading
}

// The greatest values that are possible.
const (
	maxLatitude  = 90      // degrees
	maxLongitude = 180     // degrees
	maxElevation = 100_000 // metres up or down; space begins there
)

// The first and the last microsecond that a date of four digits can name.
var (
	minTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	maxTime = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

// unknownPoint is a point of which nothing is known.
var unknownPoint = Point{
	Latitude:    math.NaN(),
	Longitude:   math.NaN(),
	Elevation:   math.NaN(),
	Time:        NoTime,
	HeartRate:   NoReading,
	Cadence:     NoReading,
	Power:       NoReading,
	Temperature: NoReading,
}

// At returns the time of the point in UTC, the zero time when it is unknown.
func (p *Point) At() time.Time {
	if !p.hasTime() {
		return time.Time{}
	}
	return time.UnixMicro(p.Time).UTC()
}

func (p *Point) hasTime() bool { return p.Time != NoTime }

func (p *Point) hasElevation() bool { return !math.IsNaN(p.Elevation) }

// Segment is a part of a track that was recorded without interruption.
type Segment []Point

// Track is what a GPX file tells about one workout. The first track of the file is the workout's; some
// of the figures count further tracks too.
type Track struct {
	Name     string    // of the first track, trimmed; empty when there is none
	Type     string    // of the first track, trimmed, such as "cycling"; empty when there is none
	Segments []Segment // of the first track, those that have points
	Rest     []Segment // of all further tracks, those that have points
}

// StartedAt returns the first known time of the first track, in UTC.
func (t *Track) StartedAt() time.Time {
	first := t.firstTimed()
	if first == nil {
		return time.Time{}
	}
	return first.At()
}

// firstTimed returns the first point of the first track that has a time, nil when none has.
func (t *Track) firstTimed() *Point {
	for _, s := range t.Segments {
		for i := range s {
			if s[i].hasTime() {
				return &s[i]
			}
		}
	}
	return nil
}
