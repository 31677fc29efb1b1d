package assets_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"fittrackee/assets"
)

// photo12MP is as large as the photos of most phones, 4032 x 3024 pixels, with some detail in it.
func photo12MP(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 4032, 3024))
	for y := range 3024 {
		for x := range 4032 {
			img.SetRGBA(x, y, color.RGBA{uint8(x * y >> 8), uint8(x ^ y), uint8(x + 3*y), 0xff})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkPicture(b *testing.B) {
	uploads := map[string][]byte{"12-megapixel.jpg": photo12MP(b)}
	for _, name := range []string{"photo-exif.jpg", "photo.png", "small.png", "large.png", "animated.gif"} {
		data, err := os.ReadFile(filepath.Join(fixtures, name))
		if err != nil {
			b.Fatal(err)
		}
		uploads[name] = data
	}
	for name, data := range uploads {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := assets.MakePicture(context.Background(), bytes.NewReader(data)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
