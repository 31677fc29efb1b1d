package assets

import (
	"bytes"
	"image"
	"image/color"
	"io"
	"strings"
	"testing"
)

// The decoders of today check palettes themselves. This shows what holds should one of them not: it
// is the first look at the pixels that panics, in the goroutine that recovers.
func TestBrokenImageIsAnError(t *testing.T) {
	t.Parallel()
	palette := color.Palette{color.White, color.Black}
	broken := image.NewPaletted(image.Rect(0, 0, 8, 8), palette)
	broken.Pix[20] = 200
	for name, decode := range map[string]func(io.Reader) (image.Image, error){
		"index outside the palette": func(io.Reader) (image.Image, error) { return broken, nil },
		"pixels that are not there": func(io.Reader) (image.Image, error) {
			return &image.YCbCr{Rect: broken.Rect, YStride: 8, CStride: 8}, nil
		},
		"no image":              func(io.Reader) (image.Image, error) { return nil, nil },
		"a decoder that panics": func(io.Reader) (image.Image, error) { panic("out of range") },
	} {
		head := &pictureHead{width: 8, height: 8, decode: decode}
		_, err := decodeReduced(&source{src: bytes.NewReader(nil)}, head)
		if err == nil || !strings.Contains(err.Error(), "panicked") {
			t.Errorf("decodeReduced with %s = %v; want an error", name, err)
		}
	}
}
