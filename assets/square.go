package assets

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"

	"github.com/disintegration/imaging"
)

// pictureSizePX is the side of the largest picture that is kept; smallerSizesPX are those of the
// others, smallest first.
const pictureSizePX = 512

var smallerSizesPX = []int{64, 128, 256}

// reducedPX is the least side to which a picture is averaged down while it is copied: twice the side
// that is kept; the rest is left to a sharper filter.
const reducedPX = 2 * pictureSizePX

// jpegQuality is high enough that no blocks are visible in a face at 512 pixels, which takes about 60 KB.
const jpegQuality = 85

// reduce copies the middle square of canvas, in which img lies. A large square is averaged down on
// the way, each pixel from a block of whole pixels, to a side of at least reducedPX, so that the copy
// takes 16 MB at most. What img does not cover is transparent.
func reduce(img image.Image, canvas image.Rectangle) *image.NRGBA {
	average := averageOf(img)
	side := min(canvas.Dx(), canvas.Dy())
	block := max(1, side/reducedPX)
	reduced := image.NewNRGBA(image.Rect(0, 0, side/block, side/block))
	corner := canvas.Min.Add(image.Pt((canvas.Dx()-side)/2, (canvas.Dy()-side)/2))
	for y := range side / block {
		for x := range side / block {
			from := corner.Add(image.Pt(x*block, y*block))
			area := image.Rectangle{Min: from, Max: from.Add(image.Pt(block, block))}
			reduced.SetNRGBA(x, y, average(area))
		}
	}
	return reduced
}

// averageOf returns a function that returns the mean colour of an area of img.
func averageOf(img image.Image) func(area image.Rectangle) color.NRGBA {
	if img, ok := img.(*image.YCbCr); ok {
		return func(area image.Rectangle) color.NRGBA { return averageYCbCr(img, area) }
	}
	pixels := img.(image.RGBA64Image) // as all images of the standard library are; At would allocate
	return func(area image.Rectangle) color.NRGBA { return average(pixels, area) }
}

// averageYCbCr is average for what photos are decoded to, several times faster: it is the planes that
// are averaged, and only their means are turned into a colour.
func averageYCbCr(img *image.YCbCr, area image.Rectangle) color.NRGBA {
	var luma, blue, red, chromas int
	for y := area.Min.Y; y < area.Max.Y; y++ {
		from := img.YOffset(area.Min.X, y)
		for _, v := range img.Y[from : from+area.Dx()] {
			luma += int(v)
		}
		first, last := img.COffset(area.Min.X, y), img.COffset(area.Max.X-1, y)
		for c := first; c <= last; c++ {
			blue += int(img.Cb[c])
			red += int(img.Cr[c])
		}
		chromas += last - first + 1
	}
	lumas := area.Dx() * area.Dy()
	r, g, b := color.YCbCrToRGB(mean(luma, lumas), mean(blue, chromas), mean(red, chromas))
	return color.NRGBA{R: r, G: g, B: b, A: math.MaxUint8}
}

// mean returns sum/n to the nearest, for a sum of n bytes.
func mean(sum, n int) uint8 { return uint8((sum + n/2) / n) }

// average returns the mean colour of an area. RGBA64At gives colours multiplied by their opacity, so
// that what is transparent does not count.
func average(img image.RGBA64Image, area image.Rectangle) color.NRGBA {
	var r, g, b, a uint64
	covered := area.Intersect(img.Bounds())
	for y := covered.Min.Y; y < covered.Max.Y; y++ {
		for x := covered.Min.X; x < covered.Max.X; x++ {
			c := img.RGBA64At(x, y)
			r, g, b, a = r+uint64(c.R), g+uint64(c.G), b+uint64(c.B), a+uint64(c.A)
		}
	}
	if a == 0 {
		return color.NRGBA{}
	}
	most := uint64(area.Dx()) * uint64(area.Dy()) * math.MaxUint16
	return color.NRGBA{R: share(r, a), G: share(g, a), B: share(b, a), A: share(a, most)}
}

// share returns part of whole as a number of 255ths, to the nearest.
func share(part, whole uint64) uint8 {
	return uint8((part*math.MaxUint8 + whole/2) / whole)
}

// shrink makes a square at most pictureSizePX wide; it never enlarges.
func shrink(square *image.NRGBA) *image.NRGBA {
	if square.Rect.Dx() <= pictureSizePX {
		return square
	}
	return imaging.Fill(square, pictureSizePX, pictureSizePX, imaging.Center, imaging.Lanczos)
}

// turn puts a picture upright. imaging counts its turns to the left, so that 270 degrees are a quarter
// turn to the right.
func turn(square *image.NRGBA, orientation int) *image.NRGBA {
	switch orientation {
	case 2:
		return imaging.FlipH(square)
	case 3:
		return imaging.Rotate180(square)
	case 4:
		return imaging.FlipV(square)
	case 5:
		return imaging.Transpose(square)
	case 6:
		return imaging.Rotate270(square)
	case 7:
		return imaging.Transverse(square)
	case 8:
		return imaging.Rotate90(square)
	}
	return square
}

// encodeSizes encodes a square in all sizes that are smaller than it, and as it is.
func encodeSizes(square *image.NRGBA) (*Picture, error) {
	picture := &Picture{Ext: "png", Sizes: make(map[int][]byte)}
	encode := encodePNG
	if square.Opaque() {
		picture.Ext, encode = "jpg", encodeJPEG
	}
	var err error
	if picture.Sizes[pictureSizePX], err = encode(square); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	for _, size := range smallerSizesPX {
		if size >= square.Rect.Dx() {
			break
		}
		smaller := imaging.Resize(square, size, size, imaging.Lanczos)
		if picture.Sizes[size], err = encode(smaller); err != nil {
			return nil, fmt.Errorf("encode picture: %w", err)
		}
	}
	return picture, nil
}

// encodeJPEG encodes an opaque picture.
func encodeJPEG(img *image.NRGBA) ([]byte, error) {
	// Without transparency NRGBA and RGBA are the same bytes, and package jpeg is faster with RGBA.
	same := &image.RGBA{Pix: img.Pix, Stride: img.Stride, Rect: img.Rect}
	var out bytes.Buffer
	err := jpeg.Encode(&out, same, &jpeg.Options{Quality: jpegQuality})
	return out.Bytes(), err
}

func encodePNG(img *image.NRGBA) ([]byte, error) {
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}
