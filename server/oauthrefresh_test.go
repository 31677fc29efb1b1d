package server_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRefreshRotates shows that a refresh replaces both tokens at once (A12).
func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	seen := make(map[string]bool)
	got := app.allowed("profile:read")
	for range 5 {
		next := app.refresh(got.refresh, nil).tokens()
		s.opens("a token that was replaced", got.access, false)
		s.opens("the next token", next.access, true)
		for _, token := range []string{got.access, got.refresh} {
			if seen[token] {
				t.Errorf("token %s was given out twice", token)
			}
			seen[token] = true
		}
		got = next
	}
	s.restart()
	s.opens("the last token, after a restart", got.access, true)
	app.refresh(got.refresh, nil).tokens()
}

// TestRefreshesAtOnce lets twenty requests have one refresh token (A12). See TestExchangesAtOnce.
func TestRefreshesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	before := app.allowed("profile:read")
	wantsOneWinner(t, atOnce(20, func(int) response { return app.refresh(before.refresh, nil) }))
	s.opens("the token before", before.access, false)
}

// TestReplacedRefreshToken uses a refresh token again after its successor was given out: either of the two users has stolen it, so that
// everything ends that followed from the consent (A12; RFC 9700, 4.14.2).
func TestReplacedRefreshToken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		rotations   int // after the token that is used again
		edits       fields
		isRestarted bool
	}{
		{"at once", 1, nil, false},
		{"after some rotations", 3, nil, false},
		{"after a restart", 1, nil, true},
		{"with a scope that was not granted", 1, fields{"scope": "users:write"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			app := s.person("amelie").registers(nil)
			other := app.allowed("profile:read")
			code := app.code(nil)
			family := []tokens{app.exchange(code, nil).tokens()}
			for range c.rotations {
				family = append(family, app.refresh(family[len(family)-1].refresh, nil).tokens())
			}
			if c.isRestarted {
				s.restart()
			}
			app.refresh(family[0].refresh, c.edits).wantsRefusal(400, "invalid_grant")
			for range 2 {
				for i, got := range family {
					s.opens(fmt.Sprintf("access token %d of a family that has ended", i+1), got.access, false)
					app.refresh(got.refresh, nil).wantsRefusal(400, "invalid_grant")
				}
				app.exchange(code, nil).wantsRefusal(400, "invalid_grant")
				s.restart()
			}
			s.opens("a token of another consent", other.access, true)
			app.refresh(other.refresh, nil).tokens()
		})
	}
}

// TestRefreshTokenOfAnother shows that a refresh token is bound to its application, and unharmed by others' tries (A12).
func TestRefreshTokenOfAnother(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	mine := s.person("amelie").registers(nil)
	thieves := []application{s.person("amelie").registers(nil), s.person("boris").registers(nil)}
	before := mine.allowed("profile:read")
	present := mine.refresh(before.refresh, nil).tokens()
	s.unchanged("refresh tokens of another application", func() {
		for _, thief := range thieves {
			for _, token := range []string{present.refresh, before.refresh, present.access} {
				thief.refresh(token, nil).wantsRefusal(400, "invalid_grant")
			}
			mine.refresh(present.refresh, fields{"client_secret": thief.secret}).wantsRefusal(400, "invalid_client")
		}
	})
	s.opens("a token whose refresh token others tried", present.access, true)
	mine.refresh(present.refresh, nil).tokens()
}

// TestTokensOfWhoIsOut shows that applications are out with their user, and do not come back with them (A06).
func TestTokensOfWhoIsOut(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *site, u user){
		"deactivated": func(s *site, u user) {
			s.person("root").patch("/api/users/"+u.name, object{"activate": false}).wants(200)
		},
		"a new password": func(_ *site, u user) {
			u.patch("/api/auth/profile/edit/account", object{"email": u.email, "password": password, "new_password": "another one"}).wants(200)
		},
		"a reset password": func(s *site, u user) {
			s.anybody().post("/api/auth/password/reset-request", object{"email": u.email}).wants(200)
			s.resetPassword(s.mailedToken(u.email), "another one").wants(200)
		},
		"deleted": func(_ *site, u user) { u.delete("/api/users/" + u.name).wants(204) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			amelie := s.person("amelie")
			app := amelie.registers(nil)
			got, code := app.allowed("profile:read"), app.code(nil)
			others := s.person("boris").registers(nil).allowed("profile:read")
			end(s, amelie)
			for range 2 {
				s.withToken(got.access).get("/api/auth/profile").wants(401)
				for _, r := range []response{app.refresh(got.refresh, nil), app.exchange(code, nil)} {
					if name == "deleted" {
						r.wantsRefusal(400, "invalid_client")
					} else {
						r.wantsRefusal(400, "invalid_grant")
					}
				}
				if name == "deactivated" {
					s.person("root").patch("/api/users/amelie", object{"activate": true}).wants(200)
				}
				s.restart()
			}
			s.opens("somebody else's token", others.access, true)
		})
	}
}

// TestTokensExpire lets the ten days of an access token pass, and the half year in which an application has to call.
func TestTokensExpire(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	code := app.code(nil)
	early, late := app.exchange(code, nil).tokens(), app.allowed("profile:read")
	s.clock.forward(10*day - time.Second)
	s.opens("a token of nearly ten days", early.access, true)
	s.clock.forward(time.Second)
	s.opens("a token of ten days", early.access, false)
	s.clock.forward(170*day - time.Second)
	next := app.refresh(early.refresh, nil).tokens()
	s.opens("a token renewed in the last second", next.access, true)
	s.clock.forward(time.Second)
	s.unchanged("an expired refresh token", func() { app.refresh(late.refresh, nil).wantsRefusal(400, "invalid_grant") })
	s.clock.forward(180*day - 2*time.Second) // the renewed one has as long again
	next = app.refresh(next.refresh, nil).tokens()
	s.opens("a token renewed again", next.access, true)
}

// TestDropExpiredGrants shows that what has expired is removed, and nothing else.
func TestDropExpiredGrants(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := newSite(t, withPeople)
	app := s.person("amelie").registers(nil)
	drop := func(what string, want ...string) {
		t.Helper()
		if err := s.auth.DropExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.run(`
			select g.id || ' with ' || count(t.id) from grants g left join grant_tokens t on t.grant_id = g.id group by g.id order by g.id`)); diff != "" {
			t.Errorf("grants with pairs of tokens %s, - want, + got:\n%s", what, diff)
		}
	}
	app.code(nil)                          // 1: never used
	code := app.code(nil)                  // 2
	unused := app.allowed("profile:read")  // 3
	renewed := app.allowed("profile:read") // 4
	renewed = app.refresh(renewed.refresh, nil).tokens()
	s.clock.forward(10*time.Minute - time.Second)
	drop("just before codes expire", "1 with 0", "2 with 0", "3 with 1", "4 with 2")
	used := app.exchange(code, nil).tokens()
	s.clock.forward(time.Second)
	drop("when codes expire", "2 with 1", "3 with 1", "4 with 2")
	s.clock.forward(100 * day)
	drop("when access tokens have expired", "2 with 1", "3 with 1", "4 with 2")
	last := app.refresh(renewed.refresh, nil).tokens()
	s.clock.forward(80*day - 10*time.Minute - time.Second)
	drop("just before refresh tokens expire", "2 with 1", "3 with 1", "4 with 3")
	s.clock.forward(time.Second)
	drop("when refresh tokens expire", "2 with 1", "4 with 1")
	app.refresh(unused.refresh, nil).wantsRefusal(400, "invalid_grant")
	app.refresh(renewed.refresh, nil).wantsRefusal(400, "invalid_grant") // it is too old to be known
	app.refresh(used.refresh, nil).tokens()
	app.refresh(last.refresh, nil).tokens()
	s.clock.forward(180 * day)
	drop("when all has expired")
}
