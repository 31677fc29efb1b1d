package cmd

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// wantsPutOff checks the answer to who tries too often (contract/README.md).
func wantsPutOff(t *testing.T, r reply, what string, atMost time.Duration) {
	t.Helper()
	if r.status != http.StatusTooManyRequests {
		t.Fatalf("%s = %v; want status 429", what, r)
	}
	seconds, err := strconv.Atoi(r.header.Get("Retry-After"))
	if err != nil || seconds < 1 || seconds > int(atMost.Seconds()) {
		t.Errorf("%s: Retry-After %q; want 1 to %v seconds", what, r.header.Get("Retry-After"), atMost.Seconds())
	}
	if r.field("status") != "error" || !strings.HasPrefix(r.field("message"), "rate limit exceeded (") ||
		r.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s = %v; want JSON with status error and message rate limit exceeded (…)", what, r)
	}
}

// wrongLogin fails to log in.
func (v *visitor) wrongLogin(t *testing.T, email string) reply {
	t.Helper()
	return v.ask(t, "POST", "/api/auth/login", object{"email": email, "password": "not the password"})
}

func TestFailedLoginsAreLimitedByPlace(t *testing.T) {
	t.Parallel()
	trusting := []string{} // the default trusts loopback
	suspicious := []string{"--trusted-proxies", "192.0.2.0/24"}
	chained := []string{"--trusted-proxies", "127.0.0.1, 10.0.0.0/8,2001:db8:ffff::/48"}
	for _, c := range []struct {
		name   string
		flags  []string
		source string               // where connections come from
		via    func(n int) string   // X-Forwarded-For of the n-th request
		other  func() (s, v string) // another place, which is not put off
	}{
		{
			"a peer", trusting, "127.0.0.2",
			func(int) string { return "" },
			func() (string, string) { return "127.0.0.3", "" },
		},
		{
			"a client of a proxy", trusting, "",
			func(int) string { return "203.0.113.5" },
			func() (string, string) { return "", "203.0.113.6" },
		},
		{
			"a client of a proxy who names others before", trusting, "",
			func(n int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.5", n) },
			func() (string, string) { return "", "198.51.100.1" },
		},
		{
			"a client of proxies on other loopback addresses", trusting, "127.0.0.4",
			func(n int) string { return fmt.Sprintf("198.51.100.%d,203.0.113.5 , 127.0.0.%d", n, n+1) },
			func() (string, string) { return "", "127.0.0.4" },
		},
		{
			"a client with nonsense before its address", trusting, "",
			func(n int) string { return fmt.Sprintf("unknown-%d, 203.0.113.5", n) },
			func() (string, string) { return "", "203.0.113.7" },
		},
		{
			"an IPv6 household", trusting, "",
			func(n int) string { return fmt.Sprintf("2001:db8:1:2:%x::%x", n+1, n) },
			func() (string, string) { return "", "2001:db8:1:3::1" },
		},
		{
			"IPv4 in two notations", trusting, "",
			func(n int) string { return []string{"203.0.113.5", "::ffff:203.0.113.5"}[n%2] },
			func() (string, string) { return "", "::ffff:203.0.113.6" },
		},
		{
			"a peer who is no trusted proxy", suspicious, "",
			func(n int) string { return fmt.Sprintf("203.0.113.%d", n) },
			func() (string, string) { return "127.0.0.2", "" },
		},
		{
			"a client behind two proxies", chained, "",
			func(n int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.5, 2001:db8:ffff::1, 10.1.2.3", n) },
			func() (string, string) { return "", "203.0.113.6, 10.1.2.3" },
		},
		{
			"a peer who is not the one trusted", chained, "127.0.0.2",
			func(n int) string { return fmt.Sprintf("198.51.100.%d", n) },
			func() (string, string) { return "127.0.0.1", "127.0.0.2, 10.0.0.1, 203.0.113.5" },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), c.flags...)
			p.addUser(t, "amelie")
			v := visitorFrom(t, p, c.source)
			for n := range 10 {
				v.via = c.via(n)
				if n == 5 {
					v.login(t, "amelie") // which is not counted
					v.token = ""
				}
				if r := v.wrongLogin(t, fmt.Sprintf("u%d@example.com", n)); r.status != http.StatusUnauthorized {
					t.Fatalf("failed login %d = %v; want status 401", n+1, r)
				}
			}
			v.via = c.via(10)
			wantsPutOff(t, v.wrongLogin(t, "u10@example.com"), "failed login 11", 5*time.Minute)
			v.via = c.via(11)
			r, err := v.tryLogin("amelie", passwordOf("amelie"))
			if err != nil {
				t.Fatal(err)
			}
			wantsPutOff(t, r, "login with the right password after 10 failed ones", 5*time.Minute)

			source, via := c.other()
			w := visitorFrom(t, p, source)
			w.via = via
			w.login(t, "amelie")
		})
	}
}

func TestFailedLoginsAreLimitedByAccount(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	owner := p.signUp(t, "amelie") // from 127.0.0.1, which is known from now on
	guesser := newVisitor(t, p)
	for _, email := range []string{emailOf("amelie"), emailOf("nobody")} {
		for n := range 20 {
			guesser.via = fmt.Sprintf("203.0.113.%d", n)
			spelled := email
			if n%2 == 1 {
				spelled = strings.ToUpper(email)
			}
			if r := guesser.wrongLogin(t, spelled); r.status != http.StatusUnauthorized {
				t.Fatalf("failed login %d to %s = %v; want status 401", n+1, email, r)
			}
		}
		guesser.via = "203.0.113.20"
		wantsPutOff(t, guesser.wrongLogin(t, email), "failed login 21 to "+email, 15*time.Minute)
	}
	r, err := guesser.tryLogin("amelie", passwordOf("amelie"))
	if err != nil {
		t.Fatal(err)
	}
	wantsPutOff(t, r, "right password from a new place", 15*time.Minute)

	for range 3 {
		owner.login(t, "amelie")
	}
	if r := owner.wrongLogin(t, emailOf("amelie")); r.status != http.StatusUnauthorized {
		t.Errorf("owner's failed login = %v; want status 401", r)
	}
	owner.login(t, "amelie")
	guesser.via = "203.0.113.21"
	if r := guesser.wrongLogin(t, emailOf("boris")); r.status != http.StatusUnauthorized {
		t.Errorf("failed login to another account = %v; want status 401", r)
	}
}

func TestMailsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	p, sink := startMailing(t)
	p.addUser(t, "amelie")
	v := newVisitor(t, p)
	const reset, resend = "/api/auth/password/reset-request", "/api/auth/account/resend-confirmation"
	var answers []string
	for i, name := range []string{"amelie", "nobody"} {
		v.via = fmt.Sprintf("203.0.113.%d", i)
		first := v.wants(t, http.StatusOK, "POST", reset, object{"email": emailOf(name)})
		v.via = fmt.Sprintf("198.51.100.%d", i) // it is the address of mail that counts
		second := v.ask(t, "POST", reset, object{"email": strings.ToUpper(emailOf(name))})
		wantsPutOff(t, second, "second mail to "+name, 2*time.Minute)
		third := v.ask(t, "POST", resend, object{"email": " " + emailOf(name) + " "})
		wantsPutOff(t, third, "another kind of mail to "+name, 2*time.Minute)
		answers = append(answers, first.body+second.body+third.body)
	}
	if answers[0] != answers[1] {
		t.Errorf("answers for a known address %q, for an unknown one %q; want no difference", answers[0], answers[1])
	}
	v.wants(t, http.StatusOK, "POST", resend, object{"email": emailOf("somebody")})

	if _, ok := sink.Wait(emailOf("amelie"), 20*time.Second); !ok {
		t.Error("the mail that was allowed has not come")
	}
	if n := len(sink.Mails()); n != 1 {
		t.Errorf("%d mails were sent; want 1", n)
	}
}

// TestAccountChangesAreNoMailBomb asks for changes to somebody else's address, each of which mails there.
func TestAccountChangesAreNoMailBomb(t *testing.T) {
	t.Parallel()
	p, sink := startMailing(t)
	v := p.signUp(t, "boris")
	var last reply
	for n := range 5 {
		last = v.ask(t, "PATCH", "/api/auth/profile/edit/account", object{
			"email": emailOf("victim"), "password": passwordOf("boris"),
		})
		if last.status == http.StatusOK && n == 0 {
			if _, ok := sink.Wait(emailOf("victim"), 20*time.Second); !ok {
				t.Fatal("no mail to the new address")
			}
		}
	}
	wantsPutOff(t, last, "fifth mail to an address within seconds", time.Hour)
}

// TestPresentPasswordIsNotGuessed checks that a stolen session is no way around the limit of logins.
func TestPresentPasswordIsNotGuessed(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	try := func(password string) reply {
		v.via = "203.0.113.1" // it is the account that counts
		return v.ask(t, "PATCH", "/api/auth/profile/edit/account", object{
			"email": emailOf("amelie"), "password": password, "new_password": "the next password",
		})
	}
	for n := range 10 {
		if r := try("not the password"); r.status != http.StatusUnauthorized {
			t.Fatalf("wrong password %d = %v; want status 401", n+1, r)
		}
	}
	wantsPutOff(t, try("not the password"), "wrong password 11", 5*time.Minute)
	wantsPutOff(t, try(passwordOf("amelie")), "right password after 10 wrong ones", 5*time.Minute)
	v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
}

func TestRequestsAreLimited(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	known := p.signUp(t, "amelie") // one anonymous request from 127.0.0.1
	other := p.signUp(t, "boris")  // and another

	anonymous := newVisitor(t, p)
	for n := range 298 {
		// Whatever they are for.
		path := []string{"/api/ping", "/api/config", "/api/nowhere", "/api/auth/profile"}[n%4]
		anonymous.token = ""
		if path == "/api/auth/profile" {
			anonymous.token = "a.bad.token"
		}
		if r := anonymous.ask(t, "GET", path, nil); r.status == http.StatusTooManyRequests {
			t.Fatalf("request %d = %v; want 300 to be answered", n+3, r)
		}
	}
	wantsPutOff(t, anonymous.ask(t, "GET", "/api/ping", nil), "request 301", 5*time.Minute)
	anonymous.token = ""
	wantsPutOff(t, anonymous.ask(t, "POST", "/api/auth/register", registration("chloe")), "request 302", 5*time.Minute)
	if r := anonymous.ask(t, "GET", "/", nil); r.status != http.StatusOK {
		t.Errorf("page = %d; want 200, for pages are not counted", r.status)
	}
	elsewhere := visitorFrom(t, p, "127.0.0.2")
	elsewhere.wants(t, http.StatusOK, "GET", "/api/ping", nil)

	for n := range 3000 {
		known.via = fmt.Sprintf("203.0.113.%d", n%250) // it is the account that counts
		if r := known.ask(t, "GET", "/api/ping", nil); r.status != http.StatusOK {
			t.Fatalf("request %d of a known caller = %v; want 3000 to be answered", n+1, r)
		}
	}
	wantsPutOff(t, known.ask(t, "GET", "/api/auth/profile", nil), "request 3001 of a known caller", 5*time.Minute)
	other.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
}
