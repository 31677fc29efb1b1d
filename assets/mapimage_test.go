package assets_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"fittrackee/assets"
)

// The colours of a map picture without tiles.
var (
	ground    = color.NRGBA{0xf1, 0xf3, 0xee, 0xff}
	lineBlue  = color.NRGBA{0x1d, 0x4e, 0xd8, 0xff}
	startMark = color.NRGBA{0x16, 0xa3, 0x4a, 0xff}
	endMark   = color.NRGBA{0xdc, 0x26, 0x26, 0xff}
)

type line = []assets.LatLon

// trackPoint finds the coordinates of a point in a GPX file, or the start of a segment.
var trackPoint = regexp.MustCompile(`<trkpt lat="([^"]+)" lon="([^"]+)"|<trkseg>`)

// readTrack reads a fixture without its times and heights.
func readTrack(tb testing.TB, name string) (lines [][]assets.LatLon) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name))
	if err != nil {
		tb.Fatal(err)
	}
	for _, match := range trackPoint.FindAllStringSubmatch(string(data), -1) {
		if match[1] == "" {
			lines = append(lines, nil)
			continue
		}
		latitude, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			tb.Fatal(err)
		}
		longitude, err := strconv.ParseFloat(match[2], 64)
		if err != nil {
			tb.Fatal(err)
		}
		last := &lines[len(lines)-1]
		*last = append(*last, assets.LatLon{Latitude: latitude, Longitude: longitude})
	}
	return lines
}

// decodeMap decodes a map picture, which must have its size and only the parts that it needs.
func decodeMap(t *testing.T, data []byte) image.Image {
	t.Helper()
	wantsClean(t, data)
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("decode map: %v", err)
	}
	if want := image.Rect(0, 0, assets.MapWidthPX, assets.MapHeightPX); img.Bounds() != want {
		t.Errorf("map is %v; want %v", img.Bounds(), want)
	}
	return img
}

// drawMap draws a map that must succeed.
func drawMap(t *testing.T, lines ...line) image.Image {
	t.Helper()
	data, err := assets.DrawMap(lines)
	if err != nil {
		t.Fatalf("DrawMap = %v", err)
	}
	if len(data) > 12_000 {
		t.Errorf("map takes %d bytes; want at most 12000", len(data))
	}
	return decodeMap(t, data)
}

func colorAt(img image.Image, x, y int) color.NRGBA {
	return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
}

func wantsPixel(t *testing.T, img image.Image, x, y int, want color.NRGBA) {
	t.Helper()
	if got := colorAt(img, x, y); got != want {
		t.Errorf("pixel %d, %d = %v; want %v", x, y, got, want)
	}
}

// count returns how many pixels have a colour.
func count(img image.Image, c color.NRGBA) (n int) {
	for y := range assets.MapHeightPX {
		for x := range assets.MapWidthPX {
			if colorAt(img, x, y) == c {
				n++
			}
		}
	}
	return n
}

func TestDrawMapOfFixtures(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"fractions-offset.gpx", "heart-rate.gpx", "hike-slow.gpx", "no-elevation.gpx", "no-name.gpx", "no-time.gpx",
		"over-a-day.gpx", "ride.gpx", "run-two-segments.gpx", "unicode-name.gpx", "version-1.0.gpx",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			img := drawMap(t, readTrack(t, name)...)
			if n := count(img, lineBlue); n < 400 || n > 4000 {
				t.Errorf("line has %d pixels; want some", n)
			}
			if starts, ends := count(img, startMark), count(img, endMark); starts < 60 || ends < 20 {
				t.Errorf("marks have %d and %d pixels; want two discs", starts, ends)
			}
		})
	}
}

func TestDrawMapIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	track := readTrack(t, "ride.gpx")
	first, err := assets.DrawMap(track)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := assets.DrawMap(track); !bytes.Equal(first, second) || err != nil {
		t.Errorf("DrawMap gave %d bytes, then %d, %v; want the same", len(first), len(second), err)
	}
}

func TestDrawMapFitsTheTrack(t *testing.T) {
	t.Parallel()
	eastWest := drawMap(t, line{{0, 10}, {0, 30}})
	wantsPixel(t, eastWest, 22, 112, startMark)
	wantsPixel(t, eastWest, 377, 112, endMark)
	for _, x := range []int{40, 60, 210, 360} {
		wantsPixel(t, eastWest, x, 111, lineBlue)
		wantsPixel(t, eastWest, x, 112, lineBlue)
		wantsPixel(t, eastWest, x, 116, ground)
		wantsPixel(t, eastWest, x, 108, ground)
	}
	wantsPixel(t, eastWest, 5, 105, ground)
	northSouth := drawMap(t, line{{50, 10}, {49, 10}})
	wantsPixel(t, northSouth, 199, 22, startMark)
	wantsPixel(t, northSouth, 199, 202, endMark)
	wantsPixel(t, northSouth, 199, 140, lineBlue)
	wantsPixel(t, northSouth, 205, 140, ground)
}

// At 60 degrees north, Mercator makes everything twice as large as on the equator.
func TestDrawMapIsMercator(t *testing.T) {
	t.Parallel()
	img := drawMap(t, line{{60, 0}, {60, 0.2}, {59.95, 0.2}, {59.95, 0}, {60, 0}})
	width, height := extent(img)
	if ratio := float64(width) / float64(height); math.Abs(ratio-2) > 0.1 {
		t.Errorf("0.2 by 0.05 degrees at 60 degrees are %d x %d pixels; want twice as wide as high", width, height)
	}
}

// extent returns the size of the line, in pixels.
func extent(img image.Image) (width, height int) {
	var all image.Rectangle
	for y := range assets.MapHeightPX {
		for x := range assets.MapWidthPX {
			if colorAt(img, x, y) == lineBlue {
				all = all.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return all.Dx(), all.Dy()
}

// Wherever on the globe a track is, its picture is the same, but for parts of a pixel.
func TestDrawMapOverTheAntimeridian(t *testing.T) {
	t.Parallel()
	track := func(longitude float64) (l line) {
		for i := range 200 {
			east := longitude + 0.2*math.Sin(float64(i)/30)
			if east > 180 {
				east -= 360
			}
			l = append(l, assets.LatLon{Latitude: -18 + 0.1*math.Cos(float64(i)/20), Longitude: east})
		}
		return l
	}
	want := drawMap(t, track(90))
	wantWidth, wantHeight := extent(want)
	for _, longitude := range []float64{-179.7, 0, 179.7, 179.9, 180} {
		got := drawMap(t, track(longitude))
		width, height := extent(got)
		pixels, wantPixels := count(got, lineBlue), count(want, lineBlue)
		if max(width-wantWidth, wantWidth-width, height-wantHeight, wantHeight-height) > 1 ||
			math.Abs(float64(pixels-wantPixels)) > 0.1*float64(wantPixels) {
			t.Errorf("line at longitude %v is %d x %d, %d pixels; at 90 it is %d x %d, %d",
				longitude, width, height, pixels, wantWidth, wantHeight, wantPixels)
		}
	}
}

func TestDrawMapAroundTheWorld(t *testing.T) {
	t.Parallel()
	img := drawMap(t, line{{0, 100}, {0, 179}, {0, -100}, {0, 0}, {0, 99}, {40, 110}, {40, 179}, {40, -170}})
	// In one piece from edge to edge of the world, but no line back over all of it.
	if n := count(img, lineBlue); n < 500 || n > 2500 {
		t.Errorf("line has %d pixels; want about four in each column", n)
	}
}

func TestDrawMapOfOddTracks(t *testing.T) {
	t.Parallel()
	const m = assets.MapWidthPX / 2
	for name, lines := range map[string][]line{
		"one point":        {{{48, 2}}},
		"one point twice":  {{{48, 2}, {48, 2}}},
		"one point, lines": {nil, {{48, 2}}, {}, {{48, 2}}, nil},
		"a step":           {{{48, 2}, {48.000001, 2}}},
		"a pole":           {{{90, 0}}},
		"near a pole":      {{{89.9999, 0}, {90, 0}}},
		"the date line":    {{{0, 180}, {0, -180}}},
	} {
		img := drawMap(t, lines...)
		if c := colorAt(img, m, 112); c != endMark {
			t.Errorf("middle of %s = %v; want the mark of the end", name, c)
		}
		if n := count(img, lineBlue) + count(img, endMark) + count(img, startMark); n > 150 {
			t.Errorf("%s has %d pixels; want a dot", name, n)
		}
	}
	for name, lines := range map[string][]line{
		"pole to pole":    {{{90, 0}, {-90, 10}}},
		"all around":      {{{0, -180}, {0, -90}, {0, 0}, {0, 90}, {0, 180}}},
		"around a pole":   {{{89, -180}, {89, -90}, {89, 0}, {89, 90}, {89, 180}}},
		"corner to other": {{{-90, -180}, {0, -40}, {90, 100}, {90, 180}}},
		"many lines":      {{{48, 2}, {48, 3}}, nil, {{49, 2}, {49, 3}}, {{50, 2}, {50, 3}}},
	} {
		if n := count(drawMap(t, lines...), lineBlue); n < 300 {
			t.Errorf("line of %s has %d pixels; want a long one", name, n)
		}
	}
}

func TestDrawMapNeedsPoints(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]line{"nil": nil, "no line": {}, "empty lines": {nil, {}}} {
		if data, err := assets.DrawMap(lines); data != nil || err == nil {
			t.Errorf("DrawMap of %s = %d bytes, %v; want an error", name, len(data), err)
		}
	}
}

func TestDrawMapKeepsGapsBetweenLines(t *testing.T) {
	t.Parallel()
	img := drawMap(t, line{{0, 0}, {0, 1}}, line{{0, 3}, {0, 4}})
	wantsPixel(t, img, 60, 112, lineBlue)
	wantsPixel(t, img, 340, 112, lineBlue)
	for x := 120; x < 280; x++ {
		if c := colorAt(img, x, 112); c == lineBlue {
			t.Fatalf("line at %d, 112, in the gap", x)
		}
	}
}

func TestDrawMapOfAMillionPoints(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	everywhere, toAndFro := make(line, 1_000_000), make(line, 1_000_000)
	for i := range everywhere {
		everywhere[i] = assets.LatLon{Latitude: 170*random.Float64() - 85, Longitude: 360*random.Float64() - 180}
		toAndFro[i] = assets.LatLon{Latitude: float64(i % 2), Longitude: 2 * float64(i%2)}
	}
	for name, l := range map[string]line{"everywhere": everywhere, "to and fro": toAndFro} {
		start := time.Now()
		drawMap(t, l)
		if took := time.Since(start); took > 10*time.Second && !raceDetector { // 0.2 seconds when nothing else runs
			t.Errorf("drawing a million points %s took %v; want less than ten seconds", name, took)
		}
	}
}

func TestQuantizeKeepsFewColours(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 60, 40))
	colours := []color.RGBA{{0xf2, 0xef, 0xe9, 255}, {0xaa, 0xd3, 0xdf, 255}, {0, 0, 0, 255}, {255, 255, 255, 255}}
	for i := range 60 * 40 {
		img.SetRGBA(i%60, i/60, colours[i%4])
	}
	got := assets.Quantize(img)
	for i := range 60 * 40 {
		if got.At(i%60, i/60) != img.At(i%60, i/60) {
			t.Fatalf("pixel %d = %v; want %v", i, got.At(i%60, i/60), img.At(i%60, i/60))
		}
	}
	if len(got.Palette) != 4 {
		t.Errorf("palette has %d colours; want 4", len(got.Palette))
	}
}

func TestQuantizeStaysNear(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 200, 200))
	for y := range 200 {
		for x := range 200 {
			img.SetRGBA(x, y, color.RGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	got, off := assets.Quantize(img), 0.0
	for i := range 200 * 200 {
		a, b := img.RGBAAt(i%200, i/200), got.At(i%200, i/200).(color.RGBA)
		off += math.Abs(float64(a.R)-float64(b.R)) + math.Abs(float64(a.G)-float64(b.G)) + math.Abs(float64(a.B)-float64(b.B))
	}
	if mean := off / (3 * 200 * 200); len(got.Palette) != 256 || mean > 8 {
		t.Errorf("%d colours, on average off by %.1f; want 256 and at most 8", len(got.Palette), mean)
	}
}

// wander returns a track of n points, one a second at 15 km/h, with the errors of a receiver.
func wander(n int) line {
	random := rand.New(rand.NewPCG(3, 4))
	const degreesPerM = 1.0 / 111_000
	var track line
	latitude, longitude, heading := 48.0, 7.0, 0.0
	for range n {
		heading += 0.1 * random.NormFloat64()
		latitude += 4.2 * degreesPerM * math.Cos(heading)
		longitude += 4.2 * degreesPerM * math.Sin(heading) / math.Cos(latitude*math.Pi/180)
		track = append(track, assets.LatLon{
			Latitude:  latitude + degreesPerM*random.NormFloat64(),
			Longitude: longitude + degreesPerM*random.NormFloat64(),
		})
	}
	return track
}

func BenchmarkDrawMap(b *testing.B) {
	for name, lines := range map[string][]line{
		"900 points":     readTrack(b, "ride.gpx"),
		"11000 points":   {wander(11_000)},
		"1000000 points": {wander(1_000_000)},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := 0
			for b.Loop() {
				data, err := assets.DrawMap(lines)
				if err != nil {
					b.Fatal(err)
				}
				size = len(data)
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
