package assets_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"fittrackee/assets"
	"fittrackee/problem"
)

// FuzzPicture checks that any upload is refused with a problem, or becomes clean squares.
func FuzzPicture(f *testing.F) {
	for _, name := range []string{"small.png", "animated.gif"} {
		f.Add(readFixture(f, name))
	}
	plain := encodeJPEG(f, corners(24, 16))
	f.Add(plain)
	f.Add(withSegment(plain, 0xe1, exif(binary.LittleEndian, 6)))
	f.Add(rgbJPEG(f, corners(16, 16)))
	f.Add(rawJPEG(40, 30, 3, 0x22, 0x11, 0x11))
	f.Add(rawJPEG(20, 30, 1, 0x22, 0x11, 0x11, 0x22))
	f.Add(rawPNG(f, 9, 7, 16, 6, 1))
	f.Add(rawPNG(f, 20, 30, 1, 3, 1, chunk("tEXt", "Comment\x00hello")))
	f.Add(rawGIF(f, 30, 20))
	f.Fuzz(func(t *testing.T, upload []byte) {
		picture, err := assets.MakePicture(context.Background(), bytes.NewReader(upload))
		if err != nil {
			var told *problem.Error
			if !errors.As(err, &told) || told.Kind != problem.BadUpload && told.Kind != problem.TooLarge {
				t.Errorf("MakePicture = %v; want a problem", err)
			}
			return
		}
		if picture.Ext != "jpg" && picture.Ext != "png" || len(picture.Sizes[512]) == 0 {
			t.Errorf("picture is a %q with %d bytes at 512 pixels", picture.Ext, len(picture.Sizes[512]))
		}
		for size, data := range picture.Sizes {
			wantsClean(t, data)
			if got := decodeSquare(t, data).Bounds().Dx(); got > size {
				t.Errorf("file for %d pixels is %d wide", size, got)
			}
		}
	})
}

// FuzzTile checks that no bytes from a tile server do more than leave a hole in a map.
func FuzzTile(f *testing.F) {
	for _, size := range []int{256, 512} {
		f.Add(encodePNG(f, corners(size, size)))
		f.Add(encodeJPEG(f, corners(size, size)))
	}
	f.Add(encodePNG(f, image.NewPaletted(image.Rect(0, 0, 256, 256), color.Palette{color.White, color.Black})))
	f.Add(encodePNG(f, image.NewGray16(image.Rect(0, 0, 256, 256))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := assets.DrawTile(data); err != nil && strings.Contains(err.Error(), "panicked") {
			t.Error(err)
		}
	})
}
