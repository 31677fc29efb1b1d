package server_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"fittrackee/mail"
)

// resetSite is a site with an account that has asked for a reset, and the token.
func resetSite(t *testing.T) (s *site, email, token string) {
	t.Helper()
	s = newSite(t)
	amelie := s.signUp("amelie")
	return s, amelie.email, s.askForReset(amelie.email)
}

func (s *site) askForReset(email string) (token string) {
	s.t.Helper()
	s.anybody().post("/api/auth/password/reset-request", object{"email": email}).
		wants(200, "password reset request processed")
	return s.mailedToken(email)
}

const errBadReset = "invalid token, please request a new token"

func TestReset(t *testing.T) {
	t.Parallel()
	t.Run("is used once", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		s.resetPassword(token, "first horse").wants(200, "password updated")
		s.unchanged("a used token", func() { s.resetPassword(token, "second horse").wants(401, errBadReset) })
		s.login(email, "first horse")
	})
	t.Run("raced by twenty", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		answers := atOnce(20, func(i int) response { return s.resetPassword(token, fmt.Sprint("horse number ", i)) })
		wantsOf(t, answers, 200, 1)
		wantsOf(t, answers, 401, 19)
		for i, r := range answers {
			if r.status == 200 {
				s.login(email, fmt.Sprint("horse number ", i))
			}
		}
	})
	t.Run("superseded by a newer one", func(t *testing.T) {
		t.Parallel()
		s, email, older := resetSite(t)
		newer := s.askForReset(email)
		s.unchanged("an older token", func() { s.resetPassword(older, "first horse").wants(401, errBadReset) })
		s.resetPassword(newer, "second horse").wants(200, "password updated")
		s.login(email, "second horse")
	})
	t.Run("lives an hour", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		s.clock.forward(time.Hour)
		s.unchanged("an expired token", func() { s.resetPassword(token, "first horse").wants(401, errBadReset) })
		token = s.askForReset(email)
		s.clock.forward(time.Hour - time.Second)
		s.resetPassword(token, "second horse").wants(200, "password updated")
	})
	t.Run("outlives a short password", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		s.unchanged("a short password", func() {
			s.resetPassword(token, "1234567").wants(400, "password: 8 characters required\n")
		})
		s.resetPassword(token, "12345678").wants(200, "password updated")
		s.login(email, "12345678")
	})
	t.Run("ends with a change of password", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		s.login(email, password).patch("/api/auth/profile/edit/account",
			object{"email": email, "password": password, "new_password": "first horse"}).wants(200)
		s.resetPassword(token, "second horse").wants(401, errBadReset)
	})
	t.Run("ends with a change of address", func(t *testing.T) {
		t.Parallel()
		s, email, token := resetSite(t)
		s.login(email, password).patch("/api/auth/profile/edit/account",
			object{"email": "new@example.com", "password": password}).wants(200)
		s.confirmEmail(s.mailedToken("new@example.com")).wants(200)
		s.resetPassword(token, "second horse").wants(401, errBadReset)
	})
}

// lossyMailer delivers mails, and believes that it did not.
type lossyMailer struct{ mail.Memory }

func (m *lossyMailer) Send(ctx context.Context, message mail.Message) error {
	return errors.Join(m.Memory.Send(ctx, message), errors.New("the answer got lost"))
}

// TestMailSentAgain shows that a mail whose delivery is tried again does not revive its token.
func TestMailSentAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		name string
		ask  func(s *site, amelie user) (to string)
		use  func(s *site, token string) response
	}{
		{
			"reset",
			func(s *site, amelie user) string {
				s.anybody().post("/api/auth/password/reset-request", object{"email": amelie.email}).wants(200)
				return amelie.email
			},
			func(s *site, token string) response { return s.resetPassword(token, "another horse") },
		},
		{
			"confirmation",
			func(s *site, _ user) string {
				s.register("boris", "boris@example.com").wants(200)
				return "boris@example.com"
			},
			(*site).confirm,
		},
		{
			"email change",
			func(s *site, amelie user) string {
				amelie.patch("/api/auth/profile/edit/account",
					object{"email": "new@example.com", "password": password}).wants(200)
				return "new@example.com"
			},
			(*site).confirmEmail,
		},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			to := kind.ask(s, s.signUp("amelie"))
			var lossy lossyMailer
			deliver := func() (token string, ok bool) {
				t.Helper()
				if err := s.auth.DeliverMails(t.Context(), &lossy, "http://fit.example.com"); err != nil {
					t.Fatal(err)
				}
				return nextToken(&lossy.Memory, to)
			}
			first, _ := deliver()
			s.clock.forward(time.Minute)
			if again, ok := deliver(); !ok || again != first {
				t.Errorf("token in the mail sent again = %q; want the same as at first, %q", again, first)
			}
			kind.use(s, first).wants(200)
			s.clock.forward(time.Minute)
			if again, ok := deliver(); ok {
				t.Errorf("a mail whose token is used was sent again, with token %q", again)
			}
			if got := kind.use(s, first); got.status == 200 {
				t.Errorf("%s with a token used before: %d; want a refusal", got.call, got.status)
			}
		})
	}
}
