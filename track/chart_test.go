package track_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"fittrackee/track"
)

// TestAppendChart writes the charts of small tracks, whole.
func TestAppendChart(t *testing.T) {
	t.Parallel()
	const place = `"latitude":48.0,"longitude":2.0,`
	for _, test := range []struct{ name, points, want string }{
		{
			"one point", "48 2 100.25 0",
			`{"distance":0.0,"duration":0,"elevation":100.2,` + place + `"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:00 GMT"}`,
		},
		{
			"speeds are means, and a stop is none", "48 2 - 0\n48.001 2 - 10\n48.003 2 - 20\n48.003 2 - 30.5",
			`{"distance":0.0,"duration":0,"elevation":0,` + place + `"speed":40.08,"time":"Wed, 01 Jan 2020 00:00:00 GMT"}
			{"distance":0.11,"duration":10.0,"elevation":0,"latitude":48.001,"longitude":2.0,"speed":60.11,"time":"Wed, 01 Jan 2020 00:00:10 GMT"}
			{"distance":0.33,"duration":20.0,"elevation":0,"latitude":48.003,"longitude":2.0,"speed":80.15,"time":"Wed, 01 Jan 2020 00:00:20 GMT"}
			{"distance":0.33,"duration":30.5,"elevation":0,"latitude":48.003,"longitude":2.0,"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:30 GMT"}`,
		},
		{
			"the jump between segments counts, its speed does not", "48 2 - 0\n\n48.01 2 - 60",
			`{"distance":0.0,"duration":0,"elevation":0,` + place + `"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:00 GMT"}
			{"distance":1.11,"duration":60.0,"elevation":0,"latitude":48.01,"longitude":2.0,"speed":0.0,"time":"Wed, 01 Jan 2020 00:01:00 GMT"}`,
		},
		{
			"points without time", "48 2 0 -\n48 2 0 5\n48 2 0 8\n48 2 0 -",
			`{"distance":0.0,"duration":0,"elevation":0.0,` + place + `"speed":0.0,"time":null}
			{"distance":0.0,"duration":0.0,"elevation":0.0,` + place + `"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:05 GMT"}
			{"distance":0.0,"duration":3.0,"elevation":0.0,` + place + `"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:08 GMT"}
			{"distance":0.0,"duration":3.0,"elevation":0.0,` + place + `"speed":0.0,"time":null}`,
		},
		{
			"times going backwards", "48 2 - 10\n48.01 2 - 5",
			`{"distance":0.0,"duration":0,"elevation":0,` + place + `"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:10 GMT"}
			{"distance":1.11,"duration":-5.0,"elevation":0,"latitude":48.01,"longitude":2.0,"speed":0.0,"time":"Wed, 01 Jan 2020 00:00:05 GMT"}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := "before[" + strings.ReplaceAll(test.want, "\n\t\t\t", ",") + "]"
			got := string(track.AppendChart([]byte("before"), parse(t, sketch(test.points)).Segments))
			if got != want {
				t.Errorf("chart:\n%s\nwant:\n%s", got, want)
			}
			if !json.Valid([]byte(got[len("before"):])) {
				t.Error("no JSON")
			}
		})
	}
	if got := string(track.AppendChart(nil, nil)); got != "[]" {
		t.Errorf("chart of nothing: %s; want []", got)
	}
}

// TestNumbersLikeGo compares how numbers are written with what the standard library makes of them,
// which is slower.
func TestNumbersLikeGo(t *testing.T) {
	t.Parallel()
	trimmed := func(v float64, decimals int) string {
		text := strconv.FormatFloat(v, 'f', decimals, 64)
		if !strings.Contains(text, ".") {
			return text + ".0"
		}
		if text = strings.TrimRight(text, "0"); strings.HasSuffix(text, ".") {
			return text + "0"
		}
		return text
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, limit := range []float64{1, 90, 180, 100_000, 1e8, 1e13, 1e17} {
		for range 20_000 {
			v := odd(r, limit)
			if got, want := string(track.AppendFull(nil, v)), trimmed(v, -1); got != want {
				t.Fatalf("%g is written as %s; want %s", v, got, want)
			}
			for decimals := 1; decimals <= 2; decimals++ {
				want := trimmed(v, decimals)
				if want == "-0.0" {
					want = "0.0"
				}
				if got := string(track.AppendRounded(nil, v, decimals)); got != want && got != "-0.0" {
					t.Fatalf("%g with %d decimals is written as %s; want %s", v, decimals, got, want)
				}
			}
		}
	}
}
