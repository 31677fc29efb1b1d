package workout_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"fittrackee/workout"
)

func TestSportNamed(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	for _, c := range []struct {
		name string
		id   int64
	}{
		{"1", 1},
		{"29", 29},
		{"Running", 5},
		{"cycling (SPORT)", 1},
		{" Hiking ", 3},
		{"Mountain Biking", 4},
		{"0", 0},
		{"30", 0},
		{"-1", 0},
		{"", 0},
		{"Run", 0},
		{"Cycling", 0},
		{"1.0", 0},
		{"jogging", 0},
	} {
		v, err := p.workouts.SportNamed(t.Context(), p.amelie.ID, c.name)
		if v.ID != c.id || (err == nil) != (c.id > 0) {
			t.Errorf("sport named %q = %d, %v; want %d", c.name, v.ID, err, c.id)
		}
		if err != nil && !strings.Contains(err.Error(), "29 Inline Skating") {
			t.Errorf("sport named %q: %v; want the labels", c.name, err)
		}
	}
}

// TestSportOfType imports a file of each type that is known.
func TestSportOfType(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	want := map[string]int64{
		"cycling": 1, "Biking": 1, "ride": 1, "road_biking": 1, "Road Cycling": 1, "gravel_cycling": 1, "1": 1,
		"running": 5, "Run": 5, "9": 5, "treadmill_running": 5, "JOGGING": 5, "trail_running": 8, "Trail": 8, "hiking": 3, "walking": 6,
		"mountain_biking": 4, "MTB": 4, "e-bike": 7, "e_bike_fitness": 7, "E-Mountain-Bike Ride": 7, "rowing": 11,
		"skiing": 9, "resort_skiing_snowboarding": 9, "Nordic Ski": 10, "cross_country_skiing": 10, "cross-country skiing": 10,
		"snowshoeing": 12, "kayaking": 19, "canoeing": 20, "swimming": 16, "open_water_swimming": 16, "inline_skating": 29,
		"ice skating": 28, "virtual ride": 13, "Virtual-Ride": 13, "touringbicycle": 17, "stand_up_paddleboarding": 23,
		"Cycling (Transport)": 2, "cycling (transport)": 2, "Swimrun": 18, "halfbike": 21, "Kayaking (Whitewater)": 27,
		"car": 0, "": 0, "cyclin": 0, "2": 0, "()": 0, "run fast": 0,
	}
	sports, err := p.store.Sports(t.Context(), p.amelie.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range sports {
		want[v.Label] = v.ID
	}
	files := make(map[string]string)
	added := 0
	for i, kind := range slices.Sorted(maps.Keys(want)) {
		files[fmt.Sprintf("%d.gpx", i)] = strings.Replace(gpx(i, 5, kind), fmt.Sprintf("Tour %d", i), "<![CDATA["+kind+"]]>", 1)
		added += int(min(1, want[kind]))
	}
	if got, _ := p.imports(t, workout.ImportOptions{}, lay(t, t.TempDir(), files)); got.Added != added || got.Refused != len(want)-added {
		t.Errorf("import = %+v; want %d added and %d refused", got, added, len(want)-added)
	}
	for _, v := range p.tracked(t, p.amelie) {
		if v.SportID != want[v.Title] {
			t.Errorf("a file of type %q has sport %d; want %d", v.Title, v.SportID, want[v.Title])
		}
	}
}
