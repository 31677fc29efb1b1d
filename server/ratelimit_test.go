package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	perPlace   = "rate limit exceeded (300 per 5 minutes)"
	perUser    = "rate limit exceeded (3000 per 5 minutes)"
	perGuesser = "rate limit exceeded (10 per 5 minutes)"
	perAccount = "rate limit exceeded (20 per 15 minutes)"
	mailsSoon  = "rate limit exceeded (1 per 2 minutes)"
	mailsHour  = "rate limit exceeded (5 per hour)"
)

// limited checks that a call is put off, and for how long.
func limited(t *testing.T, r response, message string, after time.Duration) {
	t.Helper()
	r.wants(429, message)
	if got, want := r.header.Get("Retry-After"), strconv.Itoa(int(after/time.Second)); got != want {
		t.Errorf("%s: Retry-After: %s; want %s", r.call, got, want)
	}
}

// times calls f n times and checks each status.
func times(t *testing.T, n, status int, f func() response) {
	t.Helper()
	for i := range n {
		if r := f(); r.status != status {
			t.Fatalf("%s, number %d of %d: %d %s; want %d", r.call, i+1, n, r.status, r.body, status)
		}
	}
}

func TestLimitOfAnonymousCalls(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	at := s.from("203.0.113.1")
	ping := func() response { return at.get("/api/ping") }
	times(t, 299, 200, ping)
	s.clock.forward(time.Minute)
	times(t, 1, 200, ping)
	limited(t, ping(), perPlace, 4*time.Minute)
	limited(t, at.get("/api/unknown"), perPlace, 4*time.Minute)
	limited(t, at.do("OPTIONS", "/api/ping", nil), perPlace, 4*time.Minute)
	limited(t, at.with("Authorization", "Bearer nonsense").get("/api/auth/profile"), perPlace, 4*time.Minute)
	limited(t, at.login("amelie@example.com", password), perPlace, 4*time.Minute)
	at.get("/").wants(200) // a page, which is no call
	s.from("203.0.113.2").get("/api/ping").wants(200)

	s.clock.forward(4*time.Minute - time.Second)
	limited(t, ping(), perPlace, time.Second)
	s.clock.forward(time.Second) // the 299 count no more, and what was put off never did
	times(t, 299, 200, ping)
	limited(t, ping(), perPlace, time.Minute)
}

// TestMapsHaveALimitOfTheirOwn looks at a map, for which a browser asks for dozens of tiles at once.
func TestMapsHaveALimitOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	at := s.from("203.0.113.1")
	times(t, 3000, 404, func() response { return at.get("/api/workouts/map_tile/a/3/1/1.png") })
	limited(t, at.get("/api/workouts/map/0123456789abcdef0123456789abcdef"), "rate limit exceeded (3000 per 5 minutes)", 5*time.Minute)
	at.get("/api/ping").wants(200)
}

func TestLimitOfKnownCalls(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	amelie, boris := s.signUp("amelie"), s.signUp("boris")
	phone := amelie.addToken("workouts:write", nil).wants(201).token()
	with := s.withToken(fmt.Sprint(phone["token"]))
	times(t, 3000, 200, func() response { return with.directly("GET", "/api/ping") })
	limited(t, s.anybody().post("/api/upload/"+with.token(), ""), perUser, 5*time.Minute)
	limited(t, s.withToken(amelie.personalToken("profile:read")).get("/api/ping"), perUser, 5*time.Minute) // another one has no more
	limited(t, s.withToken(amelie.accessToken("profile:read")).get("/api/ping"), perUser, 5*time.Minute)
	amelie.delete(fmt.Sprint("/api/auth/tokens/", phone["id"])).wants(204) // whoever has the token cannot keep her from that
	s.clock.forward(5 * time.Minute)
	times(t, 3000, 200, func() response { return amelie.directly("GET", "/api/ping") })
	limited(t, amelie.get("/api/ping"), perUser, 5*time.Minute)
	limited(t, amelie.with(peerHeader, "203.0.113.1").get("/api/auth/profile"), perUser, 5*time.Minute)
	boris.get("/api/ping").wants(200)
	s.anybody().get("/api/ping").wants(200) // somebody known does not use up what anybody has
	s.clock.forward(5 * time.Minute)
	amelie.get("/api/ping").wants(200)
}

// directly sends a request without a socket in between, for the tests that send thousands.
func (c client) directly(method, path string) response {
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(c.s.t.Context(), method, path, nil)
	r.Header = c.header.Clone()
	c.s.server.ServeHTTP(w, r)
	return response{c.s.t, method + " " + path, w.Code, w.Header(), w.Body.Bytes()}
}

func TestLimitOfFailedLoginsByPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		peers  []string // one place
		others []string // each another
	}{
		{"IPv4, also in IPv6", []string{"203.0.113.1", "::ffff:203.0.113.1"}, []string{"203.0.113.2", "::ffff:203.0.112.1"}},
		{
			"IPv6, a network of 64 bits",
			[]string{"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::1%eth0"},
			[]string{"2001:db8:0:2::1", "2001:db8:1:1::1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withLimits)
			s.signUp("amelie")
			n := 0
			guess := func() response {
				n++
				return s.from(c.peers[n%len(c.peers)]).login(fmt.Sprintf("guess%d@example.com", n), "wrong horse")
			}
			times(t, 10, 401, guess)
			limited(t, guess(), perGuesser, 5*time.Minute)
			for _, peer := range c.peers {
				limited(t, s.from(peer).login(emailOf("amelie"), password), perGuesser, 5*time.Minute)
			}
			for _, peer := range c.others {
				s.from(peer).login(emailOf("amelie"), password).wants(200)
			}
			s.clock.forward(5 * time.Minute)
			times(t, 1, 401, guess)
		})
	}
}

// TestSuccessIsNotCounted shows that only logins which fail are counted, and that a payload that is none fails at
// something else.
func TestSuccessIsNotCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	amelie := s.signUp("amelie")
	at := s.from("203.0.113.1")
	times(t, 9, 401, func() response { return at.login(amelie.email, "wrong horse") })
	times(t, 3, 200, func() response { return at.login(amelie.email, password) })
	times(t, 12, 400, func() response { return at.post("/api/auth/login", object{}) })
	times(t, 1, 401, func() response { return at.login(amelie.email, "wrong horse") })
	limited(t, at.login(amelie.email, password), perGuesser, 5*time.Minute)
	s.clock.forward(5 * time.Minute)
	at.login(amelie.email, password).wants(200)
}

// TestGuessesAtOnce shows that of many logins at once no more are tried than may fail.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	s.signUp("amelie")
	answers := atOnce(40, func(int) response { return s.from("203.0.113.1").login(emailOf("amelie"), "wrong horse") })
	wantsOf(t, answers, 401, 10)
	wantsOf(t, answers, 429, 30)
}

// TestLimitOfFailedLoginsByAccount shows that guessing from everywhere is put off, whether there is an account or
// not, and that it does not lock out the owner at a place that is known.
func TestLimitOfFailedLoginsByAccount(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"amelie@example.com", "nobody@example.com"} {
		t.Run(email, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withLimits)
			amelie := s.signUp("amelie")
			home := s.from("198.51.100.1")
			home.login(amelie.email, password).wants(200)
			n := 0
			guess := func() response {
				n++
				spelling := []string{email, " " + email + " ", strings.ToUpper(email)}[n%3]
				return s.from(fmt.Sprint("203.0.113.", n)).login(spelling, "wrong horse")
			}
			if email != amelie.email {
				home = s.from("198.51.100.2") // where nobody has logged in, as nobody could
			}
			times(t, 20, 401, guess)
			limited(t, guess(), perAccount, 15*time.Minute)
			if email == amelie.email {
				limited(t, s.from("203.0.113.99").login(amelie.email, password), perAccount, 15*time.Minute)
				times(t, 10, 401, func() response { return home.login(amelie.email, "wrong horse") })
				limited(t, home.login(amelie.email, password), perGuesser, 5*time.Minute)
				s.clock.forward(5 * time.Minute)
				home.login(amelie.email, password).wants(200)
				limited(t, guess(), perAccount, 10*time.Minute)
				s.clock.forward(10 * time.Minute)
				s.from("203.0.113.99").login(amelie.email, password).wants(200)
			} else {
				limited(t, home.login(email, password), perAccount, 15*time.Minute)
				home.login(amelie.email, password).wants(200)
			}
		})
	}
}

// TestGuessingWithASession shows that somebody with a stolen session guesses the password no faster than others.
func TestGuessingWithASession(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	amelie := s.signUp("amelie")
	at := amelie.with(peerHeader, "203.0.113.1")
	change := func(password string) response {
		return at.patch("/api/auth/profile/edit/account", object{"email": amelie.email, "password": password})
	}
	times(t, 10, 401, func() response { return change("wrong horse") })
	limited(t, change(password), perGuesser, 5*time.Minute)
	s.clock.forward(5 * time.Minute)
	times(t, 11, 200, func() response { return change(password) })
}

// TestLimitOfMails shows that an address gets few mails however often they are asked for, and that nothing tells
// whether there is an account behind it.
func TestLimitOfMails(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/auth/password/reset-request", "/api/auth/account/resend-confirmation"} {
		for _, email := range []string{"amelie@example.com", "boris@example.com", "nobody@example.com", "no address"} {
			t.Run(path+" "+email, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, withLimits)
				s.signUp("amelie")
				s.register("boris", "boris@example.com").wants(200) // and waits for its confirmation
				n := 0
				ask := func() response {
					n++
					spelling := []string{email, " " + email, strings.ToUpper(email)}[n%3]
					return s.from(fmt.Sprint("203.0.113.", n)).post(path, object{"email": spelling})
				}
				for range 4 {
					ask().wants(200)
					limited(t, ask(), mailsSoon, 2*time.Minute)
					s.clock.forward(2*time.Minute - time.Second)
					limited(t, ask(), mailsSoon, time.Second)
					s.clock.forward(time.Second)
				}
				ask().wants(200)
				s.clock.forward(2 * time.Minute)
				limited(t, ask(), mailsHour, 50*time.Minute)
				s.clock.forward(50 * time.Minute)
				ask().wants(200)
				s.clock.forward(2 * time.Minute) // the second one does not count any more either
				ask().wants(200)
				s.clock.forward(time.Minute)
				s.from("203.0.113.1").post(path, object{"email": "other@example.com"}).wants(200)
			})
		}
	}
}

// TestLimitOfMailsToANewAddress shows that whoever has an account does not send more mails to somebody else than
// others do.
func TestLimitOfMailsToANewAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	amelie := s.signUp("amelie")
	move := func(email string) response {
		return amelie.patch("/api/auth/profile/edit/account", object{"email": email, "password": password})
	}
	move("victim@example.com").wants(200)
	s.deliver()
	limited(t, move("Victim@example.com"), mailsSoon, 2*time.Minute)
	s.wantsMails("victim@example.com", 1)
	move(amelie.email).wants(200) // no mail is asked for
	s.clock.forward(2 * time.Minute)
	move("victim@example.com").wants(200)
}

// TestClientAddress shows whose address counts.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	const proxy, inner = "192.0.2.1", "10.1.2.3"
	s := newSite(t, trusting("192.0.2.1/32", "10.0.0.0/8", "::1/128", "2001:db8:ffff::/48"))
	for _, c := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"nothing forwarded", "203.0.113.1", nil, "203.0.113.1"},
		{"a proxy itself", proxy, nil, proxy},
		{"a proxy forwards", proxy, []string{"203.0.113.1"}, "203.0.113.1"},
		{"no proxy forwards", "203.0.113.1", []string{"203.0.113.9"}, "203.0.113.1"},
		{"no proxy forwards a proxy's", "203.0.113.1", []string{proxy}, "203.0.113.1"},
		{"a client adds an entry", proxy, []string{"203.0.113.9, 203.0.113.1"}, "203.0.113.1"},
		{"a client adds a header", proxy, []string{"203.0.113.9", "203.0.113.1"}, "203.0.113.1"},
		{"a client adds a proxy's", proxy, []string{"203.0.113.9, " + proxy + ", 203.0.113.1"}, "203.0.113.1"},
		{"a client adds garbage", proxy, []string{"garbage, 203.0.113.1"}, "203.0.113.1"},
		{"two proxies", proxy, []string{"203.0.113.1, " + inner}, "203.0.113.1"},
		{"two proxies, two headers", proxy, []string{"203.0.113.9, 203.0.113.1", inner}, "203.0.113.1"},
		{"proxies only", proxy, []string{inner + ", " + inner}, inner},
		{"garbage", proxy, []string{"garbage"}, proxy},
		{"garbage last", proxy, []string{"203.0.113.1, garbage"}, proxy},
		{"garbage behind a proxy", proxy, []string{"203.0.113.1, garbage, " + inner}, inner},
		{"empty", proxy, []string{""}, proxy},
		{"commas", proxy, []string{",,,"}, proxy},
		{"no spaces", proxy, []string{"203.0.113.9,203.0.113.1"}, "203.0.113.1"},
		{"many spaces", proxy, []string{"   203.0.113.1\t "}, "203.0.113.1"},
		{"a name", proxy, []string{"localhost"}, proxy},
		{"with a port", proxy, []string{"203.0.113.1:1234"}, proxy},
		{"in brackets", proxy, []string{"[2001:db8::1]"}, proxy},
		{"a number", proxy, []string{"3405803777"}, proxy},
		{"octal", proxy, []string{"0313.0.0161.01"}, proxy},
		{"a network", proxy, []string{"203.0.113.0/24"}, proxy},
		{"IPv6", proxy, []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 with a zone", proxy, []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 in IPv6", proxy, []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"a proxy in IPv6", "::ffff:192.0.2.1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"a proxy of IPv6", "2001:db8:ffff::1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"not a proxy of IPv6", "2001:db8:fffe::1", []string{"203.0.113.1"}, "2001:db8:fffe::1"},
	} {
		r := httptest.NewRequest("GET", "/api/ping", nil)
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(c.peer), 40000).String()
		r.Header[http.CanonicalHeaderKey("X-Forwarded-For")] = c.forwarded
		if got := s.server.ClientAddr(r).String(); got != c.want {
			t.Errorf("%s: client of %s with X-Forwarded-For %q = %s; want %s", c.name, c.peer, c.forwarded, got, c.want)
		}
	}
	r := httptest.NewRequest("GET", "/api/ping", nil)
	for _, header := range []string{"X-Real-Ip", "Forwarded", "X-Client-Ip", "True-Client-Ip"} {
		r.Header.Set(header, "203.0.113.9")
	}
	r.RemoteAddr = "192.0.2.1:40000"
	if got := s.server.ClientAddr(r).String(); got != proxy {
		t.Errorf("client with other headers than X-Forwarded-For = %s; want %s", got, proxy)
	}
}

// TestSpoofedAddresses shows that nobody gets around a limit by telling other addresses, over the socket.
func TestSpoofedAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*options)
		peer string
		xff  func(i int) string
	}{
		{
			"from a peer that is not trusted", trusting("127.0.0.0/8"), "203.0.113.1",
			func(i int) string { return fmt.Sprint("198.51.100.", i) },
		},
		{
			"through a proxy that adds the address", trusting("192.0.2.1/32"), "192.0.2.1",
			func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.1", i) },
		},
		{
			"with nobody trusted", func(*options) {}, "127.0.0.1",
			func(i int) string { return fmt.Sprint("198.51.100.", i) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withLimits, c.edit)
			n := 0
			guess := func() response {
				n++
				return s.from(c.peer).with("X-Forwarded-For", c.xff(n)).login(fmt.Sprintf("guess%d@example.com", n), "wrong horse")
			}
			times(t, 10, 401, guess)
			limited(t, guess(), perGuesser, 5*time.Minute)
		})
	}
}

// TestWithoutLimits shows that they can be switched off.
func TestWithoutLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	times(t, 310, 200, func() response { return s.anybody().directly("GET", "/api/ping") })
	times(t, 3, 200, func() response {
		return s.anybody().post("/api/auth/password/reset-request", object{"email": "amelie@example.com"})
	})
}

// TestTokenKeepsNobodyFromANewPassword tries passwords with a token that somebody has found, so that the owner cannot get rid of it.
func TestTokenKeepsNobodyFromANewPassword(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits, withPeople)
	amelie := s.person("amelie")
	found := s.withToken(amelie.personalToken("profile:write"))
	change := func(c client, password string) response {
		return c.patch("/api/auth/profile/edit/account", object{"email": amelie.email, "password": password, "new_password": "another horse"})
	}
	times(t, 10, 401, func() response { return change(found, "wrong horse") })
	limited(t, change(found, "wrong horse"), "rate limit exceeded (10 per 5 minutes)", 5*time.Minute)
	change(amelie.client, password).wants(200)
	change(found, "another horse").wants(401, badToken)
}

// TestLimitOfResets lets an administrator reset a password again and again, while somebody else asks for resets of the same account.
func TestLimitOfResets(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits, withPeople)
	root, amelie := s.person("root"), s.person("amelie")
	ask := func() response {
		return s.anybody().post("/api/auth/password/reset-request", object{"email": amelie.email})
	}
	reset := func() response { return root.patch("/api/users/amelie", object{"reset_password": true}) }
	ask().wants(200)
	limited(t, ask(), mailsSoon, 2*time.Minute)
	reset().wants(200)
	limited(t, reset(), mailsSoon, 2*time.Minute)
	root.patch("/api/users/boris", object{"reset_password": true}).wants(200)
	s.clock.forward(2 * time.Minute)
	reset().wants(200)
}
