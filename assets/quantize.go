package assets

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"
)

// shade is all pixels whose colours agree in the five upper bits of each channel.
type shade struct {
	n   int
	sum [3]int // of red, green and blue
}

// mean returns the mean of a channel, to the nearest.
func (s *shade) mean(channel int) uint8 { return mean(s.sum[channel], s.n) }

// shadeOf returns the number of the shade of a pixel.
func shadeOf(rgba []uint8) int { return int(rgba[0]>>3)<<10 | int(rgba[1]>>3)<<5 | int(rgba[2]>>3) }

// quantize returns an opaque picture in at most 256 colours, which takes less than half the room as a
// PNG. It chooses them by median cut (Paul Heckbert, Color Image Quantization for Frame Buffer Display,
// 1982): the shades of the picture are one box at first; again and again the box of the greatest weight
// is cut in two, with half of its pixels on either side; in the end each box becomes a colour.
func quantize(img *image.RGBA) *image.Paletted {
	shades := make([]shade, 1<<15)
	for i := 0; i < len(img.Pix); i += 4 {
		s := &shades[shadeOf(img.Pix[i:])]
		s.n++
		for channel := range s.sum {
			s.sum[channel] += int(img.Pix[i+channel])
		}
	}
	colorOf := make([]uint8, len(shades))
	reduced := image.NewPaletted(img.Rect, nil)
	for i, b := range cutIntoBoxes(shades, 256) {
		reduced.Palette = append(reduced.Palette, b.color(shades))
		for _, s := range b.shades {
			colorOf[s] = uint8(i)
		}
	}
	for i := range reduced.Pix {
		reduced.Pix[i] = colorOf[shadeOf(img.Pix[4*i:])]
	}
	return reduced
}

// box is a set of shades, by number.
type box struct {
	shades []int
	widest int   // the channel that differs most
	weight int64 // how visible it would be if they were one colour
}

func newBox(numbers []int, shades []shade) box {
	b := box{shades: numbers}
	pixels, width := 0, 0
	for channel := range 3 {
		least, most := uint8(math.MaxUint8), uint8(0)
		for _, s := range numbers {
			v := shades[s].mean(channel)
			least, most = min(least, v), max(most, v)
		}
		if w := int(most) - int(least); w > width {
			b.widest, width = channel, w
		}
	}
	for _, s := range numbers {
		pixels += shades[s].n
	}
	b.weight = int64(pixels) * int64(width) * int64(width)
	if len(numbers) == 1 {
		b.weight = 0 // it cannot be cut
	}
	return b
}

func cutIntoBoxes(shades []shade, n int) []box {
	var all []int
	for s := range shades {
		if shades[s].n > 0 {
			all = append(all, s)
		}
	}
	boxes := []box{newBox(all, shades)}
	for len(boxes) < n {
		heaviest := 0
		for i := range boxes {
			if boxes[i].weight > boxes[heaviest].weight {
				heaviest = i
			}
		}
		if boxes[heaviest].weight == 0 {
			break
		}
		lower, upper := boxes[heaviest].cut(shades)
		boxes[heaviest] = newBox(lower, shades)
		boxes = append(boxes, newBox(upper, shades))
	}
	return boxes
}

// cut divides a box of at least two shades where half of its pixels are on either side.
func (b *box) cut(shades []shade) (lower, upper []int) {
	slices.SortFunc(b.shades, func(s, t int) int {
		return cmp.Or(cmp.Compare(shades[s].mean(b.widest), shades[t].mean(b.widest)), cmp.Compare(s, t))
	})
	pixels := 0
	for _, s := range b.shades {
		pixels += shades[s].n
	}
	middle, before := 1, shades[b.shades[0]].n
	for middle < len(b.shades)-1 && before+shades[b.shades[middle]].n <= pixels/2 {
		before += shades[b.shades[middle]].n
		middle++
	}
	return b.shades[:middle], b.shades[middle:]
}

// color returns the mean of the box.
func (b *box) color(shades []shade) color.RGBA {
	var all shade
	for _, s := range b.shades {
		all.n += shades[s].n
		for channel := range all.sum {
			all.sum[channel] += shades[s].sum[channel]
		}
	}
	return color.RGBA{all.mean(0), all.mean(1), all.mean(2), math.MaxUint8}
}
