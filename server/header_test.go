package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// set is the headers of an answer. "*" stands for any value but none.
type set map[string]string

const (
	apiPolicy  = "default-src 'none'; frame-ancestors 'none'"
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// with returns the set with one header more, or without it when the value is empty.
func (s set) with(name, value string) set {
	s = maps.Clone(s)
	if s[name] = value; value == "" {
		delete(s, name)
	}
	return s
}

var (
	every = set{
		"Cache-Control":           "no-store",
		"Content-Security-Policy": apiPolicy,
		"Date":                    "*",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
	}
	apiSet = every.with("Content-Type", "application/json").with("Content-Length", "*")
	// pageSet is that of errors, indexSet that of the UI's pages.
	pageSet  = every.with("Content-Security-Policy", pagePolicy).with("Content-Type", "text/html; charset=utf-8")
	indexSet = pageSet.with("Vary", "Accept-Encoding")
	// mapSet and downloadSet are those of files.
	mapSet = every.with("Cache-Control", "private, no-cache").with("Content-Type", "image/png").with("Content-Length", "*").
		with("Accept-Ranges", "bytes").with("Last-Modified", "*").with("Etag", "*")
	downloadSet = every.with("Content-Type", "application/gpx+xml").with("Content-Length", "*").with("Accept-Ranges", "bytes").
			with("Content-Disposition", "*")
	// pictureSet lets a copy be kept that is asked about each time.
	pictureSet = every.with("Cache-Control", "no-cache").with("Content-Type", "image/jpeg").
			with("Content-Length", "*").with("Etag", "*")

	unknownSet = apiSet.with("Www-Authenticate", `Bearer realm="fittrackee"`)
	noScopeSet = apiSet.with("Www-Authenticate", `Bearer realm="fittrackee", error="insufficient_scope", `+
		`error_description="The request requires higher privileges than provided by the access token."`)
	refusedSet = apiSet.with("Www-Authenticate", `Bearer realm="fittrackee", error="invalid_token", `+
		`error_description="The access token provided is expired, revoked, malformed, or invalid for other reasons."`)
)

// wantsHeaders checks that an answer has exactly these headers. The length of a page is given or not, as the
// page is short or long.
func (r response) wantsHeaders(want set) response {
	r.t.Helper()
	got := set{}
	for name, values := range r.header {
		got[name] = strings.Join(values, " and ")
		if want[name] == "*" && got[name] != "" {
			got[name] = "*"
		}
	}
	if strings.HasPrefix(want["Content-Security-Policy"], pagePolicy) {
		delete(got, "Content-Length")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("headers of %s: %d, - want, + got:\n%s", r.call, r.status, diff)
	}
	return r
}

// pathRule is what the variable of a route's path has to look like.
var pathRule = regexp.MustCompile(`:[^}]*}`)

// routePath returns the path of a route as the tests' tables have it: with names that tell whose id it is, and a workout of
// its own for the deletion.
func routePath(method, path string) string {
	path = pathRule.ReplaceAllString(path, "}")
	switch {
	case strings.Contains(path, "sports/{id}"):
		return strings.Replace(path, "{id}", "{sport}", 1)
	case path == "/api/workouts/map/{id}":
		return "/api/workouts/map/{map}"
	case path == "/api/auth/sessions/{id}":
		return "/api/auth/sessions/{session}"
	case path == "/api/auth/tokens/{id}":
		return "/api/auth/tokens/{token}"
	case strings.HasPrefix(path, "/api/oauth/apps/{id}/"):
		return strings.Replace(path, "{id}", "{client}", 1)
	case method == "DELETE" && path == "/api/oauth/apps/{app}":
		return "/api/oauth/apps/{client}"
	case method == "DELETE" && path == "/api/workouts/{id}":
		return "/api/workouts/{typed}"
	}
	return path
}

// things adds a workout with a track and one without, and returns what puts these and other things of the user's into a path
// that routePath gave.
func (u user) things() *strings.Replacer {
	u.s.t.Helper()
	tracked := u.upload("a.gpx", ride(morning, 5)).wants(201).workout()
	app := u.newApp("workouts:read")
	return strings.NewReplacer(
		"{session}", u.newSession(), "{token}", fmt.Sprint(u.addToken("workouts:write", nil).wants(201).token()["id"]),
		"{secret}", u.personalToken("workouts:write"),
		"{app}", app.id, "{client}", app.number,
		"{user}", u.name, "{id}", fmt.Sprint(tracked["id"]), "{map}", fmt.Sprint(tracked["map"]), "{typed}", u.typed(nil).wants(201).id(),
		"{sport}", "1", "{number}", "1", "{s}", "a", "{z}", "1", "{x}", "1", "{y}", "1", "{page}", "workouts")
}

// newSession opens another session, and returns its id.
func (u user) newSession() string {
	u.s.t.Helper()
	return u.s.login(u.email, password).sessionIDs()[0]
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/api/") }

// pictureForm is a form with a good picture.
func pictureForm(t testing.TB) (contentType, body string) {
	t.Helper()
	picture, err := os.ReadFile("testdata/contract/fixtures/small.png")
	if err != nil {
		t.Fatal(err)
	}
	return "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n" +
		string(picture) + "\r\n--b--\r\n"
}

// givePicture uploads one.
func (u user) givePicture() {
	u.s.t.Helper()
	contentType, body := pictureForm(u.s.t)
	u.with("Content-Type", contentType).post("/api/auth/picture", body).wants(200, "user picture updated")
}

// TestHeadersOfRoutes shows the headers on every route, for everybody who may call it and who may not (A21).
func TestHeadersOfRoutes(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	amelie.givePicture()
	in := root.things()
	for _, route := range s.server.Routes() {
		name := route.Method + " " + routePath(route.Method, route.Path)
		path := in.Replace(routePath(route.Method, route.Path))
		switch name {
		case "GET /api/users/{user}/picture":
			path = "/api/users/amelie/picture"
		case "DELETE /api/users/{user}":
			path = "/api/users/boris" // who goes
		case "DELETE /api/auth/sessions/{session}":
			path = "/api/auth/sessions/" + root.newSession()
		case "DELETE /api/oauth/apps/{client}":
			path = "/api/oauth/apps/" + root.newApp("workouts:read").number
		case "POST " + uploadRoute:
			s.anybody().do(route.Method, "/api/upload/nonsense", nil).wants(401, badToken).wantsHeaders(refusedSet)
			s.anybody().do(route.Method, path, nil).wants(400, "no file part").wantsHeaders(apiSet)
			continue
		}
		anybody := s.anybody().do(route.Method, path, nil)
		switch {
		case route.ForUsers:
			anybody.wants(401, noToken).wantsHeaders(unknownSet)
			s.withToken("nonsense").do(route.Method, path, nil).wants(401, badToken).wantsHeaders(refusedSet)
		case name == "GET /api/users/{user}/picture":
			anybody.wants(200).wantsHeaders(pictureSet)
		case name == "GET /api/workouts/map/{map}":
			anybody.wants(200).wantsHeaders(mapSet)
		case strings.HasPrefix(name, "GET /api/workouts/map_tile/"):
			anybody.wants(404, "Map tile does not exist.").wantsHeaders(apiSet)
		case name == "GET /api/openapi.yaml":
			anybody.wants(200).wantsHeaders(apiSet.with("Content-Type", "application/yaml"))
		case isAPI(route.Path) && route.Method == "GET":
			anybody.wants(200).wantsHeaders(apiSet)
		case strings.HasPrefix(name, "POST /api/oauth/"):
			anybody.wants(400).wantsHeaders(apiSet)
		case isAPI(route.Path):
			anybody.wants(400, "invalid payload").wantsHeaders(apiSet)
		default:
			anybody.wants(200).wantsHeaders(indexSet)
		}
		if route.ForAdmins {
			amelie.do(route.Method, path, nil).wants(403, noRights).wantsHeaders(apiSet)
		}
		if !route.ForUsers || name == "POST /api/auth/logout" {
			continue
		}
		known := root.do(route.Method, path, nil)
		switch {
		case route.Method == "DELETE":
			known.wants(204).wantsHeaders(every)
		case name == "GET /api/workouts/{id}/gpx/download":
			known.wants(200).wantsHeaders(downloadSet)
		case route.Method == "GET":
			known.wants(200).wantsHeaders(apiSet)
		case name == "POST /api/oauth/apps/{client}/revoke", name == "POST /api/instance/test-mail":
			known.wants(200).wantsHeaders(apiSet)
		case name == "POST /api/auth/picture", name == "POST /api/workouts":
			known.wants(400, "no file part").wantsHeaders(apiSet)
		default:
			known.wants(400, "invalid payload").wantsHeaders(apiSet)
		}
	}
	root.post("/api/auth/logout", nil).wants(200).wantsHeaders(apiSet)
	s.anybody().login(amelie.email, password).wants(200).wantsHeaders(apiSet)
}

// TestHeadersOfErrors shows the headers of every kind of error (A21).
func TestHeadersOfErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits, withPeople)
	amelie := s.person("amelie")
	anybody := s.anybody()
	anybody.get("/api/unknown").wants(404, "the requested URL was not found on the server").wantsHeaders(apiSet)
	anybody.get("/unknown.html").wants(404).wantsHeaders(pageSet)
	anybody.get("/assets/unknown").wants(404).wantsHeaders(pageSet)
	anybody.get("/api/users/nobody/picture").wants(404, "user does not exist").wantsHeaders(apiSet)
	anybody.get("/api/users/amelie/picture").wants(404, "No picture.").wantsHeaders(apiSet)
	anybody.get("/api/users/amelie/picture?size=big").wants(400, "invalid payload").wantsHeaders(apiSet)
	anybody.post("/api/auth/login", object{"email": "a", "password": "b"}).wants(401, "invalid credentials").wantsHeaders(apiSet)
	anybody.post("/api/auth/login", `{"email":"`+strings.Repeat("a", 64<<10)+`"}`).wants(413, "the body exceeds 64 kB").wantsHeaders(apiSet)
	anybody.post("/", nil).wants(405).wantsHeaders(pageSet.with("Allow", "GET, HEAD"))
	amelie.get("/api/sports/1000").wants(404).wantsHeaders(apiSet)
	amelie.get("/api/workouts/unknown").wants(404).wantsHeaders(apiSet)
	amelie.get("/api/workouts/unknown/gpx/download").wants(404).wantsHeaders(apiSet)
	amelie.get("/api/workouts?page=x").wants(400, "invalid payload").wantsHeaders(apiSet)
	anybody.get("/api/workouts/map/unknown").wants(404, "Map does not exist.").wantsHeaders(apiSet)

	contentType, body := pictureForm(t)
	large := strings.Replace(body, "\r\n--b--", strings.Repeat("x", 1<<20)+"\r\n--b--", 1)
	amelie.with("Content-Type", contentType).post("/api/auth/picture", large).wants(413).wantsHeaders(apiSet)

	for range 9 {
		anybody.login("nobody@example.com", password).wants(401)
	}
	anybody.login("nobody@example.com", password).wants(429).wantsHeaders(apiSet.with("Retry-After", "300"))

	calm := newSite(t, withPeople)
	boris := calm.person("boris")
	if err := calm.store.Close(); err != nil {
		t.Fatal(err)
	}
	const failure = "error, please try again or contact the administrator"
	calm.anybody().get("/api/config").wants(500, failure).wantsHeaders(apiSet)
	calm.anybody().login(boris.email, password).wants(500, failure).wantsHeaders(apiSet)
	boris.get("/api/auth/profile").wants(500, failure).wantsHeaders(apiSet)
	boris.get("/api/unknown").wants(500, failure).wantsHeaders(apiSet)
	calm.anybody().get("/api/ping").wants(200).wantsHeaders(apiSet)
}

// TestPanic shows that a fault of ours in one request is an answer like others, and stays between us and that client.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	web := httptest.NewServer(s.server.Around(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("late") {
			_, _ = w.Write([]byte(strings.Repeat("x", 10<<10)))
		}
		panic("a secret fault")
	}))
	t.Cleanup(web.Close)
	at := s.anybody()
	there := *s
	there.url = web.URL
	at.s = &there
	const failure = "error, please try again or contact the administrator"
	at.get("/api/x").wants(500, failure).wantsHeaders(apiSet)
	if page := at.get("/x").wants(500).wantsHeaders(pageSet); strings.Contains(string(page.body), "secret") {
		t.Errorf("the page after a panic tells its cause: %s", page.body)
	}
	r, err := http.Get(web.URL + "/api/x?late")
	if err == nil {
		defer r.Body.Close()
		_, err = r.Body.Read(make([]byte, 20<<10))
		for err == nil {
			_, err = r.Body.Read(make([]byte, 20<<10))
		}
		if !strings.Contains(err.Error(), "unexpected EOF") {
			t.Errorf("an answer cut off by a panic ends with %v; want an unexpected EOF", err)
		}
	}
}

// TestMethods shows that each path tells which methods it has, and that HEAD is GET without a body.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.givePicture()
	in := amelie.things()
	methods := make(map[string][]string)
	for _, route := range s.server.Routes() {
		path := in.Replace(routePath("GET", route.Path))
		methods[path] = append(methods[path], route.Method)
		if route.Method == "GET" {
			methods[path] = append(methods[path], "HEAD")
		}
	}
	for path, known := range methods {
		slices.Sort(known)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} {
			if slices.Contains(known, method) {
				continue
			}
			want := apiSet
			if !isAPI(path) {
				want = pageSet
			}
			r := s.anybody().do(method, path, nil).wants(405).wantsHeaders(want.with("Allow", strings.Join(known, ", ")))
			if isAPI(path) && method != "HEAD" {
				r.wants(405, "the method is not allowed for the requested URL")
			}
		}
		if slices.Contains(known, "GET") {
			get, head := amelie.get(path), amelie.do("HEAD", path, nil)
			get.header.Del("Date")
			head.header.Del("Date")
			if len(get.body) > 2048 {
				// Too long to be counted before it is sent.
				head.header.Del("Content-Length")
				get.header.Del("Content-Length")
			}
			if diff := cmp.Diff(get.header, head.header); diff != "" || head.status != get.status || len(head.body) > 0 {
				t.Errorf("HEAD %s: %d, body %q; want the same as GET, %d, without body; headers - GET, + HEAD:\n%s",
					path, head.status, head.body, get.status, diff)
			}
		}
	}
}

// TestOtherSites shows that no page of another site is let in (CORS), and that nothing is kept in a browser.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	foreign := amelie.with("Origin", "https://evil.example.com").
		with("Access-Control-Request-Method", "GET").with("Access-Control-Request-Headers", "authorization")
	foreign.do("OPTIONS", "/api/auth/profile", nil).wants(405).wantsHeaders(apiSet.with("Allow", "GET, HEAD"))
	foreign.get("/api/auth/profile").wants(200).wantsHeaders(apiSet)
	foreign.get("/").wants(200).wantsHeaders(indexSet)
	foreign.login(amelie.email, password).wants(200).wantsHeaders(apiSet)
}

// TestPathTricks shows that under /api there is JSON or nothing: no redirect, no page, no file.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	own := "/api/workouts/" + amelie.upload("a.gpx", ride(morning, 3)).wants(201).id()
	for _, path := range []string{
		own + "/", own + "/..", own + "/gpx/", own + "/gpx/download/", own + "/gpx/../gpx", own + "/gpx/download/../../../x",
		own + "/gpx/segment/1/..", own + "%2fgpx%2f", "/api/workouts/", "/api/workouts//gpx",
		"/api/workouts/%2e%2e/ping", "/api/workouts/map/", "/api/workouts/map/..", "/api/workouts/map/..%2f..%2ff.db", "/api/workouts/map_tile/",
		"/api/workouts/map_tile/a/1/1/1", "/api/workouts/map_tile/a/1/1/1.jpg", "/api/workouts/map_tile/a/1/1/..%2f..%2f1.png", "/api/stats/",
		"/api/stats/amelie", "/api/stats/amelie/by_day", "/api/stats//by_time", "/api/records/", "/api/records/1",
		"/api", "/api/", "/api/ping/", "/api//ping", "/api/./ping", "/api/../api/ping", "/api/x/../ping", "/api/%2e%2e/api/ping",
		"/api/%2e/ping", "/api/ping%2f", "/api/ping%00", "/api/ping%20", "/api/ping;a=b", "/api/ping.json", "/api/PING",
		"/api/users/../ping", "/api/users/%2e%2e/ping", "/api/users//picture", "/api/users/a%2fb/picture", "/api/users/%00/picture",
		"/api/users/%ff/picture", "/api/users/../../etc/passwd/picture", "/api/users/..%2f..%2fetc%2fpasswd/picture",
		"/api/users/" + strings.Repeat("a", 4000) + "/picture", "/api/sports/", "/api/sports/-1", "/api/sports/1.0", "/api/sports/0x1",
		"/api/sports/%31%00", "/api/sports/١", "/api/static/style.css", "/api/..", "/api/%5c..%5cping", "/api/ping?%zz", "/api/config/..",
		"/api/" + strings.Repeat("../", 50) + "etc/passwd",
	} {
		for _, c := range []client{s.anybody(), amelie.client} {
			r := c.get(path)
			if r.status != 404 && path != "/api/ping?%zz" {
				t.Errorf("GET %s: %d; want 404", path, r.status)
			}
			r.wantsHeaders(apiSet).json()
		}
	}
	for _, path := range []string{
		"/api.json", "/static/..", "/static/../wire.go", "/static/%2e%2e/web.go", "/static/..%2fweb.go", "/static/%2e%2e%2fweb.go", "/static/.",
		"/static/style.css%00", "/.", "/..", "/index.html", "/./index.html", "/error.html", "/.gitkeep", "/assets/..", "/assets/../index.html",
		"/assets/%2e%2e/index.html", "/assets/", "/assets//", "/assets/%00", "/assets/app-1a2b3c.js/", "/assets/app-1a2b3c.js%00",
		"/assets/app-1a2b3c.js.br", "/assets/app-1a2b3c.js.gz", "/assets/APP-1a2b3c.js", "//assets/app-1a2b3c.js", "/assets//app-1a2b3c.js",
		"/x/../assets/app-1a2b3c.js", "/assets/" + strings.Repeat("../", 50) + "etc/passwd", "/assets/" + strings.Repeat("a", 4000),
		"/%ff.js", "/%0a.js", "/favicon.ico",
	} {
		s.anybody().get(path).wants(404).wantsHeaders(pageSet)
	}
	for _, path := range []string{
		"//api/ping", "/Api/ping", "/apis", "/x/../api/ping", "/static/", "/static/%00", "/static/STYLE.CSS/", "//", "///", "/%2e%2e/", "/%00", "/%0a",
		"/%ff", "/a%2fb", "/assets", "/a;b", "/a%20b", "/a\\b", "/" + strings.Repeat("a", 4000), "/" + strings.Repeat("../", 50) + "etc/passwd",
	} {
		r := s.anybody().get(path).wants(200).wantsHeaders(indexSet)
		if string(r.body) != index {
			t.Errorf("%s: %q; want the UI's page", r.call, r.body)
		}
	}
	s.anybody().get("/%61pi/../x").wants(404).wantsHeaders(apiSet)                            // which is /api/../x
	s.anybody().with("Accept-Encoding", "identity").get("/assets%2fapp-1a2b3c.js").wants(200) // an encoded slash is a slash here
	// An encoded letter is that letter (RFC 3986, 2.3).
	s.anybody().get("/%61pi/%70ing").wants(200, "pong!").wantsHeaders(apiSet)
}

// TestPictureRequests shows what may be asked about a picture, apart from itself.
func TestPictureRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.givePicture()
	const path = "/api/users/amelie/picture"
	first := s.anybody().get(path).wants(200).wantsHeaders(pictureSet)
	tag := first.header.Get("Etag")
	still := pictureSet.with("Content-Type", "").with("Content-Length", "")
	s.anybody().with("If-None-Match", tag).get(path).wants(304).wantsHeaders(still)
	s.anybody().with("If-None-Match", `"other"`).get(path).wants(200).wantsHeaders(pictureSet)
	for _, part := range []string{"bytes=0-3", "bytes=-3", "bytes=99999999-", "bytes=3-0", "bytes=0-0,2-2", "bytes=x", "x"} {
		// A range may be ignored (RFC 9110, 14.2). A refusal is an error of the API like others.
		switch r := s.anybody().with("Range", part).get(path); r.status {
		case 200:
			r.wantsHeaders(pictureSet)
		case 206:
		default:
			r.wants(416).json()
		}
	}

	amelie.givePicture()
	if again := s.anybody().get(path).wants(200).header.Get("Etag"); again == tag {
		t.Errorf("Etag after another upload = %s, as before; want another", again)
	}
	for _, size := range []string{"0", "-1", "1.5", "x", "99999999999999999999", "%00"} {
		s.anybody().get(path+"?size="+size).wants(400, "invalid payload")
	}
	for _, size := range []string{"", "1", "64", "512", "100000"} {
		s.anybody().get(path + "?size=" + size).wants(200).wantsHeaders(pictureSet)
	}
	for _, name := range s.files() {
		if strings.HasPrefix(name, "tmp"+string(filepath.Separator)) {
			t.Errorf("%s was left behind", name)
		}
	}
	amelie.delete("/api/auth/picture").wants(204)
	s.anybody().with("If-None-Match", tag).get(path).wants(404, "No picture.").wantsHeaders(apiSet)
	if files := s.files(); len(files) > 0 {
		t.Errorf("files after the picture's deletion: %q; want none", files)
	}
}
