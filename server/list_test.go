package server_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// filter is a part of a query, and what it is to let through.
type filter struct {
	query string
	holds func(v object) bool
}

// titled are titles and notes that a search may stumble over.
var titled = []string{
	"Morning ride", "EVENING RIDE", "100% up_hill", `back\slash`, "Été à Genève", "été à genève", "a'b\"c;--", "[x]*?", "line\nbreak",
	"日本 🚲", "%", "_", `\`, "straße", "İstanbul",
}

// listSite has an account with workouts that are random, but the same each time.
func listSite(t testing.TB, n int) (amelie user, all []object) {
	s := newSite(t, withPeople)
	amelie = s.person("amelie")
	amelie.settle("UTC")
	random := rand.New(rand.NewPCG(4, 1))
	for _, halfHours := range random.Perm(60 * 24)[:n] {
		in := object{
			"sport_id":     1 + random.IntN(3),
			"workout_date": morning.Add(time.Duration(halfHours) * 30 * time.Minute).Format(typedDate),
			"distance":     []float64{0, 0.29, 0.57, 1, 1.005, 8.2, 10, 10, 12.345, 42.195, 100}[random.IntN(11)],
			"duration":     []float64{59, 60, 61, 600, 1800, 2399, 2400, 2401, 3600, 3600, 90000}[random.IntN(11)],
			"title":        titled[random.IntN(len(titled))],
		}
		if random.IntN(3) > 0 {
			in["notes"] = titled[random.IntN(len(titled))]
		}
		all = append(all, amelie.typed(in).wants(201).workout())
	}
	slices.SortFunc(all, func(a, b object) int { return date(t, a["workout_date"]).Compare(date(t, b["workout_date"])) })
	return amelie, all
}

// bounds returns filters that bound a value, given in the units of a query, from below, from above, and to one value.
func bounds(name string, value func(v object) float64, text func(n float64) string, at ...float64) (all []filter) {
	from := func(n float64) filter {
		return filter{name + "_from=" + text(n), func(v object) bool { return value(v) >= n }}
	}
	to := func(n float64) filter {
		return filter{name + "_to=" + text(n), func(v object) bool { return value(v) <= n }}
	}
	for _, n := range at {
		all = append(all, from(n), to(n), both(from(n), to(n)))
	}
	return all
}

func both(a, b filter) filter {
	return filter{a.query + "&" + b.query, func(v object) bool { return a.holds(v) && b.holds(v) }}
}

// plain writes a number without an exponent.
func plain(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// hoursMinutes writes seconds as HH:MM.
func hoursMinutes(n float64) string { return fmt.Sprintf("%02d:%02d", int(n)/3600, int(n)/60%60) }

// contains tells whether a text has a part, without regard to the case of A to Z.
func contains(text any, part string) bool {
	lower := func(text string) string {
		return strings.Map(func(c rune) rune {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			return c
		}, text)
	}
	have, ok := text.(string)
	return ok && strings.Contains(lower(have), lower(part))
}

// filters are all kinds of them, with bounds that some workouts of listSite just meet.
func filters(t testing.TB, zone *time.Location) (all []filter) {
	field := func(name string) func(v object) float64 { return func(v object) float64 { return number(v[name]) } }
	duration := func(v object) float64 { return float64(seconds(t, v["duration"])) }
	all = append(all, bounds("distance", field("distance"), plain, 0, 0.001, 0.29, 0.57, 1.005, 8.2, 10, 42.195, 1e9)...)
	all = append(all, bounds("duration", duration, hoursMinutes, 0, 60, 600, 2400, 3600, 90000)...)
	all = append(all, bounds("ave_speed", field("ave_speed"), plain, 0, 0.29, 1.16, 10, 17.1, 36, 0.0001)...)
	all = append(all, bounds("max_speed", field("max_speed"), plain, 0, 0.57, 10, 34.2, 1e300)...)
	for id := 1.0; id < 5; id++ {
		all = append(all, filter{"sport_id=" + plain(id), func(v object) bool { return v["sport_id"] == id }})
	}
	for _, part := range []string{
		"ride", "RIDE", "100%", "%", "_", `\`, "up_h", "uphill", "été", "Été", "ÉTÉ", "Genève", "'", `"c;--`, "*", "[", "\n", "日", "🚲", "ß", "İ", "i", " ", "x%y",
	} {
		escaped := url.QueryEscape(part)
		all = append(all, filter{"title=" + escaped, func(v object) bool { return contains(v["title"], part) }},
			filter{"notes=" + escaped, func(v object) bool { return contains(v["notes"], part) }})
	}
	return append(all, days(t, zone, "2021-05-01", "2021-05-10", "2021-05-30", "2021-06-05", "1969-12-31", "9999-12-31")...)
}

// days returns filters for whole days where the user lives: from each day on, until each day, and on it.
func days(t testing.TB, zone *time.Location, names ...string) (all []filter) {
	day := func(v object) string { return date(t, v["workout_date"]).In(zone).Format(time.DateOnly) }
	for _, name := range names {
		from := filter{"from=" + name, func(v object) bool { return day(v) >= name }}
		to := filter{"to=" + name, func(v object) bool { return day(v) <= name }}
		all = append(all, from, to, both(from, to))
	}
	return all
}

// wantsList checks which of all workouts, which are the oldest first, a filter lets through, who their neighbours are, and what
// they add up to.
func (c client) wantsList(f filter, all []object) {
	t := c.s.t
	t.Helper()
	r := c.get("/api/workouts?with_statistics=1&order=asc&per_page=100&" + f.query).wants(200)
	if r.status != 200 {
		return
	}
	v := r.json()
	data, _ := v["data"].(object)
	var want, got []string
	metres := int64(0)
	for _, w := range all {
		if f.holds(w) {
			want = append(want, w["id"].(string))
			metres += thousandths(w["distance"])
		}
	}
	// The neighbours of a list that ends with a day begin before that day, and go at any maximum speed: so FitTrackee has it.
	hasUsualNeighbours := !strings.HasPrefix(f.query, "to=") && !strings.Contains(f.query, "&to=") && !strings.Contains(f.query, "max_speed")
	listed := objects(data["workouts"])
	for i, w := range listed {
		got = append(got, w["id"].(string))
		var previous, next any
		if i > 0 {
			previous = listed[i-1]["id"]
		}
		if i+1 < len(listed) {
			next = listed[i+1]["id"]
		}
		if hasUsualNeighbours && (w["previous_workout"] != previous || w["next_workout"] != next) {
			t.Errorf("%s: neighbours of workout %d: %v, %v; want %v, %v", r.call, i, w["previous_workout"], w["next_workout"], previous, next)
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("%s: %d workouts; want %d; - want, + got:\n%.2000s", r.call, len(got), len(want), gocmp.Diff(want, got))
	}
	n := float64(len(want))
	statistics, _ := data["statistics"].(object)
	sums, _ := statistics["all"].(object)
	pagination, _ := v["pagination"].(object)
	if pagination["total"] != n || sums["count"] != n || thousandths(sums["total_distance"]) != metres {
		t.Errorf("%s: total %v, count %v, total_distance %v; want %v, %v and %d m",
			r.call, pagination["total"], sums["count"], sums["total_distance"], n, n, metres)
	}
}

// TestFilters compares every filter, alone and with others, with what the workouts themselves say.
func TestFilters(t *testing.T) {
	t.Parallel()
	amelie, all := listSite(t, 50)
	filters := filters(t, time.UTC)
	for _, f := range filters {
		amelie.wantsList(f, all)
	}
	amelie.wantsList(filter{
		"title=&notes=&from=&to=&sport_id=&distance_from=&duration_to=&ave_speed_from=&max_speed_to=&page=&per_page=100&order_by=",
		func(object) bool { return true },
	}, all)
	name := func(f filter) string { return strings.SplitN(strings.SplitN(f.query, "=", 2)[0], "_", 2)[0] }
	random := rand.New(rand.NewPCG(4, 2))
	kinds := make(map[string][]filter)
	var order []string
	for _, f := range filters {
		if kinds[name(f)] == nil {
			order = append(order, name(f))
		}
		kinds[name(f)] = append(kinds[name(f)], f)
	}
	for i, a := range order {
		for _, b := range order[i+1:] {
			for range 2 {
				amelie.wantsList(both(kinds[a][random.IntN(len(kinds[a]))], kinds[b][random.IntN(len(kinds[b]))]), all)
			}
		}
	}
}

// TestFiltersByDay looks for workouts around the days on which clocks are changed, in many time zones.
func TestFiltersByDay(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for _, c := range []struct{ zone, day string }{
		{"UTC", "2018-03-25"},
		{"Europe/Paris", "2018-03-25"},        // 23 hours
		{"Europe/Paris", "2018-10-28"},        // 25 hours
		{"America/St_Johns", "2018-03-11"},    // three and a half hours behind
		{"Pacific/Kiritimati", "2018-01-01"},  // fourteen hours ahead
		{"Pacific/Pago_Pago", "2018-01-01"},   // eleven hours behind
		{"Asia/Kathmandu", "2018-05-15"},      // five and three quarters ahead
		{"Australia/Lord_Howe", "2018-04-01"}, // half an hour longer
		{"America/Santiago", "2018-08-12"},    // begins at one
		{"America/Sao_Paulo", "2018-11-04"},
		{"Asia/Beirut", "2024-03-31"},
		{"America/Havana", "2024-03-10"},
		{"Pacific/Apia", "2011-12-31"}, // the day before does not exist
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		noon, err := time.ParseInLocation(time.DateTime, c.day+" 12:00:00", zone)
		if err != nil {
			t.Fatal(err)
		}
		amelie.settle("UTC")
		s.run(`delete from workouts`)
		s.run(`delete from totals`)
		var all []object
		for _, midnight := range []int{-36, -12, 12, 36} { // hours from noon, give or take one
			for _, minutes := range []int{-60, -1, 0, 59} {
				at := noon.Add(time.Duration(60*midnight+minutes) * time.Minute).UTC()
				all = append(all, amelie.typed(object{"workout_date": at.Format(typedDate)}).wants(201).workout())
			}
		}
		amelie.settle(c.zone)
		var names []string
		for i := -1; i <= 1; i++ {
			names = append(names, noon.AddDate(0, 0, i).Format(time.DateOnly))
		}
		for _, f := range days(t, zone, names...) {
			f.query += "&timezone=" + url.QueryEscape(c.zone) // for the message
			amelie.wantsList(f, all)
		}
	}
}

// TestOrders compares every order of a list, by pages of several lengths, with the rule: by the value; of equal ones the
// holder of the record is the greatest, the others go by their start.
func TestOrders(t *testing.T) {
	t.Parallel()
	amelie, _ := listSite(t, 30)
	all := amelie.wantsPages(7)
	amelie.wantsRecords(all)
	for name, value := range orders(t) {
		record := map[string]string{"distance": "FD", "duration": "LD", "ave_speed": "AS"}[name]
		holds := func(v object) bool {
			return slices.ContainsFunc(objects(v["records"]), func(r object) bool { return r["record_type"] == record })
		}
		want := slices.Clone(all) // by start
		slices.SortStableFunc(want, func(a, b object) int {
			if d := value(a) - value(b); d != 0 {
				return int(math.Copysign(1, d))
			}
			switch {
			case holds(a) && !holds(b):
				return 1
			case holds(b) && !holds(a):
				return -1
			}
			return 0
		})
		ids := func(all []object) (ids []any) {
			for _, v := range all {
				ids = append(ids, v["id"])
			}
			return ids
		}
		ascending := amelie.walk("order=asc&order_by="+name, 11)
		if diff := gocmp.Diff(ids(want), ids(ascending)); diff != "" {
			t.Errorf("by %s, - want, + got:\n%s", name, diff)
		}
		slices.Reverse(want)
		for _, query := range []string{"order=desc&order_by=" + name, "order_by=" + name} {
			if diff := gocmp.Diff(ids(want), ids(amelie.walk(query, 11))); diff != "" {
				t.Errorf("?%s, - want, + got:\n%s", query, diff)
			}
		}
	}
}

// TestPages asks for pages that there are and that there are not.
func TestPages(t *testing.T) {
	t.Parallel()
	amelie, _ := listSite(t, 12)
	for _, c := range []struct {
		query     string
		workouts  int
		page, per float64
	}{
		{"", 5, 1, 5},
		{"page=1", 5, 1, 5},
		{"page=3", 2, 3, 5},
		{"page=4", 0, 4, 5},
		{"page=0", 5, 1, 5},
		{"page=-1", 5, 1, 5},
		{"page=-9223372036854775808", 5, 1, 5},
		{"page=2147483648", 0, 2147483648, 5},
		{"page=9007199254740991&per_page=100", 0, 9007199254740991, 100},
		{"page=%2B1", 5, 1, 5},
		{"page=01", 5, 1, 5},
		{"per_page=1", 1, 1, 1},
		{"per_page=12", 12, 1, 12},
		{"per_page=100", 12, 1, 100},
		{"per_page=101", 12, 1, 100},
		{"per_page=1000", 12, 1, 100},
		{"per_page=9223372036854775807&page=2", 0, 2, 100},
		{"per_page=0", 0, 1, 0},
		{"per_page=0&page=3", 0, 3, 0},
		{"page=2&page=1&per_page=7", 5, 2, 7},
	} {
		r := amelie.get("/api/workouts?" + c.query).wants(200)
		pages := 0.0
		if c.per > 0 {
			pages = math.Ceil(12 / c.per)
		}
		want := object{"has_next": c.page < pages, "has_prev": c.page > 1, "page": c.page, "pages": pages, "total": 12.0}
		if diff := gocmp.Diff(want, r.json()["pagination"]); diff != "" || len(r.workouts()) != c.workouts {
			t.Errorf("%s: %d workouts; want %d; pagination - want, + got:\n%s", r.call, len(r.workouts()), c.workouts, diff)
		}
	}
	for _, query := range []string{
		"page=x", "page=1.5", "page=1e3", "page=99999999999999999999", "page=0x10", "page=%00", "page=%201", "page=١", "page=true",
		"per_page=x", "per_page=-1", "per_page=1.5", "per_page=99999999999999999999",
		"order=up", "order=ASC", "order=asc%3B", "order_by=title", "order_by=distance%20desc", "order_by=id%3Bdrop%20table%20workouts",
		"from=2018-02-30", "from=2018-2-1", "from=01/02/2018", "from=2018-02-01T00:00:00", "from=yesterday", "from=0000-00-00", "from=20180201",
		"to=2018-13-01", "to=10000-01-01", "to=-001-01-01", "to=%00", "from=2018-02-01%2000:00",
		"sport_id=x", "sport_id=0", "sport_id=-1", "sport_id=1.5", "sport_id=99999999999999999999", "sport_id=1,2",
		"distance_from=x", "distance_from=1,5", "distance_to=NaN", "distance_to=1e999", "distance_to=--1", "distance_from=10km",
		"duration_from=40", "duration_from=00:60", "duration_from=x:10", "duration_to=1:2:3", "duration_to=-1:00", "duration_to=:", "duration_to=00:1.5",
		"title=" + strings.Repeat("%25", 1001), "notes=" + strings.Repeat("x", 100_000),
		"ave_speed_from=fast", "ave_speed_to=0x", "max_speed_from=%F0", "max_speed_to=1%202",
	} {
		amelie.get("/api/workouts?"+query).wants(400, invalid)
	}
	for _, query := range []string{ // odd, and taken
		"x=1", "order_by=distance&order_by=title", "distance_from=-1", "distance_from=-1e308", "distance_to=1e308", "distance_to=Inf", "ave_speed_from=1e-300",
		"duration_to=65535:59", "duration_from=0:0", "sport_id=99", "from=9999-12-31&to=0001-01-01", "to=9999-12-31", "from=0001-01-01", "title=%FF", "notes=%00",
		"with_statistics=nonsense", "title=" + strings.Repeat("%25", 500), "%zz=1", "title=%zz", ";", "&&&", "page=1;per_page=x", "order=asc;",
	} {
		amelie.get("/api/workouts?" + query).wants(200).wantsJSON()
	}
}

// TestLongSearch searches for more than SQLite takes for a pattern.
func TestLongSearch(t *testing.T) {
	t.Parallel()
	amelie, _ := listSite(t, 1)
	for _, n := range []int{1000, 24_999, 25_000, 49_999, 50_001, 200_000} {
		for _, c := range []string{"a", "%25"} {
			r := amelie.get("/api/workouts?title=" + strings.Repeat(c, n)).wantsJSON()
			if r.status != 200 && r.status != 400 {
				t.Errorf("a search for %d times %s: %d %s; want 200 or 400", n, c, r.status, r.body)
			}
		}
	}
}
