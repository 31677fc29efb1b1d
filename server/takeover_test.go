package server_test

import (
	"testing"

	"fittrackee/auth"
)

// TestChangeOfAddressEndsWithThePassword is about somebody who had the password for a moment, and asked for a
// change of address that the owner does not want.
func TestChangeOfAddressEndsWithThePassword(t *testing.T) {
	t.Parallel()
	const better = "a better horse"
	for _, c := range []struct {
		name   string
		rescue func(s *site, amelie user)
	}{
		{"new password", func(s *site, amelie user) {
			amelie.patch("/api/auth/profile/edit/account",
				object{"email": amelie.email, "password": password, "new_password": better}).wants(200)
		}},
		{"reset", func(s *site, amelie user) {
			s.anybody().post("/api/auth/password/reset-request", object{"email": amelie.email}).wants(200)
			s.deliver()
			s.resetPassword(s.mailedToken(amelie.email), better).wants(200)
		}},
		{"administrator", func(s *site, amelie user) {
			if err := auth.UpdateUser(t.Context(), s.store, "amelie", auth.UserUpdate{Password: better}); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			amelie := s.signUp("amelie")
			amelie.changeEmail("eve@example.com").wants(200)
			token := s.mailedToken("eve@example.com")
			c.rescue(s, amelie)
			s.confirmEmail(token).wants(400, "invalid payload")
			s.anybody().login(amelie.email, better).wants(200)
			s.anybody().login("eve@example.com", better).wants(401)
		})
	}
}

// TestConfirmationEndsWithTheAddress is about a typing error in a registration, which an administrator mends: the
// mail to the wrong address must not open the account.
func TestConfirmationEndsWithTheAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.register("amelie", "typo@example.com").wants(200)
	token := s.mailedToken("typo@example.com")
	if err := auth.UpdateUser(t.Context(), s.store, "amelie", auth.UserUpdate{Email: "amelie@example.com"}); err != nil {
		t.Fatal(err)
	}
	s.confirm(token).wants(400, "invalid payload")
	s.anybody().login("amelie@example.com", password).wants(401, "invalid credentials")

	s.anybody().post("/api/auth/account/resend-confirmation", object{"email": "amelie@example.com"}).wants(200)
	s.confirm(s.mailedToken("amelie@example.com")).wants(200)
}
