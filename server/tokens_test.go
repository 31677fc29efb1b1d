package server_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"fittrackee/auth"
)

// accessToken returns what an application may call with that is allowed a scope.
func (c client) accessToken(scope string) string {
	c.s.t.Helper()
	access, _ := c.newApp(scope).pair()
	return access
}

// addToken makes a personal token; more are further fields.
func (c client) addToken(scope string, more object) response {
	c.s.t.Helper()
	in := object{"name": "phone", "scope": scope}
	maps.Copy(in, more)
	return c.post("/api/auth/tokens", in)
}

// token returns the personal token in an answer.
func (r response) token() object {
	r.t.Helper()
	v, ok := r.data()["token"].(object)
	if !ok {
		r.t.Errorf("%s: %d %s; want a token", r.call, r.status, r.body)
	}
	return v
}

// personalToken returns a personal token for a scope.
func (c client) personalToken(scope string) string {
	c.s.t.Helper()
	return fmt.Sprint(c.addToken(scope, nil).wants(201).token()["token"])
}

// sessionIDs returns the ids of the caller's sessions, the present one first.
func (c client) sessionIDs() (ids []string) {
	c.s.t.Helper()
	for _, v := range objects(c.get("/api/auth/sessions").wants(200).data()["sessions"]) {
		id := fmt.Sprint(number(v["id"]))
		if v["current"] == true {
			ids = append([]string{id}, ids...)
		} else {
			ids = append(ids, id)
		}
	}
	return ids
}

// wantsNoScope checks the double form of the answer to a token that is not for this.
func (r response) wantsNoScope() response {
	r.t.Helper()
	want := object{
		"status": "error", "message": noRights, "error": "insufficient_scope",
		"error_description": "The request requires higher privileges than provided by the access token.",
	}
	if r.status != 403 || !maps.Equal(r.json(), want) {
		r.t.Errorf("%s: %d %s; want 403 %v", r.call, r.status, r.body, want)
	}
	return r.wantsHeaders(noScopeSet)
}

// limitedCaller calls with a token that is good for one thing only.
type limitedCaller struct {
	user
	scope      string
	isPersonal bool
}

func (c limitedCaller) String() string {
	if c.isPersonal {
		return "a personal token of " + c.name + "'s for " + c.scope
	}
	return "an application of " + c.name + "'s for " + c.scope
}

// limitedCallers are a user's application and personal token for each scope alone.
func (u user) limitedCallers() (all []limitedCaller) {
	u.s.t.Helper()
	apps := make([]string, len(auth.Scopes))
	atOnce(len(apps), func(i int) response { // an exchange takes its time
		apps[i] = u.accessToken(auth.Scopes[i])
		return response{}
	})
	for i, scope := range auth.Scopes {
		all = append(all,
			limitedCaller{user{u.s.withToken(apps[i]), u.name, u.email}, scope, false},
			limitedCaller{user{u.s.withToken(u.personalToken(scope)), u.name, u.email}, scope, true})
	}
	const upload = "workouts:upload" // which applications do not have
	return append(all, limitedCaller{user{u.s.withToken(u.personalToken(upload)), u.name, u.email}, upload, true})
}

// like returns another user's token of the same kind.
func (c limitedCaller) like(u user) limitedCaller {
	token := u.accessToken
	if c.isPersonal {
		token = u.personalToken
	}
	return limitedCaller{user{u.s.withToken(token(c.scope)), u.name, u.email}, c.scope, c.isPersonal}
}

// forgedTokens makes what looks much like a token that has a prefix; other is another one.
func forgedTokens(t testing.TB, token, other string) map[string]string {
	t.Helper()
	prefix, secret, ok := strings.Cut(token, "_")
	if !ok || len(secret) != 43 {
		t.Fatalf("token %q; want a prefix and 43 letters", token)
	}
	_, others, _ := strings.Cut(other, "_")
	sum := sha256Of(token)
	forged := map[string]string{
		"cut by a letter":                       token[:len(token)-1],
		"cut by half":                           token[:len(token)/2],
		"without its first letter":              token[1:],
		"its prefix alone":                      prefix + "_",
		"its prefix without the line":           prefix,
		"without its prefix":                    secret,
		"a letter longer":                       token + "A",
		"twice":                                 token + token,
		"with padding":                          token + "=",
		"with a point":                          token + ".",
		"as a JWT":                              token + "." + secret + "." + secret,
		"in lower case":                         strings.ToLower(token),
		"in upper case":                         strings.ToUpper(token),
		"its prefix in upper case":              strings.ToUpper(prefix) + "_" + secret,
		"its prefix twice":                      prefix + "_" + token,
		"a bit changed that base64 leaves over": nextLastLetter(token),
		"the halves of two tokens":              token[:len(token)-20] + others[len(others)-20:],
		"a hash in hexadecimal":                 prefix + "_" + fmt.Sprintf("%x", sum),
		"a hash in base64":                      prefix + "_" + base64Of(sum),
		"a pattern":                             prefix + "_%25",
		"an injection":                          prefix + "_'or'1'='1",
	}
	for _, p := range []string{"fitoat", "fitort", "fitpat"} {
		if p != prefix {
			forged["with the prefix "+p] = p + "_" + secret
		}
	}
	return forged
}
