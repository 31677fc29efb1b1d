package server_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"fittrackee/server"
)

// FuzzShortID looks for a name of a workout that is not the one that it was given.
func FuzzShortID(f *testing.F) {
	s := newSite(f, withPeople)
	amelie := s.person("amelie")
	id := amelie.typed(nil).wants(201).id()
	f.Add(id)
	f.Add("2222222222222222222222")
	f.Add("oZLTbPVvSyvPdPcJVLe4Ht") // the last of all
	f.Fuzz(func(t *testing.T, text string) {
		if parsed, ok := server.ParseShortID(text); ok && server.ShortID(parsed) != text {
			t.Errorf("%q is taken for %s, whose name is %s", text, parsed, server.ShortID(parsed))
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.URL = &url.URL{Path: "/api/workouts/" + text}
		r.Header.Set("Authorization", "Bearer "+amelie.token())
		w := fuzzed(t, s, r)
		if w.Code == http.StatusOK && text != id && !strings.Contains(text, "/") && text != "" {
			t.Errorf("GET of workout %q: %d %s; want it only as %s", text, w.Code, w.Body, id)
		}
	})
}

// FuzzListQuery sends anything as the query of the lists and of the statistics.
func FuzzListQuery(f *testing.F) {
	amelie, all := listSite(f, 12)
	s := amelie.s
	root := s.person("root") // who may see the list of accounts
	amelie.settle("America/St_Johns")
	f.Add("page=2&per_page=5&order=asc&order_by=distance&with_statistics=true")
	f.Add("from=2021-05-01&to=2021-05-30&sport_id=1&title=%25&notes=_")
	f.Add("distance_from=0.29&distance_to=1e3&duration_from=00:40&duration_to=1:00&ave_speed_from=1&ave_speed_to=9&max_speed_from=-1&max_speed_to=Inf")
	f.Add("time=weekm&from=2021-05-01")
	f.Add("q=%25_%5c&order_by=workouts_count&order=desc&page=1&per_page=3")
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range []string{"/api/workouts", "/api/stats/amelie/by_time", "/api/stats/amelie/by_sport", "/api/users"} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
			r.URL.RawQuery = query
			r.Header.Set("Authorization", "Bearer "+amelie.token())
			if path == "/api/users" {
				r.Header.Set("Authorization", "Bearer "+root.token())
			}
			w := fuzzed(t, s, r)
			answer := response{t, "GET " + path + "?" + query, w.Code, w.Header(), w.Body.Bytes()}
			switch {
			case w.Code == http.StatusBadRequest, w.Code == http.StatusNotFound && strings.HasPrefix(path, "/api/stats/"):
			case w.Code != http.StatusOK:
				t.Errorf("%s: %d; want 200 or 400", answer.call, w.Code)
			case path == "/api/users":
				if n := len(answer.listed()); n > 4 {
					t.Errorf("%s: %d accounts; want no more than the four that there are", answer.call, n)
				}
			case path == "/api/workouts":
				pagination, _ := answer.json()["pagination"].(object)
				total := int(number(pagination["total"]))
				if n := len(answer.workouts()); n > total || total > len(all) {
					t.Errorf("%s: %d workouts of %d in all; want no more than the %d that there are", answer.call, n, total, len(all))
				}
			}
		}
	})
}

// wantsAllOrNothing sends an upload without a socket, and checks that it is taken, and can be taken back, or is refused with
// nothing left behind.
func (u user) wantsAllOrNothing(t *testing.T, contentType, body string) {
	t.Helper()
	there := *u.s
	there.t = t
	u.s = &there
	before := u.s.files()
	r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/workouts", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+u.token())
	r.Header.Set("Content-Type", contentType)
	w := fuzzed(t, u.s, r)
	answer := response{t, "POST /api/workouts", w.Code, w.Header(), w.Body.Bytes()}
	switch w.Code {
	case http.StatusCreated:
		for _, v := range answer.workouts() {
			id := v["id"].(string)
			for _, path := range []string{"", "/gpx", "/chart_data", "/gpx/segment/1"} {
				if w := u.directly("GET", "/api/workouts/"+id+path); w.status != http.StatusOK {
					t.Errorf("GET %s of what was taken: %d %s; want 200", path, w.status, w.body)
				}
			}
			if w := u.directly("DELETE", "/api/workouts/"+id); w.status != http.StatusNoContent {
				t.Errorf("deletion of what was taken: %d %s; want 204", w.status, w.body)
			}
		}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
	default:
		t.Errorf("upload: %d %s; want 201, 400 or 413", w.Code, w.Body)
	}
	if after := u.s.files(); !slices.Equal(before, after) {
		t.Errorf("files after an upload that was refused or taken back: %q; want %q", after, before)
	}
}

// FuzzArchive uploads anything as an archive.
func FuzzArchive(f *testing.F) {
	amelie := newSite(f, withPeople).person("amelie")
	a, b := ride(morning, 2), ride(morning, 3)
	f.Add([]byte(zipped(f, entry{"a.gpx", a}, entry{"b/b.GPX", b}, entry{"c.txt", "c"})))
	f.Add([]byte(crafted(stored("a.gpx", a), stored("a.gpx", b))))
	f.Add([]byte(zipped(f)))
	f.Fuzz(func(t *testing.T, archive []byte) {
		const boundary = "a-boundary-that-is-in-no-archive"
		form := strings.ReplaceAll(fileForm("a.zip", "{}", `{"sport_id": 1}`), "--b", "--"+boundary)
		amelie.wantsAllOrNothing(t, "multipart/form-data; boundary="+boundary, strings.Replace(form, "\r\n\r\n{}\r\n", "\r\n\r\n"+string(archive)+"\r\n", 1))
	})
}

// FuzzMultipart uploads anything as a form.
func FuzzMultipart(f *testing.F) {
	amelie := newSite(f, withPeople).person("amelie")
	good := fileForm("a.gpx", ride(morning, 2), `{"sport_id": 1, "notes": "n"}`)
	f.Add([]byte(good))
	f.Add([]byte("\r\n" + strings.TrimSuffix(good, "\r\n--b--\r\n") + "--b--"))
	f.Add([]byte(strings.ReplaceAll(good, "\r\n", "\n")))
	f.Fuzz(func(t *testing.T, body []byte) { amelie.wantsAllOrNothing(t, formType, string(body)) })
}
