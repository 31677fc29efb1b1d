package track

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// element is one that has been opened and not yet closed.
type element struct {
	name  xml.Name
	place place
}

// attribute is one of an element. Its value is valid until the next token is read.
type attribute struct {
	name  xml.Name
	value []byte
}

// parser puts a track together from the decoder's tokens.
type parser struct {
	decoder *xml.Decoder
	open    []element // from the root inwards
	rooted  bool      // the root was seen
	text    []byte    // so far, in a place that has text
	point   Point     // the current one
	pending blocks    // points of the current segment
	points  int       // in the whole file
	tracks  int       // begun so far
	track   Track

	isPlain    bool                 // plain tokens are read past the decoder
	plainLines int                  // how many lines it has not seen
	names      map[string]*xml.Name // seen in plain tokens
	attributes []attribute          // of the current tag
}

// run reads the file to its end. RawToken takes less time and memory than Token, by a sixth and a third.
// What only Token checks, that elements nest, is checked here.
func (p *parser) run(in *bounded) error {
	isAtToken := true // the decoder holds nothing back, so that the next byte of in begins a token
	for {
		if p.isPlain && isAtToken {
			if err := p.plainTokens(in.Reader); err != nil {
				return p.invalid(err)
			}
		}
		in.left = maxTokenBytes
		token, err := p.decoder.RawToken()
		if err == io.EOF && len(p.open) == 0 && p.rooted {
			return nil
		}
		if err != nil {
			return p.invalid(err)
		}
		isAtToken = true
		switch token := token.(type) {
		case xml.StartElement:
			isAtToken = false // after <ele/> its end comes next, and reads nothing
			err = p.startDecoded(token)
		case xml.EndElement:
			err = p.end(token.Name)
		case xml.CharData:
			isAtToken = false // the < that ended it has been read
			err = p.chars(token)
		}
		if err != nil {
			return p.invalid(err)
		}
	}
}

// startDecoded starts an element that the decoder has read.
func (p *parser) startDecoded(e xml.StartElement) error {
	p.attributes = p.attributes[:0]
	for _, a := range e.Attr[:min(len(e.Attr), maxAttributes+1)] { // one too many is enough to be refused
		p.attributes = append(p.attributes, attribute{a.Name, []byte(a.Value)})
	}
	return p.start(e.Name, p.attributes)
}

// invalid says where the file is wrong. Messages quote the file, so they are cut.
func (p *parser) invalid(err error) error {
	line, _ := p.decoder.InputPos()
	text := err.Error()
	var syntax *xml.SyntaxError
	switch {
	case err == io.EOF:
		text = "unexpected end"
	case errors.As(err, &syntax):
		line, text = syntax.Line, syntax.Msg
	}
	return fmt.Errorf("%w: line %d: %s", ErrSyntax, line+p.plainLines, clip(text))
}

func (p *parser) start(name xml.Name, attributes []attribute) error {
	if err := checkAttributes(attributes); err != nil {
		return err
	}
	var at place
	switch {
	case len(p.open) == maxDepth:
		return fmt.Errorf("more than %d elements inside each other", maxDepth)
	case len(p.open) > 0:
		at = p.open[len(p.open)-1].place.child(name.Local)
	case p.rooted:
		return errors.New("a second root element")
	case name.Local != "gpx":
		return fmt.Errorf("root element %q", clip(name.Local))
	default:
		p.rooted = true
		at = inFile
	}
	p.open = append(p.open, element{name, at})
	switch {
	case at == inTrack:
		p.tracks++
	case at == inPoint:
		return p.startPoint(attributes)
	case at.hasText():
		p.text = p.text[:0]
	}
	return nil
}

// checkAttributes checks what the decoder does not: that attributes are few and have different names.
func checkAttributes(attributes []attribute) error {
	if len(attributes) > maxAttributes {
		return fmt.Errorf("more than %d attributes", maxAttributes)
	}
	for i := range attributes {
		for j := range i {
			if attributes[i].name == attributes[j].name {
				return fmt.Errorf("attribute %q twice", clip(attributes[i].name.Local))
			}
		}
	}
	return nil
}

func (p *parser) startPoint(attributes []attribute) error {
	if p.points == maxPoints {
		return fmt.Errorf("more than %d points", maxPoints)
	}
	p.points++
	p.point = unknownPoint
	for _, a := range attributes {
		var ok bool
		switch a.name {
		case xml.Name{Local: "lat"}:
			p.point.Latitude, ok = parseNumber(string(a.value), maxLatitude)
		case xml.Name{Local: "lon"}:
			p.point.Longitude, ok = parseNumber(string(a.value), maxLongitude)
		default:
			ok = true
		}
		if !ok {
			return fmt.Errorf("%s %q", a.name.Local, clip(string(a.value)))
		}
	}
	if math.IsNaN(p.point.Latitude) || math.IsNaN(p.point.Longitude) {
		return errors.New("a point without lat or lon")
	}
	return nil
}

func (p *parser) chars(text []byte) error {
	switch {
	case len(p.open) == 0 && len(bytes.Trim(text, " \t\r\n")) > 0:
		return errors.New("text outside of the root element")
	case len(p.open) > 0 && p.open[len(p.open)-1].place.hasText():
		p.text = append(p.text, text...)
	}
	return nil
}

func (p *parser) end(name xml.Name) error {
	if len(p.open) == 0 {
		return fmt.Errorf("</%s> without its beginning", clip(name.Local))
	}
	last := p.open[len(p.open)-1]
	if last.name != name {
		return fmt.Errorf("<%s> closed by </%s>", clip(last.name.Local), clip(name.Local))
	}
	p.open = p.open[:len(p.open)-1]
	switch last.place {
	case elsewhere:
	case inPoint:
		p.pending.add(p.point)
	case inSegment:
		return p.endSegment()
	case inName:
		p.setFirst(&p.track.Name)
	case inType:
		p.setFirst(&p.track.Type)
	case inElevation:
		return p.setElevation()
	case inTime:
		return p.setTime()
	default:
		p.setSensor(last.place)
	}
	return nil
}

func (p *parser) endSegment() error {
	s := p.pending.take()
	if len(s) == 0 {
		return nil
	}
	if len(p.track.Segments)+len(p.track.Rest) == maxSegments {
		return fmt.Errorf("more than %d segments", maxSegments)
	}
	if p.tracks == 1 {
		p.track.Segments = append(p.track.Segments, s)
	} else {
		p.track.Rest = append(p.track.Rest, s)
	}
	return nil
}

// setFirst sets a text of the first track, unless it has one.
func (p *parser) setFirst(to *string) {
	if p.tracks == 1 && *to == "" {
		*to = strings.TrimSpace(string(p.text))
	}
}

func (p *parser) setElevation() error {
	var ok bool
	p.text = bytes.TrimSpace(p.text)
	if p.point.Elevation, ok = parseNumber(string(p.text), maxElevation); !ok && len(p.text) > 0 {
		return fmt.Errorf("ele %q", clip(string(p.text)))
	}
	return nil
}

func (p *parser) setTime() error {
	var ok bool
	p.text = bytes.TrimSpace(p.text)
	if p.point.Time, ok = parseTime(string(p.text)); !ok && len(p.text) > 0 {
		return fmt.Errorf("time %q", clip(string(p.text)))
	}
	return nil
}

// setSensor keeps the first reading of each kind that makes sense.
func (p *parser) setSensor(at place) {
	switch at {
	case inHeartRate:
		setReading(&p.point.HeartRate, p.text, 1, 1, 300)
	case inCadence:
		setReading(&p.point.Cadence, p.text, 1, 0, 1000)
	case inPower:
		setReading(&p.point.Power, p.text, 1, 0, 10_000)
	case inTemperature:
		setReading(&p.point.Temperature, p.text, 10, -1000, 1000)
	}
}

func setReading(to *int16, text []byte, unit, low, high float64) {
	v, ok := parseNumber(string(bytes.TrimSpace(text)), high)
	v = math.Round(v * unit)
	if ok && *to == NoReading && low <= v && v <= high {
		*to = int16(v)
	}
}

// usable tells why the file makes no workout, nil if it makes one.
func (p *parser) usable() error {
	switch {
	case p.tracks == 0:
		return fmt.Errorf("%w: no track", ErrUnusable)
	case len(p.track.Segments) == 0:
		return fmt.Errorf("%w: no points in the first track", ErrUnusable)
	case p.track.firstTimed() == nil:
		return fmt.Errorf("%w: no times in the first track", ErrUnusable)
	}
	return nil
}

// blocks collects points whose number is not known beforehand. A slice that grows by copying would
// take more than twice the memory.
type blocks [][]Point

const blockPoints = 1024

func (b *blocks) add(p Point) {
	if len(*b) == 0 || len((*b)[len(*b)-1]) == blockPoints {
		*b = append(*b, make([]Point, 0, blockPoints))
	}
	last := &(*b)[len(*b)-1]
	*last = append(*last, p)
}

// take returns the points and forgets them. It keeps the memory of the first block for the next
// segment: a file may have thousands.
func (b *blocks) take() Segment {
	s := Segment(slices.Concat(*b...))
	if len(*b) > 0 {
		clear((*b)[1:])
		*b = (*b)[:1]
		(*b)[0] = (*b)[0][:0]
	}
	return s
}
