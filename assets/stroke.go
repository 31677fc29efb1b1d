package assets

import "math"

// stroke is a line before it is painted into a picture. For each pixel it has the square of the distance
// from the middle of the line, in 1/nearScale square pixels, at most 255. What the line and its rim cover
// follows from that. So a line that meets itself is one shape, its corners and ends are round, and what
// is drawn twice is not darker.
type stroke struct {
	near [MapHeightPX * MapWidthPX]uint8
}

const (
	nearScale = 16

	// reachPX is where a line with its rim ends.
	reachPX = lineRadiusPX + rimPX + 0.5

	// piecePX is how long the pieces are that a line is drawn in. Each pixel of the rectangle around a
	// piece is looked at: short pieces have small rectangles, long ones are fewer.
	piecePX = 8

	// drawnNear is the largest value of a pixel that the middle of a line passes through: half of the
	// pixel's diagonal, squared.
	drawnNear = nearScale / 2
)

func newStroke() *stroke {
	var s stroke
	for i := range s.near {
		s.near[i] = math.MaxUint8
	}
	return &s
}

// draw adds a line. It leaves a gap where longitudes jump, or the line would go around the world.
func (s *stroke) draw(f *mapFrame, line []LatLon) {
	if len(line) == 0 {
		return
	}
	last := len(line) - 1
	from, a := line[0], f.at(line[0])
	for i, to := range line {
		if i < last && f.isClose(from, to) {
			continue
		}
		b := f.at(to)
		if math.Abs(f.longitude(from)-f.longitude(to)) <= 180 {
			s.add(a, b)
		}
		from, a = to, b
	}
}

// add adds a straight line.
func (s *stroke) add(a, b point) {
	n := max(1, math.Ceil(distancePX(a, b)/piecePX))
	step := point{(b.x - a.x) / n, (b.y - a.y) / n}
	for i := range int(n) {
		from := point{a.x + float64(i)*step.x, a.y + float64(i)*step.y}
		s.addPiece(from, point{from.x + step.x, from.y + step.y})
	}
}

// addPiece adds a short straight line, unless one is there already: a track of a million points goes
// over the same pixels again and again.
func (s *stroke) addPiece(a, b point) {
	if s.isDrawn(a) && s.isDrawn(b) && s.isDrawn(point{(a.x + b.x) / 2, (a.y + b.y) / 2}) {
		return
	}
	top, bottom := pixelsAround(min(a.y, b.y), max(a.y, b.y), reachPX, MapHeightPX)
	left, right := pixelsAround(min(a.x, b.x), max(a.x, b.x), reachPX, MapWidthPX)
	ax, ay := float32(a.x), float32(a.y)
	dx, dy := float32(b.x-a.x), float32(b.y-a.y)
	var perSquare float32
	if squaredLength := dx*dx + dy*dy; squaredLength > 0 {
		perSquare = 1 / squaredLength
	}
	for y := top; y < bottom; y++ {
		row := s.near[y*MapWidthPX:][:MapWidthPX]
		py := float32(y) + 0.5 - ay
		for x := left; x < right; x++ {
			px := float32(x) + 0.5 - ax
			along := min(max((px*dx+py*dy)*perSquare, 0), 1)
			ex, ey := px-along*dx, py-along*dy
			if near := (ex*ex + ey*ey) * nearScale; near < float32(row[x]) {
				row[x] = uint8(near)
			}
		}
	}
}

// isDrawn tells whether the pixel at p is in the middle of a line.
func (s *stroke) isDrawn(p point) bool {
	x, y := int(p.x), int(p.y)
	return x >= 0 && x < MapWidthPX && y >= 0 && y < MapHeightPX && s.near[y*MapWidthPX+x] <= drawnNear
}

// What a line and its rim cover of a pixel, by its nearness.
var lineCovered, rimCovered = coveredByNear(lineRadiusPX), coveredByNear(lineRadiusPX + rimPX)

func coveredByNear(radiusPX float64) (levels [math.MaxUint8 + 1]uint8) {
	for near := range levels {
		levels[near] = covered(radiusPX, math.Sqrt(float64(near)/nearScale))
	}
	return levels
}

// paint puts the line into a picture.
func (s *stroke) paint(pixels []uint8) {
	for i, near := range s.near {
		if near < math.MaxUint8 {
			pixels[i] = inked(pixels[i], lineInk, lineCovered[near], rimCovered[near])
		}
	}
}

// pixelsAround returns the first pixel between from-reach and to+reach, and the one after the last one,
// in a row or column of n pixels.
func pixelsAround(from, to, reach float64, n int) (first, end int) {
	return max(0, int(from-reach)), min(n, int(to+reach)+1)
}

func distancePX(a, b point) float64 {
	return math.Sqrt((a.x-b.x)*(a.x-b.x) + (a.y-b.y)*(a.y-b.y))
}
