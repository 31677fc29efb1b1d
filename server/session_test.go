package server_test

import (
	"testing"
	"time"
)

// TestWhatEndsSessions shows that what takes a right away does so at the next request, and for good (A06).
func TestWhatEndsSessions(t *testing.T) {
	t.Parallel()
	type door struct {
		status  int
		message string
	}
	var (
		open     = door{200, ""}
		ended    = door{401, badToken}
		inactive = door{401, noToken}
	)
	for _, c := range []struct {
		name        string
		do          func(s *site, amelie user)
		this, other door // of amelie's sessions: the one that is used, and another
	}{
		{"nothing", func(*site, user) {}, open, open},
		{"logout", func(_ *site, amelie user) {
			amelie.post("/api/auth/logout", nil).wants(200, "successfully logged out")
		}, ended, open},
		{"a change of password", func(_ *site, amelie user) {
			amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": password, "new_password": "another horse"}).wants(200)
		}, open, ended},
		{"a change that was refused", func(_ *site, amelie user) {
			amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": "wrong horse", "new_password": "another horse"}).wants(401, "invalid credentials")
		}, open, open},
		{"a reset", func(s *site, amelie user) {
			s.resetPassword(s.askForReset(amelie.email), "another horse").wants(200)
		}, ended, ended},
		{"a reset only asked for", func(s *site, amelie user) { s.askForReset(amelie.email) }, open, open},
		{"deactivation", func(s *site, amelie user) {
			s.run(`update users set is_active = 0 where username = $1`, amelie.name)
		}, inactive, inactive},
		{"deletion", func(s *site, amelie user) {
			s.run(`delete from users where username = $1`, amelie.name)
		}, ended, ended},
		{"time", func(s *site, _ user) { s.clock.forward(30 * 24 * time.Hour) }, door{401, expiredToken}, door{401, expiredToken}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			amelie := s.signUp("amelie")
			boris := s.signUp("boris")
			other := s.login(amelie.email, password)

			c.do(s, amelie)
			check := func() {
				t.Helper()
				for _, v := range []struct {
					token string
					door
				}{{amelie.token(), c.this}, {other.token(), c.other}} {
					got := s.withToken(v.token).get("/api/auth/profile").wants(v.status)
					if message := got.text("message"); message != v.message {
						t.Errorf("after %s: message %q; want %q", c.name, message, v.message)
					}
				}
				if c.name != "time" {
					s.withToken(boris.token()).get("/api/auth/profile").wants(200)
				}
			}
			check()
			s.restart()
			check()
		})
	}
}

// TestLostRights shows that an administrator who is one no more is refused at the next request, and that the
// rights come back with the next request too.
func TestLostRights(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	root := s.addAdmin("root")
	change := func() response { return root.patch("/api/config", object{"max_users": 5}) }
	change().wants(200)
	s.run(`update users set is_admin = 0 where username = 'root'`)
	for range 2 {
		s.unchanged("somebody who is no administrator any more", func() {
			change().wants(403, "you do not have permissions")
			root.patch("/api/sports/1", object{"is_active": false}).wants(403, "you do not have permissions")
		})
		root.get("/api/auth/profile").wants(200)
		s.restart()
	}
	s.run(`update users set is_admin = 1 where username = 'root'`)
	change().wants(200)
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
