package server_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// sessions returns the caller's sessions.
func (c client) sessions() []object {
	c.s.t.Helper()
	return objects(c.get("/api/auth/sessions").wants(200).data()["sessions"])
}

// TestSessions tells the story of somebody who looks where she is logged in.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	s.login(emailOf("boris"), password) // who is not to be seen
	start := s.clock.Now()
	at := func(d time.Duration) string { return start.Add(d).Format("Mon, 02 Jan 2006 15:04:05 GMT") }
	login := func(peer, userAgent string) client {
		t.Helper()
		c := s.from(peer).with("User-Agent", userAgent)
		return c.with("Authorization", "Bearer "+c.login(amelie.email, password).wants(200).text("auth_token"))
	}
	s.clock.forward(time.Minute)
	phone := login("203.0.113.1", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "+
		"Version/17.5 Mobile/15E148 Safari/604.1")
	s.clock.forward(time.Minute)
	laptop := login("2001:db8::1", "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0")
	s.clock.forward(time.Minute)
	script := login("::ffff:203.0.113.2", "<script>alert('a long story about nothing at all')</script>")

	all := phone.sessions()
	got := make([]object, len(all))
	var ids []any
	for i, v := range all {
		got[i] = maps.Clone(v)
		ids = append(ids, v["id"])
		delete(got[i], "id")
	}
	first := objects(amelie.get("/api/auth/sessions").data()["sessions"])[3]
	want := []object{
		{"created_at": at(3 * time.Minute), "last_used_at": at(3 * time.Minute), "device": nil, "browser": nil, "ip": "203.0.113.2", "current": false},
		{"created_at": at(2 * time.Minute), "last_used_at": at(2 * time.Minute), "device": "Linux", "browser": "Firefox", "ip": "2001:db8::1", "current": false},
		{"created_at": at(time.Minute), "last_used_at": at(time.Minute), "device": "iPhone", "browser": "Safari", "ip": "203.0.113.1", "current": true},
		{"created_at": at(0), "last_used_at": at(0), "device": first["device"], "browser": first["browser"], "ip": "127.0.0.1", "current": false},
	}
	if encodeJSON(t, got) != encodeJSON(t, want) {
		t.Errorf("sessions: %s; want %s", encodeJSON(t, got), encodeJSON(t, want))
	}

	// A use is noted when it is five minutes after the last one that was, and survives a restart.
	used := func(c client) any {
		t.Helper()
		for _, v := range c.sessions() {
			if v["current"] == true {
				return v["last_used_at"]
			}
		}
		return nil
	}
	s.clock.forward(4*time.Minute - time.Second) // 4:59 after the laptop's login
	if got := used(laptop); got != at(2*time.Minute) {
		t.Errorf("last use, 4:59 after the one noted = %v; want %s", got, at(2*time.Minute))
	}
	s.clock.forward(2 * time.Second)
	if got := used(laptop); got != at(7*time.Minute+time.Second) {
		t.Errorf("last use, 5:01 after the one noted = %v; want %s", got, at(7*time.Minute+time.Second))
	}
	if got := phone.sessions()[0]["id"]; got != ids[1] {
		t.Errorf("the first session is %v; want the laptop's, %v, which was used last", got, ids[1])
	}
	s.clock.forward(time.Hour)
	phone.get("/api/auth/profile").wants(200)
	s.restart()
	if got := laptop.sessions()[1]; got["id"] != ids[2] || got["last_used_at"] != at(67*time.Minute+time.Second) {
		t.Errorf("after a restart the second session is %v; want the phone's, used at %s", got, at(67*time.Minute+time.Second))
	}

	// What is ended is ended at once, and nobody ends others'.
	path := func(id any) string { return fmt.Sprint("/api/auth/sessions/", id) }
	boris := s.person("boris")
	s.unchanged("the end of a session that is not there", func() {
		for _, id := range []any{ids[0], ids[1], 0, 1000, "9223372036854775807", "99999999999999999999"} {
			boris.delete(path(id)).wants(404, "session does not exist")
		}
		for _, id := range []any{"-1", "x", "1.0", "%31%00", ""} {
			if r := phone.delete(path(id)); r.status != 404 {
				t.Errorf("%s: %d %s; want 404", r.call, r.status, r.body)
			}
		}
	})
	phone.delete(path(ids[0])).wants(204)
	script.get("/api/auth/profile").wants(401, badToken)
	phone.delete(path(ids[0])).wants(404, "session does not exist")
	script.delete("/api/auth/sessions").wants(401, badToken)

	phone.delete("/api/auth/sessions").wants(204)
	for _, c := range []client{laptop, amelie.client} {
		c.get("/api/auth/profile").wants(401, badToken)
	}
	if left := phone.sessions(); len(left) != 1 || left[0]["id"] != ids[2] {
		t.Errorf("sessions after the end of all others: %v; want the phone's", left)
	}
	phone.delete("/api/auth/sessions").wants(204) // there is none
	boris.get("/api/auth/profile").wants(200)
	phone.delete(path(ids[2])).wants(204)
	phone.get("/api/auth/sessions").wants(401, badToken)

	// Sessions that have expired are not shown, whether they have been swept or not.
	again := s.login(amelie.email, password)
	s.clock.forward(30*24*time.Hour - time.Second)
	last := s.login(amelie.email, password)
	if n := len(again.sessions()); n != 2 {
		t.Errorf("sessions before the first expires: %d; want 2", n)
	}
	s.clock.forward(time.Second)
	if left := last.sessions(); len(left) != 1 || left[0]["current"] != true {
		t.Errorf("sessions after the first has expired: %v; want the present one", left)
	}
}

// TestSessionsEndedAtOnce has sessions end each other: one ends, and whoever has ended cannot go on.
func TestSessionsEndedAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	clients := []client{amelie.client}
	for range 3 {
		clients = append(clients, s.login(amelie.email, password))
	}
	answers := atOnce(len(clients), func(i int) response { return clients[i].delete("/api/auth/sessions") })
	for _, r := range answers {
		if r.status != 204 && r.status != 401 {
			t.Errorf("%s: %d %s; want 204 or 401", r.call, r.status, r.body)
		}
	}
	var open []int
	for i, c := range clients {
		if c.get("/api/auth/profile").status == 200 {
			open = append(open, i)
		}
	}
	if len(open) > 1 || slices.ContainsFunc(open, func(i int) bool { return answers[i].status != 204 }) {
		t.Errorf("sessions that go on: %v; want one at most, whose wish was granted", open)
	}
}

// TestListsOnAFullDisk shows that the lists of sessions and tokens are to be had while nothing can be written, although they tell of uses
// that were not stored yet.
func TestListsOnAFullDisk(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	token := amelie.personalToken("profile:read")
	for _, table := range []string{"sessions", "personal_tokens"} {
		s.run(`create trigger full_` + table + ` before update on ` + table + ` begin select raise(abort, 'the disk is full'); end`)
	}
	s.clock.forward(time.Hour)
	s.withToken(token).get("/api/auth/profile").wants(200)
	if n := len(amelie.sessions()); n != 1 {
		t.Errorf("sessions: %d; want one", n)
	}
	s.clock.forward(time.Hour)
	s.withToken(token).get("/api/auth/profile").wants(200)
	if n := len(amelie.personalTokens()); n != 1 {
		t.Errorf("tokens: %d; want one", n)
	}
	for _, table := range []string{"sessions", "personal_tokens"} {
		s.run(`drop trigger full_` + table)
	}
	if got, want := amelie.personalTokens()[0]["last_used_at"], s.clock.Now().Format("Mon, 02 Jan 2006 15:04:05 GMT"); got != want {
		t.Errorf("last use, once it can be stored: %v; want %s", got, want)
	}
}

// TestMostSessions logs in once more than an account may have sessions, and has an application be allowed something as often.
func TestMostSessions(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	s.run(`
		with recursive n (i) as (select 1 union all select i + 1 from n where i < 250)
		insert into sessions (token_id, user_id, created_at, last_used_at, expires_at, device, browser, ip)
		select 't' || i, (select id from users where username = 'amelie'), 0, i, $1, '', '', '' from n`,
		s.clock.Now().Add(time.Hour).Unix())
	newest := s.login(amelie.email, password)
	if sessions := newest.sessions(); len(sessions) != 200 {
		t.Errorf("%d sessions; want 200", len(sessions))
	}
	amelie.get("/api/ping").wants(200) // used last, apart from the newest
	if got := s.run(`select min(last_used_at) from sessions where created_at = 0`); got[0] != "53" {
		t.Errorf("the oldest of the sessions that are left is the %sth; want the 53rd, two less than 200 before the end", got[0])
	}
	boris.get("/api/auth/profile").wants(200)

	app := newest.newApp("profile:read")
	first := app.allowed("profile:read")
	for range 99 {
		app.code(nil)
	}
	s.opens("the first of a hundred grants", first.access, true)
	app.code(nil)
	s.opens("the first of a hundred and one", first.access, false)
}
