package server_test

import "testing"

func (u user) changeEmail(email string) response {
	u.s.t.Helper()
	return u.patch("/api/auth/profile/edit/account", object{"email": email, "password": password})
}

// TestChangeOfAddress tells the story of a move, and of what somebody else can do about it.
func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie, boris := s.signUp("amelie"), s.signUp("boris")
	amelie.changeEmail("new@example.com").wants(200, "user account updated")
	s.anybody().login("new@example.com", password).wants(401)
	s.wantsMails("new@example.com", 1)
	first := s.mailedToken("new@example.com")

	// Another wish takes the place of the first.
	amelie.changeEmail("newer@example.com").wants(200)
	s.confirmEmail(first).wants(400, "invalid payload")
	second := s.mailedToken("newer@example.com")

	// Whoever is first has the address.
	boris.changeEmail("NEWER@example.com").wants(200)
	third := s.mailedToken("newer@example.com")
	answers := atOnce(10, func(i int) response { return s.confirmEmail([]string{second, third}[i%2]) })
	wantsOf(t, answers, 200, 1)
	wantsOf(t, answers, 400, 9)
	s.login("newer@example.com", password)
	s.wantsAccounts(2)
}

// TestMoveToAKnownAddress shows that wanting somebody's address tells nothing about it, and brings them no mail.
func TestMoveToAKnownAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	s.signUp("boris")
	known := amelie.changeEmail("Boris@example.com").wants(200)
	s.wantsMails("boris@example.com", 1) // which confirmed the account
	unknown := amelie.changeEmail("Doris@example.com").wants(200)
	if known.text("message") != unknown.text("message") {
		t.Errorf("message for a known address: %s; for an unknown one: %s; want the same", known.text("message"), unknown.text("message"))
	}
	s.wantsMails(amelie.email, 1+2) // is told of both alike
}

// TestSameAddress shows that an address in another case is the same one, for which nothing is to be confirmed.
func TestSameAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie := s.signUp("amelie")
	if v := amelie.changeEmail(" Amelie@Example.com").wants(200).data(); v["email_to_confirm"] != nil || v["email"] != amelie.email {
		t.Errorf("email, email_to_confirm after asking for the same = %v, %v; want it as it was", v["email"], v["email_to_confirm"])
	}
	s.wantsMails(amelie.email, 1)
}
