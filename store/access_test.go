package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// settlers makes two accounts with a session each, past the methods of the store, and returns the ids, which are those of the sessions.
func (s *Store) settlers(t testing.TB) (amelie, boris int64) {
	t.Helper()
	for i, name := range []string{"amelie", "boris"} {
		s.exec(t, `
			insert into users (username, email, password, is_admin, is_active, created_at, timezone, language, weekm, display_ascent, imperial_units)
			values ($1, $2, '-', 0, 1, 1, 'UTC', 'en', 0, 1, 0)`, name, name+"@example.com")
		s.exec(t, `
			insert into sessions (id, token_id, user_id, created_at, last_used_at, expires_at, device, browser, ip)
			values ($1, $2, $1, 1, 1, $3, '', '', '')`, i+1, name, s.now()+1000)
	}
	return 1, 2
}

// TestWhatASessionMakes shows that nothing is made by a session that has ended since the request was let in: what ends all that opens an
// account would not find it. The front door refuses such a request before.
func TestWhatASessionMakes(t *testing.T) {
	t.Parallel()
	n := 0
	unique := func(what string) []byte { n++; return fmt.Appendf(nil, "%s %d", what, n) }
	for _, c := range []struct {
		name  string
		end   func(s *Store)
		wants error
	}{
		{"nothing", func(*Store) {}, nil},
		{"the session", func(s *Store) { s.exec(t, `delete from sessions where id = 1`) }, ErrMissing},
		{"the user's activity", func(s *Store) { s.exec(t, `update users set is_active = 0 where id = 1`) }, ErrMissing},
		{"the account", func(s *Store) { s.exec(t, `delete from users where id = 1`) }, ErrMissing},
		{"the session's being the user's", func(s *Store) { s.exec(t, `update sessions set user_id = 2 where id = 1`) }, ErrMissing},
	} {
		s := newStore(t)
		amelie, _ := s.settlers(t)
		client := func() Client {
			return Client{
				ClientID: string(unique("client")), UserID: amelie, SecretHash: unique("secret"), Name: "x", Website: "x", RedirectURIs: []string{"x"}, Scope: "x",
			}
		}
		before, err := s.AddClient(t.Context(), client(), 1, 10)
		if err != nil {
			t.Fatal(err)
		}
		c.end(s)
		if _, err := s.AddClient(t.Context(), client(), 1, 10); !errors.Is(err, c.wants) {
			t.Errorf("AddClient after the end of %s: %v; want %v", c.name, err, c.wants)
		}
		if _, err := s.AddPersonalToken(t.Context(), PersonalToken{UserID: amelie, Name: "x", Scope: "x"}, unique("token"), 1, 10); !errors.Is(err, c.wants) {
			t.Errorf("AddPersonalToken after the end of %s: %v; want %v", c.name, err, c.wants)
		}
		g := NewGrant{ClientID: before.ID, Scope: "x", CodeHash: unique("code"), ExpiresAt: s.Now().Add(time.Minute)}
		if err := s.AddGrant(t.Context(), g, amelie, 1); !errors.Is(err, c.wants) {
			t.Errorf("AddGrant after the end of %s: %v; want %v", c.name, err, c.wants)
		}
	}
	s := newStore(t)
	amelie, boris := s.settlers(t)
	of, err := s.AddClient(t.Context(), Client{ClientID: "c", UserID: amelie, SecretHash: unique("secret"), RedirectURIs: []string{"x"}}, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	g := NewGrant{ClientID: of.ID, CodeHash: unique("code"), ExpiresAt: s.Now().Add(time.Minute)}
	if err := s.AddGrant(t.Context(), g, boris, 2); !errors.Is(err, ErrMissing) {
		t.Errorf("AddGrant for somebody else's application: %v; want ErrMissing", err)
	}
}

// TestStoreUses shows that the time of last use does not go back, and that what has ended meanwhile is no failure.
func TestStoreUses(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	amelie, _ := s.settlers(t)
	token, err := s.AddPersonalToken(t.Context(), PersonalToken{UserID: amelie, Name: "x", Scope: "x"}, []byte("hash"), 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, want int64 }{{100, 100}, {50, 100}, {101, 101}} {
		at := time.Unix(c.at, 0)
		err := s.StoreUses(t.Context(), Uses{
			Sessions:       map[int64]time.Time{1: at, 1000: at},
			PersonalTokens: map[int64]time.Time{token.ID: at, 1000: at},
		})
		if err != nil {
			t.Errorf("StoreUses at %d: %v", c.at, err)
		}
		session, err := s.SessionCaller(t.Context(), "amelie")
		if err != nil || session.LastUsedAt.Unix() != c.want {
			t.Errorf("last use of the session after one at %d: %d, %v; want %d", c.at, session.LastUsedAt.Unix(), err, c.want)
		}
		personal, err := s.PersonalTokenCaller(t.Context(), []byte("hash"))
		if err != nil || personal.LastUsedAt.Unix() != c.want {
			t.Errorf("last use of the token after one at %d: %d, %v; want %d", c.at, personal.LastUsedAt.Unix(), err, c.want)
		}
	}
}

// TestDropExpiredTokens shows that what has expired goes, and nothing else. Nobody sees it who comes through the front door.
func TestDropExpiredTokens(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	now := time.Unix(10_000, 0)
	s.Now = func() time.Time { return now }
	amelie, _ := s.settlers(t)
	client, err := s.AddClient(t.Context(), Client{ClientID: "c", UserID: amelie, SecretHash: []byte("s"), RedirectURIs: []string{"x"}}, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, expires := range []time.Duration{time.Second, 2 * time.Second, 0} {
		token := PersonalToken{UserID: amelie, Name: "x", Scope: "x"}
		if expires > 0 {
			token.ExpiresAt = now.Add(expires)
		}
		if _, err := s.AddPersonalToken(t.Context(), token, []byte{byte(i)}, 1, 10); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 { // codes that are never used, used, and used and renewed
		g := NewGrant{ClientID: client.ID, CodeHash: []byte{byte(i)}, ExpiresAt: now.Add(time.Second)}
		if err := s.AddGrant(t.Context(), g, amelie, 1); err != nil {
			t.Fatal(err)
		}
	}
	pair := func(i byte, refresh time.Duration) NewTokens {
		return NewTokens{AccessHash: []byte{i}, RefreshHash: []byte{i}, AccessExpiresAt: now, RefreshExpiresAt: now.Add(refresh)}
	}
	for i, id := range []int64{2, 3} {
		if err := s.RedeemCode(t.Context(), id, pair(byte(i), 2*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	renewed, err := s.TokensByRefresh(t.Context(), client.ID, []byte{1})
	if err == nil {
		err = s.RotateTokens(t.Context(), renewed, pair(9, 3*time.Second))
	}
	if err != nil {
		t.Fatal(err)
	}
	count := func(table string) (n int) {
		t.Helper()
		if err := s.r.db.QueryRow(`select count(*) from ` + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i, want := range []struct{ grants, pairs, personal int }{
		{3, 3, 3}, // nothing has expired
		{2, 3, 2}, // the code that was not used, a personal token
		{1, 1, 1}, // the grant that was not renewed, with its pair, and the pair that was replaced
		{0, 0, 1}, // all that expires
	} {
		_, _, err := s.DropExpiredGrants(t.Context(), s.Now())
		if err = errors.Join(err, s.DropExpired(t.Context(), time.Hour)); err != nil {
			t.Fatal(err)
		}
		if g, p, o := count("grants"), count("grant_tokens"), count("personal_tokens"); g != want.grants || p != want.pairs || o != want.personal {
			t.Errorf("after %d s: %d grants, %d pairs, %d personal tokens; want %+v", i, g, p, o, want)
		}
		now = now.Add(time.Second)
	}
	if n := count("clients"); n != 1 {
		t.Errorf("applications: %d; want one, which does not expire", n)
	}
}
