package server_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// periodOf names the period that a time is in.
var periodOf = map[string]func(at time.Time) string{
	"year":  func(at time.Time) string { return at.Format("2006") },
	"month": func(at time.Time) string { return at.Format("2006-01") },
	"week":  func(at time.Time) string { return at.AddDate(0, 0, -int(at.Weekday())).Format(time.DateOnly) },
	"weekm": func(at time.Time) string { return at.AddDate(0, 0, -(int(at.Weekday())+6)%7).Format(time.DateOnly) },
}

// summed returns what workouts add up to, as the API tells it.
func summed(t testing.TB, all []object) object {
	t.Helper()
	var n, ascent, descent, metres, moving, speeds int64
	for _, v := range all {
		n++
		ascent += thousandths(v["ascent"])
		descent += thousandths(v["descent"])
		metres += thousandths(v["distance"])
		moving += int64(seconds(t, v["moving"]))
		speeds += thousandths(v["ave_speed"]) / 10
	}
	mean := speeds / n // in hundredths, halves away from zero
	if 2*(speeds%n) >= n {
		mean++
	}
	return object{
		"nb_workouts": float64(n), "total_ascent": float64(ascent) / 1000, "total_descent": float64(descent) / 1000,
		"total_distance": float64(metres) / 1000, "total_duration": float64(moving), "average_speed": float64(mean) / 100,
	}
}

// statistics returns the sums of workouts by what they have in common, and by sport.
func statistics(t testing.TB, all []object, by func(v object) string) object {
	t.Helper()
	groups := make(map[string]map[string][]object)
	for _, v := range all {
		name, sport := by(v), fmt.Sprint(v["sport_id"])
		if groups[name] == nil {
			groups[name] = make(map[string][]object)
		}
		groups[name][sport] = append(groups[name][sport], v)
	}
	sums := object{}
	for name, sports := range groups {
		of := object{}
		for sport, group := range sports {
			of[sport] = summed(t, group)
		}
		sums[name] = of
	}
	return sums
}

// wantsStatistics compares the statistics of a user with the workouts. Days are in zone.
func (c client) wantsStatistics(username string, zone *time.Location, all []object, from, to string, sport float64) {
	t := c.s.t
	t.Helper()
	day := func(v object) string { return date(t, v["workout_date"]).In(zone).Format(time.DateOnly) }
	kept := slices.DeleteFunc(slices.Clone(all), func(v object) bool {
		return from != "" && day(v) < from || to != "" && day(v) > to || sport > 0 && v["sport_id"] != sport
	})
	query := "?from=" + from + "&to=" + to
	if sport > 0 {
		query += fmt.Sprintf("&sport_id=%v", sport)
	}
	compare := func(path string, want any) {
		t.Helper()
		r := c.get("/api/stats/" + username + path).wants(200)
		if diff := gocmp.Diff(want, r.data()["statistics"]); diff != "" {
			t.Errorf("%s, - want, + got:\n%.3000s", r.call, diff)
		}
	}
	for name, period := range periodOf {
		compare("/by_time"+query+"&time="+name, statistics(t, kept, func(v object) string { return period(date(t, v["workout_date"])) }))
	}
	compare("/by_time"+query+"&time=date", statistics(t, kept, day))
	want, _ := statistics(t, kept, func(object) string { return "" })[""].(object)
	if want == nil {
		want = object{}
	}
	compare("/by_sport"+query, want)
}

// TestStatistics compares statistics of all periods with the workouts, which are at the edges of years, months and weeks, and
// here and there.
func TestStatistics(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	amelie.settle("UTC")
	var all []object
	random := rand.New(rand.NewPCG(5, 1))
	add := func(at string) {
		all = append(all, amelie.typed(object{
			"workout_date": at, "sport_id": 1 + random.IntN(2), "distance": float64(random.IntN(40_000)) / 1000, "duration": 1 + random.IntN(9000),
		}).wants(201).workout())
	}
	for _, day := range []string{
		"1969-12-31", "1970-01-01", "1999-12-31", "2000-01-01", "2000-02-29", "2000-03-01", "2000-12-31", "2004-02-29", "2100-02-28", "2100-03-01",
		"2004-12-31", "2005-01-01", "2005-01-02", "2005-01-03", // ISO weeks 53 and 1
		"2008-12-28", "2008-12-29", "2009-01-04", "2009-01-05", "2010-01-03", "2012-01-01", "2017-12-31", "2018-01-01", "2018-01-06", "2018-01-07",
		"0001-01-01", "0001-01-07", "0001-01-08", "9999-12-31", "1582-10-04", "1582-10-15", "1900-02-28", "1900-03-01",
	} {
		add(day + " 00:00")
		add(day + " 23:59")
	}
	for range 40 {
		add(time.Unix(random.Int64N(2e9)-4e8, 0).UTC().Format(typedDate))
	}
	all = append(all, amelie.upload("a.gpx", fixture(t, "ride.gpx")).wants(201).workout(),
		amelie.upload("b.gpx", fixture(t, "run-two-segments.gpx")).wants(201).workout(),
		amelie.upload("c.gpx", fixture(t, "over-a-day.gpx")).wants(201).workout())
	for _, c := range []struct {
		from, to string
		sport    float64
	}{
		{"", "", 0},
		{"", "", 1},
		{"", "", 3},
		{"2000-01-01", "", 0},
		{"", "1999-12-31", 2},
		{"2000-02-29", "2000-02-29", 0},
		{"2005-01-01", "2009-01-04", 0},
		{"2009-01-04", "2005-01-01", 0},
		{"1969-12-31", "1970-01-01", 0},
		{"0001-01-01", "9999-12-31", 0},
	} {
		amelie.wantsStatistics("amelie", time.UTC, all, c.from, c.to, c.sport)
	}
	// Days are the user's, whoever asks; periods are cut in UTC.
	for _, name := range []string{"Pacific/Kiritimati", "America/St_Johns"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		amelie.settle(name)
		amelie.wantsStatistics("amelie", zone, all, "2005-01-01", "2018-01-01", 0)
		root.wantsStatistics("AMELIE", zone, all, "2000-01-01", "2000-12-31", 1)
	}
	root.wantsStatistics("root", time.UTC, nil, "", "", 0)
}

// TestDayThatComesTwice has workouts in the hour before a day and after it has begun, in a place whose clocks then went back to the day
// before.
func TestDayThatComesTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.settle("UTC")
	var all []object
	for _, at := range []string{"2006-10-29 02:15", "2006-10-29 02:30", "2006-10-29 03:15", "2006-10-29 04:00"} {
		all = append(all, amelie.typed(object{"workout_date": at, "sport_id": 1, "distance": 10, "duration": 3600}).wants(201).workout())
	}
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	amelie.settle("America/St_Johns")
	amelie.wantsStatistics("amelie", zone, all, "", "", 0)
}

// TestMeans shows how the mean of speeds is rounded: to two decimals, halves away from zero.
func TestMeans(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for sport, c := range []struct {
		km   []float64 // in an hour each
		want float64
	}{
		{[]float64{0}, 0},
		{[]float64{0, 0.01}, 0.01},
		{[]float64{10, 10.01}, 10.01},
		{[]float64{10, 10, 10.01}, 10},
		{[]float64{10, 10.01, 10.01}, 10.01},
		{[]float64{0.285, 0.285}, 0.29},
		{[]float64{35.14, 35.15}, 35.15},
		{[]float64{1, 1, 1, 1.01, 1.01, 1.01, 1.01, 1}, 1.01},
		{[]float64{0.004, 0.004}, 0},
		{[]float64{100000, 0}, 50000},
	} {
		for i, km := range c.km {
			amelie.typed(object{"sport_id": sport + 1, "distance": km, "workout_date": fmt.Sprintf("2018-05-15 14:%02d", i)}).wants(201)
		}
		path := fmt.Sprintf("/api/stats/amelie/by_sport?sport_id=%d", sport+1)
		sums, _ := amelie.get(path).wants(200).data()["statistics"].(object)
		of, _ := sums[fmt.Sprint(sport+1)].(object)
		if of["average_speed"] != c.want {
			t.Errorf("mean of %v = %v; want %v", c.km, of["average_speed"], c.want)
		}
	}
}

// TestStatisticsRequests asks for statistics in ways that make no sense, and for those of the instance.
func TestStatisticsRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	for query, message := range map[string]string{
		"time=day": "Invalid time period.", "time=Date": "Invalid time period.", "time=2018-05-01": "Invalid time period.",
		"time=Week": "Invalid time period.", "time=weekm%20": "Invalid time period.", "time=%00": "Invalid time period.",
	} {
		if r := amelie.get("/api/stats/amelie/by_time?"+query).wants(400, message); r.text("status") != "fail" {
			t.Errorf("%s: %s; want status fail", r.call, r.body)
		}
	}
	for _, path := range []string{"/api/stats/amelie/by_time", "/api/stats/amelie/by_sport"} {
		for _, query := range []string{
			"from=2018-02-30", "to=x", "from=2018", "sport_id=x", "sport_id=0", "sport_id=-1", "sport_id=1.0", "sport_id=99999999999999999999",
		} {
			amelie.get(path+"?"+query).wants(400, invalid)
		}
		for _, query := range []string{"sport_id=30", "sport_id=99", "sport_id=9223372036854775807"} {
			amelie.get(path+"?"+query).wants(404, "sport does not exist")
		}
		for _, query := range []string{"", "sport_id=", "from=&to=", "x=y", "sport_id=29"} {
			if sums := amelie.get(path + "?" + query).wants(200).data()["statistics"]; gocmp.Diff(object{}, sums) != "" {
				t.Errorf("%s?%s without workouts = %v; want an empty object", path, query, sums)
			}
		}
	}
	all := func() object { return root.get("/api/stats/all").wants(200).data() }
	if diff := gocmp.Diff(object{"sports": 0.0, "users": 4.0, "workouts": 0.0, "uploads_dir_size": 0.0}, all()); diff != "" {
		t.Errorf("stats/all, - want, + got:\n%s", diff)
	}
	first := amelie.upload("a.gpx", ride(morning, 5)).wants(201).id()
	root.uploadTo("/api/workouts", "b.gpx", ride(morning, 5), `{"sport_id": 2}`).wants(201)
	amelie.typed(nil).wants(201)
	v := all()
	size := v["uploads_dir_size"]
	delete(v, "uploads_dir_size")
	if diff := gocmp.Diff(object{"sports": 2.0, "users": 4.0, "workouts": 3.0}, v); diff != "" || number(size) < 2*float64(len(ride(morning, 5))) {
		t.Errorf("stats/all, - want, + got:\n%s and a size of %v; want at least the tracks'", diff, size)
	}
	amelie.delete("/api/workouts/" + first).wants(204)
	if v := all(); v["workouts"] != 2.0 || v["sports"] != 2.0 || number(v["uploads_dir_size"]) >= number(size) {
		t.Errorf("stats/all after a deletion = %v; want one workout less, and less than %v bytes", v, size)
	}
}
