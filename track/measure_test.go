package track_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fittrackee/track"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// at is a point given as "lat lon ele seconds"; a dash stands for what is not known.
func at(text string) string {
	f := strings.Fields(text)
	point := fmt.Sprintf(`<trkpt lat="%s" lon="%s">`, f[0], f[1])
	if f[2] != "-" {
		point += "<ele>" + f[2] + "</ele>"
	}
	if f[3] != "-" {
		seconds, fraction, _ := strings.Cut(f[3], ".")
		var n int
		fmt.Sscan(seconds, &n)
		point += fmt.Sprintf("<time>2020-01-01T%02d:%02d:%02d.%s0Z</time>", n/3600, n/60%60, n%60, fraction)
	}
	return point + "</trkpt>"
}

// sketch makes a GPX file of points: a line for each, an empty line between segments, and a line of
// equal signs between tracks.
func sketch(text string) string {
	b := "<trk><trkseg>"
	for line := range strings.Lines(strings.TrimSpace(text)) {
		switch line = strings.TrimSpace(line); line {
		case "":
			b += "</trkseg><trkseg>"
		case "===":
			b += "</trkseg></trk><trk><trkseg>"
		default:
			b += at(line)
		}
	}
	return gpx(b + "</trkseg></trk>")
}

// TestMeasureGolden compares what sketches of special tracks come to with testdata/figures.json.
func TestMeasureGolden(t *testing.T) {
	t.Parallel()
	const golden = "testdata/figures.json"
	got := map[string]track.Measured{}
	for name, text := range map[string]string{
		"one point": `48 2 100 0`,
		"two points, climbing": `
			48 2 100 0
			48.001 2 120 60`,
		"two points in one place": `
			48 2 100 0
			48 2 100 60`,
		"an elevation of 0 does not count in distances": `
			48 2 0 0
			48.0001 2 5000 60`,
		"no elevation": `
			48 2 - 0
			48.001 2 - 60
			48.002 2 - 120`,
		"elevation here and there": `
			48 2 100 0
			48.001 2 - 60
			48.002 2 110 120
			48.003 2 105.145 180`,
		"smoothing": `
			48 2 100 0
			48.001 2 110 60
			48.002 2 100 120
			48.003 2 110 180
			48.004 2 100 240`,
		"a stop": `
			48 2 - 0
			48.001 2 - 20
			48.00101 2 - 80
			48.002 2 - 100
			48.003 2 - 120`,
		"a slow start has no part in the top speed": `
			48 2 - 0
			48.00001 2 - 60
			48.001 2 - 80
			48.002 2 - 100
			48.003 2 - 130`,
		"nothing moves": `
			48 2 - 0
			48.00001 2 - 60
			48.00002 2 - 120`,
		"an outlier": `
			48 2 - 0
			48.0001 2 - 5
			48.0002 2 - 10
			48.0003 2 - 15
			48.0023 2 - 20
			48.0024 2 - 25
			48.0025 2 - 30`,
		"equal times": `
			48 2 - 10
			48.001 2 - 10
			48.002 2 - 10`,
		"times going backwards": `
			48 2 - 60
			48.001 2 - 40
			48.002 2 - 20`,
		"times going back and forth": `
			48 2 - 0
			48.001 2 - 40
			48.002 2 - 20
			48.003 2 - 60`,
		"points without time": `
			48 2 100 -
			48.001 2 110 0
			48.002 2 120 -
			48.003 2 130 60
			48.004 2 140 120`,
		"a pause between segments": `
			48 2 100 0
			48.001 2 110 60

			48.002 2 300 160.5
			48.003 2 310 220.75`,
		"segments that overlap": `
			48 2 - 0
			48.001 2 - 60

			48.002 2 - 30
			48.003 2 - 90`,
		"a segment without times between others": `
			48 2 - 0
			48.001 2 - 60

			48.002 2 - -
			48.003 2 - -

			48.004 2 - 100
			48.005 2 - 160`,
		"two tracks": `
			48 2 100 0
			48.001 2 110 60
			48.002 2 100 120
			===
			49 3 500 200
			49.002 3 700 210
			49.004 3 600 220

			49.005 3 600 500
			49.006 3 600 510`,
		"across the date line": `
			10 179.9 - 0
			10 -179.9 - 3600`,
		"around the pole": `
			89.9 0 - 0
			89.9 90 - 3600
			89.9 180 - 7200`,
		"fractions of a second": `
			48 2 - 0
			48.00001 2 - 0.1
			48.00002 2 - 0.2
			48.00003 2 - 0.3
			48.00004 2 - 0.999999`,
	} {
		got[name] = parse(t, sketch(text)).Measure(1)
	}
	if *update {
		b, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, append(b, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var want map[string]track.Measured
	if err := json.Unmarshal(read(t, golden), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures differ from %s, -update rewrites it (-want +got):\n%s", golden, diff)
	}
}

// TestMeasureExtremes measures what no recording holds, but a file can.
func TestMeasureExtremes(t *testing.T) {
	t.Parallel()
	far := func(i int, clock string) string {
		return fmt.Sprintf(`<trkpt lat="0" lon="%d"><ele>%d</ele><time>%s</time></trkpt>`, i%2*180, 99_999-i%2*199_998, clock)
	}
	var jumps, years string
	for i := range 1000 {
		jumps += far(i, fmt.Sprintf("2020-01-01T00:00:00.%06dZ", i))
		years += far(i, fmt.Sprintf("%04d-01-01T00:00:00Z", 1+i%2*9998))
	}
	for name, file := range map[string]string{
		"a way around the world each microsecond": gpx(trk(jumps)),
		"ten thousand years to and fro":           gpx(trk(years)),
		"ten thousand years in each segment":      gpx("<trk>" + strings.Repeat("<trkseg>"+far(0, "0001-01-01T00:00:00Z")+far(1, "9999-01-01T00:00:00Z")+"</trkseg>", 500) + "</trk>"),
		"all the way in a microsecond": gpx("<trk><trkseg>"+jumps+"</trkseg><trkseg>"+far(0, "2020-01-01T00:00:00Z")+"</trkseg></trk>",
			"<trk>"+strings.Repeat("<trkseg>"+far(0, "2020-01-01T00:00:00.000000Z")+far(1, "2020-01-01T00:00:00.000001Z")+"</trkseg>", 500)+"</trk>"),
	} {
		tr := parse(t, file)
		for _, stopped := range []float64{0, 1, 1e9, 1e300} {
			checkFinite(t, name, tr, stopped)
		}
	}
}

// checkFinite checks that all figures of a track are numbers that can be.
func checkFinite(t *testing.T, name string, tr *track.Track, stopped float64) {
	t.Helper()
	m := tr.Measure(stopped)
	b := m.Bounds
	if !(-90 <= b.MinLatitude && b.MinLatitude <= b.MaxLatitude && b.MaxLatitude <= 90) ||
		!(-180 <= b.MinLongitude && b.MinLongitude <= b.MaxLongitude && b.MaxLongitude <= 180) {
		t.Errorf("%s: bounds %v", name, b)
	}
	for i, f := range append([]track.Figures{m.Figures}, m.Segments...) {
		for _, n := range []int64{f.DistanceM, f.DurationS, f.FractionUS, f.MovingS, f.PausesS, f.AveSpeed, f.MaxSpeed} {
			if n < 0 || n > 1<<60 {
				t.Errorf("%s: figures %d are %+v; want no negative and no huge ones", name, i, f)
			}
		}
		if e := f.Elevation; e != nil && (e.MinCM > e.MaxCM || e.MinCM < -1e7 || e.MaxCM > 1e7 || e.AscentCM < 0 || e.DescentCM < 0) {
			t.Errorf("%s: elevation %d is %+v", name, i, *e)
		}
	}
	if len(m.Segments) != len(tr.Segments) {
		t.Errorf("%s: figures of %d segments; want %d", name, len(m.Segments), len(tr.Segments))
	}
}

// TestMeasureRounding checks halves that binary fractions fall short of.
func TestMeasureRounding(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		elevation string
		want      int64 // cm
	}{
		{"35.145", 3515},
		{"35.144999", 3514},
		{"1.005", 101},
		{"-1.005", -101},
		{"-35.145", -3515},
		{"8.575", 858},
		{"1.015", 102},
		{"0.004999", 0},
		{"99999.995", 10_000_000},
	} {
		got := parse(t, sketch("48 2 "+test.elevation+" 0")).Measure(1)
		if got.Elevation.MinCM != test.want || got.Elevation.MaxCM != test.want {
			t.Errorf("elevation %s m is stored as %+v; want %d cm", test.elevation, *got.Elevation, test.want)
		}
	}
}
