package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fittrackee/auth"
)

// keys are all that opens amelie's account, each in use before something happens.
type keys struct {
	this, other              client // sessions
	app                      application
	access, refresh, code    string // of the application's
	personal, upload         string // tokens
	thisID, otherID, tokenID string
}

// keysOf makes them.
func keysOf(u user) (k keys) {
	u.s.t.Helper()
	k.this, k.other = u.client, u.s.login(u.email, password)
	k.thisID, k.otherID = k.this.sessionIDs()[0], k.other.sessionIDs()[0]
	k.app = u.newApp("profile:read")
	k.access, k.refresh = k.app.pair()
	k.code = k.app.fullCode()
	v := u.addToken("profile:read", nil).wants(201).token()
	k.personal, k.tokenID = fmt.Sprint(v["token"]), fmt.Sprint(v["id"])
	k.upload = u.personalToken("workouts:write")
	return k
}

// TestWhatEndsAccess shows that what takes a right away does so at the next request, and for good (A06).
func TestWhatEndsAccess(t *testing.T) {
	t.Parallel()
	type door struct {
		status  int
		message string
	}
	var (
		open     = door{200, ""}
		ended    = door{401, badToken}
		inactive = door{401, noToken}
		expired  = door{401, expiredToken}
	)
	const good, bad = true, false
	setActive := func(isActive bool) func(*site, user, keys) {
		return func(s *site, amelie user, _ keys) {
			s.person("root").patch("/api/users/amelie", object{"activate": isActive}).wants(200)
		}
	}
	for _, c := range []struct {
		name                          string
		do                            func(s *site, amelie user, k keys)
		this, other, access, personal door // personal tokens in the header and in an address alike
		refresh, code                 bool // whether the application can exchange them
	}{
		{"nothing", func(*site, user, keys) {}, open, open, open, open, good, good},
		{"logout", func(_ *site, amelie user, _ keys) {
			amelie.post("/api/auth/logout", nil).wants(200, "successfully logged out")
		}, ended, open, open, open, good, good},
		{"the end of another session", func(_ *site, amelie user, k keys) {
			amelie.delete("/api/auth/sessions/" + k.otherID).wants(204)
		}, open, ended, open, open, good, good},
		{"the end of the present session", func(_ *site, amelie user, k keys) {
			amelie.delete("/api/auth/sessions/" + k.thisID).wants(204)
		}, ended, open, open, open, good, good},
		{"the end of all other sessions", func(_ *site, amelie user, _ keys) {
			amelie.delete("/api/auth/sessions").wants(204)
		}, open, ended, open, open, good, good},
		{"a change of password", func(_ *site, amelie user, _ keys) {
			amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": password, "new_password": "another horse"}).wants(200)
		}, open, ended, ended, ended, bad, bad},
		{"a change of password by an application", func(_ *site, amelie user, _ keys) {
			amelie.s.withToken(amelie.accessToken("profile:write")).patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": password, "new_password": "another horse"}).wants(200)
		}, ended, ended, ended, ended, bad, bad},
		{"a change that was refused", func(_ *site, amelie user, _ keys) {
			amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": "wrong horse", "new_password": "another horse"}).wants(401, "invalid credentials")
		}, open, open, open, open, good, good},
		{"a reset", func(s *site, amelie user, _ keys) {
			s.resetPassword(s.askForReset(amelie.email), "another horse").wants(200)
		}, ended, ended, ended, ended, bad, bad},
		{"a reset only asked for", func(s *site, amelie user, _ keys) { s.askForReset(amelie.email) }, open, open, open, open, good, good},
		{"a reset by an administrator", func(s *site, _ user, _ keys) {
			s.person("root").patch("/api/users/amelie", object{"reset_password": true}).wants(200)
		}, ended, ended, ended, ended, bad, bad},
		{"a reset on the command line", func(s *site, _ user, _ keys) {
			if err := auth.UpdateUser(s.t.Context(), s.store, "amelie", auth.UserUpdate{Password: "another horse"}); err != nil {
				s.t.Error(err)
			}
		}, ended, ended, ended, ended, bad, bad},
		{"a change of address", func(s *site, amelie user, _ keys) {
			amelie.changeEmail("new@example.com").wants(200)
			s.confirmEmail(s.mailedToken("new@example.com")).wants(200)
		}, open, open, open, open, good, good},
		{"deactivation", setActive(false), inactive, inactive, inactive, inactive, bad, bad},
		{"reactivation", func(s *site, amelie user, k keys) {
			setActive(false)(s, amelie, k)
			setActive(true)(s, amelie, k)
		}, ended, ended, ended, ended, bad, bad},
		{"reactivation on the command line", func(s *site, amelie user, k keys) {
			setActive(false)(s, amelie, k)
			if err := auth.UpdateUser(s.t.Context(), s.store, "amelie", auth.UserUpdate{Activate: true}); err != nil {
				s.t.Error(err)
			}
		}, ended, ended, ended, ended, bad, bad},
		{"activation of an active account", setActive(true), open, open, open, open, good, good},
		{"deletion by an administrator", func(s *site, _ user, _ keys) {
			s.person("root").delete("/api/users/amelie").wants(204)
		}, ended, ended, ended, ended, bad, bad},
		{"deletion by the owner", func(_ *site, amelie user, _ keys) {
			amelie.delete("/api/users/amelie").wants(204)
		}, ended, ended, ended, ended, bad, bad},
		{"a revocation by the owner", func(_ *site, amelie user, k keys) {
			amelie.post("/api/oauth/apps/"+k.app.number+"/revoke", nil).wants(200)
		}, open, open, ended, open, bad, bad},
		{"a revocation by the application", func(_ *site, _ user, k keys) {
			k.app.revoke(k.refresh, nil).wants(200)
		}, open, open, ended, open, bad, good},
		{"deletion of the application", func(_ *site, amelie user, k keys) {
			amelie.delete("/api/oauth/apps/" + k.app.number).wants(204)
		}, open, open, ended, open, bad, bad},
		{"deletion of the personal tokens", func(_ *site, amelie user, _ keys) {
			for _, v := range objects(amelie.get("/api/auth/tokens").wants(200).data()["tokens"]) {
				amelie.delete(fmt.Sprint("/api/auth/tokens/", v["id"])).wants(204)
			}
		}, open, open, open, ended, good, good},
		{"ten minutes", func(s *site, _ user, _ keys) { s.clock.forward(10 * time.Minute) }, open, open, open, open, good, bad},
		{"ten days", func(s *site, _ user, _ keys) { s.clock.forward(10 * 24 * time.Hour) }, open, open, ended, open, good, bad},
		{"thirty days", func(s *site, _ user, _ keys) { s.clock.forward(30 * 24 * time.Hour) }, expired, expired, ended, open, good, bad},
		{"half a year", func(s *site, _ user, _ keys) { s.clock.forward(180 * 24 * time.Hour) }, expired, expired, ended, open, bad, bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			amelie, boris := s.person("amelie"), s.person("boris")
			k := keysOf(amelie)
			others := keysOf(boris)

			c.do(s, amelie, k)
			check := func() {
				t.Helper()
				for _, v := range []struct {
					name, token string
					door
				}{
					{"this session", k.this.token(), c.this},
					{"the other session", k.other.token(), c.other},
					{"the application", k.access, c.access},
					{"the personal token", k.personal, c.personal},
				} {
					got := s.withToken(v.token).get("/api/auth/profile")
					got.call = v.name + " after " + c.name
					got.wants(v.status)
					if message := got.text("message"); message != v.message {
						t.Errorf("%s: message %q; want %q", got.call, message, v.message)
					}
				}
				got := s.anybody().post("/api/upload/"+k.upload, "")
				got.call = "the address for uploads after " + c.name
				if c.personal == open {
					got.wants(400, "no file part")
				} else {
					got.wants(c.personal.status, c.personal.message)
				}
				s.withToken(others.personal).get("/api/auth/profile").wants(200)
				if c.this != expired {
					others.this.get("/api/auth/profile").wants(200)
				}
			}
			check()
			s.restart()
			check()
			for _, v := range []struct {
				name   string
				got    response
				isGood bool
			}{{"the refresh token", k.app.refresh(k.refresh, nil), c.refresh}, {"the code", k.app.exchange(k.code, nil), c.code}} {
				switch {
				case v.isGood:
					v.got.wants(200)
					s.withToken(v.got.text("access_token")).get("/api/auth/profile").wants(200)
				case v.got.status != 400 || v.got.text("error") != "invalid_grant" && v.got.text("error") != "invalid_client":
					t.Errorf("%s after %s: %d %s; want 400 invalid_grant or invalid_client", v.name, c.name, v.got.status, v.got.body)
				}
			}
		})
	}
}

// TestLostRights shows that an administrator who is one no more is refused at the next request, whatever the request shows, and that
// the rights come back with the next request too.
func TestLostRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, amelie := s.person("root"), s.person("amelie")
	give := func(isAdmin bool) {
		t.Helper()
		root.patch("/api/users/amelie", object{"admin": isAdmin}).wants(200)
	}
	all := strings.Join(auth.Scopes, " ")
	callers := []client{amelie.client, s.withToken(amelie.accessToken(all)), s.withToken(amelie.personalToken(all))}
	wants := func(status int, message ...string) {
		t.Helper()
		for _, c := range callers {
			c.get("/api/users").wants(status, message...)
			c.get("/api/users/boris").wants(status, message...)
			c.patch("/api/users/boris", object{"activate": true}).wants(status, message...)
			c.patch("/api/config", object{"max_users": 5}).wants(status, message...)
			c.patch("/api/sports/1", object{"is_active": true}).wants(status, message...)
			c.get("/api/stats/all").wants(status, message...)
			c.get("/api/auth/profile").wants(200)
		}
	}
	wants(403, noRights)
	give(true)
	wants(200)
	give(false)
	for range 2 {
		s.unchanged("somebody who is no administrator any more", func() {
			wants(403, noRights)
			for _, c := range callers {
				c.delete("/api/users/boris").wants(403, noRights)
				c.patch("/api/users/amelie", object{"admin": true}).wants(403, noRights)
			}
		})
		s.restart()
	}
	give(true)
	wants(200)
}

// TestLogoutNeedsACaller shows that a session that has ended cannot be ended again, nor opened.
func TestLogoutNeedsACaller(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	amelie.post("/api/auth/logout", nil).wants(200)
	amelie.post("/api/auth/logout", nil).wants(401, badToken)
	s.anybody().post("/api/auth/logout", nil).wants(401, noToken)
}

// TestLoginOfInactive shows that an account that waits for its confirmation is like one that does not exist.
func TestLoginOfInactive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register("amelie", "amelie@example.com").wants(200)
	for _, c := range []struct{ name, email, password string }{
		{"not confirmed", "amelie@example.com", password},
		{"not confirmed, and a wrong password", "amelie@example.com", "wrong horse"},
		{"unknown", "nobody@example.com", password},
		{"no address", "amelie", password},
		{"nothing", "", ""},
	} {
		got := s.anybody().login(c.email, c.password)
		if got.status != 401 || string(got.body) != `{"status":"error","message":"invalid credentials"}`+"\n" {
			t.Errorf("login %s: %d %s; want 401 invalid credentials", c.name, got.status, got.body)
		}
	}
}

// TestPasswordChangedTwiceAtOnce shows that of two changes at once, both with the old password, the second to come
// finds a password that is wrong by then, and a session that has ended.
func TestPasswordChangedTwiceAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	clients := []client{amelie.client, s.login(amelie.email, password)}
	passwords := []string{"first horse", "second horse"}
	answers := atOnce(2, func(i int) response {
		return clients[i].patch("/api/auth/profile/edit/account",
			object{"email": amelie.email, "password": password, "new_password": passwords[i]})
	})
	wantsOf(t, answers, 200, 1)
	for i, r := range answers {
		if r.status == 200 {
			clients[i].get("/api/auth/profile").wants(200)
			s.login(amelie.email, passwords[i])
		}
	}
}

// TestReactivationBeginsAnew shows that what was mailed before an account was deactivated does not open it when it is active again:
// somebody else may have asked for it, which may be why the account was deactivated.
func TestReactivationBeginsAnew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		revive object
	}{
		{"activation", object{"activate": true}},
		{"promotion", object{"admin": true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			amelie, root := s.person("amelie"), s.person("root")
			amelie.changeEmail("eve@example.com").wants(200)
			change := s.mailedToken("eve@example.com")
			reset := s.askForReset(amelie.email)
			root.patch("/api/users/amelie", object{"activate": false}).wants(200)
			refused := func() {
				t.Helper()
				s.unchanged("a token mailed before", func() {
					s.confirmEmail(change).wants(400, invalid)
					s.resetPassword(reset, "another horse").wants(401, errBadReset)
				})
			}
			refused()
			users := objects(root.patch("/api/users/amelie", c.revive).wants(200).data()["users"])
			if got := users[0]["email_to_confirm"]; got != nil {
				t.Errorf("email_to_confirm after reactivation = %v; want null", got)
			}
			refused()
			s.login(amelie.email, password)
			s.resetPassword(s.askForReset(amelie.email), "another horse").wants(200)
		})
	}
}

// TestNothingOutlivesANewPassword makes all kinds of tokens while the password is changed: whatever came of it before is good for nothing
// after, and whatever comes later is refused.
func TestNothingOutlivesANewPassword(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(s *site, amelie user) response
	}{
		{"a change", func(_ *site, amelie user) response {
			return amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": password, "new_password": "another horse"})
		}},
		{"a reset by an administrator", func(s *site, _ user) response {
			return s.person("root").patch("/api/users/amelie", object{"reset_password": true})
		}},
		{"deactivation and activation", func(s *site, _ user) response {
			s.person("root").patch("/api/users/amelie", object{"activate": false}).wants(200)
			return s.person("root").patch("/api/users/amelie", object{"activate": true})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			amelie := s.person("amelie")
			other := s.login(amelie.email, password)
			a := amelie.newApp("profile:read")
			_, refresh := a.pair()
			codes := make([]string, 24)
			for i := range codes {
				codes[i] = a.fullCode()
			}
			answers := atOnce(len(codes), func(i int) response {
				switch {
				case i == len(codes)/2:
					return c.end(s, amelie)
				case i == 0:
					return a.refresh(refresh, nil)
				case i%4 == 1:
					return other.addToken("profile:read", nil)
				case i%4 == 2:
					return other.form("/api/oauth/authorize", "client_id", a.id, "response_type", "code", "scope", a.scope, "confirm", "true")
				}
				return a.exchange(codes[i], nil)
			})
			answers[len(codes)/2].wants(200)
			for _, r := range answers {
				var token string
				switch {
				case r.status == 201:
					token = fmt.Sprint(r.token()["token"])
				case r.status == 200 && r.text("access_token") != "":
					token = r.text("access_token")
					a.refresh(r.text("refresh_token"), nil).wants(400)
				case r.status == 200 && r.text("redirect_url") != "":
					_, code, _ := strings.Cut(r.text("redirect_url"), "code=")
					a.exchange(code, nil).wants(400)
					continue
				case r.status == 200, r.status == 400, r.status == 401:
					continue
				default:
					t.Errorf("%s: %d %s; want it done, or refused", r.call, r.status, r.body)
					continue
				}
				s.withToken(token).get("/api/auth/profile").wants(401, badToken)
			}
			other.get("/api/auth/profile").wants(401, badToken)
			for _, table := range []string{"grants", "grant_tokens", "personal_tokens"} {
				if rows := s.run(`select count(*) from ` + table); rows[0] != "0" {
					t.Errorf("%s after %s: %s; want none", table, c.name, rows[0])
				}
			}
		})
	}
}
