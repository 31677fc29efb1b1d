package track

import "io"

// The ways of writing numbers, to be compared with the standard library's.
var (
	AppendRounded = appendRounded
	AppendFull    = appendFull
)

// ParseByDecoder is Parse without the short way for plain tokens.
func ParseByDecoder(r io.Reader) (*Track, error) { return parse(r, false) }
