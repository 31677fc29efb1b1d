package assets

import (
	"html"
	"image"
	"image/color"
	"image/draw"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/font"
	// It takes sixty kilobytes and has the letters of Western Europe and the ©, which the built-in ASCII
	// fonts lack. An outline font and its reader would take seven times that.
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/math/fixed"
)

// tag matches a tag of HTML.
var tag = regexp.MustCompile(`<(?:"[^"]*"|'[^']*'|[^'">])*>`)

// plainText returns the text that a browser would show for a line of HTML.
func plainText(line string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(line, ""))), " ")
}

// Size of the letters, and of the room around them, in pixels.
const (
	letterWidthPX  = 8
	letterHeightPX = 16
	letterAscentPX = 12
	attributionPad = 4
)

// drawAttribution writes text into the lower right corner, on a translucent bar.
func drawAttribution(img draw.Image, text string) {
	lines := wrap(text, (MapWidthPX-2*attributionPad)/letterWidthPX)
	for i, line := range lines {
		width := utf8.RuneCountInString(line)*letterWidthPX + 2*attributionPad
		bottom := MapHeightPX - (len(lines)-1-i)*letterHeightPX
		bar := image.Rect(MapWidthPX-width, bottom-letterHeightPX, MapWidthPX, bottom)
		draw.Draw(img, bar, image.NewUniform(color.NRGBA{0xff, 0xff, 0xff, 0xcc}), image.Point{}, draw.Over)
		drawer := font.Drawer{
			Dst: img, Src: image.NewUniform(color.Gray{0x33}), Face: inconsolata.Regular8x16,
			Dot: fixed.P(bar.Min.X+attributionPad, bar.Min.Y+letterAscentPX),
		}
		drawer.DrawString(line)
	}
}

// wrap breaks text between words into lines of at most n letters, except for longer words.
func wrap(text string, n int) (lines []string) {
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last >= 0 && utf8.RuneCountInString(lines[last]+" "+word) <= n {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
