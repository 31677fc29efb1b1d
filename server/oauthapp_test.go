package server_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A verifier and its S256 challenge (RFC 7636, appendix B).
const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// absent is the value of a parameter that is not sent.
const absent = "(absent)"

// fields are the parameters of a form.
type fields map[string]string

// with returns the fields with others in their place.
func (f fields) with(edits fields) fields {
	all := maps.Clone(f)
	maps.Copy(all, edits)
	maps.DeleteFunc(all, func(_, value string) bool { return value == absent })
	return all
}

func (f fields) encode() string {
	values := make(url.Values)
	for name, value := range f {
		values.Set(name, value)
	}
	return values.Encode()
}

// postForm sends a form as applications do.
func (c client) postForm(path string, f fields) response {
	c.s.t.Helper()
	return c.with("Content-Type", formMedia).post(path, f.encode())
}

// form does so with names and values in turn.
func (c client) form(path string, parameters ...string) response {
	c.s.t.Helper()
	f := make(fields)
	for i := 0; i < len(parameters); i += 2 {
		f[parameters[i]] = parameters[i+1]
	}
	return c.postForm(path, f)
}

// application is a third-party program, as its owner has registered it.
type application struct {
	client // calls by itself
	owner  client
	id     string
	secret string
	number string // its id in paths
	scope  string
}

const (
	formMedia = "application/x-www-form-urlencoded"
	// callback is where applications wait for their codes.
	callback = "https://example.com/callback"
)

// newApplication returns what a program is registered with that wants these permissions.
func newApplication(edits object) object {
	in := object{
		"client_name": "Watch sync", "client_uri": "https://example.com", "redirect_uris": []string{callback},
		"scope": "profile:read workouts:read workouts:write",
	}
	maps.Copy(in, edits)
	return in
}

// registers registers an application.
func (c client) registers(edits object) application {
	c.s.t.Helper()
	v := c.post("/api/oauth/apps", newApplication(edits)).wants(201).oneClient()
	id, _ := v["client_id"].(string)
	secret, _ := v["client_secret"].(string)
	scope, _ := v["scope"].(string)
	return application{c.s.anybody(), c, id, secret, encodeJSON(c.s.t, v["id"]), scope}
}

// newApp registers an application for a scope.
func (c client) newApp(scope string) application {
	c.s.t.Helper()
	return c.registers(object{"scope": scope})
}

// oneClient returns the application in an answer.
func (r response) oneClient() object {
	r.t.Helper()
	c, ok := r.data()["client"].(object)
	if !ok {
		r.t.Errorf("%s: %d %s; want an application", r.call, r.status, r.body)
	}
	return c
}

// asks asks the owner for a code, who allows it.
func (a application) asks(edits fields) response {
	a.s.t.Helper()
	return a.owner.postForm("/api/oauth/authorize", fields{
		"client_id": a.id, "response_type": "code", "scope": "profile:read", "confirm": "true",
	}.with(edits))
}

// code returns a code that the owner has allowed.
func (a application) code(edits fields) string {
	a.s.t.Helper()
	return a.asks(edits).wants(200).answerTo().Query().Get("code")
}

// fullCode returns a code with which the application gets all that it may ask for.
func (a application) fullCode() string {
	a.s.t.Helper()
	return a.code(fields{"scope": a.scope})
}

// answerTo returns the address that an application is answered at.
func (r response) answerTo() *url.URL {
	r.t.Helper()
	u, err := url.Parse(r.text("redirect_url"))
	if err != nil || u.Query().Get("code") == "" {
		r.t.Errorf("%s: %s, %v; want an address with a code", r.call, r.body, err)
		return &url.URL{}
	}
	return u
}

// exchange asks for tokens for a code.
func (a application) exchange(code string, edits fields) response {
	a.s.t.Helper()
	return a.postForm("/api/oauth/token", fields{
		"grant_type": "authorization_code", "client_id": a.id, "client_secret": a.secret, "code": code,
	}.with(edits))
}

// refresh asks for the next tokens.
func (a application) refresh(token string, edits fields) response {
	a.s.t.Helper()
	return a.postForm("/api/oauth/token", a.refreshing(token).with(edits))
}

func (a application) refreshing(token string) fields {
	return fields{"grant_type": "refresh_token", "client_id": a.id, "client_secret": a.secret, "refresh_token": token}
}

// revoke gives a token back.
func (a application) revoke(token string, edits fields) response {
	a.s.t.Helper()
	return a.postForm("/api/oauth/revoke", fields{"client_id": a.id, "client_secret": a.secret, "token": token}.with(edits))
}

// tokens are what an application was given.
type tokens struct{ access, refresh, scope string }

// tokens returns what came for a code or a refresh token (C17).
func (r response) tokens() tokens {
	r.t.Helper()
	v := r.wants(200).json()
	t := tokens{r.text("access_token"), r.text("refresh_token"), r.text("scope")}
	want := object{
		"access_token": t.access, "refresh_token": t.refresh, "scope": t.scope, "expires_in": 864000.0, "token_type": "Bearer",
	}
	if diff := cmp.Diff(want, v); diff != "" || t.access == "" || t.refresh == "" || t.scope == "" {
		r.t.Errorf("%s: tokens, - want, + got:\n%s", r.call, diff)
	}
	if got := r.header.Get("Cache-Control"); got != "no-store" {
		r.t.Errorf("%s: Cache-Control: %s; want no-store", r.call, got)
	}
	return t
}

// allowed returns the tokens of an application that has just been allowed something.
func (a application) allowed(scope string) tokens {
	a.s.t.Helper()
	return a.exchange(a.code(fields{"scope": scope}), nil).tokens()
}

// pair returns a pair of tokens with which the application may do all that it may ask for.
func (a application) pair() (access, refresh string) {
	a.s.t.Helper()
	t := a.allowed(a.scope)
	return t.access, t.refresh
}

// wantsRefusal checks a refusal in OAuth's words (RFC 6749, 5.2), and that it says nothing else.
func (r response) wantsRefusal(status int, code string) response {
	r.t.Helper()
	v := r.wants(status).json()
	delete(v, "error_description")
	if diff := cmp.Diff(object{"error": code}, v); diff != "" {
		r.t.Errorf("%s: %d, - want, + got:\n%s", r.call, r.status, diff)
	}
	if got := r.header.Get("Content-Type"); got != "application/json" {
		r.t.Errorf("%s: Content-Type: %s; want application/json", r.call, got)
	}
	return r
}

// opens checks that an access token opens the profile, or does not any more.
func (s *site) opens(what, access string, want bool) {
	s.t.Helper()
	r := s.withToken(access).get("/api/auth/profile")
	r.call += " with " + what
	if want {
		r.wants(200)
		return
	}
	r.wants(401)
	if r.text("error") != "invalid_token" || !strings.Contains(r.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		r.t.Errorf("%s: %s, %s; want invalid_token", r.call, r.body, r.header)
	}
}

// basic returns the value of an Authorization header (RFC 6749, 2.3.1).
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// wantsOneWinner checks that one of several answers has tokens and the others say invalid_grant, and returns the tokens.
func wantsOneWinner(t *testing.T, answers []response) (won tokens) {
	t.Helper()
	wantsOf(t, answers, 200, 1)
	for _, r := range answers {
		if r.status == http.StatusOK {
			won = r.tokens()
		} else {
			r.wantsRefusal(400, "invalid_grant")
		}
	}
	return won
}
