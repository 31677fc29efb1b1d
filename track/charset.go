package track

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// charsets are the ones that can be read, by their lower-case names; nil is UTF-8. They are listed one by
// one, so that only these get into the binary.
//
// A file that says UTF-16 in readable ASCII is not UTF-16 but UTF-8: some programs write it from a
// UTF-16 string in memory, and say so.
var charsets = map[string]encoding.Encoding{
	"utf-8":        nil,
	"utf8":         nil,
	"us-ascii":     nil,
	"ascii":        nil,
	"utf-16":       nil,
	"utf-16le":     nil,
	"utf-16be":     nil,
	"iso-8859-1":   charmap.ISO8859_1,
	"latin1":       charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-3":   charmap.ISO8859_3,
	"iso-8859-4":   charmap.ISO8859_4,
	"iso-8859-5":   charmap.ISO8859_5,
	"iso-8859-6":   charmap.ISO8859_6,
	"iso-8859-7":   charmap.ISO8859_7,
	"iso-8859-8":   charmap.ISO8859_8,
	"iso-8859-9":   charmap.ISO8859_9,
	"iso-8859-10":  charmap.ISO8859_10,
	"iso-8859-13":  charmap.ISO8859_13,
	"iso-8859-14":  charmap.ISO8859_14,
	"iso-8859-15":  charmap.ISO8859_15,
	"iso-8859-16":  charmap.ISO8859_16,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
	"windows-1253": charmap.Windows1253,
	"windows-1254": charmap.Windows1254,
	"windows-1255": charmap.Windows1255,
	"windows-1256": charmap.Windows1256,
	"windows-1257": charmap.Windows1257,
	"windows-1258": charmap.Windows1258,
}

var (
	utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
)

// declaration finds the charset that an XML file says it is written in.
var declaration = regexp.MustCompile(`^\s*<\?xml\s[^>]*\bencoding\s*=\s*["']([^"'<>]*)["']`)

// maxDeclaration is how far into a file its declaration is looked for.
const maxDeclaration = 1024

// sniff finds out from the first bytes of an XML file its charset, nil for UTF-8, and how many bytes of
// byte-order mark it begins with, by appendix F of XML 1.0. The mark counts more than the declaration.
func sniff(head []byte) (charset encoding.Encoding, mark int, err error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		return nil, 3, nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return utf16LE, 2, nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return utf16BE, 2, nil
	case bytes.HasPrefix(head, []byte("<\x00")):
		return utf16LE, 0, nil
	case bytes.HasPrefix(head, []byte("\x00<")):
		return utf16BE, 0, nil
	}
	declared := declaration.FindSubmatch(head)
	if declared == nil {
		return nil, 0, nil
	}
	name := string(declared[1])
	charset, known := charsets[strings.ToLower(name)]
	if !known {
		return nil, 0, fmt.Errorf("%w: charset %q is not known", ErrSyntax, clip(name))
	}
	return charset, 0, nil
}

// utf8Reader returns the text of an XML file in UTF-8, without byte-order mark. The XML decoder checks
// that it is valid.
func utf8Reader(r io.Reader) (*bufio.Reader, error) {
	file := bufio.NewReader(r)
	head, err := file.Peek(maxDeclaration)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the GPX file: %w", err)
	}
	charset, mark, err := sniff(head)
	if err != nil {
		return nil, err
	}
	if _, err := file.Discard(mark); err != nil {
		return nil, fmt.Errorf("read the GPX file: %w", err)
	}
	if charset == nil {
		return file, nil
	}
	return bufio.NewReader(transform.NewReader(file, charset.NewDecoder())), nil
}

// UTF8Reader returns the text of an XML file, whatever charset it is written in, without byte-order
// mark. The text still declares the charset that the file had. Bytes that are wrong in the charset
// become replacement characters: Parse does not look into comments, and they may hold anything. It
// fails with ErrSyntax when the charset is not known, and when r fails.
func UTF8Reader(r io.Reader) (io.Reader, error) {
	text, err := utf8Reader(r)
	if err != nil {
		return nil, err
	}
	return transform.NewReader(text, runes.ReplaceIllFormed()), nil
}
