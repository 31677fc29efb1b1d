package track

import (
	"bufio"
	"bytes"
	"encoding/xml"
)

// Nearly all of a GPX file is written in the plainest way that XML has: ASCII names, one space before each attribute,
// double quotes, text without entities. Such tokens are read here, several times as fast as by encoding/xml. Every other
// token is left to its decoder, and so are errors of syntax. The two may take turns, because the decoder reads byte by
// byte, and after most tokens has read nothing beyond their end.

// plainWindow is how many bytes are looked at for a token. Longer tokens are left to the decoder.
const plainWindow = 512

// plainTokens reads tokens for as long as they are plain.
func (p *parser) plainTokens(in *bufio.Reader) error {
	for {
		// At the end of the file there is less. If reading fails, it will fail for the decoder too.
		window, _ := in.Peek(plainWindow)
		rest, err := p.plainToken(window)
		if err != nil || len(rest) == len(window) {
			return err
		}
		_, _ = in.Discard(len(window) - len(rest)) // cannot fail: the bytes are in the buffer
	}
}

// plainToken reads the token that text begins with, and returns what follows it: all of text if the token is not plain,
// or goes on behind the end of text.
func (p *parser) plainToken(text []byte) (rest []byte, err error) {
	switch {
	case len(text) < 2:
		return text, nil
	case text[0] != '<':
		return p.plainText(text)
	case text[1] == '/':
		return p.plainEnd(text)
	}
	return p.plainStart(text)
}

// plainEnd reads the tag that closes the innermost element. Any other is left to the decoder.
func (p *parser) plainEnd(text []byte) (rest []byte, err error) {
	if len(p.open) == 0 {
		return text, nil
	}
	name := p.open[len(p.open)-1].name
	rest, ok := text[len("</"):], true
	if name.Space != "" {
		rest, ok = bytes.CutPrefix(rest, []byte(name.Space+":"))
	}
	if ok {
		rest, ok = bytes.CutPrefix(rest, []byte(name.Local))
	}
	if !ok || len(rest) == 0 || rest[0] != '>' {
		return text, nil
	}
	return rest[1:], p.end(name)
}

// plainText reads text up to the next tag.
func (p *parser) plainText(text []byte) (rest []byte, err error) {
	for i, c := range text {
		switch {
		case c == '<':
			p.plainLines += bytes.Count(text[:i], []byte("\n")) // tags have none
			return text[i:], p.chars(text[:i])
		case c == '&', c == ']', c == '\r', c < ' ' && c != '\n' && c != '\t', c > '~':
			return text, nil // entities, ]]>, line ends to be changed, characters to be checked
		}
	}
	return text, nil
}

// plainStart reads a tag that opens an element.
func (p *parser) plainStart(text []byte) (rest []byte, err error) {
	name, rest := p.plainName(text[1:])
	if name == nil {
		return text, nil
	}
	p.attributes = p.attributes[:0]
	for len(rest) > 0 && rest[0] == ' ' {
		var a attribute
		if a, rest = p.plainAttribute(rest[1:]); rest == nil {
			return text, nil
		}
		p.attributes = append(p.attributes, a)
	}
	rest, isEmpty := bytes.CutPrefix(rest, []byte("/"))
	if len(rest) == 0 || rest[0] != '>' {
		return text, nil
	}
	err = p.start(*name, p.attributes)
	if err == nil && isEmpty {
		err = p.end(*name)
	}
	return rest[1:], err
}

// plainAttribute reads name="value". The rest is nil if it is not plain.
func (p *parser) plainAttribute(text []byte) (a attribute, rest []byte) {
	name, rest := p.plainName(text)
	if name == nil || len(rest) < 2 || rest[0] != '=' || rest[1] != '"' {
		return a, nil
	}
	rest = rest[2:]
	for i, c := range rest {
		switch {
		case c == '"':
			return attribute{*name, rest[:i]}, rest[i+1:]
		case c == '&', c == '<', c < ' ', c > '~':
			return a, nil
		}
	}
	return a, nil
}

// plainName reads a name of ASCII letters and digits, with a prefix or without. It is nil for any other.
func (p *parser) plainName(text []byte) (name *xml.Name, rest []byte) {
	n, colon := 0, -1
	for ; n < len(text); n++ {
		c := text[n]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_':
		case ('0' <= c && c <= '9' || c == '-' || c == '.') && n > 0:
		case c == ':' && n > 0 && colon < 0:
			colon = n
		default:
			return p.knownName(text[:n], colon), text[n:]
		}
	}
	return nil, text // it may go on behind the end of text
}

// knownName returns the name that text is, with its colon at that index or without one, at -1. A file has few
// different names, so they are kept. It is nil if text is not a name.
func (p *parser) knownName(text []byte, colon int) *xml.Name {
	if len(text) == 0 || colon == len(text)-1 {
		return nil
	}
	if name := p.names[string(text)]; name != nil {
		return name
	}
	name := &xml.Name{Local: string(text[colon+1:])}
	if colon > 0 {
		name.Space = string(text[:colon])
	}
	const many = 256
	if len(p.names) < many {
		p.names[string(text)] = name
	}
	return name
}
