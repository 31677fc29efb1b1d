package server_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// busy is what several clients of one account share.
type busy struct {
	client
	t testing.TB

	minutes atomic.Int64 // each workout begins in a minute of its own
	mu      sync.Mutex
	ids     []string // of workouts that may be there
}

// minute returns a time at which no other workout begins.
func (b *busy) minute() time.Time {
	return morning.Add(time.Duration(b.minutes.Add(1)) * 37 * time.Minute)
}

func (b *busy) added(r response) {
	r.wants(201)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range r.workouts() {
		b.ids = append(b.ids, v["id"].(string))
	}
}

func (b *busy) removed(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ids = slices.DeleteFunc(b.ids, func(v string) bool { return v == id })
}

// pick returns one of the workouts. It may be gone by the time that it is asked for.
func (b *busy) pick(random *rand.Rand) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ids) == 0 {
		return "jL4L5eqDKNYTqPZ9rwXtQK"
	}
	return b.ids[random.IntN(len(b.ids))]
}

const typedDate = "2006-01-02 15:04"

// step does something. Values are few, so that many workouts are equal.
func (b *busy) step(random *rand.Rand) {
	sport := 1 + random.IntN(3)
	data := fmt.Sprintf(`{"sport_id": %d}`, sport)
	edit := func(field string, value any) {
		if r := b.patch("/api/workouts/"+b.pick(random), object{field: value}); r.status != 404 {
			r.wants(200)
		}
	}
	switch n := random.IntN(100); {
	case n < 36:
		b.added(b.typed(object{
			"sport_id": sport, "workout_date": b.minute().Format(typedDate),
			"distance": float64(random.IntN(4)) * 2.5, "duration": 600 * (1 + random.IntN(4)),
		}))
	case n < 41:
		b.added(b.uploadTo("/api/workouts", "a.gpx", ride(b.minute(), 2+random.IntN(4)), data))
	case n < 43:
		b.added(b.uploadTo("/api/workouts", "a.zip", zipped(b.t,
			entry{"a.gpx", ride(b.minute(), 2+random.IntN(4))}, entry{"b/b.gpx", ride(b.minute(), 3)}), data))
	case n < 51:
		edit("sport_id", sport)
	case n < 57:
		edit("workout_date", b.minute().Format(typedDate))
	case n < 64:
		edit("distance", float64(random.IntN(4))*2.5)
	case n < 71:
		edit("duration", 600*(1+random.IntN(4)))
	default:
		id := b.pick(random)
		if r := b.delete("/api/workouts/" + id); r.status != 404 {
			r.wants(204)
		}
		b.removed(id)
	}
}

// TestBusyAccount lets eight clients create, change and delete workouts of one account, and then compares its records with
// its workouts, and its workouts with their pages (A14).
func TestBusyAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.settle("UTC")
	b := &busy{client: amelie.client, t: t}
	steps := 100
	if raced {
		steps = 50
	}
	var done sync.WaitGroup
	for i := range uint64(8) {
		random := rand.New(rand.NewPCG(14, i))
		done.Go(func() {
			for range steps {
				b.step(random)
			}
		})
	}
	done.Wait()
	s.wantsSound()
	all := amelie.wantsPages(7)
	if len(all) < 20 {
		t.Fatalf("%d workouts are left; want more to look at", len(all))
	}
	amelie.wantsRecords(all)
	amelie.wantsWay(all)
	amelie.wantsSums(all)

	tracked := slices.DeleteFunc(slices.Clone(all), func(v object) bool { return v["with_gpx"] == false })
	if files := s.files(); len(files) != 3*len(tracked) { // the track, its points, its map
		t.Errorf("%d files of %d workouts with a track: %q; want three for each", len(files), len(tracked), files)
	}
	for _, v := range tracked {
		amelie.get("/api/workouts/" + v["id"].(string) + "/chart_data").wants(200)
	}
}

// walk returns the workouts of all pages of a list, and checks what the pages say of themselves.
func (c client) walk(query string, perPage int) (all []object) {
	c.s.t.Helper()
	for page := 1; ; page++ {
		r := c.get(fmt.Sprintf("/api/workouts?%s&per_page=%d&page=%d", query, perPage, page)).wants(200)
		v := r.json()
		data, _ := v["data"].(object)
		part := objects(data["workouts"])
		all = append(all, part...)
		got, _ := v["pagination"].(object)
		total := int(number(got["total"]))
		want := object{
			"has_next": page*perPage < total, "has_prev": page > 1, "page": float64(page),
			"pages": float64((total + perPage - 1) / perPage), "total": float64(total),
		}
		if diff := gocmp.Diff(want, got); diff != "" || page*perPage <= total && len(part) != perPage {
			c.s.t.Errorf("%s: %d workouts, pagination - want, + got:\n%s", r.call, len(part), diff)
		}
		if page*perPage >= total || len(part) == 0 {
			if len(all) != total {
				c.s.t.Errorf("%s: %d workouts on all pages; total says %d", r.call, len(all), total)
			}
			return all
		}
	}
}

// orders are the values that a list may be sorted by.
func orders(t testing.TB) map[string]func(v object) float64 {
	return map[string]func(v object) float64{
		"workout_date": func(v object) float64 { return float64(date(t, v["workout_date"]).Unix()) },
		"distance":     func(v object) float64 { return number(v["distance"]) },
		"duration":     func(v object) float64 { return float64(seconds(t, v["duration"])) },
		"ave_speed":    func(v object) float64 { return number(v["ave_speed"]) },
	}
}

// wantsPages walks the pages in every order, checks that each shows the same workouts, each once and sorted, and that their
// neighbours are those in time. It returns them, the oldest first.
func (c client) wantsPages(perPage int) (byDate []object) {
	t := c.s.t
	t.Helper()
	byDate = c.walk("order_by=workout_date&order=asc", perPage)
	at := make(map[string]object)
	for i, v := range byDate {
		id, _ := v["id"].(string)
		if at[id] != nil {
			t.Errorf("workout %s is on two pages", id)
		}
		at[id] = v
		var previous, next any
		if i > 0 {
			previous = byDate[i-1]["id"]
		}
		if i+1 < len(byDate) {
			next = byDate[i+1]["id"]
		}
		if v["previous_workout"] != previous || v["next_workout"] != next {
			t.Errorf("neighbours of workout %d, %s: %v, %v; want %v, %v", i, id, v["previous_workout"], v["next_workout"], previous, next)
		}
	}
	for name, value := range orders(t) {
		for _, order := range []string{"asc", "desc"} {
			list := c.walk("order_by="+name+"&order="+order, perPage)
			isSorted := slices.IsSortedFunc(list, func(a, b object) int {
				if order == "desc" {
					a, b = b, a
				}
				return cmp.Compare(value(a), value(b))
			})
			if !isSorted {
				t.Errorf("the list by %s %s is not sorted", name, order)
			}
			seen := make(map[string]bool)
			for _, v := range list {
				id, _ := v["id"].(string)
				seen[id] = true
				if !reflect.DeepEqual(at[id], v) {
					t.Errorf("workout %s by date and by %s %s:\n%s", id, name, order, gocmp.Diff(at[id], v))
				}
			}
			if len(seen) != len(byDate) || len(list) != len(byDate) {
				t.Errorf("the list by %s %s has %d workouts, %d of them different; want %d", name, order, len(list), len(seen), len(byDate))
			}
		}
	}
	return byDate
}

// recordsOf returns the records of workouts, which are the oldest first, as the API tells them, without their ids.
func recordsOf(t testing.TB, all []object) (records []object) {
	t.Helper()
	kinds := []struct {
		name  string
		value func(v object) (shown any, n float64)
	}{
		{"AS", func(v object) (any, float64) { return v["ave_speed"], number(v["ave_speed"]) }},
		{"FD", func(v object) (any, float64) { return v["distance"], number(v["distance"]) }},
		{"HA", func(v object) (any, float64) { return v["ascent"], number(v["ascent"]) }},
		{"LD", func(v object) (any, float64) { return v["moving"], float64(seconds(t, v["moving"])) }},
		{"MS", func(v object) (any, float64) { return v["max_speed"], number(v["max_speed"]) }},
	}
	for sport := 1.0; sport < 30; sport++ {
		for _, kind := range kinds {
			var best object
			most := 0.0
			for _, v := range all {
				if shown, n := kind.value(v); v["sport_id"] == sport && n > most {
					most = n
					best = object{
						"record_type": kind.name, "sport_id": sport, "user": v["user"], "value": shown,
						"workout_date": v["workout_date"], "workout_id": v["id"],
					}
				}
			}
			if best != nil {
				records = append(records, best)
			}
		}
	}
	return records
}

// wantsRecords checks that the caller's records are those of the workouts, on their list, on the profile and on each workout.
func (c client) wantsRecords(all []object) {
	t := c.s.t
	t.Helper()
	want := recordsOf(t, all)
	withoutIDs := func(records []object) (bare []object) {
		for _, v := range records {
			if number(v["id"]) < 1 {
				t.Errorf("record %v; want an id", v)
			}
			v = maps.Clone(v)
			delete(v, "id")
			bare = append(bare, v)
		}
		return bare
	}
	if diff := gocmp.Diff(want, withoutIDs(objects(c.get("/api/records").wants(200).data()["records"]))); diff != "" {
		t.Errorf("records, - of the workouts, + told:\n%s", diff)
	}
	if diff := gocmp.Diff(want, withoutIDs(objects(c.get("/api/auth/profile").wants(200).data()["records"]))); diff != "" {
		t.Errorf("records on the profile, - of the workouts, + told:\n%s", diff)
	}
	for _, v := range all {
		var own []object
		for _, record := range want {
			if record["workout_id"] == v["id"] {
				own = append(own, record)
			}
		}
		if got := withoutIDs(objects(v["records"])); !reflect.DeepEqual(own, got) {
			t.Errorf("records of workout %v, - want, + got:\n%s", v["id"], gocmp.Diff(own, got))
		}
	}
}

// wantsWay follows the workouts from the first to the last, and checks that it passes all of them, which are the oldest first.
// That the way back is the same is shown by their neighbours on the list.
func (c client) wantsWay(all []object) {
	t := c.s.t
	t.Helper()
	var want, passed []any
	for _, v := range all {
		want = append(want, v["id"])
	}
	for id := all[0]["id"]; id != nil && len(passed) <= len(all); {
		passed = append(passed, id)
		v := c.get("/api/workouts/" + id.(string)).wants(200).workout()
		id = v["next_workout"]
		if i := len(passed) - 1; i < len(all) && !reflect.DeepEqual(all[i], v) {
			t.Errorf("workout %d, - on the list, + alone:\n%s", i, gocmp.Diff(all[i], v))
		}
	}
	if diff := gocmp.Diff(want, passed); diff != "" {
		t.Errorf("workouts passed by next_workout, - want, + passed:\n%s", diff)
	}
}

// wantsSums checks what the profile and the statistics of a list say that workouts add up to.
func (c client) wantsSums(all []object) {
	t := c.s.t
	t.Helper()
	sums := make(map[string]int64)
	sports := make(map[any]bool)
	for _, v := range all {
		sums["total_distance"] += thousandths(v["distance"])
		sums["total_ascent"] += thousandths(v["ascent"])
		sums["duration"] += int64(seconds(t, v["duration"]))
		sports[v["sport_id"]] = true
	}
	profile := c.get("/api/auth/profile").wants(200).data()
	listed, _ := c.get("/api/workouts?with_statistics=true").wants(200).data()["statistics"].(object)
	statistics, _ := listed["all"].(object)
	for _, told := range []object{profile, statistics} {
		for _, name := range []string{"total_distance", "total_ascent"} {
			if got := thousandths(told[name]); got != sums[name] {
				t.Errorf("%s = %v; the workouts add up to %d thousandths", name, told[name], sums[name])
			}
		}
		if got := seconds(t, told["total_duration"]); int64(got) != sums["duration"] {
			t.Errorf("total_duration = %v; the workouts add up to %d s", told["total_duration"], sums["duration"])
		}
	}
	if profile["nb_workouts"] != float64(len(all)) || statistics["count"] != float64(len(all)) {
		t.Errorf("nb_workouts, count = %v, %v; want %d", profile["nb_workouts"], statistics["count"], len(all))
	}
	if profile["nb_sports"] != float64(len(sports)) || statistics["total_sports"] != float64(len(sports)) {
		t.Errorf("nb_sports, total_sports = %v, %v; want %d", profile["nb_sports"], statistics["total_sports"], len(sports))
	}
}
