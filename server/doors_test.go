package server_test

import (
	"encoding/base64"
	"fmt"
	"testing"
)

// TestTokenAtEveryDoor shows each kind of token at the doors of all kinds (A04).
func TestTokenAtEveryDoor(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	amelie.changeEmail("new@example.com").wants(200, "user account updated")
	chloe := s.signUp("chloe") // her own account, for a reset ends all else
	s.anybody().post("/api/auth/password/reset-request", object{"email": chloe.email}).wants(200)
	s.register("boris", "boris@example.com").wants(200)
	app, other := amelie.newApp("profile:read"), amelie.newApp("profile:read")
	access, _ := app.pair()
	_, refresh := app.pair()
	code := app.fullCode()
	const (
		errCode    = `{"error":"invalid_grant","error_description":"Invalid \"code\" in request."}`
		errRefresh = `{"error":"invalid_grant","error_description":"Invalid \"refresh_token\" in request."}`
		errClient  = `{"error":"invalid_client"}`
		file       = "<gpx/>" // which is no track, as is told to whoever may call
	)

	doors := []struct {
		name    string
		try     func(token string) response
		refusal int
		message string // or the whole body, of OAuth's
	}{
		{"the header", func(token string) response { return s.withToken(token).get("/api/auth/profile") }, 401, badToken},
		{"uploads", func(token string) response { return s.anybody().post("/api/upload/"+token, file) }, 401, badToken},
		{"codes", func(token string) response { return app.exchange(token, nil) }, 400, errCode},
		{"refreshes", func(token string) response { return app.refresh(token, nil) }, 400, errRefresh},
		{"client secrets", func(token string) response {
			return s.anybody().form("/api/oauth/token",
				"grant_type", "authorization_code", "client_id", app.id, "client_secret", token, "code", "nonsense")
		}, 400, errClient},
		{"client secrets in a header", func(token string) response {
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(app.id+":"+token))
			return s.anybody().with("Authorization", basic).
				form("/api/oauth/token", "grant_type", "refresh_token", "refresh_token", refresh)
		}, 401, errClient},
		{"client secrets for a revocation", func(token string) response {
			return s.anybody().form("/api/oauth/revoke", "client_id", app.id, "client_secret", token, "token", access)
		}, 400, errClient},
		{"client ids", func(token string) response {
			return s.anybody().form("/api/oauth/token",
				"grant_type", "authorization_code", "client_id", token, "client_secret", app.secret, "code", code)
		}, 400, errClient},
		{"revocations", func(token string) response { return app.revoke(token, nil) }, 200, `{}`}, // a token that is none has ended (RFC 7009, 2.2)
		{"code verifiers", func(token string) response {
			return s.anybody().form("/api/oauth/token", "grant_type", "authorization_code", "client_id", app.id,
				"client_secret", app.secret, "code", code, "code_verifier", token)
		}, 400, `{"error":"invalid_grant","error_description":"Code challenge failed."}`},
		{"confirmations", s.confirm, 400, invalid},
		{"resets", func(token string) response { return s.resetPassword(token, "another horse") }, 401, errBadReset},
		{"changes of address", s.confirmEmail, 400, invalid},
	}
	tokens := []struct {
		name, token string
		// home are the doors at which it is good, or at least known for what it is.
		home map[string]func(r response)
		use  func(token string) response // shows in the end that it is good
		good int
	}{
		{"session", amelie.token(), map[string]func(response){"the header": func(r response) { r.wants(200) }}, doors[0].try, 200},
		{"access token", access, map[string]func(response){
			"the header": func(r response) { r.wants(200) }, "revocations": nil,
		}, doors[0].try, 200},
		{"personal token", amelie.personalToken("profile:read workouts:write"), map[string]func(response){
			"the header": func(r response) { r.wants(200) },
			"uploads": func(r response) {
				r.wants(403, "an address for uploads takes a token with the scope workouts:upload or workouts:write alone")
			},
		}, doors[0].try, 200},
		{"upload address", amelie.personalToken("workouts:write"), map[string]func(response){
			"the header": func(r response) { r.wantsNoScope() }, // which has a door of its own there
			"uploads":    func(r response) { r.wants(400, badContent) },
		}, func(token string) response { return s.anybody().post("/api/upload/"+token, ride(morning, 3)) }, 201},
		{"code", code, map[string]func(response){"codes": nil}, func(token string) response { return app.exchange(token, nil) }, 200},
		{"refresh token", refresh, map[string]func(response){"refreshes": nil, "revocations": nil}, func(token string) response { return app.refresh(token, nil) }, 200},
		{"client secret", app.secret, map[string]func(response){
			"client secrets": func(r response) { r.wantsBody(400, errCode) }, "client secrets in a header": nil,
			"client secrets for a revocation": nil,
		}, func(token string) response {
			return s.anybody().form("/api/oauth/revoke", "client_id", app.id, "client_secret", token, "token", "nonsense")
		}, 200},
		{"secret of another client", other.secret, nil, func(token string) response {
			return s.anybody().form("/api/oauth/revoke", "client_id", other.id, "client_secret", token, "token", "nonsense")
		}, 200},
		{"client id", app.id, map[string]func(response){"client ids": nil}, func(id string) response { return amelie.get("/api/oauth/apps/" + id) }, 200},
		{"mailed token of a change of address", s.mailedToken("new@example.com"), map[string]func(response){"changes of address": nil}, s.confirmEmail, 200},
		{"mailed token of a reset", s.mailedToken(chloe.email), map[string]func(response){"resets": nil}, doors[11].try, 200},
		{"mailed token of a confirmation", s.mailedToken("boris@example.com"), map[string]func(response){"confirmations": nil}, s.confirm, 200},
	}
	for _, token := range tokens {
		for _, door := range doors {
			check, isHome := token.home[door.name]
			if isHome && check == nil {
				continue // it would be used up
			}
			s.unchanged(fmt.Sprintf("a %s at the door of %s", token.name, door.name), func() {
				r := door.try(token.token)
				r.call = fmt.Sprintf("%s at the door of %s", token.name, door.name)
				switch {
				case isHome:
					check(r)
				case door.message[0] == '{':
					r.wantsBody(door.refusal, door.message)
				default:
					r.wants(door.refusal, door.message)
				}
			})
		}
	}
	for _, token := range tokens {
		r := token.use(token.token)
		r.call = token.name + " at its own door"
		r.wants(token.good)
	}
	// What would have been used up before.
	s.withToken(access).get("/api/auth/profile").wants(200)
	app.revoke(access, nil).wants(200)
	s.withToken(access).get("/api/auth/profile").wants(401, badToken)
}

// wantsBody checks the status and the whole body.
func (r response) wantsBody(status int, body string) response {
	r.t.Helper()
	if r.status != status || string(r.body) != body+"\n" {
		r.t.Errorf("%s: %d %s; want %d %s", r.call, r.status, r.body, status, body)
	}
	return r
}
