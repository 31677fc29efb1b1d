package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// jsonRoute is a route that takes a JSON object, with one that it takes.
type jsonRoute struct {
	method, path string
	good         object
	// loose are the fields in which nonsense is as good as nothing.
	loose []string
	// optional are the fields that may be null.
	optional []string
}

// jsonRoutes are all of them, for an administrator who has an address and a workout that was typed in, where doris has an account. What
// is good here changes nothing that a later request needs.
func jsonRoutes(email, workoutID string) []jsonRoute {
	return []jsonRoute{
		{
			"POST", "/api/auth/register",
			object{"username": "boris", "email": "boris@example.com", "password": password, "lang": "fr", "language": "fr"},
			[]string{"lang", "language"},
			nil,
		},
		{ // which is over
			"POST", "/api/setup",
			object{
				"code": "x", "username": "boris", "email": "boris@example.com", "password": password, "language": "fr",
			},
			nil,
			[]string{"language"},
		},
		{"POST", "/api/auth/login", object{"email": email, "password": password}, nil, nil},
		{"POST", "/api/auth/account/confirm", object{"token": "x"}, nil, nil},
		{"POST", "/api/auth/account/resend-confirmation", object{"email": email}, nil, nil},
		{"POST", "/api/auth/password/reset-request", object{"email": email}, nil, nil},
		{"POST", "/api/auth/password/update", object{"token": "x", "password": password}, nil, nil},
		{"POST", "/api/auth/email/update", object{"token": "x"}, nil, nil},
		{
			"PATCH", "/api/auth/profile/edit/account",
			object{"email": email, "password": password, "new_password": password},
			nil,
			[]string{"new_password"},
		},
		{
			"POST", "/api/auth/profile/edit",
			object{"first_name": "A", "last_name": "B", "location": "C", "bio": "D", "birth_date": "1990-01-01"},
			nil,
			[]string{"first_name", "last_name", "location", "bio", "birth_date"},
		},
		{
			"POST", "/api/auth/profile/edit/preferences",
			object{"display_ascent": true, "imperial_units": true, "language": "fr", "timezone": "Europe/Paris", "weekm": true},
			nil,
			[]string{"language"},
		},
		{
			"POST", "/api/auth/profile/edit/sports",
			object{"sport_id": 1, "color": "#000000", "is_active": true, "stopped_speed_threshold": 1.5},
			nil,
			[]string{"color", "is_active", "stopped_speed_threshold"},
		},
		{"PATCH", "/api/sports/1", object{"is_active": true}, nil, nil},
		{
			"PATCH", "/api/config",
			object{
				"admin_contact": email, "gpx_limit_import": 5, "max_single_file_size": 1000, "max_users": 5,
				"max_zip_file_size": 2000,
			},
			nil,
			[]string{"admin_contact", "gpx_limit_import", "max_single_file_size", "max_users", "max_zip_file_size"},
		},
		{"POST", "/api/workouts/no_gpx", typedWorkout(), nil, []string{"title", "notes"}},
		{
			"PATCH", "/api/workouts/" + workoutID, typedWorkout(), nil,
			[]string{"sport_id", "title", "notes", "workout_date", "distance", "duration"},
		},
		{
			"POST", "/api/auth/tokens",
			object{"name": "A", "scope": "workouts:write", "sport_id": 1, "expires_in_days": 30},
			nil,
			[]string{"sport_id", "expires_in_days"},
		},
		{
			"POST", "/api/oauth/apps",
			object{
				"client_name": "A", "client_uri": "https://a.example.com", "redirect_uris": []string{callback}, "scope": "workouts:read",
				"client_description": "B",
			},
			nil,
			[]string{"client_description"},
		},
		{
			"PATCH", "/api/users/doris",
			object{"admin": true, "activate": true, "reset_password": false, "new_email": "new@example.com"},
			nil,
			[]string{"admin", "activate", "reset_password", "new_email"},
		},
	}
}

func typedWorkout() object {
	return object{
		"sport_id": 1, "title": "A", "notes": "B", "workout_date": "2018-05-15 14:05", "distance": 10.5, "duration": 3600.5,
	}
}

// raw is a JSON value as it stands.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// wrongFor returns values of other kinds than a good one's.
func wrongFor(good any) map[string]json.RawMessage {
	values := map[string]json.RawMessage{
		"null":                     raw(`null`),
		"an array":                 raw(`["x"]`),
		"an empty array":           raw(`[]`),
		"an object":                raw(`{"x": 1}`),
		"a deep object":            raw(strings.Repeat(`{"x":`, 2000) + `1` + strings.Repeat(`}`, 2000)),
		"a number":                 raw(`12345678`),
		"a number with a fraction": raw(`0.5`),
		"a number beyond any":      raw(`1e999`),
		"a number beyond 64 bits":  raw(`99999999999999999999`),
		"true":                     raw(`true`),
		"a text":                   raw(`"x y"`),
	}
	switch good.(type) {
	case string:
		delete(values, "a text")
	case bool:
		delete(values, "true")
	case int:
		delete(values, "a number")
	case float64:
		delete(values, "a number with a fraction")
		delete(values, "a number") // which is too large, and has a row of its own
	}
	return values
}

// TestRoutesAreAllHere checks that no JSON route is missing above.
func TestRoutesAreAllHere(t *testing.T) {
	t.Parallel()
	var here []string
	for _, route := range jsonRoutes("", "{id}") {
		here = append(here, route.method+" "+route.path)
	}
	others := []string{
		"POST /api/auth/picture", "POST /api/workouts", "POST " + uploadRoute, // files
		"POST /api/oauth/authorize", "POST /api/oauth/token", "POST /api/oauth/revoke", // forms
		"POST /api/auth/logout", "POST /api/oauth/apps/{client}/revoke", "POST /api/instance/test-mail", // nothing
	}
	in := strings.NewReplacer("{sport}", "1", "{user}", "doris")
	for _, route := range newSite(t).server.Routes() {
		name := route.Method + " " + in.Replace(routePath(route.Method, route.Path))
		if route.Method != "POST" && route.Method != "PATCH" || slices.Contains(others, name) {
			continue
		}
		if !slices.Contains(here, name) {
			t.Errorf("%s takes JSON, and is not in jsonRoutes", name)
		}
	}
}

// TestBadJSON sends every route what it cannot mean, and looks that nothing changes.
func TestBadJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.addAdmin("root")
	s.signUp("doris")
	for _, route := range jsonRoutes(root.email, root.typed(nil).wants(201).id()) {
		good, err := json.Marshal(route.good)
		if err != nil {
			t.Fatal(err)
		}
		s.unchanged(route.method+" "+route.path+" with bad JSON", func() {
			refused := func(name string, r response) {
				t.Helper()
				if r.status < 400 || r.status >= 500 || r.status == 404 || r.status == 429 {
					t.Errorf("%s %s with %s: %d %s; want another 4xx", route.method, route.path, name, r.status, r.body)
				}
				if r.wantsHeaders(apiSet).text("message") == "" {
					t.Errorf("%s %s with %s: %d %s; want a message", route.method, route.path, name, r.status, r.body)
				}
			}
			send := func(body string) response {
				t.Helper()
				return root.do(route.method, route.path, body)
			}
			for field, value := range route.good {
				if slices.Contains(route.loose, field) {
					continue
				}
				for name, wrong := range wrongFor(value) {
					if name == "null" && (slices.Contains(route.optional, field) || route.path == "/api/auth/login") {
						continue
					}
					body := maps.Clone(route.good)
					body[field] = wrong
					refused(field+" "+name, root.do(route.method, route.path, body))
				}
			}
			for name, body := range map[string]string{
				"nothing":                "",
				"spaces":                 " \r\n\t ",
				"null":                   "null",
				"an array":               "[" + string(good) + "]",
				"an empty array":         "[]",
				"a number":               "1",
				"a text":                 `"x"`,
				"true":                   "true",
				"an empty object":        "{}",
				"unknown fields":         `{"x": 1}`,
				"half an object":         string(good[:len(good)/2]),
				"an object cut short":    string(good[:len(good)-1]),
				"trailing garbage":       string(good) + "x",
				"two objects":            string(good) + string(good),
				"a trailing comma":       string(good[:len(good)-1]) + ",}",
				"single quotes":          strings.ReplaceAll(string(good), `"`, `'`),
				"a comment":              "/* x */" + string(good),
				"a byte order mark":      "\ufeff" + string(good),
				"a NUL":                  "\x00" + string(good),
				"UTF-16":                 "\xff\xfe{\x00}\x00",
				"a form":                 "email=x&password=y",
				"depth beyond all sense": strings.Repeat(`{"a":`, 12000),
				"arrays without end":     `{"a":` + strings.Repeat(`[`, 60000),
			} {
				refused(name, send(body))
			}
			refused("64 kB and more", send(`{"x":"`+strings.Repeat("x", 64<<10)+`"}`))
			for _, media := range []string{
				"", "text/plain", "text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/jsonp",
				"application/xml", "json", "*/*", "application/json, text/html", "application/json; charset", ";", "\xff",
			} {
				r := root.with("Content-Type", media).do(route.method, route.path, string(good))
				refused(fmt.Sprintf("Content-Type %q", media), r)
			}
		})
	}
	root.get("/api/auth/profile").wants(200)
}

// TestGoodJSON is the control: with what the table calls good, each route does not complain about the payload.
func TestGoodJSON(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.addAdmin("root")
	s.signUp("doris")
	for _, route := range jsonRoutes(root.email, root.typed(nil).wants(201).id()) {
		for _, media := range []string{"application/json", "application/json; charset=utf-8", "Application/JSON"} {
			r := root.with("Content-Type", media).do(route.method, route.path, route.good)
			switch token := route.good["token"]; {
			case token != nil:
				if r.status != 400 && r.status != 401 {
					t.Errorf("%s: %d %s; want a refusal of the token", r.call, r.status, r.body)
				}
			case route.path == "/api/setup":
				r.wants(409)
			case route.path == "/api/auth/register" && media != "application/json":
				r.wants(400, nameTaken)
			case slices.Contains([]string{"/api/workouts/no_gpx", "/api/auth/tokens", "/api/oauth/apps"}, route.path):
				r.wants(201)
			default:
				r.wants(200)
			}
		}
	}
}

// TestBadValues sends values of the right type that cannot be meant, and looks that nothing changes.
func TestBadValues(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.addAdmin("root")
	s.signUp("doris")
	routes := make(map[string]jsonRoute)
	for _, route := range jsonRoutes(root.email, "{id}") {
		routes[route.path] = route
	}
	const (
		profile     = "/api/auth/profile/edit"
		preferences = "/api/auth/profile/edit/preferences"
		sports      = "/api/auth/profile/edit/sports"
		account     = "/api/auth/profile/edit/account"
		register    = "/api/auth/register"
		config      = "/api/config"
		tokens      = "/api/auth/tokens"
		clients     = "/api/oauth/apps"
		doris       = "/api/users/doris"

		invalid  = "invalid payload"
		length   = "username: 3 to 30 characters required\n"
		letters  = "username: only alphanumeric characters and the underscore character \"_\" allowed\n"
		address  = "email: valid email must be provided\n"
		short    = "password: 8 characters required\n"
		long     = "password: 1024 bytes at most\n"
		color    = "invalid hexadecimal color"
		atLeast1 = " must be greater than 0"
		label    = "name: 1 to 100 characters required"
		scopes   = "scope: one or more of application:write, profile:read, profile:write, users:read, users:write, workouts:read, " +
			"workouts:write, workouts:upload required, separated by blanks"
		days        = "expires_in_days: 1 to 3650 required"
		clientName  = "OAuth2 client invalid client_name: 1 to 100 characters required"
		description = "OAuth2 client invalid client_description: 500 characters at most"
		website     = "OAuth2 client invalid client_uri: an address that begins with https:// or http:// required"
		uris        = "OAuth2 client invalid redirect_uris: 1 to 10 addresses required"
		firstURI    = "OAuth2 client invalid redirect_uris: address 1 must be one of https, of http on localhost, or of a scheme with a dot, " +
			"without user, fragment and wildcards"
		clientScope = "OAuth2 client invalid scopes"
		newAddress  = "valid email must be provided"
	)
	s.unchanged("what cannot be meant", func() {
		for _, c := range []struct {
			path, field string
			value       any
			status      int
			message     string
		}{
			{profile, "first_name", strings.Repeat("é", 81), 400, invalid},
			{profile, "last_name", strings.Repeat("x", 81), 400, invalid},
			{profile, "location", strings.Repeat("x", 81), 400, invalid},
			{profile, "bio", strings.Repeat("x", 201), 400, invalid},
			{profile, "first_name", "a\x00b", 400, invalid},
			{profile, "last_name", "a\x1bb", 400, invalid},
			{profile, "location", "a\u0085b", 400, invalid},
			{profile, "bio", "a\x7fb", 400, invalid},
			{profile, "birth_date", "2023-02-30", 400, invalid},
			{profile, "birth_date", "0000-00-00", 400, invalid},
			{profile, "birth_date", "1800-01-01", 400, invalid},
			{profile, "birth_date", "2026-06-16", 400, invalid}, // tomorrow
			{profile, "birth_date", "9999-12-31", 400, invalid},
			{profile, "birth_date", "99999-12-31", 400, invalid},
			{profile, "birth_date", "1990-1-1", 400, invalid},
			{profile, "birth_date", "01/01/1990", 400, invalid},
			{profile, "birth_date", " 1990-01-01", 400, invalid},
			{profile, "birth_date", "1990-01-01T00:00:00Z", 400, invalid},
			{profile, "birth_date", "yesterday", 400, invalid},

			{preferences, "timezone", "", 400, invalid},
			{preferences, "timezone", "Local", 400, invalid},
			{preferences, "timezone", "Mars/Olympus_Mons", 400, invalid},
			{preferences, "timezone", "+02:00", 400, invalid},
			{preferences, "timezone", "../../../etc/passwd", 400, invalid},
			{preferences, "timezone", "/etc/localtime", 400, invalid},
			{preferences, "timezone", "Europe", 400, invalid},
			{preferences, "timezone", "Europe/Paris\x00", 400, invalid},
			{preferences, "timezone", "zone.tab", 400, invalid},
			{preferences, "timezone", strings.Repeat("x", 10000), 400, invalid},

			{sports, "sport_id", 0, 404, "sport does not exist"},
			{sports, "sport_id", -1, 404, "sport does not exist"},
			{sports, "sport_id", 1000, 404, "sport does not exist"},
			{sports, "sport_id", raw("9223372036854775807"), 404, "sport does not exist"},
			{sports, "sport_id", raw("9223372036854775808"), 400, invalid},
			{sports, "color", "", 400, color},
			{sports, "color", "#00", 400, color},
			{sports, "color", "#0000", 400, color},
			{sports, "color", "#00000g", 400, color},
			{sports, "color", "000000", 400, color},
			{sports, "color", "red", 400, color},
			{sports, "color", "#000000\n", 400, color},
			{sports, "color", "#000000;}", 400, color},
			{sports, "stopped_speed_threshold", -0.1, 400, invalid},
			{sports, "stopped_speed_threshold", 100.1, 400, invalid},
			{sports, "stopped_speed_threshold", 1e308, 400, invalid},

			{register, "username", "", 400, length + letters},
			{register, "username", "ab", 400, length},
			{register, "username", strings.Repeat("x", 31), 400, length},
			{register, "username", "a b c", 400, letters},
			{register, "username", "abc\n", 400, letters},
			{register, "username", "émile", 400, letters},
			{register, "username", "a/../b", 400, letters},
			{register, "username", "a\x00b", 400, letters},
			{register, "username", "аmelie", 400, letters}, // with a Cyrillic a
			{register, "email", "", 400, address},
			{register, "email", "x", 400, address},
			{register, "email", strings.Repeat("x", 61) + "@" + strings.Repeat("x.", 95) + "com", 400, address}, // 255
			{register, "email", strings.Repeat("x", 65) + "@example.com", 400, address},
			{register, "email", "a@b", 400, address},
			{register, "email", "a@example.com\r\nBcc: b@example.com", 400, address},
			{register, "email", "a@example.com, b@example.com", 400, address},
			{register, "email", "<a@example.com>", 400, address},
			{register, "password", "1234567", 400, short},
			{register, "password", "éééé", 400, short},
			{register, "password", strings.Repeat("x", 2000), 400, long},

			{"/api/auth/login", "email", strings.Repeat("x", 10000), 401, "invalid credentials"},
			{"/api/auth/login", "email", "root@example.com\x00", 401, "invalid credentials"},
			{"/api/auth/login", "email", "' or 1=1 --", 401, "invalid credentials"},
			{"/api/auth/login", "email", "%", 401, "invalid credentials"},
			{"/api/auth/login", "password", strings.Repeat("x", 2000), 401, "invalid credentials"},
			{"/api/auth/login", "password", strings.Repeat("x", 60000), 401, "invalid credentials"},
			{"/api/auth/login", "password", password + "\x00", 401, "invalid credentials"},
			{"/api/auth/login", "password", password + " ", 401, "invalid credentials"},
			{"/api/auth/login", "password", strings.ToUpper(password), 401, "invalid credentials"},

			{account, "email", "", 400, "email is missing"},
			{account, "email", "x", 400, address},
			{account, "email", "a@example.com\r\nBcc: b@example.com", 400, address},
			{account, "password", "", 400, "current password is missing"},
			{account, "password", "wrong horse", 401, "invalid credentials"},
			{account, "password", strings.Repeat("x", 2000), 401, "invalid credentials"},
			{account, "new_password", "", 400, short},
			{account, "new_password", "1234567", 400, short},
			{account, "new_password", strings.Repeat("x", 2000), 400, long},

			{tokens, "name", "", 400, label},
			{tokens, "name", " \t\n", 400, label},
			{tokens, "name", strings.Repeat("é", 101), 400, label},
			{tokens, "name", "a\nb", 400, label},
			{tokens, "name", "a\x00b", 400, label},
			{tokens, "name", "a\u0085b", 400, label},
			{tokens, "scope", "", 400, scopes},
			{tokens, "scope", "  ", 400, scopes},
			{tokens, "scope", "*", 400, scopes},
			{tokens, "scope", "workouts", 400, scopes},
			{tokens, "scope", "Workouts:Write", 400, scopes},
			{tokens, "scope", "workouts:write,workouts:read", 400, scopes},
			{tokens, "scope", "workouts:write admin", 400, scopes},
			{tokens, "scope", "workouts:write workouts:write", 400, scopes},
			{tokens, "scope", "workouts:write\x00", 400, scopes},
			{tokens, "sport_id", 0, 400, "Sport id: 0 does not exist"},
			{tokens, "sport_id", -1, 400, "Sport id: -1 does not exist"},
			{tokens, "sport_id", 1000, 400, "Sport id: 1000 does not exist"},
			{tokens, "sport_id", raw("9223372036854775808"), 400, invalid},
			{tokens, "expires_in_days", 0, 400, days},
			{tokens, "expires_in_days", -1, 400, days},
			{tokens, "expires_in_days", 3651, 400, days},
			{tokens, "expires_in_days", raw("9223372036854775807"), 400, days},
			{tokens, "expires_in_days", 0.5, 400, invalid},

			{clients, "client_name", "", 400, clientName},
			{clients, "client_name", "  ", 400, clientName},
			{clients, "client_name", strings.Repeat("é", 101), 400, clientName},
			{clients, "client_name", "a\nb", 400, clientName},
			{clients, "client_description", strings.Repeat("é", 501), 400, description},
			{clients, "client_description", "a\x00b", 400, description},
			{clients, "client_uri", "", 400, website},
			{clients, "client_uri", "a.example.com", 400, website},
			{clients, "client_uri", "javascript:alert(1)", 400, website},
			{clients, "client_uri", "https://", 400, website},
			{clients, "client_uri", "https://a.example.com/" + strings.Repeat("x", 2000), 400, website},
			{clients, "redirect_uris", []string{}, 400, uris},
			{clients, "redirect_uris", slices.Repeat([]string{callback}, 11), 400, uris},
			{clients, "redirect_uris", []string{""}, 400, firstURI},
			{clients, "redirect_uris", []string{"http://a.example.com/"}, 400, firstURI},
			{clients, "redirect_uris", []string{"javascript:alert(1)"}, 400, firstURI},
			{clients, "redirect_uris", []string{callback + "#x"}, 400, firstURI},
			{clients, "redirect_uris", []string{"https://user@a.example.com/"}, 400, firstURI},
			{clients, "redirect_uris", []string{"https://*.example.com/"}, 400, firstURI},
			{clients, "redirect_uris", []string{"https://a.example.com/?code=x"}, 400, firstURI},
			{clients, "redirect_uris", []any{callback, 1}, 400, invalid},
			{clients, "redirect_uris", callback, 400, invalid},
			{clients, "scope", "", 400, clientScope},
			{clients, "scope", "admin", 400, clientScope},
			{clients, "scope", "Workouts:Read", 400, clientScope},

			{doris, "new_email", "", 400, newAddress},
			{doris, "new_email", "x", 400, newAddress},
			{doris, "new_email", "a@example.com\r\nBcc: b@example.com", 400, newAddress},
			{doris, "new_email", strings.Repeat("x", 65) + "@example.com", 400, newAddress},
			{doris, "new_email", " Doris@Example.com ", 400, "new email must be different than curent email"},
			{doris, "new_email", "ROOT@example.com", 400, "sorry, that email is already taken"},
			{doris, "activate", false, 400, invalid}, // an administrator who may not log in

			{config, "admin_contact", "x", 400, ""},
			{config, "admin_contact", "a@example.com\r\nb", 400, ""},
			{config, "gpx_limit_import", 0, 400, ""},
			{config, "gpx_limit_import", -1, 400, ""},
			{config, "gpx_limit_import", int64(1) << 40, 400, invalid},
			{config, "max_single_file_size", 0, 400, ""},
			{config, "max_single_file_size", 3000, 400, ""}, // more than an archive may have
			{config, "max_single_file_size", 1 << 60, 400, invalid},
			{config, "max_zip_file_size", -1, 400, ""},
			{config, "max_zip_file_size", 999, 400, ""},
			{config, "max_users", -1, 400, invalid},
			{config, "max_users", int64(1) << 40, 400, invalid},
		} {
			route := routes[c.path]
			body := maps.Clone(route.good)
			body[c.field] = c.value
			r := root.do(route.method, route.path, body)
			message, _ := r.json()["message"].(string)
			if r.status != c.status || c.message != "" && message != c.message {
				t.Errorf("%s %s with %s %.80q: %d %q; want %d %q", route.method, c.path, c.field, c.value, r.status, message, c.status, c.message)
			}
		}
		for _, path := range []string{
			"/api/sports/99999999999999999999", "/api/sports/9223372036854775807", "/api/sports/0", "/api/sports/30",
			"/api/sports/000000000000000000000000000000",
		} {
			root.get(path).wants(404)
			root.patch(path, object{"is_active": false}).wants(404)
			root.delete(strings.Replace(path, "/api/sports", "/api/auth/profile/reset/sports", 1)).wants(404, "sport does not exist")
		}
	})
}

// TestGoodValues shows what is at the edge, and taken, just as it was given.
func TestGoodValues(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	name, bio := strings.Repeat("é", 80), strings.Repeat("🚲", 199)+"\n"
	for _, c := range []struct{ in, want object }{
		{
			object{"first_name": name, "last_name": name, "location": name, "bio": bio, "birth_date": "2024-02-29"},
			object{"first_name": name, "last_name": name, "location": name, "bio": bio, "birth_date": "Thu, 29 Feb 2024 00:00:00 GMT"},
		},
		{
			object{"first_name": "<b>&\"'</b>", "last_name": "${x}{{.}}", "location": "\u202e\u200b", "bio": "\ufffd", "birth_date": "2026-06-15"},
			object{"first_name": "<b>&\"'</b>", "last_name": "${x}{{.}}", "location": "\u202e\u200b", "bio": "\ufffd", "birth_date": "Mon, 15 Jun 2026 00:00:00 GMT"},
		},
		{
			object{"first_name": "", "last_name": "", "location": "", "bio": "", "birth_date": ""},
			object{"first_name": "", "last_name": "", "location": "", "bio": "", "birth_date": nil},
		},
		{
			object{"first_name": nil, "last_name": nil, "location": nil, "bio": nil, "birth_date": nil},
			object{"first_name": nil, "last_name": nil, "location": nil, "bio": nil, "birth_date": nil},
		},
	} {
		amelie.post("/api/auth/profile/edit", c.in).wants(200, "user profile updated")
		got := amelie.get("/api/auth/profile").data()
		for field, want := range c.want {
			if got[field] != want {
				t.Errorf("%s after %q = %q; want %q", field, c.in[field], got[field], want)
			}
		}
	}
	for i, email := range []string{" Boris@Example.com ", strings.Repeat("x", 64) + "@example.com", "a+b@sub.example.com"} {
		username := fmt.Sprint("user_", i)
		s.register(username, email).wants(200)
		s.wantsMails(strings.TrimSpace(email), 1)
	}
	s.register("Ab_", "short@example.com").wants(200)
	s.register(strings.Repeat("x", 30), "long@example.com").wants(200)
	for _, password := range []string{strings.Repeat("x", 1024), "пароль и ещё", "        ", "a\x00b\x00c\x00d\x00"} {
		s.resetPassword(s.askForReset(amelie.email), password).wants(200)
		s.login(amelie.email, password)
		s.anybody().login(amelie.email, password[:len(password)-1]).wants(401)
	}
}
