package track

import (
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Bounds on what a file may ask for. No recording comes near them.
const (
	maxPoints     = 1_000_000
	maxSegments   = 1000    // a list of workouts has all of them
	maxDepth      = 32      // elements inside each other
	maxAttributes = 32      // of one element
	maxTokenBytes = 1 << 20 // of one tag, text or comment
)

// Parse reads a GPX file, version 1.0 or 1.1 (https://www.topografix.com/gpx.asp): its tracks, and
// the place, elevation and time of their points, with heart rate, cadence, power and temperature from
// the usual extensions. Namespaces do not matter. Impossible readings of sensors are left out. Parse
// fails with ErrSyntax when anything else is impossible, with ErrUnusable when the first track makes no
// workout, and with the error of r when that fails.
func Parse(r io.Reader) (*Track, error) { return parse(r, true) }

// parse is Parse, with plain tokens read past the decoder or without.
func parse(r io.Reader, isPlain bool) (*Track, error) {
	text, err := utf8Reader(r)
	if err != nil {
		return nil, err
	}
	in := &bounded{Reader: text}
	p := parser{decoder: xml.NewDecoder(in), isPlain: isPlain, names: make(map[string]*xml.Name)}
	// The text is UTF-8 by now, whatever the declaration says.
	p.decoder.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	err = p.run(in)
	switch {
	case in.err != nil:
		return nil, fmt.Errorf("read the GPX file: %w", in.err)
	case err != nil:
		return nil, err
	}
	if err := p.usable(); err != nil {
		return nil, err
	}
	return &p.track, nil
}

// bounded is a reader that fails within a token that is too long. The decoder would otherwise collect
// all of it, however many attributes that are.
type bounded struct {
	*bufio.Reader
	left int   // bytes of the current token
	err  error // why reading failed, except for the end of the file
}

var errTokenTooLong = errors.New("a tag, text or comment without end")

// ReadByte is how the decoder reads.
func (b *bounded) ReadByte() (byte, error) {
	if b.left == 0 {
		return 0, errTokenTooLong
	}
	b.left--
	c, err := b.Reader.ReadByte()
	if err != nil && err != io.EOF {
		b.err = err
	}
	return c, err
}

// place is where in a file the parser is, as far as that matters.
type place uint8

const (
	elsewhere place = iota
	inFile
	inTrack
	inSegment
	inPoint
	inExtensions
	// The places whose text is read follow.
	inName
	inType
	inElevation
	inTime
	inHeartRate
	inCadence
	inPower
	inTemperature
)

func (p place) hasText() bool { return p >= inName }

// child returns the place of an element in p.
func (p place) child(name string) place {
	switch p {
	case inFile:
		if name == "trk" {
			return inTrack
		}
	case inTrack:
		switch name {
		case "trkseg":
			return inSegment
		case "name":
			return inName
		case "type":
			return inType
		}
	case inSegment:
		if name == "trkpt" {
			return inPoint
		}
	case inPoint:
		switch name {
		case "ele":
			return inElevation
		case "time":
			return inTime
		case "extensions":
			return inExtensions
		}
	case inExtensions, inHeartRate, inCadence, inPower, inTemperature:
		return sensor(name)
	}
	return elsewhere
}

// sensor returns the place of an element anywhere in a point's extensions. The names are those of
// Garmin's TrackPointExtension and PowerExtension, and others that are in use.
func sensor(name string) place {
	switch strings.ToLower(name) {
	case "hr", "heartrate":
		return inHeartRate
	case "cad", "cadence":
		return inCadence
	case "power", "watts", "powerinwatts":
		return inPower
	case "atemp", "temp", "temperature":
		return inTemperature
	}
	return inExtensions
}
