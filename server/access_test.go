package server_test

import (
	"slices"
	"strings"
	"testing"
)

// verdict is the answer that somebody gets; no message: any.
type verdict struct {
	status  int
	message string
}

var (
	fine      = verdict{200, ""}
	created   = verdict{201, ""}
	removed   = verdict{204, ""}
	unknown   = verdict{401, noToken}
	forbidden = verdict{403, noRights}
	senseless = verdict{400, invalid} // whoever gets that may call
	foreign   = verdict{404, "workout not found (id: {id})"}
)

// accessTable says who may do what with what is amelie's. Boris is somebody else, root an administrator.
var accessTable = []struct {
	method, path, body          string
	nobody, amelie, boris, root verdict
}{
	{"POST", "/api/auth/register", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/login", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/account/confirm", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/account/resend-confirmation", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/password/reset-request", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/password/update", `{}`, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/email/update", `{}`, senseless, senseless, senseless, senseless},
	{"PATCH", "/api/auth/profile/edit/account", `{}`, unknown, senseless, senseless, senseless},

	{"GET", "/api/auth/profile", ``, unknown, fine, fine, fine},
	{"POST", "/api/auth/profile/edit", `{}`, unknown, senseless, senseless, senseless},
	{"POST", "/api/auth/profile/edit/preferences", `{}`, unknown, senseless, senseless, senseless},
	{"POST", "/api/auth/profile/edit/sports", `{}`, unknown, senseless, senseless, senseless},
	{"DELETE", "/api/auth/profile/reset/sports/{sport}", ``, unknown, removed, removed, removed},
	{"POST", "/api/auth/picture", ``, unknown, verdict{400, "no file part"}, verdict{400, "no file part"}, verdict{400, "no file part"}},
	{"DELETE", "/api/auth/picture", ``, unknown, removed, removed, removed},
	{"GET", "/api/users/{user}", ``, unknown, fine, forbidden, fine},
	{"GET", "/api/users/{user}/picture", ``, verdict{404, "No picture."}, verdict{404, "No picture."}, verdict{404, "No picture."}, verdict{404, "No picture."}},

	{"GET", "/api/sports", ``, unknown, fine, fine, fine},
	{"GET", "/api/sports/{sport}", ``, unknown, fine, fine, fine},
	{"PATCH", "/api/sports/{sport}", `{"is_active": true}`, unknown, forbidden, forbidden, fine},

	{"GET", "/api/workouts", ``, unknown, fine, fine, fine},
	{"POST", "/api/workouts", ``, unknown, verdict{400, "no file part"}, verdict{400, "no file part"}, verdict{400, "no file part"}},
	{
		"POST", "/api/workouts/no_gpx", `{"sport_id": 1, "workout_date": "2018-05-15 14:05", "distance": 10, "duration": 3600}`,
		unknown, created, created, created,
	},
	{"GET", "/api/workouts/{id}", ``, unknown, fine, forbidden, forbidden},
	{"PATCH", "/api/workouts/{id}", `{"notes": "x"}`, unknown, fine, forbidden, forbidden},
	{"DELETE", "/api/workouts/{typed}", ``, unknown, removed, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/gpx", ``, unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/gpx/download", ``, unknown, fine, foreign, foreign},
	{"GET", "/api/workouts/{id}/gpx/segment/{number}", ``, unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/chart_data", ``, unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/chart_data/segment/{number}", ``, unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/map/{map}", ``, fine, fine, fine, fine},
	{
		"GET", "/api/workouts/map_tile/{s}/{z}/{x}/{y}.png", ``,
		verdict{404, "Map tile does not exist."},
		verdict{404, "Map tile does not exist."},
		verdict{404, "Map tile does not exist."},
		verdict{404, "Map tile does not exist."},
	},

	{"GET", "/api/records", ``, unknown, fine, fine, fine},
	{"GET", "/api/stats/all", ``, unknown, forbidden, forbidden, fine},
	{"GET", "/api/stats/{user}/by_time", ``, unknown, fine, forbidden, fine},
	{"GET", "/api/stats/{user}/by_sport", ``, unknown, fine, forbidden, fine},

	{"GET", "/api/config", ``, fine, fine, fine, fine},
	{"PATCH", "/api/config", `{}`, unknown, forbidden, forbidden, senseless},
	{"GET", "/api/ping", ``, fine, fine, fine, fine},
	{"GET", "/api/openapi.yaml", ``, fine, fine, fine, fine},

	{"GET", "/", ``, fine, fine, fine, fine},
	{"GET", "/account-confirmation", ``, fine, fine, fine, fine},
	{"GET", "/password-reset", ``, fine, fine, fine, fine},
	{"GET", "/email-update", ``, fine, fine, fine, fine},
	{"GET", "/static/{file}", ``, fine, fine, fine, fine},

	{"POST", "/api/auth/logout", ``, unknown, fine, fine, fine},
	{"DELETE", "/api/users/{user}", ``, unknown, removed, forbidden, removed}, // the administrator removes chloe
}

// TestAccess sends every route what nobody, the owner, somebody else and an administrator would (A08).
func TestAccess(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	var here, there []string
	for _, c := range accessTable {
		here = append(here, c.method+" "+c.path)
	}
	for _, route := range s.server.Routes() {
		there = append(there, route.Method+" "+routePath(route.Method, route.Path))
	}
	for _, name := range there {
		if !slices.Contains(here, name) {
			t.Errorf("%s is not in the table of access", name)
		}
	}
	for _, name := range here {
		if !slices.Contains(there, name) {
			t.Errorf("%s is in the table of access, and no route", name)
		}
	}

	amelie, boris, chloe := s.person("amelie"), s.person("boris"), s.person("chloe")
	root := s.person("root")
	in := amelie.things()
	try := func(c client, method, path, body string, want verdict) {
		t.Helper()
		var content any
		if body != "" {
			content = body
		}
		r := c.do(method, in.Replace(path), content).wants(want.status)
		if want.message != "" {
			r.wants(want.status, in.Replace(want.message))
		}
		if r.status >= 400 {
			r.wantsJSON()
		}
	}
	callers := []struct {
		user
		verdict func(row int) verdict
	}{
		{user{client: s.anybody()}, func(row int) verdict { return accessTable[row].nobody }},
		{boris, func(row int) verdict { return accessTable[row].boris }},
		{root, func(row int) verdict { return accessTable[row].root }},
		{amelie, func(row int) verdict { return accessTable[row].amelie }}, // who removes herself in the end
	}
	s.unchanged("what was refused", func() {
		for _, c := range callers {
			for i, row := range accessTable {
				if want := c.verdict(i); want.status >= 400 {
					try(c.client, row.method, row.path, row.body, want)
				}
			}
		}
	})
	for _, c := range callers {
		for i, row := range accessTable {
			session, path, want := c.client, row.path, c.verdict(i)
			switch {
			case want.status >= 400:
				continue
			case row.path == "/api/auth/logout":
				session = s.login(c.email, password)
			case want == removed && c.name == root.name:
				path = strings.Replace(path, "{user}", chloe.name, 1)
			}
			try(session, row.method, path, row.body, want)
		}
	}
}

// TestListsAreOnesOwn shows that lists and sums have nothing of anybody else's, also for administrators.
func TestListsAreOnesOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris, root := s.person("amelie"), s.person("boris"), s.person("root")
	id := amelie.typed(object{"title": "secret"}).id()
	for _, u := range []user{boris, root} {
		mine := u.typed(object{"workout_date": "2018-05-15 14:05"}).id()
		for _, path := range []string{
			"/api/workouts", "/api/workouts?title=secret", "/api/workouts?with_statistics=true", "/api/workouts/" + mine, "/api/records",
			"/api/auth/profile", "/api/stats/" + u.name + "/by_time", "/api/stats/" + u.name + "/by_sport",
		} {
			r := u.get(path).wants(200)
			if body := string(r.body); strings.Contains(body, id) || strings.Contains(body, "amelie") || strings.Contains(body, "secret") {
				t.Errorf("%s for %s: %s; want nothing of amelie's", r.call, u.name, body)
			}
			if strings.Contains(path, "/stats/") && !strings.Contains(string(r.body), `"nb_workouts":1,`) {
				t.Errorf("%s for %s: %s; want one workout", r.call, u.name, r.body)
			}
		}
		if v := u.get("/api/workouts/" + mine).workout(); v["previous_workout"] != nil || v["next_workout"] != nil {
			t.Errorf("neighbours of the only workout of %s: %v, %v; want none", u.name, v["previous_workout"], v["next_workout"])
		}
	}
}

// TestHeldNamesLookTaken shows that a name which is only held looks like somebody's account to everybody but administrators.
func TestHeldNamesLookTaken(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	s.person("boris")
	s.register("ghost", "boris@example.com").wants(200)
	const missing = "user does not exist"
	for _, c := range []struct{ method, path string }{
		{"GET", "/api/users/{user}"},
		{"DELETE", "/api/users/{user}"},
		{"GET", "/api/stats/{user}/by_time"},
		{"GET", "/api/stats/{user}/by_sport"},
		{"GET", "/api/stats/{user}/by_time?time=nonsense&from=nonsense"},
	} {
		on := func(name string) string { return strings.Replace(c.path, "{user}", name, 1) }
		for _, name := range []string{"ghost", "GHOST", "boris", "Boris"} {
			amelie.do(c.method, on(name), nil).wants(403, noRights)
		}
		for _, name := range []string{"nobody", "ghost2", "%00", "%25", "_____"} {
			amelie.do(c.method, on(name), nil).wants(404, missing)
		}
		root.do(c.method, on("ghost"), nil).wants(404, missing)
		root.do(c.method, on("nobody"), nil).wants(404, missing)
	}
	amelie.get("/api/users/AMELIE").wants(200)
	root.get("/api/users/Boris").wants(200)
}
