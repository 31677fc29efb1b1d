package track_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"

	"fittrackee/track"
)

// checkTrack checks what holds for every track: its figures can be, its chart is JSON, and nothing is
// lost in its packed form.
func checkTrack(t *testing.T, tr *track.Track) {
	t.Helper()
	checkFinite(t, "fuzzed", tr, 1)
	if chart := track.AppendChart(nil, tr.Segments); !json.Valid(chart) {
		t.Errorf("chart is no JSON: %s", chart)
	}
	checkPack(t, "fuzzed", tr)
}

// FuzzParse looks for files that Parse stumbles over, or takes and should not.
func FuzzParse(f *testing.F) {
	f.Add([]byte(gpx(trk(timed, timed))))
	f.Add([]byte(billionLaughs))
	f.Add([]byte("<gpx xmlns:a=\"b\">\n<a:b  c='d'/><e f=\"]]>\"g=\"h\" /><:i></:i><j:></j:><k:l:m/>\n]]></gpx >"))
	f.Add([]byte(gpx(trk(`<trkpt lat="1" lon="2"><a:time>2020-01-01T00:00:00Z</time></trkpt>`))))
	f.Add(encodeUTF16(gpx(trk(timed)), false, true))
	f.Fuzz(checkFile)
}

// FuzzValues does the same with files that are well-formed, so that the numbers and times are tried.
func FuzzValues(f *testing.F) {
	f.Add("48.5", "2.25", "35.3", "2018-03-13T12:44:45Z", "142")
	f.Add("-90", "1e2", "-0", "2018-03-13 12:44:45.123456789+05:45", "-0.5")
	f.Fuzz(func(t *testing.T, lat, lon, ele, clock, reading string) {
		var file bytes.Buffer
		write := func(markup, text string) {
			file.WriteString(markup)
			_ = xml.EscapeText(&file, []byte(text)) // a buffer takes everything
		}
		write(`<gpx><trk><trkseg>`+timed+`<trkpt lat="`, lat)
		write(`" lon="`, lon)
		write(`"><ele>`, ele)
		write(`</ele><time>`, clock)
		for _, sensor := range []string{"hr", "cad", "power", "atemp"} {
			write("</time><extensions><"+sensor+">", reading)
			write("</"+sensor+"></extensions><time>", clock)
		}
		write("</time></trkpt></trkseg></trk></gpx>", "")
		checkFile(t, file.Bytes())
	})
}

// checkFile checks what holds for every file, whether Parse takes it or not.
func checkFile(t *testing.T, file []byte) {
	tr, err := track.Parse(bytes.NewReader(file))
	plain, plainErr := track.ParseByDecoder(bytes.NewReader(file))
	if fmt.Sprint(err) != fmt.Sprint(plainErr) {
		t.Errorf("Parse: %v; by encoding/xml alone: %v", err, plainErr)
	}
	if err == nil && plainErr == nil && !bytes.Equal(track.Pack(tr), track.Pack(plain)) || err == nil && tr.Name+tr.Type != plain.Name+plain.Type {
		t.Errorf("Parse reads another track than encoding/xml alone")
	}
	if err != nil {
		if !errors.Is(err, track.ErrSyntax) && !errors.Is(err, track.ErrUnusable) || len(err.Error()) > 300 {
			t.Errorf("Parse: %v; want a short error of a known kind", err)
		}
		return
	}
	checkTrack(t, tr)
	for _, s := range tr.Segments {
		if slices.ContainsFunc(s, func(p track.Point) bool { return p.Time != track.NoTime }) {
			checkWrite(t, "fuzzed", s)
		}
	}
	if text, err := track.UTF8(file); err != nil || !utf8.ValidString(text) {
		t.Errorf("UTF8: %q, %v; want what Parse takes as text", text, err)
	}
}

// TestParseLikeDecoder checks files as devices write them.
func TestParseLikeDecoder(t *testing.T) {
	t.Parallel()
	fixtures, err := filepath.Glob(contract + "/fixtures/*.gpx")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("%d fixtures (%v)", len(fixtures), err)
	}
	for _, fixture := range fixtures {
		checkFile(t, read(t, fixture))
	}
}

// FuzzUnpack looks for data that Unpack stumbles over. Most of it is given its checksum, which
// would be too hard to guess.
func FuzzUnpack(f *testing.F) {
	for _, text := range []string{
		"48 2 100 0",
		"48 2 100 0\n48.00001 2.00001 100.1 1\n48.00002 2.00002 - 2.5\n\n49 3 - -\n===\n1 2 3 4",
	} {
		packed := track.Pack(parse(f, sketch(text)))
		f.Add(packed)
		f.Add(packed[:len(packed)-4])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, data := range [][]byte{data, sealed(data)} {
			if tr, err := track.Unpack(data); err == nil {
				checkTrack(t, tr)
				points := 0
				for _, s := range slices.Concat(tr.Segments, tr.Rest) {
					points += len(s)
				}
				if points > len(data) {
					t.Errorf("%d points from %d bytes", points, len(data))
				}
			}
		}
	})
}
