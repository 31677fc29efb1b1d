package track_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"fittrackee/track"
)

// recording makes a file as devices write them, with that many points a second apart.
func recording(points int) []byte {
	b := []byte(`<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="bench" xmlns="http://www.topografix.com/GPX/1/1">
<trk>
<name>Morning ride</name>
<trkseg>
`)
	for i := range points {
		x := float64(i)
		b = fmt.Appendf(b, "<trkpt lat=\"%.6f\" lon=\"%.6f\"><ele>%.1f</ele><time>%s</time></trkpt>\n",
			48.85+x*3e-5+math.Sin(x/50)*1e-4, 2.35+x*2e-5+math.Cos(x/70)*1e-4, 35+12*math.Sin(x/300),
			time.Date(2018, 3, 13, 8, 0, i, 0, time.UTC).Format(time.RFC3339))
	}
	return append(b, "</trkseg>\n</trk>\n</gpx>\n"...)
}

// benchmark runs f on recordings of 15 minutes and of three hours, and reports the time for a point.
func benchmark(b *testing.B, f func(b *testing.B, file []byte, tr *track.Track)) {
	for _, points := range []int{900, 11_000} {
		b.Run(fmt.Sprint(points), func(b *testing.B) {
			file := recording(points)
			tr, err := track.Parse(bytes.NewReader(file))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			f(b, file, tr)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(points), "ns/point")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	benchmark(b, func(b *testing.B, file []byte, _ *track.Track) {
		b.SetBytes(int64(len(file)))
		for b.Loop() {
			if _, err := track.Parse(bytes.NewReader(file)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMeasure(b *testing.B) {
	benchmark(b, func(b *testing.B, _ []byte, tr *track.Track) {
		for b.Loop() {
			tr.Measure(1)
		}
	})
}

func BenchmarkChart(b *testing.B) {
	benchmark(b, func(b *testing.B, _ []byte, tr *track.Track) {
		for b.Loop() {
			b.SetBytes(int64(len(track.AppendChart(nil, tr.Segments))))
		}
	})
}

func BenchmarkSegmentGPX(b *testing.B) {
	benchmark(b, func(b *testing.B, _ []byte, tr *track.Track) {
		for b.Loop() {
			b.SetBytes(int64(len(track.AppendSegmentGPX(nil, tr.Name, tr.Segments[0]))))
		}
	})
}

func BenchmarkPack(b *testing.B) {
	benchmark(b, func(b *testing.B, _ []byte, tr *track.Track) {
		for b.Loop() {
			b.SetBytes(int64(len(track.Pack(tr))))
		}
	})
}

func BenchmarkUnpack(b *testing.B) {
	benchmark(b, func(b *testing.B, _ []byte, tr *track.Track) {
		packed := track.Pack(tr)
		b.SetBytes(int64(len(packed)))
		for b.Loop() {
			if _, err := track.Unpack(packed); err != nil {
				b.Fatal(err)
			}
		}
	})
}
