package track_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fittrackee/track"
)

const contract = "../server/testdata/contract"

// step is what is needed here of a step in a contract case.
type step struct {
	Method    string
	Path      string
	JSON      map[string]any
	Multipart []struct{ Name, Value, File string }
	Expect    struct {
		Status int
		JSON   struct {
			Message string
			Data    json.RawMessage
		}
	}
}

// file returns the name of the fixture that a step uploads, empty when it uploads none.
func (s step) file() string {
	for _, part := range s.Multipart {
		if part.Name == "file" {
			return part.File
		}
	}
	return ""
}

func (s step) sport(t *testing.T) int {
	t.Helper()
	var data struct {
		Sport int `json:"sport_id"`
	}
	for _, part := range s.Multipart {
		if part.Name == "data" {
			if err := json.Unmarshal([]byte(part.Value), &data); err != nil {
				t.Fatal(err)
			}
		}
	}
	return data.Sport
}

// workouts returns the workouts in the expected answer.
func (s step) workouts(t *testing.T) []workout {
	t.Helper()
	var data struct{ Workouts []workout }
	if err := json.Unmarshal(s.Expect.JSON.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data.Workouts
}

// workout is one in an answer of the API.
type workout struct {
	figures
	Title    string
	Date     string `json:"workout_date"`
	Bounds   []float64
	Segments []figures
}

// figures are those of a workout or of a segment in an answer. Zero and unknown are null there.
type figures struct {
	Distance, Ascent, Descent *float64
	Duration, Moving, Pauses  *string
	AveSpeed                  *float64 `json:"ave_speed"`
	MaxSpeed                  *float64 `json:"max_speed"`
	MinAltitude               *float64 `json:"min_alt"`
	MaxAltitude               *float64 `json:"max_alt"`
}

// in returns v in units of 1/scale, 0 for null.
func in(v *float64, scale float64) int64 {
	if v == nil {
		return 0
	}
	return int64(math.Round(*v * scale))
}

// micros reads a duration as Python writes it: "0:02:29", "1 day, 1:23:59", "0:02:29.500000".
func micros(t *testing.T, text *string) int64 {
	t.Helper()
	if text == nil {
		return 0
	}
	days, clock := 0, *text
	if before, after, ok := strings.Cut(clock, ", "); ok {
		clock = after
		if _, err := fmt.Sscanf(before, "%d day", &days); err != nil {
			t.Fatal(err)
		}
	}
	var h, m int
	var s float64
	if _, err := fmt.Sscanf(clock, "%d:%d:%g", &h, &m, &s); err != nil {
		t.Fatalf("duration %q: %v", *text, err)
	}
	return int64(days*86400+h*3600+m*60)*1e6 + int64(math.Round(s*1e6))
}

// stored returns the figures as the package has them.
func (f figures) stored(t *testing.T) track.Figures {
	t.Helper()
	duration := micros(t, f.Duration)
	s := track.Figures{
		DistanceM:  in(f.Distance, 1000),
		DurationS:  duration / 1e6,
		FractionUS: duration % 1e6,
		MovingS:    micros(t, f.Moving) / 1e6,
		PausesS:    micros(t, f.Pauses) / 1e6,
		AveSpeed:   in(f.AveSpeed, 100),
		MaxSpeed:   in(f.MaxSpeed, 100),
	}
	if f.MaxAltitude != nil {
		s.Elevation = &track.Elevation{
			MinCM:     in(f.MinAltitude, 100),
			MaxCM:     in(f.MaxAltitude, 100),
			AscentCM:  in(f.Ascent, 100),
			DescentCM: in(f.Descent, 100),
		}
	}
	return s
}

// thresholds returns the sports' stopped speeds in km/h.
func thresholds() map[int]float64 {
	return map[int]float64{1: 1, 2: 1, 3: 0.1, 4: 1, 5: 1, 6: 0.1, 7: 1, 8: 0.1, 10: 0.1, 11: 1}
}

// eachStep calls f with the steps of every case, in a subtest for each case.
func eachStep(t *testing.T, f func(t *testing.T, steps []step)) {
	t.Helper()
	files, err := filepath.Glob(contract + "/cases/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d contract cases (%v)", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			var c struct{ Steps []json.RawMessage }
			if err := json.Unmarshal(read(t, file), &c); err != nil {
				t.Fatal(err)
			}
			var steps []step
			for _, raw := range c.Steps {
				var s step
				// Steps of other shapes, mails and bodies that are lists, have nothing to do with tracks.
				if json.Unmarshal(raw, &s) == nil {
					steps = append(steps, s)
				}
			}
			f(t, steps)
		})
	}
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixture returns the tracks in a fixture by the time of their start.
func fixture(t *testing.T, name string) map[string]*track.Track {
	t.Helper()
	file := read(t, contract+"/fixtures/"+name)
	tracks := map[string]*track.Track{}
	add := func(r io.Reader) {
		parsed, err := track.Parse(r)
		if err != nil {
			t.Fatalf("Parse(%s): %v", name, err)
		}
		tracks[parsed.StartedAt().Format(http.TimeFormat)] = parsed
	}
	if filepath.Ext(name) != ".zip" {
		add(bytes.NewReader(file))
		return tracks
	}
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		if filepath.Ext(f.Name) != ".gpx" {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		add(r)
	}
	return tracks
}

// TestContractFigures compares the figures of every fixture with those in the API's contract.
func TestContractFigures(t *testing.T) {
	t.Parallel()
	eachStep(t, func(t *testing.T, steps []step) {
		stopped := thresholds()
		for _, s := range steps {
			switch {
			case s.Path == "/api/auth/profile/edit/sports" && s.JSON["stopped_speed_threshold"] != nil:
				stopped[int(s.JSON["sport_id"].(float64))] = s.JSON["stopped_speed_threshold"].(float64)
			case s.Method != "POST" || s.Path != "/api/workouts" || s.Expect.Status != 201:
				continue
			}
			tracks := map[string]*track.Track{}
			if s.file() != "" {
				tracks = fixture(t, s.file())
			}
			for _, w := range s.workouts(t) {
				name := fmt.Sprintf("%s as sport %d", s.file(), s.sport(t))
				compareFigures(t, name, tracks[w.Date], w, stopped[s.sport(t)])
			}
		}
	})
}

func compareFigures(t *testing.T, name string, tr *track.Track, want workout, stopped float64) {
	t.Helper()
	if tr == nil {
		t.Errorf("%s: no track starts at %s", name, want.Date)
		return
	}
	if got := tr.Name; got != want.Title && !strings.Contains(want.Title, " - ") {
		t.Errorf("%s: name %q; want %q", name, got, want.Title)
	}
	got := tr.Measure(stopped)
	got.FractionUS = 0 // a workout's duration is cut; its segments' are not
	if diff := cmp.Diff(want.stored(t), got.Figures); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
	b := got.Bounds
	bounds := []float64{b.MinLatitude, b.MinLongitude, b.MaxLatitude, b.MaxLongitude}
	if diff := cmp.Diff(want.Bounds, bounds); diff != "" {
		t.Errorf("%s, bounds (-want +got):\n%s", name, diff)
	}
	var segments []track.Figures
	for _, s := range want.Segments {
		segments = append(segments, s.stored(t))
	}
	if diff := cmp.Diff(segments, got.Segments); diff != "" {
		t.Errorf("%s, segments (-want +got):\n%s", name, diff)
	}
}

// TestContractRefusals compares the kinds of failures with what the API's contract says of the files.
func TestContractRefusals(t *testing.T) {
	t.Parallel()
	kinds := map[string]error{
		"error during gpx file parsing": track.ErrSyntax,
		"error during gpx processing":   track.ErrUnusable,
	}
	seen := map[error]bool{}
	eachStep(t, func(t *testing.T, steps []step) {
		for _, s := range steps {
			want := kinds[s.Expect.JSON.Message]
			if want == nil || filepath.Ext(s.file()) != ".gpx" {
				continue
			}
			seen[want] = true
			_, err := track.Parse(bytes.NewReader(read(t, contract+"/fixtures/"+s.file())))
			if !errors.Is(err, want) {
				t.Errorf("Parse(%s): %v; want %v", s.file(), err, want)
			}
		}
	})
	if len(seen) != len(kinds) {
		t.Errorf("kinds of failures in the cases: %v; want both", seen)
	}
}

// entry is one of a chart.
type entry struct {
	Distance, Duration, Elevation, Latitude, Longitude, Speed float64

	Time *string
}

// TestContractCharts compares charts with those in the API's contract: of a whole workout, and of
// segments by their number from 1.
func TestContractCharts(t *testing.T) {
	t.Parallel()
	charts := 0
	eachStep(t, func(t *testing.T, steps []step) {
		var uploaded *track.Track
		for _, s := range steps {
			if s.Method == "POST" && s.Path == "/api/workouts" && s.Expect.Status == 201 && filepath.Ext(s.file()) == ".gpx" {
				uploaded = fixture(t, s.file())[s.workouts(t)[0].Date]
			}
			_, path, isChart := strings.Cut(s.Path, "/chart_data")
			if !isChart || s.Expect.Status != 200 {
				continue
			}
			charts++
			segments := uploaded.Segments
			if number := strings.TrimPrefix(path, "/segment/"); number != path {
				i, err := strconv.Atoi(number)
				if err != nil {
					t.Fatal(err)
				}
				segments = segments[i-1 : i]
			}
			var data struct {
				Chart []entry `json:"chart_data"`
			}
			if err := json.Unmarshal(s.Expect.JSON.Data, &data); err != nil {
				t.Fatal(err)
			}
			compareCharts(t, track.AppendChart(nil, segments), data.Chart)
		}
	})
	if charts == 0 {
		t.Error("no case has a chart")
	}
}

func compareCharts(t *testing.T, chart []byte, want []entry) {
	t.Helper()
	if !bytes.HasPrefix(chart, []byte(`[{"distance":0.0,"duration":0,"elevation":`)) || !bytes.Contains(chart, []byte(`"duration":1.0,`)) {
		t.Errorf("chart begins with %.100s; want numbers as FitTrackee writes them", chart)
	}
	var got []entry
	decoder := json.NewDecoder(bytes.NewReader(chart))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chart (-want +got):\n%s", diff)
	}
}
