package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/auth"
)

// personalTokens returns the caller's personal tokens.
func (c client) personalTokens() []object {
	c.s.t.Helper()
	return objects(c.get("/api/auth/tokens").wants(200).data()["tokens"])
}

// TestPersonalTokens tells the story of somebody who lets her phone and her scripts in.
func TestPersonalTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	start := s.clock.Now()
	if r := amelie.get("/api/auth/tokens"); string(r.body) != `{"status":"success","data":{"tokens":[]}}`+"\n" {
		t.Errorf("%s: %s; want an empty list", r.call, r.body)
	}

	// All fields come back, and the token this once.
	all := strings.Join(auth.Scopes, " ")
	var ids []any
	var secrets []string
	for _, c := range []struct{ in, want object }{
		{
			object{"name": "  my <phone> 📱 ", "scope": "workouts:write", "sport_id": 5, "expires_in_days": 30},
			object{"name": "my <phone> 📱", "scope": "workouts:write", "sport_id": 5, "expires_at": start.Add(30 * 24 * time.Hour).Format(http.TimeFormat)},
		},
		{
			object{"name": strings.Repeat("é", 100), "scope": " " + strings.ReplaceAll(all, " ", "   ") + " "},
			object{"name": strings.Repeat("é", 100), "scope": all, "sport_id": nil, "expires_at": nil},
		},
		{
			object{"name": "phone", "scope": "profile:read workouts:upload", "sport_id": nil, "expires_in_days": nil},
			object{"name": "phone", "scope": "profile:read workouts:upload", "sport_id": nil, "expires_at": nil},
		},
		{
			object{"name": "phone", "scope": "profile:read", "expires_in_days": 3650}, // a name twice is one's own affair
			object{"name": "phone", "scope": "profile:read", "sport_id": nil, "expires_at": start.Add(3650 * 24 * time.Hour).Format(http.TimeFormat)},
		},
		{
			object{"name": "a day", "scope": "profile:read", "expires_in_days": 1},
			object{"name": "a day", "scope": "profile:read", "sport_id": nil, "expires_at": start.Add(24 * time.Hour).Format(http.TimeFormat)},
		},
	} {
		r := amelie.post("/api/auth/tokens", c.in).wants(201)
		got := r.token()
		secret, _ := got["token"].(string)
		if !strings.HasPrefix(secret, "fitpat_") || len(secret) != 50 || slices.Contains(secrets, secret) {
			t.Errorf("%s: token %q; want fitpat_ and 43 letters, another each time", r.call, secret)
		}
		secrets, ids = append(secrets, secret), append([]any{got["id"]}, ids...)
		c.want["id"], c.want["token"] = got["id"], secret
		c.want["created_at"], c.want["last_used_at"] = start.Format(http.TimeFormat), nil
		if r.text("status") != "created" || encodeJSON(t, got) != encodeJSON(t, c.want) {
			t.Errorf("%s: %s; want created, %s", r.call, r.body, encodeJSON(t, c.want))
		}
	}

	// The list has the newest first, and tells no token again.
	list := amelie.get("/api/auth/tokens")
	var got []any
	for _, v := range amelie.personalTokens() {
		got = append(got, v["id"])
	}
	if !slices.Equal(got, ids) {
		t.Errorf("ids in the list: %v; want %v", got, ids)
	}
	if strings.Contains(string(list.body), "fitpat_") || strings.Contains(string(list.body), `"token"`) {
		t.Errorf("%s: %s; want no token in it", list.call, list.body)
	}
	for _, row := range s.run(`select hash from personal_tokens`) {
		for _, secret := range secrets {
			if strings.Contains(row, secret) {
				t.Errorf("stored: %s; want a hash", row)
			}
		}
	}
	if n := len(boris.personalTokens()); n != 0 {
		t.Errorf("tokens of boris: %d; want none", n)
	}

	// A use is noted, when it is five minutes after the last one that was.
	used := func(i int) any {
		t.Helper()
		return amelie.personalTokens()[i]["last_used_at"]
	}
	day := s.withToken(secrets[4])
	for _, c := range []struct {
		after time.Duration
		want  time.Duration // when the use is noted that was last
	}{{time.Minute, time.Minute}, {4*time.Minute + 59*time.Second, time.Minute}, {time.Second, 6 * time.Minute}} {
		s.clock.forward(c.after)
		day.get("/api/auth/profile").wants(200)
		if got, want := used(0), start.Add(c.want).Format(http.TimeFormat); got != want {
			t.Errorf("last use = %v; want %s", got, want)
		}
	}
	if got := used(1); got != nil {
		t.Errorf("last use of a token that was not used = %v; want null", got)
	}
	s.restart()
	if got, want := used(0), start.Add(6*time.Minute).Format(http.TimeFormat); got != want {
		t.Errorf("last use after a restart = %v; want %s", got, want)
	}

	// A token expires to the second.
	s.clock.forward(24*time.Hour - 6*time.Minute - time.Second)
	day.get("/api/auth/profile").wants(200)
	s.clock.forward(time.Second)
	day.get("/api/auth/profile").wants(401, badToken)
	if got := amelie.personalTokens()[0]["name"]; got == "a day" {
		t.Error("a token that has expired is in the list; want it gone")
	}

	// What is deleted is good for nothing at once, and nobody deletes others'.
	path := func(id any) string { return fmt.Sprint("/api/auth/tokens/", id) }
	s.unchanged("the deletion of a token that is not there", func() {
		for _, id := range []any{ids[1], 0, 1000, "9223372036854775807", "99999999999999999999"} {
			boris.delete(path(id)).wants(404, "token does not exist")
		}
		for _, id := range []any{"-1", "x", "1.0", "", secrets[3]} {
			if r := amelie.delete(path(id)); r.status != 404 {
				t.Errorf("%s: %d; want 404", r.call, r.status)
			}
		}
	})
	s.withToken(secrets[3]).get("/api/auth/profile").wants(200)
	amelie.delete(path(ids[1])).wants(204)
	s.withToken(secrets[3]).get("/api/auth/profile").wants(401, badToken)
	amelie.delete(path(ids[1])).wants(404, "token does not exist")
	s.withToken(secrets[2]).get("/api/auth/profile").wants(200)

	// A token makes no other, nor an application, nor does it see or end what a session can.
	s.unchanged("what a token cannot", func() {
		mighty := s.withToken(secrets[1])
		mighty.addToken("profile:read", nil).wantsNoScope()
		mighty.get("/api/auth/tokens").wantsNoScope()
		mighty.delete(path(ids[2])).wantsNoScope()
		mighty.get("/api/auth/sessions").wantsNoScope()
		mighty.post("/api/auth/logout", nil).wantsNoScope()
		mighty.get("/api/oauth/apps").wantsNoScope()
	})
}

// TestMostPersonalTokens shows how many an account may have, also when they are asked for at once.
func TestMostPersonalTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	const full = "there can be 100 tokens at most: delete one first"
	add := func() response { return amelie.addToken("profile:read", object{"expires_in_days": 1}) }
	times(t, 95, 201, add)
	answers := atOnce(10, func(int) response { return add() })
	wantsOf(t, answers, 201, 5)
	wantsOf(t, answers, 400, 5)
	s.unchanged("one token too many", func() { add().wants(400, full) })
	boris.addToken("profile:read", nil).wants(201)
	amelie.delete(fmt.Sprint("/api/auth/tokens/", amelie.personalTokens()[50]["id"])).wants(204)
	add().wants(201)
	add().wants(400, full)
	// Those that have expired are not counted: they are not in the list, so that nobody could delete them.
	s.clock.forward(24 * time.Hour)
	add().wants(201)
}
