package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

const nameTaken = "sorry, that username is already taken"

// TestRegisterAtOnce shows what becomes of many registrations at a time (A13).
func TestRegisterAtOnce(t *testing.T) {
	t.Parallel()
	many := 50
	if raced {
		many = 20
	}
	t.Run("of one name", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		answers := atOnce(many, func(i int) response { return s.register("amelie", fmt.Sprintf("amelie%d@example.com", i)) })
		wantsOf(t, answers, 200, 1)
		for i, r := range answers {
			if r.status == 200 {
				s.wantsMails(fmt.Sprintf("amelie%d@example.com", i), 1)
			} else {
				r.wants(400, nameTaken)
			}
		}
		s.wantsAccounts(1)
	})
	t.Run("of one address", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		answers := atOnce(many, func(i int) response { return s.register(fmt.Sprint("amelie", i), "amelie@example.com") })
		for _, r := range answers {
			r.wants(200)
			if string(r.body) != string(answers[0].body) {
				t.Errorf("%s: %s; want the same for all, %s", r.call, r.body, answers[0].body)
			}
		}
		s.wantsMails("amelie@example.com", 1)
		s.wantsAccounts(1)
	})
	t.Run("of a full instance", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.addAdmin("root").patch("/api/config", object{"max_users": 8}).wants(200)
		answers := atOnce(many, func(i int) response {
			name := fmt.Sprint("amelie", i)
			return s.register(name, emailOf(name))
		})
		wantsOf(t, answers, 200, 7)
		wantsOf(t, answers, 403, many-7)
		s.wantsAccounts(8)
		s.register("late", "late@example.com").wants(403, "error, registration is disabled")
		if open := s.anybody().get("/api/config").data()["is_registration_enabled"]; open != false {
			t.Errorf("is_registration_enabled of a full instance = %v; want false", open)
		}
	})
}

func (s *site) wantsAccounts(n int) {
	s.t.Helper()
	if got := s.run(`select username from users order by id`); len(got) != n {
		s.t.Errorf("accounts: %q; want %d", got, n)
	}
}

// TestKnownAddressIsNotTold shows that nothing tells a registration with a known address from one with an unknown one.
func TestKnownAddressIsNotTold(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signUp("amelie")
	root := s.addAdmin("root")
	root.patch("/api/config", object{"max_users": 5}).wants(200)
	registrations := []struct{ name, email string }{
		{"unknown", "boris@example.com"},
		{"known", "amelie@example.com"},
		{"KNOWN2", "Amelie@Example.COM"},
	}
	for _, v := range registrations {
		s.register(v.name, v.email).wants(200)
	}
	s.deliver()
	// alike tells what anybody can see of the names.
	alike := func(when string) {
		t.Helper()
		for _, v := range registrations {
			for i, name := range []string{v.name, strings.ToLower(v.name), strings.ToUpper(v.name)} {
				if got := s.register(name, fmt.Sprint("new", i, v.email)); got.status != 400 || got.text("message") != nameTaken {
					t.Errorf("%s: register %s again: %d %s; want 400 %s", when, name, got.status, got.body, nameTaken)
				}
				if got := s.anybody().get("/api/users/" + name + "/picture"); got.status != 404 || got.text("message") != "No picture." {
					t.Errorf("%s: picture of %s: %d %s; want 404 No picture.", when, name, got.status, got.body)
				}
			}
		}
	}
	s.register("last", "last@example.com").wants(403, "error, registration is disabled")
	if got := s.anybody().get("/api/users/never_asked_for/picture"); got.text("message") != "user does not exist" {
		t.Errorf("picture of an unknown name: %d %s; want 404 user does not exist", got.status, got.body)
	}

	root.patch("/api/config", object{"max_users": 0}).wants(200)
	alike("at once")
	s.restart()
	alike("after a restart")
	for _, days := range []int{8, 31, 400} {
		s.clock.forward(time.Duration(days) * 24 * time.Hour)
		if err := s.auth.DropExpired(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Whatever becomes of registrations that nobody confirms, it is the same for all of them.
		first := s.anybody().get("/api/users/" + registrations[0].name + "/picture")
		for _, v := range registrations[1:] {
			got := s.anybody().get("/api/users/" + v.name + "/picture")
			if string(got.body) != string(first.body) {
				t.Errorf("%d days later: picture of a name registered with a known address: %s; with an unknown one: %s; want the same",
					days, got.body, first.body)
			}
		}
	}
}

// TestAskingForMails shows that asking for a mail tells nothing, whatever the address.
func TestAskingForMails(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signUp("amelie")
	s.register("boris", "boris@example.com").wants(200)
	s.deliver()
	sent := map[string]int{ // after all of it: those before, and what was asked for now
		"amelie@example.com": 2, // confirmation before, reset
		"boris@example.com":  2, // confirmation before, and again; no reset, for it is not active
		"nobody@example.com": 0,
		"no address":         0,
		"":                   0,
	}
	for _, c := range []struct{ path, message string }{
		{"/api/auth/password/reset-request", "password reset request processed"},
		{"/api/auth/account/resend-confirmation", "confirmation email resent"},
	} {
		for address := range sent {
			s.anybody().post(c.path, object{"email": address}).wants(200, c.message)
		}
	}
	for address, n := range sent {
		s.wantsMails(address, n)
	}
}

// TestConfirmation shows the life of a confirmation's token.
func TestConfirmation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register("amelie", "amelie@example.com").wants(200)
	older := s.mailedToken("amelie@example.com")
	s.anybody().post("/api/auth/account/resend-confirmation", object{"email": "AMELIE@example.com"}).wants(200)
	newer := s.mailedToken("amelie@example.com")
	s.confirm(older).wants(400, "invalid payload")

	answers := atOnce(10, func(int) response { return s.confirm(newer) })
	wantsOf(t, answers, 200, 1)
	wantsOf(t, answers, 400, 9)
	s.login("amelie@example.com", password)

	s.register("boris", "boris@example.com").wants(200)
	late := s.mailedToken("boris@example.com")
	s.clock.forward(7 * 24 * time.Hour)
	s.confirm(late).wants(400, "invalid payload")
}

// TestWithoutMail shows what is different while mail is off.
func TestWithoutMail(t *testing.T) {
	t.Parallel()
	s := newSite(t, withoutMail)
	root := s.addAdmin("root")
	const noURL = "the requested URL was not found on the server"
	s.anybody().post("/api/auth/password/reset-request", object{"email": root.email}).wants(404, noURL)
	s.anybody().post("/api/auth/account/resend-confirmation", object{"email": root.email}).wants(404, noURL)
	s.register("amelie", "amelie@example.com").wants(200)
	s.register("again", "amelie@example.com").wants(200)
	s.anybody().login("amelie@example.com", password).wants(401, "invalid credentials")
	got := root.patch("/api/auth/profile/edit/account", object{"email": "new@example.com", "password": password}).wants(200).data()
	if got["email"] != "new@example.com" || got["email_to_confirm"] != nil {
		t.Errorf("email, email_to_confirm after a change without mail = %v, %v; want new@example.com, nil", got["email"], got["email_to_confirm"])
	}
	s.deliver()
	if sent := s.mailer.Sent(); len(sent) > 0 {
		t.Errorf("mails while mail is off: %v; want none", sent)
	}
}
