package assets

import "math"

// LatLon is a place on the earth, in degrees, WGS 84.
type LatLon struct{ Latitude, Longitude float64 }

const (
	// maxLatitude is where the square that Web Mercator (EPSG:3857) makes of the world ends.
	maxLatitude = 85.05112877980659

	// maxMapZoom is the zoom of a track that goes nowhere: 1.2 m a pixel at the equator.
	maxMapZoom = 17

	// mapMarginPX stays free around the track, for its marks and for the attribution below it.
	mapMarginPX = 22

	// tilePX is the side of a tile, and of the whole world at zoom 0.
	tilePX = 256
)

// mapFrame is the part of the world that a map picture shows, in Web Mercator.
type mapFrame struct {
	// eastward frames count longitudes from 0 to 360 degrees, not from -180 to 180, so that a track
	// over the antimeridian is in one piece.
	eastward bool
	// worldPX is the side of the whole world, in pixels.
	worldPX float64
	// left and top are where the picture lies in the world, in pixels.
	left, top float64
	// stretch is how many times larger things are drawn where the lines are farthest from the equator
	// than on it.
	stretch float64
}

// point is a place in a map picture, in pixels. The middle of the first pixel is at 0.5, 0.5.
type point struct{ x, y float64 }

// frameOf returns the frame that shows lines in the middle and as large as they can be, up to
// maxMapZoom. It is not ok when there is no point.
func frameOf(lines [][]LatLon) (f mapFrame, ok bool) {
	north, south := math.Inf(-1), math.Inf(1)
	west, east := math.Inf(1), math.Inf(-1)
	west360, east360 := west, east
	for _, line := range lines {
		for _, p := range line {
			north, south = max(north, p.Latitude), min(south, p.Latitude)
			west, east = min(west, p.Longitude), max(east, p.Longitude)
			eastward := from0To360(p.Longitude)
			west360, east360 = min(west360, eastward), max(east360, eastward)
		}
	}
	if north < south {
		return f, false
	}
	if east360-west360 < east-west {
		west, east, f.eastward = west360, east360, true
	}
	f.stretch = 1 / math.Cos(clampLatitude(max(north, -south))*math.Pi/180)
	// In parts of the world's side, for now.
	top, bottom := mercatorY(north), mercatorY(south)
	width, height := (east-west)/360, bottom-top
	f.worldPX = min(
		math.Exp2(maxMapZoom)*tilePX,
		(MapWidthPX-2*mapMarginPX)/width,
		(MapHeightPX-2*mapMarginPX)/height,
	)
	f.center(point{(west+east)/2/360 + 0.5, (top + bottom) / 2})
	return f, true
}

// center moves the frame so that its middle is at a place given in parts of the world's side.
func (f *mapFrame) center(middle point) {
	// Whole pixels, so that tiles are not blurred.
	f.left = math.Round(middle.x*f.worldPX - MapWidthPX/2)
	f.top = math.Round(middle.y*f.worldPX - MapHeightPX/2)
}

// snap widens the frame to the nearest zoom that has tiles, and returns that.
func (f *mapFrame) snap() (zoom int) {
	middle := point{(f.left + MapWidthPX/2) / f.worldPX, (f.top + MapHeightPX/2) / f.worldPX}
	zoom = max(0, int(math.Log2(f.worldPX/tilePX)))
	f.worldPX = math.Exp2(float64(zoom)) * tilePX
	f.center(middle)
	return zoom
}

// longitude returns the longitude of p as the frame counts it.
func (f *mapFrame) longitude(p LatLon) float64 {
	if f.eastward {
		return from0To360(p.Longitude)
	}
	return p.Longitude
}

// at returns where p is in the picture.
func (f *mapFrame) at(p LatLon) point {
	return point{
		x: (f.longitude(p)/360+0.5)*f.worldPX - f.left,
		y: mercatorY(p.Latitude)*f.worldPX - f.top,
	}
}

// visiblePX is how far apart points have to be for a line between them to make a difference.
const visiblePX = 0.7

// isClose tells whether a and b are certainly less than visiblePX apart. It takes far less time than at.
func (f *mapFrame) isClose(a, b LatLon) bool {
	across := math.Abs(f.longitude(a) - f.longitude(b))
	down := math.Abs(a.Latitude-b.Latitude) * f.stretch
	return (across+down)/360*f.worldPX < visiblePX
}

// mercatorY returns how far a latitude is from the upper edge of Web Mercator's square, in parts of its
// side (EPSG Guidance Note 7-2, section 3.2.1.2, Popular Visualisation Pseudo-Mercator).
func mercatorY(latitude float64) float64 {
	return 0.5 - math.Atanh(math.Sin(clampLatitude(latitude)*math.Pi/180))/(2*math.Pi)
}

func clampLatitude(degrees float64) float64 { return min(max(degrees, -maxLatitude), maxLatitude) }

func from0To360(longitude float64) float64 {
	if longitude < 0 {
		return longitude + 360
	}
	return longitude
}
