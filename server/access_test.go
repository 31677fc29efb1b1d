package server_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"fittrackee/auth"
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

// What opens a route apart from a session, in the table's column of scopes.
const (
	own      = ""     // nothing
	anyScope = "*"    // any token
	apps     = "apps" // any application's token, and no personal one
)

var (
	noFile    = verdict{400, "no file part"}
	noApp     = verdict{404, "OAuth2 client not found"}
	noSession = verdict{404, "session does not exist"}
	noSuch    = verdict{404, "token does not exist"}
	badSecret = verdict{401, badToken}
	noPicture = verdict{404, "No picture."}
	noTile    = verdict{404, "Map tile does not exist."}
	badApp    = verdict{400, "OAuth2 client metadata missing"}
	noClient  = verdict{400, ""} // in OAuth's words
)

// uploadRoute has its own idea of who calls: TestAccess has the caller's token for the secret, and so do these verdicts.
const uploadRoute = "/api/upload/{secret}"

// accessTable says who may do what with what is amelie's. Boris is somebody else, root an administrator. With a token for the scope, and
// no other, it is the same for an application of theirs and for a script.
var accessTable = []struct {
	method, path, body, scope   string
	nobody, amelie, boris, root verdict
}{
	{"POST", "/api/auth/register", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/login", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/account/confirm", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/account/resend-confirmation", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/password/reset-request", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/password/update", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"POST", "/api/auth/email/update", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"PATCH", "/api/auth/profile/edit/account", `{}`, "profile:write", unknown, senseless, senseless, senseless},

	{"GET", "/api/auth/profile", ``, "profile:read", unknown, fine, fine, fine},
	{"POST", "/api/auth/profile/edit", `{}`, "profile:write", unknown, senseless, senseless, senseless},
	{"POST", "/api/auth/profile/edit/preferences", `{}`, "profile:write", unknown, senseless, senseless, senseless},
	{"POST", "/api/auth/profile/edit/sports", `{}`, "profile:write", unknown, senseless, senseless, senseless},
	{"DELETE", "/api/auth/profile/reset/sports/{sport}", ``, "profile:write", unknown, removed, removed, removed},
	{"POST", "/api/auth/picture", ``, "profile:write", unknown, noFile, noFile, noFile},
	{"DELETE", "/api/auth/picture", ``, "profile:write", unknown, removed, removed, removed},

	{"GET", "/api/auth/sessions", ``, own, unknown, fine, fine, fine},
	{"DELETE", "/api/auth/sessions/{session}", ``, own, unknown, removed, noSession, noSession},
	{"DELETE", "/api/auth/sessions", ``, own, unknown, removed, removed, removed},
	{"GET", "/api/auth/tokens", ``, own, unknown, fine, fine, fine},
	{"POST", "/api/auth/tokens", `{}`, own, unknown, senseless, senseless, senseless},
	{"DELETE", "/api/auth/tokens/{token}", ``, own, unknown, removed, noSuch, noSuch},

	{"GET", "/api/oauth/apps", ``, apps, unknown, fine, fine, fine},
	{"POST", "/api/oauth/apps", `{}`, own, unknown, badApp, badApp, badApp},
	{"GET", "/api/oauth/apps/{app}", ``, own, unknown, fine, noApp, noApp},
	{"GET", "/api/oauth/apps/{client}/by_id", ``, own, unknown, fine, noApp, noApp},
	{"POST", "/api/oauth/apps/{client}/revoke", ``, own, unknown, fine, noApp, noApp},
	{"DELETE", "/api/oauth/apps/{client}", ``, own, unknown, removed, noApp, noApp},
	{"POST", "/api/oauth/authorize", ``, own, unknown, senseless, senseless, senseless},
	{"POST", "/api/oauth/token", ``, anyScope, noClient, noClient, noClient, noClient},
	{"POST", "/api/oauth/revoke", ``, anyScope, noClient, noClient, noClient, noClient},

	{"GET", "/api/users", ``, "users:read", unknown, forbidden, forbidden, fine},
	{"GET", "/api/users/{user}", ``, "users:read", unknown, fine, forbidden, fine},
	{"PATCH", "/api/users/{user}", `{"activate": true}`, "users:write", unknown, forbidden, forbidden, fine},
	{"GET", "/api/users/{user}/picture", ``, anyScope, noPicture, noPicture, noPicture, noPicture},

	{"GET", "/api/sports", ``, "workouts:read", unknown, fine, fine, fine},
	{"GET", "/api/sports/{sport}", ``, "workouts:read", unknown, fine, fine, fine},
	{"PATCH", "/api/sports/{sport}", `{"is_active": true}`, "workouts:write", unknown, forbidden, forbidden, fine},

	{"GET", "/api/workouts", ``, "workouts:read", unknown, fine, fine, fine},
	{"POST", "/api/workouts", ``, "workouts:write", unknown, noFile, noFile, noFile},
	{
		"POST", "/api/workouts/no_gpx", `{"sport_id": 1, "workout_date": "2018-05-15 14:05", "distance": 10, "duration": 3600}`,
		"workouts:write", unknown, created, created, created,
	},
	{"GET", "/api/workouts/{id}", ``, "workouts:read", unknown, fine, forbidden, forbidden},
	{"PATCH", "/api/workouts/{id}", `{"notes": "x"}`, "workouts:write", unknown, fine, forbidden, forbidden},
	{"DELETE", "/api/workouts/{typed}", ``, "workouts:write", unknown, removed, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/gpx", ``, "workouts:read", unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/gpx/download", ``, "workouts:read", unknown, fine, foreign, foreign},
	{"GET", "/api/workouts/{id}/gpx/segment/{number}", ``, "workouts:read", unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/chart_data", ``, "workouts:read", unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/{id}/chart_data/segment/{number}", ``, "workouts:read", unknown, fine, forbidden, forbidden},
	{"GET", "/api/workouts/map/{map}", ``, anyScope, fine, fine, fine, fine},
	{"GET", "/api/workouts/map_tile/{s}/{z}/{x}/{y}.png", ``, anyScope, noTile, noTile, noTile, noTile},

	{"POST", uploadRoute, ``, "workouts:write", badSecret, badSecret, badSecret, badSecret},

	{"GET", "/api/equipments", ``, anyScope, unknown, fine, fine, fine},
	{"GET", "/api/equipment-types", ``, anyScope, unknown, fine, fine, fine},

	{"GET", "/api/records", ``, "workouts:read", unknown, fine, fine, fine},
	{"GET", "/api/stats/all", ``, "workouts:read", unknown, forbidden, forbidden, fine},
	{"GET", "/api/stats/{user}/by_time", ``, "workouts:read", unknown, fine, forbidden, fine},
	{"GET", "/api/stats/{user}/by_sport", ``, "workouts:read", unknown, fine, forbidden, fine},

	{"GET", "/api/start", ``, anyScope, fine, fine, fine, fine},
	{"POST", "/api/setup", `{}`, anyScope, senseless, senseless, senseless, senseless},
	{"GET", "/api/config", ``, anyScope, fine, fine, fine, fine},
	{"PATCH", "/api/config", `{}`, "application:write", unknown, forbidden, forbidden, senseless},
	{"GET", "/api/instance", ``, "application:write", unknown, forbidden, forbidden, fine},
	{"POST", "/api/instance/test-mail", ``, "application:write", unknown, forbidden, forbidden, fine},
	{"GET", "/api/ping", ``, anyScope, fine, fine, fine, fine},
	{"GET", "/api/openapi.yaml", ``, anyScope, fine, fine, fine, fine},

	{"GET", "/{page}", ``, anyScope, fine, fine, fine, fine},

	{"POST", "/api/auth/logout", ``, own, unknown, fine, fine, fine},
	{"DELETE", "/api/users/{user}", ``, "users:write", unknown, removed, forbidden, removed},
}

// verdictOf returns the answer to a token that is good for one thing only, where its owner gets another; none: any application's token
// and any personal one is as good there.
func (c limitedCaller) verdictOf(route, scope string, owners verdict) (v verdict, isNoScope bool) {
	switch {
	case route == uploadRoute && !c.isPersonal:
		return badSecret, false
	case route == uploadRoute && c.scope != scope && c.scope != "workouts:upload":
		return verdict{403, "an address for uploads takes a token with the scope workouts:upload or workouts:write alone"}, false
	case route == uploadRoute:
		return noFile, false
	case scope == anyScope, scope == apps && !c.isPersonal, scope == c.scope:
		return owners, false
	}
	return verdict{403, noRights}, true
}

// TestAccess sends every route what nobody, the owner, somebody else and an administrator would, and what their applications and scripts
// would that are allowed one thing each (A08).
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

	amelie, boris, root := s.person("amelie"), s.person("boris"), s.person("root")
	in := amelie.things()
	callers := []accessCaller{
		{limitedCaller{user: user{client: s.anybody()}}, "nobody", func(row int) verdict { return accessTable[row].nobody }},
		{limitedCaller{user: boris}, "boris", func(row int) verdict { return accessTable[row].boris }},
		{limitedCaller{user: root}, "root", func(row int) verdict { return accessTable[row].root }},
		{limitedCaller{user: amelie}, "amelie", func(row int) verdict { return accessTable[row].amelie }},
	}
	for _, owner := range []accessCaller{callers[2], callers[3]} {
		for _, c := range owner.limitedCallers() {
			callers = append(callers, accessCaller{c, c.String(), owner.verdict})
		}
	}
	s.unchanged("what was refused", func() {
		for _, c := range callers {
			for i := range accessTable {
				if want, _ := c.at(i); want.status >= 400 {
					c.try(i, in)
				}
			}
		}
	})
	for _, c := range callers {
		for i, row := range accessTable {
			if want, _ := c.at(i); want.status >= 400 {
				continue
			}
			switch {
			case row.path == "/api/auth/logout":
				other := c
				other.client = s.login(c.email, password)
				other.try(i, in)
			case row.path == "/api/workouts/{typed}":
				c.try(i, strings.NewReplacer("{typed}", amelie.typed(nil).wants(201).id()))
			case row.method == "DELETE" && row.path == "/api/users/{user}":
				c.tryDeletion(i)
			default:
				c.try(i, in)
			}
		}
	}
}

// accessCaller is one of those who call in TestAccess.
type accessCaller struct {
	limitedCaller // without a scope: a session, or nobody
	who           string
	verdict       func(row int) verdict // on the user
}

// at returns what the caller is to be told, and whether that is that the token is not for this.
func (c accessCaller) at(row int) (want verdict, isNoScope bool) {
	if c.scope == "" {
		return c.verdict(row), false
	}
	return c.verdictOf(accessTable[row].path, accessTable[row].scope, c.verdict(row))
}

// try sends a row of the table, with the things of amelie's in its path.
func (c accessCaller) try(row int, in *strings.Replacer) {
	c.s.t.Helper()
	v := accessTable[row]
	var content any
	if v.body != "" {
		content = v.body
	}
	secret := c.token()
	if secret == "" {
		secret = "nonsense"
	}
	r := c.do(v.method, in.Replace(strings.Replace(v.path, "{secret}", secret, 1)), content)
	r.call = c.who + ": " + v.method + " " + v.path
	want, isNoScope := c.at(row)
	r.wants(want.status)
	if want.message != "" {
		r.wants(want.status, in.Replace(want.message))
	}
	if isNoScope {
		r.wantsNoScope()
	}
	if r.status >= 400 && want != noClient {
		r.wantsJSON()
	}
}

// tryDeletion has an account removed that was made for it: by an administrator, or by itself with a token of the same kind.
func (c accessCaller) tryDeletion(row int) {
	c.s.t.Helper()
	gone := c.s.signUp(fmt.Sprint("gone_", len(c.s.run(`select 1 from users`)), "_", len(c.who)))
	switch {
	case c.name == "root":
	case c.scope == "":
		c.limitedCaller = limitedCaller{user: gone}
	default:
		c.limitedCaller = c.like(gone)
	}
	c.try(row, strings.NewReplacer("{user}", gone.name))
	gone.get("/api/auth/profile").wants(401, badToken)
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

// TestApplicationsSeeThemselves shows that an application which asks for applications learns of itself, whatever it was allowed, and of
// nobody's others.
func TestApplicationsSeeThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for range 3 {
		amelie.newApp("profile:read")
	}
	s.person("boris").newApp("profile:read")
	for _, scope := range []string{"profile:read", "application:write", strings.Join(auth.Scopes, " ")} {
		access := amelie.accessToken(scope)
		newest := objects(amelie.get("/api/oauth/apps").wants(200).data()["clients"])[0]
		for query, want := range map[string][]object{
			"": {newest}, "?page=1&per_page=1": {newest}, "?page=2": nil, "?per_page=0": nil,
		} {
			r := s.withToken(access).get("/api/oauth/apps" + query).wants(200)
			got := objects(r.data()["clients"])
			if encodeJSON(t, got) != encodeJSON(t, want) {
				t.Errorf("%s of an application for %s: %s; want %s", r.call, scope, r.body, encodeJSON(t, want))
			}
			if total := r.json()["pagination"].(object)["total"]; total != 1.0 {
				t.Errorf("%s of an application: %v in all; want one", r.call, total)
			}
			if strings.Contains(string(r.body), "secret") {
				t.Errorf("%s of an application: %s; want no secret", r.call, r.body)
			}
		}
		s.withToken(access).get("/api/oauth/apps?page=x").wants(400, invalid)
		s.withToken(access).get("/api/oauth/apps/" + fmt.Sprint(newest["client_id"])).wantsNoScope()
	}
	s.withToken(amelie.personalToken(strings.Join(auth.Scopes, " "))).get("/api/oauth/apps").wantsNoScope()
}
