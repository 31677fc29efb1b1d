package cmd

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"
)

// enquiry is a request with which somebody could try to find out whether an address has an account.
type enquiry struct {
	name, path string
	body       func(email string, n int) object
	status     int
	// known are the accounts that are asked about: known_… can log in, waiting_… still have to be confirmed.
	known string
	// isFresh says that an unknown address is unknown only once, because asking makes an account.
	isFresh bool
}

var enquiries = []enquiry{
	{"login", "/api/auth/login", func(email string, _ int) object {
		return object{"email": email, "password": "not the password"}
	}, http.StatusUnauthorized, "known", false},
	{"login to a waiting account", "/api/auth/login", func(email string, _ int) object {
		return object{"email": email, "password": passwordOf("waiting")}
	}, http.StatusUnauthorized, "waiting", false},
	{"register", "/api/auth/register", func(email string, n int) object {
		return object{"username": fmt.Sprintf("fresh_%d", n), "email": email, "password": "any password"}
	}, http.StatusOK, "known", true},
	{"reset-request", "/api/auth/password/reset-request", func(email string, _ int) object {
		return object{"email": email}
	}, http.StatusOK, "known", false},
	{"resend-confirmation", "/api/auth/account/resend-confirmation", func(email string, _ int) object {
		return object{"email": email}
	}, http.StatusOK, "known", false},
	{"resend-confirmation to a waiting account", "/api/auth/account/resend-confirmation", func(email string, _ int) object {
		return object{"email": email}
	}, http.StatusOK, "waiting", false},
}

// TestNobodyLearnsWhoHasAnAccount is A09. Answers are compared always. Times are judged strictly with -long,
// which wants a quiet machine; otherwise only what is far off fails. What is off has to be so again.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	p, sink := startMailing(t, "--no-rate-limit")
	pairs, low, high, tries := 30, 0.2, 0.8, 3
	if *long {
		pairs, low, high, tries = 200, 0.4, 0.6, 2
	}
	v := newVisitor(t, p)
	for i := range pairs {
		p.addUser(t, fmt.Sprintf("known_%03d", i))
		waiting := registration(fmt.Sprintf("waiting_%03d", i))
		waiting["password"] = passwordOf("waiting")
		v.wants(t, http.StatusOK, "POST", "/api/auth/register", waiting)
	}
	eventually(t, time.Minute, "mails to those who wait", func() bool { return len(sink.Mails()) == pairs })
	for _, e := range enquiries {
		t.Run(e.name, func(t *testing.T) {
			for try := 1; ; try++ {
				share := e.slowerKnown(t, v, pairs)
				t.Logf("the known address was slower in %.3f of %d pairs", share, pairs)
				if low <= share && share <= high {
					return
				}
				if try == tries {
					t.Fatalf("the known address was slower in %.3f of %d pairs; want %.2f to %.2f", share, pairs, low, high)
				}
			}
		})
	}
}

// lastFresh numbers the registrations.
var lastFresh int

// slowerKnown asks in pairs, in random order, about an address that has an account and about one that
// has none. It returns in which share of the pairs the one with an account took longer.
func (e enquiry) slowerKnown(t *testing.T, v *visitor, pairs int) float64 {
	t.Helper()
	slower := 0.0
	for i := range pairs {
		emails := [2]string{ // the one with an account first
			emailOf(fmt.Sprintf("%s_%03d", e.known, i)),
			emailOf(fmt.Sprintf("%s_un%03d", e.known[2:], i)), // as long
		}
		if e.isFresh {
			emails[1] = emailOf(fmt.Sprintf("fr_%06d", lastFresh))
		}
		var took [2]time.Duration
		var answers [2]reply
		first := rand.N(2)
		for _, which := range []int{first, 1 - first} {
			lastFresh++
			start := time.Now()
			answers[which] = v.ask(t, "POST", e.path, e.body(emails[which], lastFresh))
			took[which] = time.Since(start)
		}
		a, b := answers[0], answers[1]
		if a.status != e.status || b.status != e.status || a.body != b.body || !sameHeaders(a, b) {
			t.Fatalf("%s: with an account %v %v, without %v %v; want status %d and no difference",
				e.path, a, a.header, b, b.header, e.status)
		}
		if took[0] > took[1] {
			slower++
		} else if took[0] == took[1] {
			slower += 0.5
		}
	}
	return slower / float64(pairs)
}

// sameHeaders compares all headers but the time of day.
func sameHeaders(a, b reply) bool {
	x, y := a.header.Clone(), b.header.Clone()
	x.Del("Date")
	y.Del("Date")
	return maps.EqualFunc(x, y, slices.Equal)
}
