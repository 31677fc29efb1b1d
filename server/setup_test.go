package server_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"fittrackee/auth"
)

const (
	isSetUp      = "there is an administrator already, please log in"
	wrongCode    = "this is not the code that the server has printed at its start; a restart prints a new one"
	setUpMessage = "administrator created"
)

// setup is what somebody sends who makes the first administrator.
func setup(code, name string) object {
	return object{"code": code, "username": name, "email": emailOf(name), "password": password}
}

// wantsSetup checks whether an administrator is still to be made.
func (s *site) wantsSetup(isNeeded bool) {
	s.t.Helper()
	if got := s.anybody().get("/api/start").wants(200).data()["is_setup_needed"]; got != isNeeded {
		s.t.Errorf("is_setup_needed is %v; want %t", got, isNeeded)
	}
}

// TestSetup makes the first administrator with the code, once.
func TestSetup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.auth.NewSetupCode()
	if !regexp.MustCompile(`^[ACDEFGHJKMNPQRTVWXY34679]{4}(-[ACDEFGHJKMNPQRTVWXY34679]{4}){3}$`).MatchString(code) {
		t.Errorf("the code is %q; want four groups", code)
	}
	s.wantsSetup(true)
	s.signUp("boris") // an ordinary account changes nothing
	s.wantsSetup(true)
	s.unchanged("a setup that is refused", func() {
		for _, wrong := range []string{"", "x", code + "A", code[1:], strings.Repeat("A", 50000), "\x00", code[:len(code)-1] + "é"} {
			s.anybody().post("/api/setup", setup(wrong, "root")).wants(403, wrongCode).wantsHeaders(apiSet)
			s.anybody().post("/api/setup", object{"code": wrong, "username": "x", "email": "x", "password": "x"}).wants(403, wrongCode)
			s.anybody().post("/api/setup", setup(wrong, "boris")).wants(403, wrongCode)
		}
	})
	in := setup(" "+strings.ToLower(strings.ReplaceAll(code, "-", " – "))+"\n", "root")
	in["language"] = "de"
	r := s.anybody().post("/api/setup", in).wants(201, setUpMessage).wantsHeaders(apiSet)
	if r.text("status") != "created" {
		t.Errorf("%s: %s; want the status created", r.call, r.body)
	}
	root := s.withToken(r.text("auth_token"))
	profile := root.get("/api/auth/profile").wants(200).data()
	wanted := object{"username": "root", "admin": true, "is_active": true, "language": "de", "timezone": "Europe/Paris"}
	for name, want := range wanted {
		if profile[name] != want {
			t.Errorf("%s of the administrator is %v; want %v", name, profile[name], want)
		}
	}
	root.get("/api/users").wants(200)
	s.login(emailOf("root"), password)
	s.wantsSetup(false)
	s.unchanged("a second setup", func() {
		for _, code := range []string{code, "x"} {
			s.anybody().post("/api/setup", setup(code, "other")).wants(409, isSetUp).wantsHeaders(apiSet)
		}
	})
	s.wantsMails(emailOf("root"), 0)

	// Rights can be taken on the command line. The code is good for one administrator only, and so is one that was never made.
	no := false
	if err := auth.UpdateUser(t.Context(), s.store, "root", auth.UserUpdate{IsAdmin: &no}); err != nil {
		t.Fatal(err)
	}
	s.wantsSetup(true)
	s.anybody().post("/api/setup", setup(code, "other")).wants(403, wrongCode)
	s.anybody().post("/api/setup", setup("", "other")).wants(403, wrongCode)
	s.restart()
	s.anybody().post("/api/setup", setup(code, "other")).wants(403, wrongCode)
	s.anybody().post("/api/setup", setup(s.auth.NewSetupCode(), "other")).wants(201, setUpMessage)
}

// TestSetupValues shows that whoever has the code is told what is wrong with the account, as in a registration.
func TestSetupValues(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signUp("boris")
	code := s.auth.NewSetupCode()
	s.unchanged("a setup that cannot be meant", func() {
		for _, c := range []struct {
			field   string
			value   any
			message string
		}{
			{"username", "x", "username: 3 to 30 characters required\n"},
			{"username", "Boris", "sorry, that username is already taken"},
			{"email", "x", "email: valid email must be provided\n"},
			{"email", "BORIS@example.com", "sorry, that email is already taken"},
			{"password", "1234567", "password: 8 characters required\n"},
			{"code", nil, invalid},
			{"code", 1, invalid},
			{"username", nil, invalid},
			{"email", nil, invalid},
			{"password", nil, invalid},
			{"language", 1, invalid},
		} {
			in := setup(code, "root")
			in[c.field] = c.value
			s.anybody().post("/api/setup", in).wants(400, c.message)
		}
	})
	in := setup(code, "root")
	in["language"] = nil
	r := s.anybody().post("/api/setup", in).wants(201)
	profile := s.withToken(r.text("auth_token")).get("/api/auth/profile").data()
	if profile["language"] != "en" {
		t.Errorf("the language is %v; want that of a registration", profile["language"])
	}
}

// TestSetupTakesHeldNames shows that the administrator's word counts more than a registration that came to nothing.
func TestSetupTakesHeldNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.signUp("boris")
	s.register("root", emailOf("boris")).wants(200)
	s.anybody().post("/api/setup", setup(s.auth.NewSetupCode(), "root")).wants(201, setUpMessage)
}

// TestSetupIsOver shows that an administrator who was made otherwise meanwhile ends it.
func TestSetupIsOver(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.auth.NewSetupCode()
	s.addAdmin("root")
	s.wantsSetup(false)
	s.anybody().post("/api/setup", setup(code, "other")).wants(409, isSetUp)
}

// TestSetupAtOnce sends the right code many times at once.
func TestSetupAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	code := s.auth.NewSetupCode()
	answers := atOnce(20, func(i int) response { return s.anybody().post("/api/setup", setup(code, fmt.Sprint("root_", i))) })
	wantsOf(t, answers, 201, 1)
	wantsOf(t, answers, 409, 19)
	if n := s.run(`select count(*) from users`)[0]; n != "1" {
		t.Errorf("%s accounts; want 1", n)
	}
}

// TestLimitOfSetups shows that codes cannot be guessed, from one place or from many, and what helps an owner who is kept out by that.
func TestLimitOfSetups(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	code := s.auth.NewSetupCode()
	n := 0
	guess := func(at client) response {
		n++
		return at.post("/api/setup", setup(fmt.Sprint("guess ", n), "root"))
	}
	at := s.from("203.0.113.1")
	bad := setup(code, "x") // counts for nothing, for the code is right
	for range 15 {
		at.post("/api/setup", bad).wants(400)
	}
	for range 10 {
		guess(at).wants(403, wrongCode)
	}
	limited(t, guess(at), perGuesser, 5*time.Minute)
	limited(t, at.post("/api/setup", setup(code, "root")), perGuesser, 5*time.Minute)
	for i := range 40 {
		guess(s.from(fmt.Sprint("203.0.113.", 2+i/10))).wants(403, wrongCode)
	}
	limited(t, guess(s.from("198.51.100.1")), "rate limit exceeded (50 per hour)", time.Hour)
	limited(t, s.from("198.51.100.2").post("/api/setup", setup(code, "root")), "rate limit exceeded (50 per hour)", time.Hour)
	s.restart()
	at.post("/api/setup", setup(s.auth.NewSetupCode(), "root")).wants(201, setUpMessage)
	at.post("/api/setup", setup("x", "other")).wants(409, isSetUp)
}
