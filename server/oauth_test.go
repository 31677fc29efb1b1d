package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRedirectAddressIsExact asks for codes at addresses that are nearly those of an application (A11).
func TestRedirectAddressIsExact(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	const local = "http://localhost:8080/cb?x=1"
	one := amelie.registers(nil)
	several := amelie.registers(object{"redirect_uris": []string{local, callback, "com.example.app:/done"}})
	near := []string{
		"https://example.com/callback/", "https://example.com/callbac", "https://example.com/callback2", "https://example.com/callback/a",
		"https://example.com/Callback", "https://EXAMPLE.com/callback", "HTTPS://example.com/callback", "http://example.com/callback",
		"https://example.com:443/callback", "https://example.com:8443/callback", "https://example.com/callback?", "https://example.com/callback?a=b",
		"https://example.com/callback#", "https://example.com/callback#a", "https://example.com/./callback", "https://example.com/a/../callback",
		"https://example.com/%63allback", "https://example.com./callback", "https://www.example.com/callback", "https://example.com.evil.example/callback",
		"https://evil.example/callback", "https://example.com@evil.example/callback", "https://evil.example/?https://example.com/callback",
		"//example.com/callback", "/callback", "callback", "example.com/callback", " https://example.com/callback", "https://example.com/callback ",
		"https://example.com/callback\n", "https://example.com/callback\x00", "https://example.com\\callback",
		"http://localhost:8080/cb", "http://localhost:8081/cb?x=1", "http://localhost/cb?x=1", "http://127.0.0.1:8080/cb?x=1",
		"http://localhost:8080/cb?x=2", "http://localhost:8080/cb?x=1&y=2", "http://localhost:8080/cb?x=1&",
		"com.example.app:/", "com.example.app://done", "COM.example.app:/done", "javascript:alert(1)", "data:text/html,x", "*", "null",
	}
	s.unchanged("asking at another address", func() {
		for _, address := range near {
			for _, a := range []application{one, several} {
				r := a.asks(fields{"redirect_uri": address, "state": "xyz"})
				r.call = fmt.Sprintf("authorize at %q", address)
				if r.wants(400, `The "redirect_uri" is not a registered one.`).text("error") != "invalid_request" {
					t.Errorf("%s: %s; want invalid_request", r.call, r.body)
				}
			}
		}
		one.asks(fields{"redirect_uri": local}).wants(400) // the other's
	})
	for address, want := range map[string]string{ // where the answer goes
		absent: local + "&code=", "": local + "&code=", local: local + "&code=", callback: callback + "?code=",
		"com.example.app:/done": "com.example.app:/done?code=",
	} {
		r := several.asks(fields{"redirect_uri": address}).wants(200)
		if got := r.text("redirect_url"); !strings.HasPrefix(got, want) {
			t.Errorf("answer to who asks at %q goes to %s; want %s…", address, got, want)
		}
	}

	// At the next step it has to be the same again, and a wrong one does not use the code up.
	for _, a := range []application{one, several} {
		code := a.code(fields{"redirect_uri": callback})
		for _, address := range append(near, absent, "", local) {
			r := a.exchange(code, fields{"redirect_uri": address})
			r.call = fmt.Sprintf("exchange at %q", address)
			r.wantsRefusal(400, "invalid_grant")
		}
		a.exchange(code, fields{"redirect_uri": callback}).tokens()
	}
	// Where none was asked for, it does not count (C12).
	for _, address := range []string{absent, "", local, callback, "https://evil.example/"} {
		several.exchange(several.code(nil), fields{"redirect_uri": address}).tokens()
	}
}

// TestCodeIsGoodOnce uses a code again (A11). The contract's case oauth-code-flow has it that the refresh token still works then.
func TestCodeIsGoodOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	other := app.allowed("profile:read")
	code := app.code(nil)
	first := app.exchange(code, nil).tokens()
	s.opens("tokens", first.access, true)
	app.exchange(code, nil).wantsRefusal(400, "invalid_grant")
	s.opens("tokens whose code was used twice", first.access, false)
	second := app.refresh(first.refresh, nil).tokens()
	s.opens("what was renewed after that", second.access, true)

	s.restart()
	s.opens("what was renewed after that, after a restart", second.access, true)
	app.exchange(code, fields{"code_verifier": "of no use"}).wantsRefusal(400, "invalid_grant")
	s.opens("tokens whose code was used three times", second.access, false)
	s.opens("tokens of another code", other.access, true)

	app.revoke(second.refresh, nil).wants(200)
	app.exchange(code, nil).wantsRefusal(400, "invalid_grant")
}

// TestCodeExpires lets the ten minutes of a code pass (A11).
func TestCodeExpires(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	early, late := app.code(nil), app.code(nil)
	s.clock.forward(10*time.Minute - time.Second)
	app.exchange(early, nil).tokens()
	s.clock.forward(time.Second)
	s.unchanged("an expired code", func() { app.exchange(late, nil).wantsRefusal(400, "invalid_grant") })
}

// TestCodeOfAnother shows that a code is good for the application that asked for it only, and unharmed by others' tries (A11).
func TestCodeOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	mine := s.person("amelie").registers(nil)
	alike := s.person("amelie").registers(nil)
	others := s.person("boris").registers(nil)
	code := mine.code(nil)
	s.unchanged("a code of another application", func() {
		for _, a := range []application{alike, others} {
			a.exchange(code, nil).wantsRefusal(400, "invalid_grant")
		}
		mine.exchange(code, fields{"client_secret": alike.secret}).wantsRefusal(400, "invalid_client")
		mine.exchange(code, fields{"client_id": alike.id}).wantsRefusal(400, "invalid_client")
	})
	got := mine.exchange(code, nil).tokens()
	for _, a := range []application{alike, others} {
		a.exchange(code, nil).wantsRefusal(400, "invalid_grant")
	}
	s.opens("tokens whose code another application tried", got.access, true)
}

// TestChallenge shows that PKCE holds once it has begun (A11, C12).
func TestChallenge(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	begun := fields{"code_challenge": challenge, "code_challenge_method": "S256"}
	s.unchanged("a challenge that is none", func() {
		for _, c := range []struct{ challenge, method string }{
			{challenge, "plain"},
			{challenge, absent},
			{challenge, ""},
			{challenge, "s256"},
			{challenge, "S512"},
			{challenge, "S256 "},
			{verifier, "plain"},
			{absent, "S256"},
			{"", "S256"},
			{absent, "plain"},
			{challenge + "=", "S256"},
			{challenge[:42], "S256"},
			{challenge + "A", "S256"},
			{strings.ReplaceAll(challenge, "-", "+"), "S256"},
			{challenge + "\n", "S256"},
			{" " + challenge[1:], "S256"},
		} {
			r := app.asks(fields{"code_challenge": c.challenge, "code_challenge_method": c.method})
			r.call = fmt.Sprintf("authorize with challenge %q of method %q", c.challenge, c.method)
			if r.wants(400).text("error") != "invalid_request" || r.text("status") != "error" || r.text("message") == "" {
				t.Errorf("%s: %s; want invalid_request, and words for the page", r.call, r.body)
			}
		}
	})

	code := app.code(begun)
	s.unchanged("a wrong verifier", func() {
		for wrong, want := range map[string]string{
			absent: "invalid_request", "": "invalid_request", challenge: "invalid_grant", verifier + "A": "invalid_grant", verifier[1:]: "invalid_grant",
			strings.ToLower(verifier): "invalid_grant", " " + verifier: "invalid_grant", verifier + "=": "invalid_grant", "\x00": "invalid_grant",
		} {
			r := app.exchange(code, fields{"code_verifier": wrong})
			r.call = fmt.Sprintf("exchange with verifier %q", wrong)
			r.wantsRefusal(400, want)
		}
	})
	app.exchange(code, fields{"code_verifier": verifier}).tokens()
	app.exchange(code, fields{"code_verifier": verifier}).wantsRefusal(400, "invalid_grant")

	code = app.code(nil)
	s.unchanged("a verifier without a challenge", func() {
		app.exchange(code, fields{"code_verifier": verifier}).wantsRefusal(400, "invalid_grant")
	})
	app.exchange(code, fields{"code_verifier": ""}).tokens()
}

// TestScopeIsNeverWider asks for more than was registered, asked for or granted (A11).
func TestScopeIsNeverWider(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root") // who may do everything
	app := root.registers(object{"scope": "workouts:read profile:read  profile:read everything workouts:write"})
	if got := root.get("/api/oauth/apps/" + app.id).oneClient()["scope"]; got != "workouts:read profile:read workouts:write" {
		t.Errorf("registered scope %q; want what there is, each once", got)
	}
	for asked, want := range map[string]string{
		"profile:read":                                  "profile:read",
		"workouts:write profile:read":                   "workouts:write profile:read",
		"profile:read profile:read":                     "profile:read",
		"  profile:read   workouts:read ":               "profile:read workouts:read",
		"\tprofile:read\n workouts:read ":               "workouts:read",
		"profile:read x\u0085workouts:write":            "profile:read", // which is what the consent page shows
		"profile:read workouts:upload":                  "profile:read",
		"profile:read users:write":                      "profile:read",
		"application:write users:read profile:read":     "profile:read",
		"profile:read everything":                       "profile:read",
		"profile:read Workouts:Read":                    "profile:read",
		"profile:read,workouts:read workouts:read":      "workouts:read",
		"profile:read workouts:read workouts:write * x": "profile:read workouts:read workouts:write",
	} {
		got := app.exchange(app.code(fields{"scope": asked}), fields{"scope": "users:write workouts:write"}).tokens()
		if got.scope != want {
			t.Errorf("scope of who asks for %q: %q; want %q", asked, got.scope, want)
		}
	}
	s.unchanged("a scope in which nothing is to be had", func() {
		for _, asked := range []string{absent, "", " ", "users:read", "everything", "*", "profile:write", "PROFILE:READ", "profile", "read"} {
			r := app.asks(fields{"scope": asked})
			r.call = fmt.Sprintf("authorize with scope %q", asked)
			if r.wants(400).text("error") != "invalid_scope" {
				t.Errorf("%s: %s; want invalid_scope", r.call, r.body)
			}
		}
	})

	// The token opens what it says, and nothing else of what its administrator may.
	got := app.allowed("profile:read")
	c := s.withToken(got.access)
	c.get("/api/auth/profile").wants(200)
	for _, path := range []string{"/api/workouts", "/api/users", "/api/users/root", "/api/stats/all"} {
		if r := c.get(path).wants(403); r.text("error") != "insufficient_scope" {
			t.Errorf("GET %s with profile:read: %s; want insufficient_scope", path, r.body)
		}
	}
	c.patch("/api/config", object{"max_users": 1}).wants(403)
	c.typed(nil).wants(403)
}

// TestScopeOfRefreshes narrows an access token, and tries to widen it (A11; RFC 6749, 6).
func TestScopeOfRefreshes(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	got := app.allowed("profile:read workouts:read")
	s.unchanged("asking for more than was granted", func() {
		for _, asked := range []string{"workouts:write", "profile:read workouts:write", "everything", "profile:read profile", "users:read"} {
			app.refresh(got.refresh, fields{"scope": asked}).wantsRefusal(400, "invalid_scope")
		}
	})
	for _, c := range []struct{ asked, want string }{
		{"workouts:read", "workouts:read"},
		{absent, "profile:read workouts:read"},
		{"profile:read profile:read", "profile:read"},
		{"workouts:read profile:read", "workouts:read profile:read"},
		{" ", "profile:read workouts:read"},
	} {
		got = app.refresh(got.refresh, fields{"scope": c.asked}).tokens()
		if got.scope != c.want {
			t.Errorf("scope of a refresh that asks for %q: %q; want %q", c.asked, got.scope, c.want)
		}
		for permission, path := range map[string]string{"profile:read": "/api/auth/profile", "workouts:read": "/api/workouts"} {
			want := http.StatusForbidden
			if strings.Contains(c.want, permission) {
				want = http.StatusOK
			}
			s.withToken(got.access).get(path).wants(want)
		}
	}
}

// TestClientAuthentication shows an application's secret in the form and in the header (A11; RFC 6749, 2.3.1).
func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	other := s.person("amelie").registers(nil)
	code, got := app.code(nil), app.allowed("profile:read")
	inForm := func(id, secret string) fields { return fields{"client_id": id, "client_secret": secret} }
	for _, c := range []struct {
		name, header string
		form         fields
		status       int
		refusal      string // empty: none
	}{
		{"in the form", "", inForm(app.id, app.secret), 200, ""},
		{"in the header", basic(app.id, app.secret), inForm(absent, absent), 200, ""},
		{"in the header, the id in the form too", basic(app.id, app.secret), inForm(app.id, absent), 200, ""},
		{"in the header, an empty secret in the form", basic(app.id, app.secret), inForm(app.id, ""), 200, ""},
		{"in the header in lower case", strings.Replace(basic(app.id, app.secret), "Basic", "basic", 1), inForm(absent, absent), 200, ""},
		{"in both", basic(app.id, app.secret), inForm(app.id, app.secret), 400, "invalid_request"},
		{"another's in the form", basic(app.id, app.secret), inForm(other.id, absent), 400, "invalid_request"},
		{"a bad escape in the header", "Basic " + "YSVaWjpi", inForm(absent, absent), 400, "invalid_request"},
		{"nothing", "", inForm(absent, absent), 400, "invalid_client"},
		{"no secret", "", inForm(app.id, absent), 400, "invalid_client"},
		{"an empty secret", "", inForm(app.id, ""), 400, "invalid_client"},
		{"a wrong secret", "", inForm(app.id, app.secret+"A"), 400, "invalid_client"},
		{"the id for a secret", "", inForm(app.id, app.id), 400, "invalid_client"},
		{"another's secret", "", inForm(app.id, other.secret), 400, "invalid_client"},
		{"an unknown id", "", inForm("unknown", app.secret), 400, "invalid_client"},
		{"an id in other letters", "", inForm(strings.ToLower(app.id), app.secret), 400, "invalid_client"},
		{"the number for an id", "", inForm(app.number, app.secret), 400, "invalid_client"},
		{"no id", "", inForm(absent, app.secret), 400, "invalid_client"},
		{"a wrong secret in the header", basic(app.id, "x"), inForm(absent, absent), 401, "invalid_client"},
		{"no secret in the header", basic(app.id, ""), inForm(absent, absent), 401, "invalid_client"},
		{"nothing in the header", basic("", ""), inForm(absent, absent), 401, "invalid_client"},
		{"an unknown id in the header", basic("unknown", "x"), inForm(absent, absent), 401, "invalid_client"},
		{"a header of another kind", "Digest x", inForm(absent, absent), 400, "invalid_client"},
		{"a header that is no Base64", "Basic ???", inForm(absent, absent), 400, "invalid_client"},
	} {
		caller := app
		if c.header != "" {
			caller.client = caller.with("Authorization", c.header)
		}
		if c.refusal == "" {
			renewed := caller.refresh(caller.exchange(app.code(nil), c.form).tokens().refresh, c.form).tokens()
			caller.revoke(renewed.access, c.form).wants(200)
			s.opens("a token revoked, client named: "+c.name, renewed.access, false)
			continue
		}
		for _, r := range []response{caller.exchange(code, c.form), caller.refresh(got.refresh, c.form), caller.revoke(got.access, c.form)} {
			r.call += ", client named: " + c.name
			r.wantsRefusal(c.status, c.refusal)
			if challenge := r.header.Get("WWW-Authenticate"); strings.HasPrefix(challenge, "Basic ") != (c.status == 401) {
				t.Errorf("%s: %d with WWW-Authenticate %q; want Basic with 401 only", r.call, r.status, challenge)
			}
		}
	}
	app.exchange(code, nil).tokens() // nothing was harmed
	s.opens("a token that was not revoked", got.access, true)
	app.refresh(got.refresh, nil).tokens()
}

// TestStateIsEchoed asks with every awkward state (A11, C12).
func TestStateIsEchoed(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	addresses := []string{
		callback, "https://example.com", "https://example.com/", "https://localhost/", "http://localhost:8765", "http://127.0.0.1:1/a%20b",
		"https://example.com/?", "https://example.com/?a=b", "https://example.com/?a=b&", "https://example.com/cb?next=%2Fx%3Fy%3D1&z=%26",
		"com.example.app:/done", "com.example.app://done/?x",
	}
	app := amelie.registers(object{"redirect_uris": addresses[:10]})
	private := amelie.registers(object{"redirect_uris": addresses[10:]})
	var ascii strings.Builder
	for c := range byte(128) {
		ascii.WriteByte(c)
	}
	for _, state := range []string{
		"xyz", "a b", "a+b", "a%20b", "%", "%zz", "&code=evil", "=", "a=b&c=d", "#f", "?", "/../", "\\", "\"<script>'", "\r\nSet-Cookie: a=b", "\x00", "\xff\xfe",
		"é🚲дождь", "\u2028", ascii.String(), strings.Repeat("s", 4000), "{\"a\": [1]}", ";a=b", " ", "0", "null",
	} {
		for i, address := range addresses {
			a := app
			if i >= 10 {
				a = private
			}
			r := a.asks(fields{"redirect_uri": address, "state": state}).wants(200)
			u := r.answerTo()
			answer, err := url.ParseQuery(u.RawQuery)
			if err != nil {
				t.Errorf("answer to state %q: %s: %v", state, u, err)
			}
			want, _ := url.Parse(address)
			wantQuery := want.Query()
			wantQuery.Set("state", state)
			wantQuery.Set("code", answer.Get("code"))
			if diff := cmp.Diff(wantQuery, answer); diff != "" || u.Fragment != "" {
				t.Errorf("answer to state %q at %s, - want, + got:\n%s", state, address, diff)
			}
			if u.Scheme != want.Scheme || u.Host != want.Host || u.Path != want.Path {
				t.Errorf("answer to state %q at %s goes to %s", state, address, u)
			}
			if got := r.text("redirect_url"); strings.ContainsFunc(got, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
				t.Errorf("answer to state %q: %q; want what can stand in a header", state, got)
			}
		}
	}
	for _, state := range []string{absent, ""} {
		if u := app.asks(fields{"state": state}).answerTo(); u.Query().Has("state") {
			t.Errorf("answer without a state: %s; want none", u)
		}
	}
}

// TestRefusalsAreSentOn shows what an application is told of a request for a code that is refused, and where (RFC 6749, 4.1.2.1).
func TestRefusalsAreSentOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	const withQuery = "https://example.com/cb?a=b"
	app := s.person("amelie").registers(object{"redirect_uris": []string{callback, withQuery}})
	s.unchanged("a request that is refused", func() {
		for _, c := range []struct {
			asked fields
			want  string // empty: nobody is told
		}{
			{fields{"scope": "everything", "state": "a b&c"}, callback + "?error=invalid_scope&state=a+b%26c"},
			{fields{"scope": "everything", "state": absent}, callback + "?error=invalid_scope"},
			{fields{"scope": "everything", "state": "x", "redirect_uri": withQuery}, withQuery + "&error=invalid_scope&state=x"},
			{fields{"code_challenge": "x", "code_challenge_method": "plain", "state": "x"}, callback + "?error=invalid_request&state=x"},
			{fields{"code_challenge": "x", "code_challenge_method": "S256", "state": "x"}, callback + "?error=invalid_request&state=x"},
			{fields{"code_challenge": "x", "code_challenge_method": "plain", "confirm": "false", "state": "x"}, callback + "?error=invalid_request&state=x"},
			{fields{"scope": "everything", "redirect_uri": "https://evil.example.com/"}, ""},
			{fields{"scope": "everything", "redirect_uri": callback + "x"}, ""},
			{fields{"scope": "everything", "client_id": "unknown"}, ""},
			{fields{"response_type": "token"}, ""}, // by contract
			{fields{"confirm": "false"}, ""},       // likewise
		} {
			r := app.asks(c.asked).wants(400)
			if got := r.text("redirect_url"); got != c.want {
				t.Errorf("%v: redirect_url is %q; want %q", c.asked, got, c.want)
			}
		}
	})
}

// TestOthersApplication shows that nobody can allow somebody else's application anything (A11).
func TestOthersApplication(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	s.unchanged("somebody else's application", func() {
		for _, name := range []string{"boris", "root"} {
			asker := app
			asker.owner = s.person(name).client
			others := asker.asks(nil).wants(400, invalid)
			asker.id = "unknown"
			if unknown := asker.asks(nil).wants(400, invalid); string(unknown.body) != string(others.body) {
				t.Errorf("answers: %s and %s; want no difference between others' and none", others.body, unknown.body)
			}
		}
		app.owner = s.anybody()
		app.asks(nil).wants(401)
	})
}

// TestDeniedConsent shows that nothing but a plain yes is one.
func TestDeniedConsent(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	s.unchanged("no consent", func() {
		for _, word := range []string{absent, "", "false", "True", "TRUE", "1", "yes", "on", " true", "true ", "truefalse"} {
			app.asks(fields{"confirm": word}).wants(400, "The resource owner or authorization server denied the request")
		}
		for _, kind := range []string{absent, "", "token", "code token", "CODE", "code "} {
			app.asks(fields{"response_type": kind}).wants(400, invalid)
		}
		app.asks(fields{"client_id": absent}).wants(400, invalid)
	})
}

// TestTokenRequestsThatAreNone sends what is no request for tokens, and no form.
func TestTokenRequestsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	got := app.allowed("profile:read")
	good := fields{"grant_type": "refresh_token", "refresh_token": got.refresh, "client_id": app.id, "client_secret": app.secret}
	const urlencoded = "application/x-www-form-urlencoded"
	multipart := func(f fields) string {
		var body strings.Builder
		for name, value := range f {
			body.WriteString(part(`form-data; name="`+name+`"`, value))
		}
		return body.String() + "--b--\r\n"
	}
	json := `{"grant_type": "refresh_token", "refresh_token": "` + got.refresh + `", "client_id": "` + app.id + `", "client_secret": "` + app.secret + `"}`
	s.unchanged("what is no request for tokens", func() {
		for _, c := range []struct {
			name, contentType, body string
			status                  int
			refusal                 string
		}{
			{"nothing", urlencoded, "", 400, "unsupported_grant_type"},
			{"no kind", urlencoded, good.with(fields{"grant_type": absent}).encode(), 400, "unsupported_grant_type"},
			{"another kind", urlencoded, good.with(fields{"grant_type": "client_credentials"}).encode(), 400, "unsupported_grant_type"},
			{"a kind in capitals", urlencoded, good.with(fields{"grant_type": "REFRESH_TOKEN"}).encode(), 400, "unsupported_grant_type"},
			{"no refresh token", urlencoded, good.with(fields{"refresh_token": absent}).encode(), 400, "invalid_request"},
			{"an empty refresh token", urlencoded, good.with(fields{"refresh_token": ""}).encode(), 400, "invalid_request"},
			{"no code", urlencoded, good.with(fields{"grant_type": "authorization_code"}).encode(), 400, "invalid_request"},
			{"an empty code", urlencoded, good.with(fields{"grant_type": "authorization_code", "code": ""}).encode(), 400, "invalid_request"},
			{"a refresh token for a code", urlencoded, good.with(fields{"grant_type": "authorization_code", "code": got.refresh}).encode(), 400, "invalid_grant"},
			{"an access token", urlencoded, good.with(fields{"refresh_token": got.access}).encode(), 400, "invalid_grant"},
			{"a refresh token with more", urlencoded, good.with(fields{"refresh_token": got.refresh + " "}).encode(), 400, "invalid_grant"},
			{"a parameter twice", urlencoded, good.encode() + "&refresh_token=x", 400, "invalid_request"},
			{"a parameter twice, the same", urlencoded, good.encode() + "&client_id=" + app.id, 400, "invalid_request"},
			{"an unknown parameter twice", urlencoded, good.encode() + "&a=1&a=2", 400, "invalid_request"},
			{"a bad escape", urlencoded, good.encode() + "&a=%zz", 400, "invalid_request"},
			{"a semicolon", urlencoded, good.encode() + ";a=1", 400, "invalid_request"},
			{"JSON", "application/json", json, 400, "invalid_request"},
			{"JSON that claims to be a form", urlencoded, json, 400, "unsupported_grant_type"},
			{"a form that claims to be JSON", "application/json", good.encode(), 400, "invalid_request"},
			{"a form that claims to be text", "text/plain", good.encode(), 400, "invalid_request"},
			{"a media type that is none", "form;;/", good.encode(), 400, "invalid_request"},
			{"no media type", "", good.encode(), 400, "invalid_request"},
			{"a multipart form without boundary", "multipart/form-data", multipart(good), 400, "invalid_request"},
			{"a multipart form with another boundary", "multipart/form-data; boundary=c", multipart(good), 400, "invalid_request"},
			{"half of a multipart form", formType, multipart(good)[:200], 400, "invalid_request"},
			{"a multipart form with a parameter twice", formType, part(`form-data; name="client_id"`, "x") + multipart(good), 400, "invalid_request"},
			{"a file for a token", formType, part(`form-data; name="refresh_token"; filename="a"`, got.refresh) +
				multipart(good.with(fields{"refresh_token": absent})), 400, "invalid_request"},
			{"half a form", urlencoded, good.encode()[:20], 400, "unsupported_grant_type"},
		} {
			r := app.with("Content-Type", c.contentType).post("/api/oauth/token", c.body)
			r.call = c.name
			r.wantsRefusal(c.status, c.refusal)
		}
		for _, path := range []string{"/api/oauth/token", "/api/oauth/revoke"} {
			long := app.with("Content-Type", urlencoded).post(path, "a="+strings.Repeat("b", 64<<10)).wants(413).wantsJSON()
			if long.text("status") != "fail" {
				t.Errorf("a long form: %s; want status fail", long.body)
			}
			for _, method := range []string{"GET", "PUT", "DELETE", "OPTIONS"} {
				r := app.do(method, path+"?"+good.encode(), nil).wants(405).wantsJSON()
				if r.header.Get("Allow") != "POST" {
					t.Errorf("%s: Allow: %s; want POST", r.call, r.header.Get("Allow"))
				}
			}
			// The query of an address is seen by more eyes than a body; nothing is taken from there (RFC 6749, 2.3.1).
			app.with("Content-Type", urlencoded).post(path+"?"+good.encode(), "").wants(400)
		}
		app.owner.with("Content-Type", "application/json").post("/api/oauth/authorize", object{
			"client_id": app.id, "response_type": "code", "scope": "profile:read", "confirm": "true",
		}).wants(400, invalid)
	})
	app.with("Content-Type", formType).post("/api/oauth/token", multipart(good)).tokens()
	app.with("Content-Type", urlencoded+"; charset=UTF-8").post("/api/oauth/token", app.refreshing(app.allowed("profile:read").refresh).encode()).tokens()
}

// TestRevocation gives tokens back (RFC 7009).
func TestRevocation(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	other := s.person("boris").registers(nil)
	kept := app.allowed("profile:read")
	for _, c := range []struct {
		name   string
		token  func(old, present tokens) string
		hint   string
		isOver bool // already, so that nothing ends
	}{
		{"the access token", func(_, present tokens) string { return present.access }, absent, false},
		{"the refresh token", func(_, present tokens) string { return present.refresh }, absent, false},
		{"the access token, hinted at", func(_, present tokens) string { return present.access }, "access_token", false},
		{"the access token, hinted at wrongly", func(_, present tokens) string { return present.access }, "refresh_token", false},
		{"the refresh token, hinted at by nonsense", func(_, present tokens) string { return present.refresh }, "x", false},
		{"a replaced access token", func(old, _ tokens) string { return old.access }, absent, true},
		{"a replaced refresh token", func(old, _ tokens) string { return old.refresh }, absent, false},
	} {
		old := app.allowed("profile:read")
		present := app.refresh(old.refresh, nil).tokens()
		token := c.token(old, present)
		s.unchanged("a revocation by another application", func() {
			other.revoke(token, nil).wantsRefusal(400, "invalid_grant")
			app.revoke(token, fields{"client_secret": other.secret}).wantsRefusal(400, "invalid_client")
		})
		s.opens("a token that another application tried to revoke", present.access, true)
		r := app.revoke(token, fields{"token_type_hint": c.hint}).wants(200)
		if got := strings.TrimSpace(string(r.body)); got != "{}" {
			t.Errorf("revocation of %s: %s; want {}", c.name, got)
		}
		if c.isOver {
			s.opens("an access token after the revocation of "+c.name, present.access, true)
			continue
		}
		s.opens("an access token after the revocation of "+c.name, present.access, false)
		app.refresh(present.refresh, nil).wantsRefusal(400, "invalid_grant")
		app.revoke(token, nil).wants(200) // it is gone already, which is no fault
	}
	s.unchanged("a revocation of nothing", func() {
		app.revoke("unknown", nil).wants(200)
		app.revoke(app.secret, nil).wants(200)
		app.revoke(app.owner.token(), nil).wants(200) // a session is not ended here
		app.revoke(absent, nil).wantsRefusal(400, "invalid_request")
		app.revoke("", nil).wantsRefusal(400, "invalid_request")
	})
	s.opens("tokens of another code", kept.access, true)
}

// TestEndOfApplications takes back what an application was allowed, and deletes it.
func TestEndOfApplications(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	app, other := amelie.registers(nil), amelie.registers(nil)
	kept := other.allowed("profile:read")
	for _, end := range []struct {
		name string
		call func(by user, number string) response
	}{
		{"revoked", func(by user, number string) response { return by.post("/api/oauth/apps/"+number+"/revoke", nil) }},
		{"deleted", func(by user, number string) response { return by.delete("/api/oauth/apps/" + number) }},
	} {
		first, second, code := app.allowed("profile:read"), app.allowed("profile:read"), app.code(nil)
		s.unchanged("somebody else", func() {
			for _, by := range []user{boris, s.person("root")} {
				end.call(by, app.number).wants(404, "OAuth2 client not found")
			}
			end.call(amelie, "999").wants(404, "OAuth2 client not found")
			for _, c := range []client{s.withToken(first.access), s.anybody()} {
				if r := end.call(user{client: c}, app.number); r.status != 401 && r.status != 403 {
					t.Errorf("%s without a session: %d; want 401 or 403", r.call, r.status)
				}
			}
		})
		s.opens("what nobody has ended", first.access, true)
		if r := end.call(amelie, app.number); r.status != 200 && r.status != 204 {
			t.Errorf("%s: %d %s; want 200 or 204", r.call, r.status, r.body)
		}
		want := "invalid_grant"
		if end.name == "deleted" {
			want = "invalid_client"
		}
		for _, got := range []tokens{first, second} {
			s.opens("an access token of an application that was "+end.name, got.access, false)
			app.refresh(got.refresh, nil).wantsRefusal(400, want)
		}
		app.exchange(code, nil).wantsRefusal(400, want)
	}
	amelie.delete("/api/oauth/apps/" + app.number).wants(404)
	app.asks(nil).wants(400, invalid)
	s.opens("tokens of another application", kept.access, true)
	if rows := s.run(`select count(*) from grants`); rows[0] != "1" {
		t.Errorf("grants: %s; want 1, of the other application", rows[0])
	}
	// The next application gets neither number nor id of the one that is gone.
	next := amelie.registers(nil)
	if n, _ := strconv.Atoi(next.number); fmt.Sprint(n) == app.number || next.id == app.id {
		t.Errorf("the next application is %s, %s; want another number and id than %s, %s", next.number, next.id, app.number, app.id)
	}
}

// TestExchangesAtOnce lets twenty requests have one code (A11). That the tokens of the winner are good is shown where the moment for which
// the answer waits is as long as the others need, in package auth.
func TestExchangesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	code := app.code(nil)
	wantsOneWinner(t, atOnce(20, func(int) response { return app.exchange(code, nil) }))
}
