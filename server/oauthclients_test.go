package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRedirectAddresses registers applications at every kind of address.
func TestRedirectAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root")
	for _, address := range []string{
		"https://example.com", "https://example.com/", "https://example.com/callback", "https://example.com:8443/callback", "https://sub.example.com/a/b.c",
		"https://example.com/callback?a=b&c=d", "https://example.com/?", "https://example.com/a%20b", "https://example.com/~me/;v=1,2/(x)'!$&+@:",
		"https://EXAMPLE.com/", "https://xn--bcher-kva.example/", "https://localhost/", "https://localhost:8080", "https://192.0.2.1/", "https://[2001:db8::1]:8443/cb",
		"https://intranet/cb", "https://my_pi.local/cb", "https://example.com:1/", "https://example.com:65535/",
		"http://localhost", "http://localhost/", "http://localhost:8080", "http://localhost:8080/callback?x=1", "http://127.0.0.1", "http://127.0.0.1:1/cb",
		"http://127.1.2.3:8080/", "http://127.255.255.255/", "http://[::1]/", "http://[::1]:8080/cb", "http://[0:0:0:0:0:0:0:1]:80/",
		"com.example.app:/callback", "com.example.app://callback", "com.example.app://callback/x?y=z", "org.fit-track2.x+y:/", "a.b:/",
		"https://example.com/" + strings.Repeat("a", 1980),
	} {
		c := root.registers(object{"redirect_uris": []string{address}})
		if got := root.get("/api/oauth/apps/" + c.id).oneClient()["redirect_uris"]; !cmp.Equal(got, any([]any{address})) {
			t.Errorf("address kept for %q: %q; want it as it was", address, got)
		}
		root.delete("/api/oauth/apps/" + c.number).wants(204)
	}
	s.unchanged("addresses that are not taken", func() {
		for _, address := range []string{
			"", " ", "/callback", "callback", "example.com/callback", "//example.com/callback", "://example.com", "https:", "https:/", "https://", "https:///",
			"https:///callback", "https:callback", "https:/callback", "https://?a=b", "https://:8443/", "urn:ietf:wg:oauth:2.0:oob", "*",
			// http to another machine
			"http://example.com/callback", "http://localhost.example.com/", "http://localhostx/", "http://localhost./", "http://xlocalhost/",
			"http://127.0.0.1.example.com/", "http://127.0.0.1.nip.io/", "http://128.0.0.1/", "http://126.255.255.255/", "http://0.0.0.0/", "http://192.168.1.1/",
			"http://[::2]/", "http://[::]/", "http://[::1%25eth0]/", "http://[fe80::1]/", "http://127.1/", "http://0x7f.0.0.1/", "http://2130706433/",
			"http://0177.0.0.1/", "http://127.0.0.01/", "http://127.0.0.1./", "http://LOCALHOST/", "http://[::1", "http://::1/", "http://[127.0.0.1]/",
			// hosts that browsers read as another number
			"https://127.1/", "https://0x7f.0.0.1/", "https://2130706433/", "https://0177.0.0.1/", "https://example.0x1/", "https://1.2.3.4.5/", "https://256.1.1.1/",
			"https://192.0.2.1./", "https://example.1/",
			// schemes
			"HTTPS://example.com/", "Https://example.com/", "HTTP://localhost/", "javascript:alert(1)", "JavaScript:alert(1)", "javascript://example.com/%0aalert(1)",
			"java.script:alert(1)", "data:text/html,<script>", "data:text/html;base64,PHA+", "vbscript:x", "file:///etc/passwd", "ftp://example.com/", "ws://localhost/",
			"wss://example.com/", "blob:https://example.com/x", "about:blank", "view-source:https://example.com", "intent://x", "myapp:/callback", "myapp://callback",
			"com.example.app:callback", "com.example.app", "Com.Example.App:/callback", ".com:/callback", "1com.example:/callback", "com_example.app:/callback",
			"mailto:amelie@example.com",
			// fragments, users, wildcards
			"https://example.com/callback#", "https://example.com/callback#a", "com.example.app:/#a", "https://amelie@example.com/", "https://amelie:pw@example.com/",
			"https://@example.com/", "https://:@example.com/", "https://example.com@evil.example/", "http://localhost@evil.example/", "https://a%40b@example.com/",
			"https://*.example.com/", "https://example.com/*", "https://example.com/?a=*", "https://*/", "com.example.*:/x",
			// what programs read differently
			`https://example.com\@evil.example/`, `https://example.com\callback`, `https:\\example.com/`, `https:/\example.com/`, "https://exa mple.com/",
			"https://example.com/a b", " https://example.com/", "https://example.com/ ", "https://example.com/\t", "\thttps://example.com/", "ht\ntps://example.com/",
			"https://exam\tple.com/", "https://example.com/\r\nLocation: x", "https://example.com/\x00", "https://example.com/\x7f", "https://example.com/\u0085",
			"https://example.com/\u200b", "https://example.com\u2044evil.example/", "https://exämple.com/", "https://example.com/é", "https://example。com/", "https://ｅxample.com/",
			"https://exa%6dple.com/", "https://%65xample.com/", "https://example.com%2fevil.example/", "https://example.com%00/", "https://ex%C3%A4mple.com/",
			"https://example.com%40evil.example/", "https://example.com/%", "https://example.com/%zz", "https://example.com/<x>", `https://example.com/"x"`,
			"https://example.com/{x}", "https://example.com/|x", "https://example.com/^x", "https://example.com/`x`", "https://example.com,evil.example/",
			"https://example.com;evil.example/", "https://example!.com/", "https://[example.com]/", "https://[::1/", "https://[::1]x/", "https://[v1.a]/", "https://a]b/",
			// ports
			"https://example.com:/", "https://example.com:0/", "https://example.com:65536/", "https://example.com:99999999999999999999/", "https://example.com:-1/",
			"https://example.com:+1/", "https://example.com:8443x/", "https://example.com:80:80/", "https://example.com:%38/", "http://localhost:*/", "http://[::1]:/",
			// parameters that an answer has
			"https://example.com/?code=x", "https://example.com/?a=b&state=x", "https://example.com/?error=x", "https://example.com/?c%6fde=x", "https://example.com/?code",
			"https://example.com/?a=%zz", "https://example.com/?a=b;state=x",
			"https://example.com/" + strings.Repeat("a", 1981),
		} {
			r := root.post("/api/oauth/apps", newApplication(object{"redirect_uris": []string{callback, address}}))
			r.call = fmt.Sprintf("register at %.80q", address)
			r.wants(400)
			if got := r.text("message"); !strings.HasPrefix(got, "OAuth2 client invalid redirect_uris: address 2 must be ") {
				t.Errorf("%s: %q; want it told which address is wrong", r.call, got)
			}
		}
	})
}

// TestApplicationsThatAreNone registers applications with everything else that is not taken.
func TestApplicationsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	const (
		badName        = "OAuth2 client invalid client_name: 1 to 100 characters required"
		badDescription = "OAuth2 client invalid client_description: 500 characters at most"
		badWebsite     = "OAuth2 client invalid client_uri: an address that begins with https:// or http:// required"
		badNumber      = "OAuth2 client invalid redirect_uris: 1 to 10 addresses required"
	)
	addresses := func(n int) []string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf("https://example.com/%d", i))
		}
		return all
	}
	s.unchanged("applications that are not taken", func() {
		for _, c := range []struct {
			key     string
			value   any
			message string
		}{
			{"client_name", "", badName},
			{"client_name", " \t\n", badName},
			{"client_name", strings.Repeat("é", 101), badName},
			{"client_name", "a\nb", badName},
			{"client_name", "a\x00b", badName},
			{"client_name", "a\u0085b", badName},
			{"client_name", 1, invalid},
			{"client_name", []string{"a"}, invalid},
			{"client_description", strings.Repeat("é", 501), badDescription},
			{"client_description", "a\x1b[0m", badDescription},
			{"client_description", 1, invalid},
			{"client_uri", "", badWebsite},
			{"client_uri", "example.com", badWebsite},
			{"client_uri", "//example.com", badWebsite},
			{"client_uri", "javascript:alert(1)", badWebsite},
			{"client_uri", "javascript://example.com/%0aalert(1)", badWebsite},
			{"client_uri", "data:text/html,x", badWebsite},
			{"client_uri", "ftp://example.com", badWebsite},
			{"client_uri", "com.example.app:/x", badWebsite},
			{"client_uri", "https://", badWebsite},
			{"client_uri", "https://a@example.com/", badWebsite},
			{"client_uri", "https://exämple.com/", badWebsite},
			{"client_uri", "https://example.com/a b", badWebsite},
			{"client_uri", "https://example.com/" + strings.Repeat("a", 1981), badWebsite},
			{"client_uri", 1, invalid},
			{"redirect_uris", []string{}, badNumber},
			{"redirect_uris", addresses(11), badNumber},
			{"redirect_uris", callback, invalid},
			{"redirect_uris", object{"0": callback}, invalid},
			{"redirect_uris", []any{callback, 1}, invalid},
			{"redirect_uris", []any{[]string{callback}}, invalid},
			{"scope", "everything", "OAuth2 client invalid scopes"},
			{"scope", "", "OAuth2 client invalid scopes"},
			{"scope", " ", "OAuth2 client invalid scopes"},
			{"scope", "PROFILE:READ", "OAuth2 client invalid scopes"},
			{"scope", "profile:read,workouts:read", "OAuth2 client invalid scopes"},
			{"scope", []string{"profile:read"}, invalid},
			{"scope", 1, invalid},
			{"client_name", nil, "OAuth2 client metadata missing keys: client_name"},
			{"client_uri", nil, "OAuth2 client metadata missing keys: client_uri"},
			{"redirect_uris", nil, "OAuth2 client metadata missing keys: redirect_uris"},
			{"scope", nil, "OAuth2 client metadata missing keys: scope"},
		} {
			r := amelie.post("/api/oauth/apps", newApplication(object{c.key: c.value}))
			r.call = fmt.Sprintf("register with %s %.60q", c.key, c.value)
			r.wants(400, c.message)
		}
		if r := amelie.post("/api/oauth/apps", newApplication(object{"redirect_uris": []any{nil}})).wants(400); r.text("message") == "" {
			t.Errorf("%s: %s; want a message", r.call, r.body)
		}
		for _, key := range []string{"client_name", "client_uri", "redirect_uris", "scope"} {
			in := newApplication(nil)
			delete(in, key)
			amelie.post("/api/oauth/apps", in).wants(400, "OAuth2 client metadata missing keys: "+key)
		}
		amelie.post("/api/oauth/apps", object{"client_description": "x"}).wants(400,
			"OAuth2 client metadata missing keys: client_name, client_uri, redirect_uris, scope")
		amelie.post("/api/oauth/apps", object{"x": 1}).wants(400, "OAuth2 client metadata missing")
		for _, body := range []string{"", "null", "[]", "{", `"x"`, `{"client_name": "x"`} {
			amelie.post("/api/oauth/apps", body).wants(400, invalid)
		}
		amelie.postForm("/api/oauth/apps", fields{"client_name": "x"}).wants(400, invalid)
	})
	for _, c := range []struct {
		key       string
		sent, got any
	}{
		{"name", " Été 🚲 ", "Été 🚲"},
		{"name", strings.Repeat("é", 100), strings.Repeat("é", 100)},
		{"name", "<script>alert(1)</script>", "<script>alert(1)</script>"},
		{"client_description", nil, nil},
		{"client_description", "", nil},
		{"client_description", " x ", "x"},
		{"client_description", strings.Repeat("é", 500), strings.Repeat("é", 500)},
		{"website", "http://example.com", "http://example.com"},
		{"website", "https://example.com:8443/?a=b", "https://example.com:8443/?a=b"},
	} {
		in := map[string]string{"name": "client_name", "website": "client_uri"}[c.key]
		if in == "" {
			in = c.key
		}
		app := amelie.registers(object{in: c.sent})
		if got := amelie.get("/api/oauth/apps/" + app.id).oneClient()[c.key]; got != c.got {
			t.Errorf("%s of an application sent as %q: %q; want %q", c.key, c.sent, got, c.got)
		}
	}
	amelie.registers(object{"redirect_uris": addresses(10), "client_id": "mine", "client_secret": "mine", "id": 99, "user_id": 99})
}

// TestSecretsAreToldOnce looks for the secrets of an application in all later answers and in the database.
func TestSecretsAreToldOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	app, other := amelie.registers(nil), amelie.registers(nil)
	code := app.code(nil)
	got := app.exchange(code, nil).tokens()
	if app.secret == other.secret || app.id == other.id || len(app.secret) < 43 || len(app.id) < 22 {
		t.Errorf("applications %s %s and %s %s; want long ones without likeness", app.id, app.secret, other.id, other.secret)
	}
	for _, r := range []response{
		amelie.get("/api/oauth/apps"), amelie.get("/api/oauth/apps/" + app.id), amelie.get("/api/oauth/apps/" + app.number + "/by_id"),
		s.withToken(got.access).get("/api/oauth/apps"),
	} {
		if r.wants(200); strings.Contains(string(r.body), "secret") || !strings.Contains(string(r.body), app.id) {
			t.Errorf("%s: %s; want the application without its secret", r.call, r.body)
		}
	}
	for _, file := range []string{s.dbFile(), s.dbFile() + "-wal"} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for what, secret := range map[string]string{"secret": app.secret, "code": code, "access token": got.access, "refresh token": got.refresh} {
			if strings.Contains(string(content), secret) {
				t.Errorf("%s holds the %s in clear", filepath.Base(file), what)
			}
		}
	}
}

// TestHundredApplications registers as many applications as an account may have, and pages through them.
func TestHundredApplications(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	boris.registers(object{"client_name": "of boris"})
	for i := range 95 {
		amelie.registers(object{"client_name": fmt.Sprintf("app %d", i+1)})
	}
	wantsOf(t, atOnce(12, func(i int) response {
		return amelie.post("/api/oauth/apps", newApplication(object{"client_name": fmt.Sprintf("late %d", i)}))
	}), 201, 5)
	amelie.post("/api/oauth/apps", newApplication(nil)).wants(400, "there can be 100 applications at most: delete one first")
	boris.registers(nil)

	var ids []float64
	for page, query := 1, "?per_page=30"; page <= 4; page++ {
		r := amelie.get(fmt.Sprintf("/api/oauth/apps%s&page=%d", query, page)).wants(200)
		for _, c := range objects(r.data()["clients"]) {
			ids = append(ids, number(c["id"]))
		}
		want := object{"has_next": page < 4, "has_prev": page > 1, "page": float64(page), "pages": 4.0, "total": 100.0}
		if diff := cmp.Diff(any(want), r.json()["pagination"]); diff != "" {
			t.Errorf("%s: - want, + got:\n%s", r.call, diff)
		}
	}
	for i := range ids[1:] {
		if ids[i] <= ids[i+1] {
			t.Errorf("application %v comes before %v; want the newest first", ids[i], ids[i+1])
		}
	}
	for query, want := range map[string]int{"": 5, "?page=20": 5, "?page=21": 0, "?page=0": 5, "?per_page=0": 0, "?per_page=100": 50} {
		if got := objects(amelie.get("/api/oauth/apps" + query).wants(200).data()["clients"]); len(got) != want {
			t.Errorf("GET /api/oauth/apps%s: %d applications; want %d", query, len(got), want)
		}
	}

	// One that is deleted makes room for one.
	amelie.delete(fmt.Sprintf("/api/oauth/apps/%v", ids[0])).wants(204)
	amelie.registers(nil)
	amelie.post("/api/oauth/apps", newApplication(nil)).wants(400)
}
