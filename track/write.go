package track

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"
	"time"
)

// WriteSegmentGPX writes a GPX 1.1 document in UTF-8 with one track of that name and one segment.
// Sensors are written as Garmin's TrackPointExtension version 1, power as the element that Strava
// and others read. Parse returns the same points from it, provided that one has a time. It fails when w does.
func WriteSegmentGPX(w io.Writer, name string, s Segment) error {
	p := pieces{out: w}
	text := []byte(`<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="FitTrackee" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">
<trk>
`)
	if name != "" {
		text = append(text, "<name>"...)
		text = appendEscaped(text, name)
		text = append(text, "</name>\n"...)
	}
	text = append(text, "<trkseg>\n"...)
	for i := range s {
		text = p.flush(appendPoint(text, &s[i]))
	}
	return p.end(append(text, "</trkseg>\n</trk>\n</gpx>\n"...))
}

// appendEscaped appends a text as XML. What XML cannot hold becomes a replacement character.
func appendEscaped(dst []byte, text string) []byte {
	b := bytes.NewBuffer(dst)
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes everything
	return b.Bytes()
}

func appendPoint(dst []byte, p *Point) []byte {
	dst = append(dst, `<trkpt lat="`...)
	dst = appendFull(dst, p.Latitude)
	dst = append(dst, `" lon="`...)
	dst = appendFull(dst, p.Longitude)
	dst = append(dst, `">`...)
	if p.hasElevation() {
		dst = append(dst, "<ele>"...)
		dst = appendFull(dst, p.Elevation)
		dst = append(dst, "</ele>"...)
	}
	if p.hasTime() {
		dst = append(dst, "<time>"...)
		dst = p.At().AppendFormat(dst, time.RFC3339Nano)
		dst = append(dst, "</time>"...)
	}
	return append(appendExtensions(dst, p), "</trkpt>\n"...)
}

func appendExtensions(dst []byte, p *Point) []byte {
	ofGarmin := p.Temperature != NoReading || p.HeartRate != NoReading || p.Cadence != NoReading
	if !ofGarmin && p.Power == NoReading {
		return dst
	}
	dst = append(dst, "<extensions>"...)
	dst = appendReading(dst, "power", p.Power, 1)
	if ofGarmin {
		dst = append(dst, "<gpxtpx:TrackPointExtension>"...)
		dst = appendReading(dst, "gpxtpx:atemp", p.Temperature, 10)
		dst = appendReading(dst, "gpxtpx:hr", p.HeartRate, 1)
		dst = appendReading(dst, "gpxtpx:cad", p.Cadence, 1)
		dst = append(dst, "</gpxtpx:TrackPointExtension>"...)
	}
	return append(dst, "</extensions>"...)
}

// appendReading appends an element with a reading, which is in units of 1/scale, if there is one.
func appendReading(dst []byte, element string, reading int16, scale float64) []byte {
	if reading == NoReading {
		return dst
	}
	dst = append(dst, '<')
	dst = append(dst, element...)
	dst = append(dst, '>')
	dst = strconv.AppendFloat(dst, float64(reading)/scale, 'f', -1, 64)
	dst = append(dst, "</"...)
	dst = append(dst, element...)
	return append(dst, '>')
}
