package assets

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"sync"
)

// MapWidthPX and MapHeightPX are the size of a map picture, in pixels.
const (
	MapWidthPX  = 400
	MapHeightPX = 225
)

// DrawMap draws the lines of a track on plain ground, as a PNG of MapWidthPX by MapHeightPX. The picture
// shows all of the track, its start in green and its end in red, in Web Mercator; what is farther than
// 85 degrees from the equator is drawn at the edge of the world. It fails when there is no point.
func DrawMap(lines [][]LatLon) ([]byte, error) {
	frame, ok := frameOf(lines)
	if !ok {
		return nil, errNoPoints
	}
	return encodeMap(drawTrack(frame, lines))
}

var errNoPoints = errors.New("draw map: no points")

// An ink is one of the colours of a map picture. Everything that is drawn has a white rim, so each pixel
// is a mix of one ink with white. Its index in the palette is ink*mixes + level: level 0 is white, level
// mixes-1 the ink alone.
type ink uint8

const (
	groundInk ink = iota
	gridInk
	lineInk
	startInk
	endInk
)

// mixes is a power of two, so that it divides indexes fast.
const mixes = 16

var inks = []color.RGBA{
	groundInk: {0xf1, 0xf3, 0xee, 0xff},
	gridInk:   {0xe4, 0xe8, 0xe1, 0xff},
	lineInk:   {0x1d, 0x4e, 0xd8, 0xff},
	startInk:  {0x16, 0xa3, 0x4a, 0xff},
	endInk:    {0xdc, 0x26, 0x26, 0xff},
}

var mapPalette = func() (palette color.Palette) {
	for _, c := range inks {
		for level := range uint8(mixes) {
			palette = append(palette, mixWithWhite(c, level))
		}
	}
	return palette
}()

// mixWithWhite returns white at level 0 and c at level mixes-1.
func mixWithWhite(c color.RGBA, level uint8) color.RGBA {
	mix := func(v uint8) uint8 {
		return math.MaxUint8 - uint8(int(math.MaxUint8-v)*int(level)/(mixes-1))
	}
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), math.MaxUint8}
}

// Radii of what is drawn, in pixels. The white rim comes on top.
const (
	lineRadiusPX  = 1.6
	startRadiusPX = 5.5
	endRadiusPX   = 3.2
	rimPX         = 1.2
	gridPX        = 50
)

// drawTrack draws lines with their marks on ground with a grid.
func drawTrack(frame mapFrame, lines [][]LatLon) *image.Paletted {
	img := image.NewPaletted(image.Rect(0, 0, MapWidthPX, MapHeightPX), mapPalette)
	drawGrid(img.Pix)
	s := newStroke()
	for _, line := range lines {
		s.draw(&frame, line)
	}
	s.paint(img.Pix)
	first, last := endsOf(lines)
	drawDisc(img.Pix, frame.at(first), startRadiusPX, startInk)
	drawDisc(img.Pix, frame.at(last), endRadiusPX, endInk)
	return img
}

// drawGrid draws the ground that is there instead of a map.
func drawGrid(pixels []uint8) {
	for i := range pixels {
		x, y := i%MapWidthPX, i/MapWidthPX
		if x%gridPX == MapWidthPX/2%gridPX || y%gridPX == MapHeightPX/2%gridPX {
			pixels[i] = mixed(gridInk, mixes-1)
		} else {
			pixels[i] = mixed(groundInk, mixes-1)
		}
	}
}

// mixed returns the pixel of an ink at a level.
func mixed(c ink, level uint8) uint8 { return uint8(c)*mixes + level }

// whiten mixes white into a pixel, level/(mixes-1) of it.
func whiten(pixel, level uint8) uint8 {
	before := pixel % mixes
	return pixel - before + before*(mixes-1-level)/(mixes-1)
}

// covered returns how much of a pixel a disc covers, from 0 to mixes-1.
func covered(radiusPX, distancePX float64) uint8 {
	return uint8(math.Round(min(max(radiusPX+0.5-distancePX, 0), 1) * (mixes - 1)))
}

// endsOf returns the first point and the last one.
func endsOf(lines [][]LatLon) (first, last LatLon) {
	for _, line := range slices.Backward(lines) {
		if len(line) > 0 {
			first = line[0]
		}
	}
	for _, line := range lines {
		if len(line) > 0 {
			last = line[len(line)-1]
		}
	}
	return first, last
}

// drawDisc draws a disc with its rim.
func drawDisc(pixels []uint8, middle point, radiusPX float64, c ink) {
	top, bottom := pixelsAround(middle.y, middle.y, radiusPX+rimPX+0.5, MapHeightPX)
	left, right := pixelsAround(middle.x, middle.x, radiusPX+rimPX+0.5, MapWidthPX)
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			distance := distancePX(middle, point{float64(x) + 0.5, float64(y) + 0.5})
			i := y*MapWidthPX + x
			pixels[i] = inked(pixels[i], c, covered(radiusPX, distance), covered(radiusPX+rimPX, distance))
		}
	}
}

// inked returns what becomes of a pixel that an ink and its rim cover in part, at these levels. The rim
// is at least a pixel wide, so a pixel that the ink covers only in part is white already.
func inked(pixel uint8, c ink, level, rimLevel uint8) uint8 {
	if level > 0 {
		return mixed(c, level)
	}
	return whiten(pixel, rimLevel)
}

var mapEncoder = png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: new(encoderBuffers)}

// encoderBuffers keeps the megabyte that an encoder needs for the next picture.
type encoderBuffers struct{ pool sync.Pool }

func (b *encoderBuffers) Get() *png.EncoderBuffer {
	buffer, _ := b.pool.Get().(*png.EncoderBuffer)
	return buffer // nil: the encoder makes one
}

func (b *encoderBuffers) Put(buffer *png.EncoderBuffer) { b.pool.Put(buffer) }

func encodeMap(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := mapEncoder.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("encode map: %w", err)
	}
	return out.Bytes(), nil
}
