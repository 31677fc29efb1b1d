package track

import (
	"bytes"
	"io"
)

// The ways of writing numbers, to be compared with the standard library's.
var (
	AppendRounded = appendRounded
	AppendFull    = appendFull
)

// ParseByDecoder is Parse without the short way for plain tokens.
func ParseByDecoder(r io.Reader) (*Track, error) { return parse(r, false) }

// AppendChart, AppendSegmentGPX and UTF8 do as a whole what is otherwise done in pieces.

func AppendChart(dst []byte, segments []Segment) []byte {
	b := bytes.NewBuffer(dst)
	_ = WriteChart(b, segments) // a buffer takes everything
	return b.Bytes()
}

func AppendSegmentGPX(dst []byte, name string, s Segment) []byte {
	b := bytes.NewBuffer(dst)
	_ = WriteSegmentGPX(b, name, s) // a buffer takes everything
	return b.Bytes()
}

func UTF8(file []byte) (string, error) {
	r, err := UTF8Reader(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), err
}
