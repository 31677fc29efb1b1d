package server

import (
	"bytes"
	"io"
	"mime"
	"slices"
)

// mendClosing returns the body of a multipart form with a line break before the boundary that closes it, where
// a client has forgotten it (harbour-amazfish does).
func mendClosing(body io.ReadCloser, contentType string) io.ReadCloser {
	_, params, err := mime.ParseMediaType(contentType)
	if err != nil || params["boundary"] == "" {
		return body
	}
	return &closingBody{ReadCloser: body, closing: []byte("--" + params["boundary"] + "--")}
}

// closingBody holds back as much of a body as may be its closing boundary, until it has seen the end.
type closingBody struct {
	io.ReadCloser
	closing []byte
	held    []byte
	newline []byte // how the lines of the form end: as its first one does
	err     error  // once the body has been read
}

// closingSlack is how much of line breaks and blanks may follow the closing boundary, and a line break come before it.
const closingSlack = 64

func (b *closingBody) Read(p []byte) (int, error) {
	back := len(b.closing) + closingSlack
	for b.err == nil && len(b.held) <= back {
		n := len(b.held)
		b.held = append(b.held, make([]byte, max(len(p), 512))...)
		read, err := b.ReadCloser.Read(b.held[n:])
		b.held = b.held[:n+read]
		b.noteNewline()
		if b.err = err; err == io.EOF {
			b.mend()
		}
	}
	if b.err != nil {
		back = 0
	}
	n := copy(p, b.held[:len(b.held)-back])
	b.held = b.held[:copy(b.held, b.held[n:])]
	if n == 0 && len(b.held) == 0 {
		return 0, b.err
	}
	return n, nil
}

// noteNewline looks how the first line ends.
func (b *closingBody) noteNewline() {
	if i := bytes.IndexByte(b.held, '\n'); b.newline == nil && i >= 0 {
		b.newline = []byte("\n")
		if i > 0 && b.held[i-1] == '\r' {
			b.newline = []byte("\r\n")
		}
	}
}

// mend puts the line break where it is missing.
func (b *closingBody) mend() {
	end := bytes.TrimRight(b.held, "\r\n\t ")
	content, isClosed := bytes.CutSuffix(end, b.closing)
	if isClosed && len(content) > 0 && !bytes.HasSuffix(content, b.newline) {
		b.held = slices.Concat(content, b.newline, b.closing)
	}
}
