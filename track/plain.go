package track

import (
	"bufio"
	"bytes"
	"encoding/xml"
)

// Nearly all of a GPX file is written in the plainest way that XML has: ASCII names, attributes in quotes, text without
// entities. Such tokens are read here, several times as fast as by encoding/xml; every other token is left to its
// decoder, and so is what is wrong with a file. They may take turns, because the decoder reads byte by byte, and
// for most tokens nothing ahead of their end.

// plainWindow is how much of the file is looked at for a token. Longer ones are for the decoder.
const plainWindow = 512

// plainTokens reads tokens for as long as they are plain.
func (p *parser) plainTokens(in *bufio.Reader) error {
	for {
		window, _ := in.Peek(plainWindow) // at the end of the file there is less; what is wrong with it, the decoder will see
		rest, err := p.plainToken(window)
		read := len(window) - len(rest)
		p.plainLines += bytes.Count(window[:read], []byte{'\n'})
		if err != nil || read == 0 {
			return err
		}
		_, _ = in.Discard(read) // it is there: it has been looked at
	}
}

// plainToken reads the token that text begins with, and returns what follows it: all of text if the token is not plain, or
// not there in full.
func (p *parser) plainToken(text []byte) (rest []byte, err error) {
	switch {
	case len(text) < 2:
		return text, nil
	case text[0] != '<':
		return p.plainText(text)
	case text[1] == '/':
		name, rest := p.plainName(text[2:])
		if name == nil || len(rest) == 0 || rest[0] != '>' {
			return text, nil
		}
		return rest[1:], p.end(*name)
	}
	return p.plainStart(text)
}

// plainText reads text up to the next tag.
func (p *parser) plainText(text []byte) (rest []byte, err error) {
	for i, c := range text {
		switch {
		case c == '<':
			return text[i:], p.chars(text[:i])
		case c == '&', c == ']', c == '\r', c < ' ' && c != '\n' && c != '\t', c > '~':
			return text, nil // entities, ends of CDATA sections, line ends to be changed, characters to be checked
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
		var a xml.Attr
		if a, rest = p.plainAttribute(rest[1:]); rest == nil {
			return text, nil
		}
		p.attributes = append(p.attributes, a)
	}
	rest, isEmpty := bytes.CutPrefix(rest, []byte("/"))
	if len(rest) == 0 || rest[0] != '>' {
		return text, nil
	}
	err = p.start(xml.StartElement{Name: *name, Attr: p.attributes})
	if err == nil && isEmpty {
		err = p.end(*name)
	}
	return rest[1:], err
}

// plainAttribute reads name="value". The rest is nil if it is not plain.
func (p *parser) plainAttribute(text []byte) (a xml.Attr, rest []byte) {
	name, rest := p.plainName(text)
	if name == nil || len(rest) < 2 || rest[0] != '=' || rest[1] != '"' {
		return a, nil
	}
	rest = rest[2:]
	for i, c := range rest {
		switch {
		case c == '"':
			return xml.Attr{Name: *name, Value: string(rest[:i])}, rest[i+1:]
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
	return nil, text // perhaps it goes on
}

// knownName returns a name, of which there are few in a file. It is nil for what is none.
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
