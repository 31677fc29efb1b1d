package server_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fittrackee/store"
)

const (
	noOtherAdmin = "no other user has admin rights"
	noUser       = "user does not exist"
	emailTaken   = "sorry, that email is already taken"
)

// crowd makes accounts that nobody can log in to, past the program, for a hash is dear: of every three one administrates, of every
// two one is active.
func (s *site) crowd(n int) {
	s.t.Helper()
	for i := range n {
		s.run(`
			insert into users (
			  username, email, password, is_admin, is_active, confirmed_at, created_at,
			  timezone, language, weekm, display_ascent, imperial_units)
			values ($1, $2, '-', $3, $4, 1, $5, 'Europe/Paris', 'en', 0, 1, 0)`,
			fmt.Sprintf("Crowd_%03d", n-i), fmt.Sprintf("crowd%d@example.com", i), i%3 == 0, i%2 == 0, s.clock.Now().Unix()+int64(i%4))
	}
}

// listed returns the users in an answer.
func (r response) listed() []object {
	r.t.Helper()
	return objects(r.wants(200).data()["users"])
}

// names returns their usernames.
func (r response) names() (names []string) {
	r.t.Helper()
	for _, u := range r.listed() {
		names = append(names, fmt.Sprint(u["username"]))
	}
	return names
}

// TestListOfUsers tells what an administrator may ask for.
func TestListOfUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, amelie := s.person("root"), s.person("amelie")
	amelie.upload("a.gpx", ride(morning, 5)).wants(201)
	s.register("doris", emailOf("doris")).wants(200)
	all := []string{"root", "amelie", "boris", "chloe", "doris"}
	for _, c := range []struct {
		query string
		want  []string
		page  object
	}{
		{"", all, object{"has_next": false, "has_prev": false, "page": 1.0, "pages": 1.0, "total": 5.0}},
		{"?page=1&per_page=2", all[:2], object{"has_next": true, "has_prev": false, "page": 1.0, "pages": 3.0, "total": 5.0}},
		{"?page=2&per_page=2", all[2:4], object{"has_next": true, "has_prev": true, "page": 2.0, "pages": 3.0, "total": 5.0}},
		{"?page=3&per_page=2", all[4:], object{"has_next": false, "has_prev": true, "page": 3.0, "pages": 3.0, "total": 5.0}},
		{"?page=4&per_page=2", nil, object{"has_next": false, "has_prev": true, "page": 4.0, "pages": 3.0, "total": 5.0}},
		{"?page=0", all, object{"has_next": false, "has_prev": false, "page": 1.0, "pages": 1.0, "total": 5.0}},
		{"?page=-7&per_page=3", all[:3], object{"has_next": true, "has_prev": false, "page": 1.0, "pages": 2.0, "total": 5.0}},
		{"?page=9223372036854775807", nil, object{"has_next": false, "has_prev": true, "page": 9223372036854775807.0, "pages": 1.0, "total": 5.0}},
		{"?per_page=0", nil, object{"has_next": false, "has_prev": false, "page": 1.0, "pages": 0.0, "total": 5.0}},
		{"?q=", all, nil},
		{"?q=MEL", []string{"amelie"}, nil},
		{"?q=o", []string{"root", "boris", "chloe", "doris"}, nil},
		{"?q=o&per_page=3", []string{"root", "boris", "chloe"}, object{"has_next": true, "has_prev": false, "page": 1.0, "pages": 2.0, "total": 4.0}},
		{"?q=nobody", nil, object{"has_next": false, "has_prev": false, "page": 1.0, "pages": 0.0, "total": 0.0}},
		{"?q=example.com", nil, nil}, // an address is not looked into
		{"?q=%25", nil, nil},
		{"?q=_", nil, nil},
		{"?q=%5C", nil, nil},
		{"?q=a%25e", nil, nil},
		{"?q=%ff", nil, nil},
		{"?q=%27%20or%201=1%20--", nil, nil},
		{"?q=" + strings.Repeat("%25", 1000), nil, nil},
		{"?order_by=username", []string{"amelie", "boris", "chloe", "doris", "root"}, nil},
		{"?order_by=username&order=desc", []string{"root", "doris", "chloe", "boris", "amelie"}, nil},
		{"?order_by=workouts_count", []string{"root", "boris", "chloe", "doris", "amelie"}, nil},
		{"?order_by=workouts_count&order=desc", []string{"amelie", "root", "boris", "chloe", "doris"}, nil},
		{"?order_by=admin&order=desc", all, nil},
		{"?order_by=admin&order=asc", []string{"amelie", "boris", "chloe", "doris", "root"}, nil},
		{"?order_by=is_active", []string{"doris", "root", "amelie", "boris", "chloe"}, nil},
		{"?order_by=is_active&order=desc", all, nil},
		{"?order=desc", all, nil}, // who all are of one moment: the older comes first
	} {
		r := root.get("/api/users" + c.query)
		if got := r.names(); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q; want %q", r.call, got, c.want)
		}
		if c.page != nil && encodeJSON(t, r.json()["pagination"]) != encodeJSON(t, c.page) {
			t.Errorf("%s: pagination %v; want %v", r.call, r.json()["pagination"], c.page)
		}
		if r.data()["users"] == nil {
			t.Errorf("%s: %s; want a list", r.call, r.body)
		}
	}
	for _, query := range []string{
		"page=x", "page=1.5", "page=99999999999999999999", "per_page=-1", "per_page=x", "per_page=%00", "order=up", "order=DESC", "order=%20asc",
		"order_by=password", "order_by=email", "order_by=id", "order_by=username%3Bdrop", "order_by=USERNAME", "order_by=" + strings.Repeat("x", 10000),
		"q=" + strings.Repeat("x", 1001),
	} {
		root.get("/api/users?"+query).wants(400, invalid)
	}

	// Each is shown as it is alone, and with the preferences of the caller only.
	for _, u := range root.get("/api/users").listed() {
		alone := root.get("/api/users/" + fmt.Sprint(u["username"])).listed()[0]
		if encodeJSON(t, u) != encodeJSON(t, alone) {
			t.Errorf("%s in the list: %v; want %v as alone", u["username"], u, alone)
		}
		if _, told := u["timezone"]; told != (u["username"] == "root") {
			t.Errorf("%s in the list, with a time zone: %v; want it of the caller only", u["username"], told)
		}
		if want := u["username"] != "doris"; u["is_active"] != want {
			t.Errorf("%s is active: %v; want %v", u["username"], u["is_active"], want)
		}
		if want := map[bool]float64{true: 1}[u["username"] == "amelie"]; u["nb_workouts"] != want {
			t.Errorf("workouts of %s: %v; want %v", u["username"], u["nb_workouts"], want)
		}
	}
}

// TestUsersOverPages shows each account once, whatever they are ordered by and however many are equal: of those, the older comes first.
func TestUsersOverPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, boris := s.person("root"), s.person("boris")
	s.crowd(70)
	boris.typed(nil).wants(201)
	boris.typed(nil).wants(201)
	s.person("chloe").typed(nil).wants(201)
	users, err := s.store.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	workouts := map[string]int{"boris": 2, "chloe": 1}
	flag := map[bool]int{true: 1}
	compare := map[string]func(a, b store.User) int{
		"":           func(a, b store.User) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"created_at": func(a, b store.User) int { return a.CreatedAt.Compare(b.CreatedAt) },
		"username": func(a, b store.User) int {
			return cmp.Compare(strings.ToLower(a.Username), strings.ToLower(b.Username))
		},
		"admin":          func(a, b store.User) int { return flag[a.IsAdmin] - flag[b.IsAdmin] },
		"is_active":      func(a, b store.User) int { return flag[a.IsActive] - flag[b.IsActive] },
		"workouts_count": func(a, b store.User) int { return workouts[a.Username] - workouts[b.Username] },
	}
	for by, compare := range compare {
		for order, sign := range map[string]int{"": 1, "asc": 1, "desc": -1} {
			var want, got []string
			sorted := slices.Clone(users) // by id
			slices.SortStableFunc(sorted, func(a, b store.User) int { return sign * compare(a, b) })
			for _, u := range sorted {
				want = append(want, u.Username)
			}
			query := url.Values{"order_by": {by}, "order": {order}, "per_page": {"7"}}.Encode()
			for page := range 11 {
				got = append(got, root.get(fmt.Sprintf("/api/users?%s&page=%d", query, page+1)).names()...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("GET /api/users?%s, all pages: %q; want %q", query, got, want)
			}
		}
	}
	for query, want := range map[string]int{"": 10, "per_page=50": 50, "per_page=51": 50, "per_page=1000000": 50, "q=crowd&per_page=50&page=2": 20, "q=_03": 10} {
		if got := len(root.get("/api/users?" + query).listed()); got != want {
			t.Errorf("GET /api/users?%s: %d accounts; want %d", query, got, want)
		}
	}
}

// askedContext counts how often it is asked whether a request goes on. Each query does so once before it begins.
type askedContext struct {
	context.Context
	times *atomic.Int64
}

func (c askedContext) Err() error {
	c.times.Add(1)
	return c.Context.Err()
}

// TestQueriesOfAPageOfUsers shows that a page of fifty accounts costs as many queries as one of one.
func TestQueriesOfAPageOfUsers(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root")
	s.crowd(60)
	for _, name := range []string{"root", "amelie", "boris", "chloe"} {
		s.person(name).typed(nil).wants(201)
	}
	queries := func(perPage int) int64 {
		t.Helper()
		asked := askedContext{t.Context(), new(atomic.Int64)}
		r := httptest.NewRequestWithContext(asked, "GET", fmt.Sprint("/api/users?per_page=", perPage), nil)
		r.Header.Set("Authorization", "Bearer "+root.token())
		w := httptest.NewRecorder()
		s.server.ServeHTTP(w, r)
		got := response{t, fmt.Sprintf("%s %s", r.Method, r.URL), w.Code, w.Header(), w.Body.Bytes()}
		if n := len(got.listed()); n != perPage {
			t.Errorf("%s: %d accounts; want %d", got.call, n, perPage)
		}
		return asked.times.Load()
	}
	queries(50)
	queries(1) // now all statements are prepared
	few, many := queries(1), queries(50)
	if few < 4 {
		t.Errorf("queries for a page of one account: %d; want the caller's, the count, the page and what is in it at least", few)
	}
	if many != few {
		t.Errorf("queries for a page of fifty accounts: %d; want %d, as for a page of one", many, few)
	}
}

// TestAdministration tells the story of an instance with an administrator who means it well.
func TestAdministration(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, amelie, boris := s.person("root"), s.person("amelie"), s.person("boris")
	edit := func(name string, in object) response {
		t.Helper()
		return root.patch("/api/users/"+name, in)
	}
	wants := func(r response, fields object) {
		t.Helper()
		users := r.listed()
		if len(users) != 1 {
			t.Errorf("%s: %s; want one user", r.call, r.body)
			return
		}
		for name, want := range fields {
			if users[0][name] != want {
				t.Errorf("%s: %s = %v; want %v", r.call, name, users[0][name], want)
			}
		}
		if _, told := users[0]["timezone"]; told != (users[0]["username"] == "root") {
			t.Errorf("%s: %s; want preferences for the caller only", r.call, r.body)
		}
	}

	// Amelie becomes an administrator, and is none again. Doing so twice changes nothing.
	wants(edit("AMELIE", object{"admin": true}), object{"username": "amelie", "admin": true, "is_active": true})
	s.unchanged("a promotion again", func() { edit("amelie", object{"admin": true, "activate": true}).wants(200) })
	if u := amelie.patch("/api/users/root", object{"activate": true}).listed()[0]; u["admin"] != true || u["timezone"] != nil {
		t.Errorf("root to amelie: %v; want an administrator, without preferences", u)
	}
	wants(edit("amelie", object{"admin": false}), object{"admin": false, "is_active": true})
	s.unchanged("a demotion again", func() { edit("amelie", object{"admin": false}).wants(200) })
	wants(edit("root", object{"admin": true}), object{"username": "root", "admin": true})

	// Boris is locked out, and let in again: to begin anew.
	wants(edit("boris", object{"activate": false}), object{"is_active": false, "admin": false})
	boris.get("/api/auth/profile").wants(401, noToken)
	s.anybody().login(boris.email, password).wants(401, "invalid credentials")
	s.anybody().post("/api/auth/password/reset-request", object{"email": boris.email}).wants(200)
	s.wantsMails(boris.email, 0)
	s.unchanged("a deactivation again", func() { edit("boris", object{"activate": false}).wants(200) })
	wants(edit("boris", object{"activate": true}), object{"is_active": true, "admin": false})
	boris.get("/api/auth/profile").wants(401, badToken)
	s.login(boris.email, password).get("/api/auth/profile").wants(200)

	// Doris has never seen the mail. She is let in by hand, and the mail is good for nothing then.
	s.register("doris", emailOf("doris")).wants(200)
	confirmation := s.mailedToken(emailOf("doris"))
	wants(edit("doris", object{"activate": true}), object{"is_active": true, "admin": false})
	s.login(emailOf("doris"), password)
	s.confirm(confirmation).wants(400, invalid)
	// Who becomes an administrator is let in too.
	s.register("emma", emailOf("emma")).wants(200)
	wants(edit("emma", object{"admin": true}), object{"is_active": true, "admin": true})
	s.login(emailOf("emma"), password).get("/api/users").wants(200)
	// An administrator who is locked out is one still, once let in again.
	wants(edit("emma", object{"activate": false}), object{"is_active": false, "admin": true})
	s.anybody().login(emailOf("emma"), password).wants(401)
	wants(edit("emma", object{"activate": true, "admin": false}), object{"is_active": true, "admin": false})

	s.unchanged("what cannot be done", func() {
		for _, in := range []object{
			{},
			{"x": true},
			{"admin": nil},
			{"reset_password": false},
			{"reset_password": nil},
			{"admin": true, "activate": false},
			{"admin": "true"},
			{"activate": 1},
			{"new_email": []string{"a@example.com"}},
		} {
			edit("chloe", in).wants(400, invalid)
		}
		for _, name := range []string{"nobody", "%00", "amelie%20", "_____", "root%2fx"} {
			if r := edit(name, object{"admin": true}); r.status != 404 {
				t.Errorf("%s: %d %s; want 404", r.call, r.status, r.body)
			}
		}
		edit("nobody", object{"admin": true}).wants(404, noUser)
		edit("nobody", object{}).wants(400, invalid)
	})
	s.register("held", boris.email).wants(200)
	edit("held", object{"admin": true}).wants(404, noUser)
}

// TestNothingHalfDone gives an administrator's change several fields of which one cannot be done.
func TestNothingHalfDone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		user    string
		in      object
		status  int
		message string
		noMail  bool
	}{
		{"no address", "amelie", object{"admin": true, "new_email": "x"}, 400, "valid email must be provided", false},
		{"the same address", "amelie", object{"activate": false, "new_email": "AMELIE@example.com"}, 400, "new email must be different than curent email", false},
		{"a taken address", "amelie", object{"admin": true, "reset_password": true, "new_email": "Boris@example.com"}, 400, emailTaken, false},
		{"a taken address, without mail", "amelie", object{"admin": true, "new_email": "boris@example.com"}, 400, emailTaken, true},
		{"a reset without mail", "amelie", object{"admin": true, "reset_password": true, "new_email": "new@example.com"}, 400, "mail is off, so the password can only be reset on the command line", true},
		{"an administrator locked out", "amelie", object{"admin": true, "activate": false, "reset_password": true}, 400, invalid, false},
		{"a wrong type", "amelie", object{"admin": true, "activate": "yes"}, 400, invalid, false},
		{"the last administrator demoted", "root", object{"admin": false, "reset_password": true, "new_email": "new@example.com"}, 403, noOtherAdmin, false},
		{"the last administrator locked out", "root", object{"activate": false, "new_email": "new@example.com"}, 403, noOtherAdmin, true},
		{"both", "root", object{"admin": false, "activate": false}, 403, noOtherAdmin, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			edits := []func(*options){withPeople}
			if c.noMail {
				edits = append(edits, withoutMail)
			}
			s := newSite(t, edits...)
			root := s.person("root")
			s.unchanged(c.name, func() { root.patch("/api/users/"+c.user, c.in).wants(c.status, c.message) })
			s.deliver()
			if sent := s.mailer.Sent(); len(sent) > 0 {
				t.Errorf("mails after %s: %v; want none", c.name, sent)
			}
		})
	}
}

// TestResetByAdministrator tells the story of somebody who has lost the password, or the phone with a session.
func TestResetByAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root, amelie := s.person("root"), s.person("amelie")
	earlier := s.askForReset(amelie.email)
	root.patch("/api/users/amelie", object{"reset_password": true}).wants(200)
	amelie.get("/api/auth/profile").wants(401, badToken)
	s.anybody().login(amelie.email, password).wants(401, "invalid credentials")
	s.resetPassword(earlier, "first horse").wants(401, errBadReset)
	s.deliver()
	var subjects []string
	for _, m := range s.mailer.Sent()[1:] {
		subjects = append(subjects, m.To+" "+m.Subject)
	}
	slices.Sort(subjects)
	if want := []string{
		amelie.email + " FitTrackee - Password changed", amelie.email + " FitTrackee - Password reset request",
	}; !slices.Equal(subjects, want) {
		t.Errorf("mails: %q; want %q", subjects, want)
	}
	s.resetPassword(s.mailedToken(amelie.email), "second horse").wants(200)
	s.login(amelie.email, "second horse")

	// One's own is reset like others', and one's session ends with it.
	root.patch("/api/users/root", object{"reset_password": true}).wants(200)
	root.get("/api/auth/profile").wants(401, badToken)
	s.resetPassword(s.mailedToken(root.email), "third horse").wants(200)
	again := s.login(root.email, "third horse")

	// Who is locked out gets no mail that opens anything, unless let in by the same change.
	again.patch("/api/users/boris", object{"activate": false}).wants(200)
	again.patch("/api/users/boris", object{"reset_password": true}).wants(400, "the account is not active, so no mail can reset its password")
	s.deliver()
	if token, ok := nextToken(s.mailer, emailOf("boris")); ok {
		t.Errorf("a mail to somebody locked out has the token %s; want none", token)
	}
	again.patch("/api/users/boris", object{"reset_password": true, "activate": true}).wants(200)
	s.resetPassword(s.mailedToken(emailOf("boris")), "fourth horse").wants(200)
	s.login(emailOf("boris"), "fourth horse")
}

// TestAddressByAdministrator tells what becomes of an address that an administrator gives to an account.
func TestAddressByAdministrator(t *testing.T) {
	t.Parallel()
	const email = "new@example.com"
	give := func(t *testing.T, s *site, name string, more object) object {
		t.Helper()
		in := object{"new_email": " " + email + " "}
		for k, v := range more {
			in[k] = v
		}
		return s.person("root").patch("/api/users/"+name, in).listed()[0]
	}
	wants := func(t *testing.T, u object, email string, toConfirm any) {
		t.Helper()
		if u["email"] != email || u["email_to_confirm"] != toConfirm {
			t.Errorf("email, email_to_confirm = %v, %v; want %s, %v", u["email"], u["email_to_confirm"], email, toConfirm)
		}
	}
	t.Run("of an active account", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		amelie := s.person("amelie")
		wants(t, give(t, s, "amelie", nil), amelie.email, email)
		s.wantsMails(amelie.email, 1) // a notice
		s.anybody().login(email, password).wants(401)
		amelie.get("/api/auth/profile").wants(200)
		s.confirmEmail(s.mailedToken(email)).wants(200, "email updated")
		s.login(email, password)
		s.anybody().login(amelie.email, password).wants(401)
	})
	t.Run("with a reset", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		amelie := s.person("amelie")
		wants(t, give(t, s, "amelie", object{"reset_password": true}), amelie.email, email)
		s.wantsMails(amelie.email, 3)
		reset, change := s.mailedToken(amelie.email), s.mailedToken(email)
		s.confirmEmail(change).wants(200)
		s.resetPassword(reset, "another horse").wants(401, errBadReset) // it went to the address before
		s.resetPassword(s.askForReset(email), "another horse").wants(200)
	})
	t.Run("of an account that waits for its confirmation", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		s.register("doris", "typo@example.com").wants(200)
		typo := s.mailedToken("typo@example.com")
		wants(t, give(t, s, "doris", nil), email, nil)
		s.confirm(typo).wants(400, invalid)
		s.confirm(s.mailedToken(email)).wants(200)
		s.login(email, password)
		s.wantsMails("typo@example.com", 1)
	})
	t.Run("of an account that is let in", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		s.register("doris", "typo@example.com").wants(200)
		wants(t, give(t, s, "doris", object{"activate": true}), email, nil)
		s.login(email, password)
	})
	t.Run("of an account that was locked out", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		root := s.person("root")
		root.patch("/api/users/amelie", object{"activate": false}).wants(200)
		wants(t, give(t, s, "amelie", nil), email, nil)
		s.wantsMails(email, 0)
		s.wantsMails("amelie@example.com", 0)
		root.patch("/api/users/amelie", object{"activate": true}).wants(200)
		s.login(email, password)
	})
	t.Run("of an account that is locked out by the same change", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		wants(t, give(t, s, "amelie", object{"activate": false}), email, nil)
		s.wantsMails(email, 0)
	})
	t.Run("without mail", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople, withoutMail)
		amelie := s.person("amelie")
		wants(t, give(t, s, "amelie", nil), email, nil)
		amelie.get("/api/auth/profile").wants(200)
		s.login(email, password)
		s.anybody().login(amelie.email, password).wants(401)
	})
	t.Run("taken meanwhile", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople)
		amelie := s.person("amelie")
		give(t, s, "amelie", nil)
		token := s.mailedToken(email)
		s.register("eve", email).wants(200)
		s.confirm(s.mailedToken(email)).wants(200)
		s.unchanged("an address that is taken by now", func() { s.confirmEmail(token).wants(400, invalid) })
		s.login(amelie.email, password)
	})
	t.Run("as often as mails may go to it", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, withPeople, withLimits)
		root := s.person("root")
		change := func(name, email string) response { return root.patch("/api/users/"+name, object{"new_email": email}) }
		change("amelie", "amelie@example.com").wants(400) // which sends none
		change("amelie", email).wants(200)
		s.unchanged("a mail too many", func() { limited(t, change("boris", email), mailsSoon, 2*time.Minute) })
		s.clock.forward(2 * time.Minute)
		change("boris", email).wants(200)
	})
}

// TestLastAdministrator shows that an instance does not lose its last administrator, in whatever way, with whatever token.
func TestLastAdministrator(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root")
	s.register("doris", emailOf("doris")).wants(200)
	s.run(`update users set is_admin = 1 where username = 'doris'`) // who is not active, and can do nothing
	for _, c := range []client{
		root.client, s.withToken(root.accessToken("users:write")), s.withToken(root.personalToken("users:write")),
	} {
		s.unchanged("the end of the last administrator", func() {
			c.patch("/api/users/root", object{"admin": false}).wants(403, noOtherAdmin)
			c.patch("/api/users/root", object{"activate": false}).wants(403, noOtherAdmin)
			c.delete("/api/users/root").wants(403, lastAdmin)
		})
	}
	root.patch("/api/users/doris", object{"admin": false}).wants(200) // is none that could be the last one
	root.delete("/api/users/doris").wants(204)
	root.patch("/api/users/amelie", object{"admin": true}).wants(200)
	root.patch("/api/users/root", object{"admin": false}).wants(200)
	root.get("/api/users").wants(403, noRights)
}

// TestAdministratorsAtOnce has two administrators end each other's rights: one is left.
func TestAdministratorsAtOnce(t *testing.T) {
	t.Parallel()
	demote := func(c client, name string) response { return c.patch("/api/users/"+name, object{"admin": false}) }
	deactivate := func(c client, name string) response { return c.patch("/api/users/"+name, object{"activate": false}) }
	remove := func(c client, name string) response { return c.delete("/api/users/" + name) }
	for _, c := range []struct {
		name      string
		one, two  func(c client, name string) response
		isSuicide bool
	}{
		{"demotion of each other", demote, demote, false},
		{"deactivation of each other", deactivate, deactivate, false},
		{"deletion of each other", remove, remove, false},
		{"demotion and deactivation", demote, deactivate, false},
		{"demotion and deletion", demote, remove, false},
		{"demotion of oneself", demote, demote, true},
		{"deactivation and deletion of oneself", deactivate, remove, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			root, amelie := s.person("root"), s.person("amelie")
			root.patch("/api/users/amelie", object{"admin": true}).wants(200)
			targets := []string{"amelie", "root"}
			if c.isSuicide {
				targets = []string{"root", "amelie"}
			}
			answers := atOnce(2, func(i int) response {
				if i == 0 {
					return c.one(root.client, targets[0])
				}
				return c.two(amelie.client, targets[1])
			})
			succeeded := 0
			for _, r := range answers {
				switch r.status {
				case 200, 204:
					succeeded++
				case 401, 403, 404:
				default:
					t.Errorf("%s: %d %s; want it done, or refused", r.call, r.status, r.body)
				}
			}
			if succeeded != 1 {
				t.Errorf("%s: %d of two succeeded; want one", c.name, succeeded)
			}
			if n := s.run(`select count(*) from users where is_admin = 1 and is_active = 1`); n[0] != "1" {
				t.Errorf("administrators after %s: %s; want one", c.name, n[0])
			}
		})
	}
}

// TestNothingIsLeft removes an account that has had a whole life, and looks that everything is as it was before it began.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root")
	keysOf(s.person("amelie")) // which stay
	s.unchanged("the life of an account", func() {
		doris := s.signUp("doris")
		k := keysOf(doris)
		s.settled(doris)
		s.askForReset(doris.email)
		s.anybody().post("/api/upload/"+k.upload, ride(morning, 7)).wants(201)
		k.app.refresh(k.refresh, nil).wants(200)
		s.clock.forward(time.Hour)
		for _, token := range []string{k.personal, doris.token()} {
			s.withToken(token).get("/api/auth/profile").wants(200)
		}
		doris.get("/api/auth/sessions").wants(200) // which stores when they were used
		s.deliver()
		root.delete("/api/users/doris").wants(204)
	})
	s.wantsSound()
	// A deletion is stopped by nothing that is under way.
	emma := s.signUp("emma")
	k := keysOf(emma)
	answers := atOnce(8, func(i int) response {
		switch i {
		case 4:
			return root.delete("/api/users/emma")
		case 0, 7:
			return k.app.refresh(k.refresh, nil)
		case 1:
			return k.app.exchange(k.code, nil)
		case 2:
			return emma.post("/api/auth/tokens", object{"name": "x", "scope": "profile:read"})
		case 3:
			return emma.post("/api/oauth/apps", object{
				"client_name": "x", "client_uri": "https://x.example.com", "redirect_uris": []string{callback}, "scope": "profile:read",
			})
		case 5:
			return s.withToken(k.personal).get("/api/auth/profile")
		}
		return s.anybody().post("/api/upload/"+k.upload, ride(morning, 3))
	})
	wantsOf(t, answers, 204, 1)
	for _, table := range []string{"clients", "personal_tokens", "sessions", "workouts"} {
		if rows := s.run(`select * from ` + table + ` where user_id not in (select id from users)`); len(rows) > 0 {
			t.Errorf("%s without a user: %q; want none", table, rows)
		}
	}
}

// TestEditOfSomebodyGoing changes an account while it is removed: each change is done, or finds nobody.
func TestEditOfSomebodyGoing(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	root := s.person("root")
	for round := range 10 {
		s.crowd(1)
		answers := atOnce(12, func(i int) response {
			if i == 6 {
				return root.delete("/api/users/crowd_001")
			}
			return root.patch("/api/users/crowd_001", object{"activate": i%2 == 0})
		})
		for _, r := range answers {
			if r.status != 200 && r.status != 204 && (r.status != 404 || r.text("message") != noUser) {
				t.Errorf("round %d: %s: %d %s; want it done, or %s", round, r.call, r.status, r.body, noUser)
			}
		}
	}
}
