package track_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fittrackee/track"
)

// bits shows a track's points so that equal ones are equal to the bit, zeros with their sign.
func bits(t *track.Track) (all [][][8]uint64) {
	for _, segments := range [][]track.Segment{t.Segments, t.Rest} {
		var points [][8]uint64
		for _, s := range segments {
			points = append(points, [8]uint64{0: uint64(len(s))})
			for _, p := range s {
				points = append(points, [8]uint64{
					math.Float64bits(p.Latitude), math.Float64bits(p.Longitude), math.Float64bits(p.Elevation), uint64(p.Time),
					uint64(p.HeartRate), uint64(p.Cadence), uint64(p.Power), uint64(p.Temperature),
				})
			}
		}
		all = append(all, points)
	}
	return all
}

// checkPack checks that a track comes back from its packed form.
func checkPack(t *testing.T, name string, tr *track.Track) {
	t.Helper()
	packed := track.Pack(tr)
	got, err := track.Unpack(packed)
	if err != nil {
		t.Errorf("%s: Unpack: %v", name, err)
		return
	}
	if diff := cmp.Diff(bits(tr), bits(got)); diff != "" {
		t.Errorf("%s, packed and unpacked (-want +got):\n%s", name, diff)
	}
}

// checkWrite checks that a segment which has a time comes back from its GPX document.
func checkWrite(t *testing.T, name string, s track.Segment) {
	t.Helper()
	file := track.AppendSegmentGPX(nil, name, s)
	got, err := track.Parse(bytes.NewReader(file))
	if err != nil {
		t.Errorf("%s: Parse(%.500s): %v", name, file, err)
		return
	}
	want := &track.Track{Segments: []track.Segment{s}}
	if diff := cmp.Diff(bits(want), bits(got)); diff != "" {
		t.Errorf("%s, written and read (-want +got):\n%s", name, diff)
	}
}

// odd makes numbers of many kinds up to a limit: with few decimals, with many, with all their bits,
// tiny, at the limit.
func odd(r *rand.Rand, limit float64) float64 {
	v := (r.Float64()*2 - 1) * limit
	switch r.IntN(8) {
	case 0:
		return v
	case 1:
		return limit
	case 2:
		return -limit
	case 3:
		return math.Copysign(0, v)
	case 4:
		return v * 1e-300
	default:
		scale := math.Pow10(r.IntN(12))
		return math.Trunc(v*scale) / scale
	}
}

// segment makes one in which each column is of one kind for most of its points.
func segment(r *rand.Rand) track.Segment {
	s := make(track.Segment, 1+r.IntN(40))
	lat, lon, ele := odd(r, 80), odd(r, 170), odd(r, 5000)
	step := math.Pow10(-1 - r.IntN(11))
	tick := []int64{1, 1000, 500_000, 1_000_000, 60_000_000}[r.IntN(5)]
	gaps := r.IntN(3) // none, few, many
	isGap := func() bool { return gaps > 0 && r.IntN(2*(3-gaps)) == 0 }
	reading := func(low, high int) int16 {
		if isGap() || r.IntN(2) == 0 {
			return track.NoReading
		}
		return int16(low + r.IntN(high-low+1))
	}
	start := r.Int64N(1 << 51)
	for i := range s {
		p := &s[i]
		p.Latitude = lat + float64(r.IntN(100))*step
		p.Longitude = lon + float64(r.IntN(100))*step
		p.Elevation = ele + float64(r.IntN(100))*step
		p.Time = start + int64(i)*tick
		if r.IntN(50) == 0 {
			p.Latitude, p.Longitude, p.Elevation = odd(r, 90), odd(r, 180), odd(r, 100_000)
			p.Time = r.Int64N(1<<56) - 1<<55
		}
		if isGap() {
			p.Elevation = math.NaN()
		}
		if isGap() && i > 0 {
			p.Time = track.NoTime
		}
		p.HeartRate = reading(1, 300)
		p.Cadence = reading(0, 1000)
		p.Power = reading(0, 10_000)
		p.Temperature = reading(-1000, 1000)
	}
	return s
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		tr := &track.Track{}
		for range r.IntN(4) {
			tr.Segments = append(tr.Segments, segment(r))
		}
		for range r.IntN(2) {
			tr.Rest = append(tr.Rest, segment(r))
		}
		checkPack(t, "random track", tr)
		for _, s := range tr.Segments {
			checkWrite(t, "random segment", s)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// TestRoundTripsOfFixtures packs and writes all good fixtures, and says how small they get.
func TestRoundTripsOfFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(contract + "/fixtures/*.gpx")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d fixtures (%v)", len(files), err)
	}
	for _, file := range files {
		b := read(t, file)
		tr, err := track.Parse(bytes.NewReader(b))
		if err != nil {
			continue
		}
		name := filepath.Base(file)
		checkPack(t, name, tr)
		for _, s := range tr.Segments {
			checkWrite(t, name, s)
		}
		packed := track.Pack(tr)
		t.Logf("%s: %d bytes, packed %d", name, len(b), len(packed))
		if len(packed) > len(b)/8 {
			t.Errorf("%s packed takes %d bytes of %d; want an eighth at most", name, len(packed), len(b))
		}
	}
}

// TestAppendSegmentGPXName writes names that XML cannot hold as they are.
func TestAppendSegmentGPXName(t *testing.T) {
	t.Parallel()
	s := parse(t, gpx(trk(timed))).Segments[0]
	for name, want := range map[string]string{
		"":                     "",
		"Forêt 🚴":              "Forêt 🚴",
		`<a> & "b" 'c' ]]> é`:  `<a> & "b" 'c' ]]> é`,
		"a\x00b\x1bc\xffd":     "a\uFFFDb\uFFFDc\uFFFDd",
		"line\r\nline\ttab":    "line\r\nline\ttab",
		"</name></trk><trk>":   "</name></trk><trk>",
		"a\u2028\u202e\ufffe.": "a\u2028\u202e\uFFFD.",
		strings.Repeat("&", 9): "&&&&&&&&&",
	} {
		file := track.AppendSegmentGPX([]byte("before"), name, s)
		if !bytes.HasPrefix(file, []byte("before<?xml ")) {
			t.Errorf("document of %q begins with %.20q; want it appended", name, file)
		}
		if got := parse(t, string(file[len("before"):])).Name; got != want {
			t.Errorf("name %q comes back as %q; want %q", name, got, want)
		}
	}
}

// TestAppendSegmentGPXEmpty writes a segment that Parse would not take as a workout.
func TestAppendSegmentGPXEmpty(t *testing.T) {
	t.Parallel()
	d := xml.NewDecoder(bytes.NewReader(track.AppendSegmentGPX(nil, "a", nil)))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// sealed returns a body with the checksum that makes it a packed track's.
func sealed(body []byte) []byte {
	return binary.LittleEndian.AppendUint32(bytes.Clone(body), crc32.ChecksumIEEE(body))
}

// TestUnpackRefuses damages a packed track in every way that a disk can, and some that it cannot.
func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	packed := track.Pack(parse(t, sketch("48 2 100 0\n48.1 2.1 - 1\n\n48.2 2.2 120 2\n===\n1 2 3 -")))
	refused := func(name string, data []byte) {
		t.Helper()
		if got, err := track.Unpack(data); err == nil || got != nil {
			t.Errorf("Unpack of %s: %v, %v; want an error", name, got, err)
		}
	}
	for i := range packed {
		refused("the beginning only", packed[:i])
		for bit := range 8 {
			flipped := bytes.Clone(packed)
			flipped[i] ^= 1 << bit
			refused("one with a flipped bit", flipped)
		}
	}
	refused("one with a byte more", append(bytes.Clone(packed), 0))
	body := packed[:len(packed)-4]
	if _, err := track.Unpack(sealed(body)); err != nil {
		t.Fatalf("Unpack of a sealed body: %v", err)
	}
	for i := range body {
		refused("a sealed beginning", sealed(body[:i]))
	}
	refused("a sealed one with a byte more", sealed(append(bytes.Clone(body), 0)))
	refused("another version", sealed(append([]byte("trk\x02"), body[4:]...)))
	const magic = "trk\x01"
	huge := binary.AppendUvarint(nil, math.MaxUint64)
	for name, body := range map[string]string{
		"huge segments":       magic + string(huge) + "\x00",
		"huge points":         magic + "\x01\x00" + string(huge),
		"a long varint":       magic + strings.Repeat("\xff", 20),
		"points of nothing":   magic + "\x01\x00\x05" + strings.Repeat("\x00", 8),
		"an unknown code":     magic + "\x01\x00\x01" + "\x1f\x00" + "\x01\x00" + strings.Repeat("\x00", 6),
		"lat beyond the pole": magic + "\x01\x00\x01" + "\x01\xb6\x01" + "\x01\x00" + strings.Repeat("\x00", 6),
		"lat NaN":             magic + "\x01\x00\x01" + "\x0b\x80\x80\x80\x80\x80\x80\x80\xf0\xff\x01" + "\x01\x00" + strings.Repeat("\x00", 6),
		"year 10000":          magic + "\x01\x00\x01" + "\x01\x00\x01\x00\x00" + "\x07" + string(binary.AppendVarint(nil, 253402300800)) + "\x00\x00\x00\x00",
		"a huge heart rate":   magic + "\x01\x00\x01" + "\x01\x00\x01\x00\x00\x00" + "\x01\x80\x80\x04" + "\x00\x00\x00",
	} {
		refused(name, sealed([]byte(body)))
	}
	good := magic + "\x01\x00\x01" + "\x01\xb4\x01" + "\x01\x00" + strings.Repeat("\x00", 6)
	if _, err := track.Unpack(sealed([]byte(good))); err != nil {
		t.Errorf("Unpack of one point: %v", err)
	}
}
