package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestTypedTexts shows which titles and notes a workout gets, typed in and changed.
func TestTypedTexts(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	id := amelie.typed(nil).wants(201).id()
	const (
		tooLong = "title: 255 characters maximum"
		usual   = "Cycling (Sport) - 2018-05-15 14:05:00"
	)
	long := strings.Repeat("é", 600)
	for _, c := range []struct {
		name    string
		in      string
		title   string // empty: refused
		notes   string
		isBlank bool // says nothing, so that the title stays as it is
	}{
		{"a word", "Ride", "Ride", "Ride", false},
		{"nothing", "", usual, "", true},
		{"blanks", " \t\n ", usual, " \t\n ", true},
		{"blanks around", "  a b  ", "a b", "  a b  ", false},
		{"255 characters", long[:2*255], long[:2*255], long[:2*255], false},
		{"255 characters and blanks", long[:2*255] + "   ", long[:2*255], long[:2*255] + "   ", false},
		{"255 characters that are none, too", "\x00" + long[:2*255] + "\x7f", long[:2*255], long[:2*255], false},
		{"256 characters", long[:2*256], "", long[:2*256], false},
		{"255 characters of four bytes", strings.Repeat("🚲", 255), strings.Repeat("🚲", 255), strings.Repeat("🚲", 255), false},
		{"256 characters of four bytes", strings.Repeat("🚲", 256), "", strings.Repeat("🚲", 256), false},
		{"500 characters", long[:2*500], "", long[:2*500], false},
		{"501 characters", long[:2*501], "", long[:2*500], false},
		{"600 characters", long, "", long[:2*500], false},
		{"60 000 characters", strings.Repeat("a", 60_000), "", strings.Repeat("a", 500), false},
		{"control characters", "a\x00b\x07c\x1b[31md\u0085e", "abc[31mde", "abc[31mde", false},
		{"only control characters", "\x00\x01\x02", usual, "", true},
		{"line breaks and tabs", "a\r\nb\tc", "a\r\nb\tc", "a\r\nb\tc", false},
		{"a replacement character", "a\ufffdb", "ab", "ab", false},
		{"what only looks like a blank", "\u200b", "\u200b", "\u200b", false},
		{"from right to left", "\u202eabc", "\u202eabc", "\u202eabc", false},
		{"combining marks", strings.Repeat("e\u0301", 100), strings.Repeat("e\u0301", 100), strings.Repeat("e\u0301", 100), false},
		{"a page", "<script>alert(1)</script>&amp;", "<script>alert(1)</script>&amp;", "<script>alert(1)</script>&amp;", false},
		{"SQL", "'); drop table workouts; --", "'); drop table workouts; --", "'); drop table workouts; --", false},
		{"templates", "{{.}} ${x} %s", "{{.}} ${x} %s", "{{.}} ${x} %s", false},
	} {
		typed := amelie.typed(object{"title": c.in})
		typed.call += " with title: " + c.name
		edited := amelie.patch("/api/workouts/"+id, object{"title": c.in})
		edited.call += " with title: " + c.name
		if c.title == "" {
			typed.wants(400, tooLong)
			edited.wants(400, tooLong)
		} else {
			if got := typed.wants(201).workout()["title"]; got != c.title {
				t.Errorf("%s: title %q; want %q", typed.call, got, c.title)
			}
			if got := edited.wants(200).workout()["title"]; !c.isBlank && got != c.title || got == "" {
				t.Errorf("%s: title %q; want %q", edited.call, got, c.title)
			}
		}
		typed = amelie.typed(object{"notes": c.in})
		edited = amelie.patch("/api/workouts/"+id, object{"notes": c.in})
		for _, r := range []response{typed.wants(201), edited.wants(200)} {
			if got := r.workout()["notes"]; got != c.notes {
				t.Errorf("%s with notes: %s: %q; want %q", r.call, c.name, got, c.notes)
			}
		}
	}
	if notes := amelie.typed(nil).workout()["notes"]; notes != nil {
		t.Errorf("notes that nobody wrote: %q; want null", notes)
	}
}

// TestDefaultTitle shows that a workout without a name is called by its sport and its date where the user lives.
func TestDefaultTitle(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for zone, want := range map[string]string{
		"UTC":                "Running - 2021-05-01 07:00:00",
		"Europe/Paris":       "Running - 2021-05-01 09:00:00",
		"Pacific/Kiritimati": "Running - 2021-05-01 21:00:00",
		"America/St_Johns":   "Running - 2021-05-01 04:30:00",
		"Pacific/Pago_Pago":  "Running - 2021-04-30 20:00:00",
	} {
		amelie.settle(zone)
		for _, track := range []string{ride(morning, 3), gpx("<name> \n </name>", segment(point(1, 1, timed(morning))))} {
			if v := amelie.uploadTo("/api/workouts", "a.gpx", track, `{"sport_id": 5}`).wants(201).workout(); v["title"] != want {
				t.Errorf("title in %s = %v; want %s", zone, v["title"], want)
			}
		}
		typed := want[len("Running - ") : len(want)-len(":00")]
		v := amelie.typed(object{"sport_id": 5, "workout_date": typed}).wants(201).workout()
		if v["title"] != want || v["workout_date"] != "Sat, 01 May 2021 07:00:00 GMT" {
			t.Errorf("title, date of %s in %s = %v, %v; want %s, and 7 o'clock GMT", typed, zone, v["title"], v["workout_date"], want)
		}
	}
}

// TestTypedDates shows which dates can be typed in.
func TestTypedDates(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	id := amelie.typed(nil).wants(201).id()
	for typed, want := range map[string]string{
		"2018-05-15 14:05": "Tue, 15 May 2018 12:05:00 GMT",
		"2018-01-15 14:05": "Mon, 15 Jan 2018 13:05:00 GMT",
		"2018-01-01 00:00": "Sun, 31 Dec 2017 23:00:00 GMT",
		"2024-02-29 23:59": "Thu, 29 Feb 2024 22:59:00 GMT",
		"1969-07-20 21:17": "Sun, 20 Jul 1969 20:17:00 GMT",
		"2090-01-01 00:00": "Sat, 31 Dec 2089 23:00:00 GMT",
	} {
		for _, r := range []response{
			amelie.typed(object{"workout_date": typed}).wants(201),
			amelie.patch("/api/workouts/"+id, object{"workout_date": typed}).wants(200),
		} {
			if got := r.workout()["workout_date"]; got != want {
				t.Errorf("%s with %s: %v; want %s", r.call, typed, got, want)
			}
		}
	}
	for _, typed := range []string{"2018-03-25 02:30", "2018-10-28 02:30"} { // never, and twice
		amelie.typed(object{"workout_date": typed}).wants(201)
		amelie.patch("/api/workouts/"+id, object{"workout_date": typed}).wants(200)
	}
	s.unchanged("dates that there are not", func() {
		for _, typed := range []any{
			"", " ", "2018-02-30 10:00", "2018-02-29 10:00", "2018-13-01 10:00", "2018-00-10 10:00", "2018-05-00 10:00", "2018-05-32 10:00",
			"2018-05-15 24:00", "2018-05-15 23:60", "2018-05-15 -1:00", "0000-01-01 10:00", "-001-01-01 10:00", "10000-01-01 10:00",
			"0001-01-01 00:00", // which is in the year before, in GMT
			"2018-05-15", "14:05", "2018-05-15 14", "2018-05-15 14:05:00", "2018-05-15T14:05", "2018-05-15T14:05:00Z", "2018-05-15 14:05 ",
			" 2018-05-15 14:05", "2018/05/15 14:05", "15/05/2018 14:05", "15.05.2018 14:05", "05-15-2018 14:05", "2018-05-15 2:05 PM",
			"Tue, 15 May 2018 12:05:00 GMT", "1526385900", "2018-05-15 14:05+02:00", "yesterday", "2018-05-15\n14:05", "2018-05-15 14:05\x00",
			"２０１８-05-15 14:05", 1526385900, 1526385900.5, true,
			[]any{"2018-05-15 14:05"},
			object{},
		} {
			amelie.typed(object{"workout_date": typed}).wants(400, invalid)
			amelie.patch("/api/workouts/"+id, object{"workout_date": typed}).wants(400, invalid)
		}
		amelie.typed(object{"workout_date": nil}).wants(400, invalid)
	})
	amelie.settle("Asia/Tokyo")
	amelie.typed(object{"workout_date": "0001-01-01 05:00"}).wants(400, invalid)
	amelie.settle("Pacific/Pago_Pago")
	amelie.typed(object{"workout_date": "9999-12-31 23:00"}).wants(400, invalid)
}

// TestTypedFigures shows which distances and durations can be typed in, and what becomes of them.
func TestTypedFigures(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for _, c := range []struct {
		distance, duration, wantKM any
		wantDuration               string
		wantKMH                    any
	}{
		{10, 3600, 10.0, "1:00:00", 10.0},
		{10.0, 3600.0, 10.0, "1:00:00", 10.0},
		{1e1, raw("3.6e3"), 10.0, "1:00:00", 10.0},
		{0, 3600, nil, "1:00:00", nil},
		{raw("-0"), 3600, nil, "1:00:00", nil},
		{0.0004, 3600, nil, "1:00:00", nil},
		{0.0006, 3600, 0.001, "1:00:00", nil},
		{0.29, 3600, 0.29, "1:00:00", 0.29},
		{8.2, 1, 8.2, "0:00:01", 29520.0},
		{10.1234, 3600, 10.123, "1:00:00", 10.12},
		{10.1236, 3600, 10.124, "1:00:00", 10.12},
		{10.125, 3600, 10.125, "1:00:00", 10.13},
		{10, 3600.9, 10.0, "1:00:00", 10.0},
		{10, 1.999, 10.0, "0:00:01", 36000.0},
		{21.5, 7261, 21.5, "2:01:01", 10.66},
		{99999.999, 10 * 366 * 86400, 99999.999, "3660 days, 0:00:00", 1.14},
	} {
		r := amelie.typed(object{"distance": c.distance, "duration": c.duration}).wants(201)
		v := r.workout()
		want := object{
			"distance": c.wantKM, "duration": c.wantDuration, "moving": c.wantDuration, "pauses": nil, "ave_speed": c.wantKMH, "max_speed": c.wantKMH,
			"ascent": nil, "descent": nil, "min_alt": nil, "max_alt": nil, "bounds": []any{}, "segments": []any{}, "map": nil, "with_gpx": false,
		}
		for name, want := range want {
			if diff := gocmp.Diff(want, v[name]); diff != "" {
				t.Errorf("%v km in %v s: %s = %v; want %v", c.distance, c.duration, name, v[name], want)
			}
		}
		edited := amelie.patch("/api/workouts/"+amelie.typed(nil).id(), object{"distance": c.distance, "duration": c.duration}).wants(200).workout()
		for _, name := range []string{"distance", "duration", "moving", "ave_speed", "max_speed"} {
			if edited[name] != v[name] {
				t.Errorf("%v km in %v s, edited: %s = %v; want %v as typed in", c.distance, c.duration, name, edited[name], v[name])
			}
		}
	}
	id := amelie.typed(nil).wants(201).id()
	s.unchanged("figures that there are not", func() {
		for _, wrong := range []any{
			-1, -0.001, 1e308, raw("1e309"), raw("-1e309"), 100_000.001 * 3600, "10", "", "x", true, []any{10}, object{}, raw("99999999999999999999"),
		} {
			for _, field := range []string{"distance", "duration"} {
				amelie.typed(object{field: wrong}).wants(400, invalid)
				amelie.patch("/api/workouts/"+id, object{field: wrong}).wants(400, invalid)
			}
		}
		for _, wrong := range []any{0, 0.0, 0.5, 0.999, 1e-300, 10*366*86400 + 1} {
			amelie.typed(object{"duration": wrong}).wants(400, invalid)
			amelie.patch("/api/workouts/"+id, object{"duration": wrong}).wants(400, invalid)
		}
		for _, field := range []string{"sport_id", "workout_date", "distance", "duration"} {
			amelie.typed(object{field: nil}).wants(400, invalid)
		}
		for _, wrong := range []any{0, -1, 30, 99, "30"} {
			want := "Sport id: " + strings.Trim(encodeJSON(t, wrong), `"`) + " does not exist"
			amelie.typed(object{"sport_id": wrong}).wants(400, want)
			amelie.patch("/api/workouts/"+id, object{"sport_id": wrong}).wants(400, want)
		}
	})
	s.wantsSound()
}

// TestEdits changes each thing of a workout alone, with a track and without, and looks at all the others.
func TestEdits(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	typed := amelie.typed(object{"title": "T", "notes": "N"}).wants(201).workout()
	tracked := amelie.uploadTo("/api/workouts", "a.gpx", ride(morning, 5), `{"sport_id": 1, "notes": "N"}`).wants(201).workout()
	s.clock.forward(time.Hour)
	for _, c := range []struct {
		in      object
		typed   object // what changes, besides the records and the date of change
		tracked object
	}{
		{object{"title": "A"}, object{"title": "A"}, object{"title": "A"}},
		{object{"notes": "B"}, object{"notes": "B"}, object{"notes": "B"}},
		{object{"notes": ""}, object{"notes": ""}, object{"notes": ""}},
		{object{"sport_id": 5}, object{"sport_id": 5.0}, object{"sport_id": 5.0}},
		{object{"sport_id": "6"}, object{"sport_id": 6.0}, object{"sport_id": 6.0}},
		{object{"workout_date": "2018-06-15 14:05"}, object{"workout_date": "Fri, 15 Jun 2018 12:05:00 GMT"}, object{}},
		{object{"distance": 5}, object{"distance": 5.0, "ave_speed": 5.0, "max_speed": 5.0}, object{}},
		{object{"duration": 1800}, object{"duration": "0:30:00", "moving": "0:30:00", "ave_speed": 20.0, "max_speed": 20.0}, object{}},
		{object{"title": "A", "x": 1, "id": "x", "user": "boris"}, object{"title": "A"}, object{"title": "A"}},
		{object{"title": nil, "notes": "B"}, object{"notes": "B"}, object{"notes": "B"}},
		{object{"title": " "}, object{}, object{}},
	} {
		for _, w := range []struct{ before, changes object }{{typed, c.typed}, {tracked, c.tracked}} {
			path := "/api/workouts/" + w.before["id"].(string)
			got := amelie.patch(path, c.in).wants(200).workout()
			want := maps.Clone(w.before)
			maps.Copy(want, w.changes)
			want["modification_date"] = "Mon, 15 Jun 2026 13:00:00 GMT"
			for _, name := range []string{"records", "next_workout", "previous_workout"} {
				want[name] = got[name]
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%s with %v, - want, + got:\n%s", path, c.in, diff)
			}
			if diff := gocmp.Diff(got, amelie.get(path).workout()); diff != "" {
				t.Errorf("%s after %v, - told at once, + told later:\n%s", path, c.in, diff)
			}
			amelie.wantsRecords(amelie.walk("order=asc", 5))
			amelie.patch(path, object{
				"title": w.before["title"], "notes": "N", "sport_id": 1, "workout_date": "2018-05-15 14:05", "distance": 10, "duration": 3600,
			}).wants(200)
		}
	}
	s.unchanged("edits of nothing", func() {
		for _, v := range []object{typed, tracked} {
			path := "/api/workouts/" + v["id"].(string)
			for _, in := range []object{{}, {"x": 1}, {"title": nil}, {"sport_id": nil, "notes": nil, "distance": nil}, {"id": "x", "user": "boris", "with_gpx": false}} {
				amelie.patch(path, in).wants(400, invalid)
			}
			amelie.patch(path, object{"title": "A", "sport_id": 99}).wants(400) // all or nothing
		}
		amelie.patch("/api/workouts/jL4L5eqDKNYTqPZ9rwXtQK", object{"title": "A"}).wants(404)
	})
	s.wantsSound()
}

// TestEqualDates shows that workouts with one and the same start are all on the list, in the order of their making.
func TestEqualDates(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	var want []any
	for range 7 {
		want = append(want, amelie.typed(nil).wants(201).id())
	}
	ids := func(all []object) (ids []any) {
		for _, v := range all {
			ids = append(ids, v["id"])
		}
		return ids
	}
	for _, name := range []string{"workout_date", "distance", "duration", "ave_speed"} {
		got := ids(amelie.walk("order=asc&order_by="+name, 3))
		descending := ids(amelie.walk("order=desc&order_by="+name, 3))
		slices.Reverse(descending)
		if diff := gocmp.Diff(got, descending); diff != "" {
			t.Errorf("equal workouts by %s, - ascending, + descending turned round:\n%s", name, diff)
		}
		if name != "workout_date" { // the first holds the record, and is the greatest
			got = append(got[len(got)-1:], got[:len(got)-1]...)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("equal workouts by %s, - want, + got:\n%s", name, diff)
		}
	}
	if records := objects(amelie.get("/api/records").data()["records"]); len(records) != 4 {
		t.Errorf("records of equal workouts: %v; want four", records)
	} else {
		for _, v := range records {
			if v["workout_id"] != want[0] {
				t.Errorf("record %v of equal workouts is held by %v; want the first, %v", v["record_type"], v["workout_id"], want[0])
			}
		}
	}
	// Whoever holds them hands them on to the next.
	for i, id := range want[:3] {
		amelie.delete("/api/workouts/" + id.(string)).wants(204)
		for _, v := range objects(amelie.get("/api/records").data()["records"]) {
			if v["workout_id"] != want[i+1] {
				t.Errorf("record %v after a deletion is held by %v; want %v", v["record_type"], v["workout_id"], want[i+1])
			}
		}
	}
	s.wantsSound()
}

// TestDeletion shows that nothing is left of a workout, and everything of the others.
func TestDeletion(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.upload("a.gpx", ride(morning, 5)).wants(201)
	before, files := s.everything(), s.files()
	v := amelie.upload("b.gpx", ride(morning.Add(time.Hour), 9)).wants(201).workout()
	id, mapID := v["id"].(string), v["map"].(string)
	if n := len(s.files()) - len(files); n != 3 {
		t.Errorf("files of a workout: %d; want its track, its points and its map", n)
	}
	s.anybody().get("/api/workouts/map/" + mapID).wants(200)
	amelie.delete("/api/workouts/" + id).wants(204)
	s.wantsFiles("a deletion", files)
	lines := func(text string) []string {
		all := strings.Split(text, "\n")
		return slices.DeleteFunc(all, func(line string) bool { // what counts on
			return strings.HasPrefix(line, "  workouts|") || strings.HasPrefix(line, "  records|") || strings.Contains(line, "|AS|") ||
				strings.Contains(line, "|FD|") || strings.Contains(line, "|HA|") || strings.Contains(line, "|LD|") || strings.Contains(line, "|MS|")
		})
	}
	if diff := gocmp.Diff(lines(before), lines(s.everything())); diff != "" {
		t.Errorf("a workout and its deletion, - before, + after:\n%s", diff)
	}
	s.wantsSound()
	s.anybody().get("/api/workouts/map/"+mapID).wants(404, "Map does not exist.")
	for _, path := range []string{"", "/gpx", "/gpx/download", "/gpx/segment/1", "/chart_data", "/chart_data/segment/1"} {
		amelie.get("/api/workouts/" + id + path).wants(404).wantsJSON()
	}
	amelie.delete("/api/workouts/" + id).wants(404).wantsJSON()
	amelie.patch("/api/workouts/"+id, object{"title": "x"}).wants(404).wantsJSON()
	other := "/api/workouts/" + amelie.get("/api/workouts").id()
	answers := atOnce(8, func(int) response { return amelie.delete(other) })
	wantsOf(t, answers, 204, 1)
	wantsOf(t, answers, 404, 7)
	if files := s.files(); len(files) > 0 {
		t.Errorf("files after all deletions: %q; want none", files)
	}
}

// TestDuplicates shows that a file which was there before is taken again, and that only who asks is told.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	a, b := ride(morning, 3), ride(morning.Add(time.Hour), 3)
	const asking = "/api/workouts?check_duplicates=true"
	of := func(r response) (all []any) {
		t.Helper()
		for _, v := range r.wants(201).workouts() {
			d, told := v["duplicate_of"]
			if !told {
				d = "untold"
			}
			all = append(all, d)
		}
		return all
	}
	wants := func(what string, got []any, want ...any) {
		t.Helper()
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("duplicate_of of %s, - want, + got:\n%s", what, diff)
		}
	}
	const data = `{"sport_id": 1}`
	first := amelie.uploadTo(asking, "a.gpx", a, data)
	wants("a new file", of(first), nil)
	id := any(first.id())
	wants("the same file", of(amelie.uploadTo(asking, "other.GPX", a, `{"sport_id": 2}`)), id)
	wants("the same file, a third time", of(amelie.uploadTo("/api/workouts?check_duplicates=1", "a.gpx", a, data)), id)
	wants("another file", of(amelie.uploadTo(asking, "a.gpx", a+"\n", data)), nil)
	wants("somebody else's file", of(boris.uploadTo(asking, "a.gpx", a, data)), nil)
	wants("an archive", of(amelie.uploadTo(asking, "a.zip", zipped(t, entry{"b.gpx", b}, entry{"a.gpx", a}), data)), nil, id)
	wants("an archive of one file twice", of(amelie.uploadTo(asking, "a.zip", zipped(t, entry{"c.gpx", b + " "}, entry{"d.gpx", b + " "}), data)), nil, nil)
	for _, path := range []string{"/api/workouts", "/api/workouts?check_duplicates=false", "/api/workouts?check_duplicates=", "/api/workouts?check_duplicates=x"} {
		wants(path, of(amelie.uploadTo(path, "a.gpx", a, data)), "untold")
	}
	if _, told := amelie.get("/api/workouts/" + first.id()).workout()["duplicate_of"]; told {
		t.Error("a workout that is looked at tells duplicate_of; want it only in the answer to an upload")
	}
	amelie.delete("/api/workouts/" + first.id()).wants(204)
	second := amelie.get("/api/workouts?sport_id=2").id()
	wants("a file whose first workout is gone", of(amelie.uploadTo(asking, "a.gpx", a, data)), second)
}
