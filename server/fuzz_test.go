package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// fuzzed sends a request without a socket, and checks what holds for every answer of the API.
func fuzzed(t *testing.T, s *site, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	body := w.Body.Bytes()
	if w.Code >= 500 {
		t.Errorf("%s %s: %d %s; want no 5xx", r.Method, r.URL.Path, w.Code, body)
	}
	if w.Code == http.StatusNoContent {
		return w
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" || !json.Valid(body) {
		t.Errorf("%s %s: %d %s %q; want JSON", r.Method, r.URL.Path, w.Code, got, body)
	}
	return w
}

// FuzzAuthorization looks for an Authorization header that opens a session without being one that was given out.
func FuzzAuthorization(f *testing.F) {
	s := newSite(f)
	amelie := s.signUp("amelie")
	forger := newForger(f, amelie.token())
	f.Add("Bearer " + amelie.token())
	f.Add("Bearer " + forger.claiming(object{"sub": "2"}))
	f.Add("Bearer " + forger.headed(object{"alg": "none"}))
	f.Fuzz(func(t *testing.T, authorization string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/auth/profile", nil)
		r.Header.Set("Authorization", authorization)
		w := fuzzed(t, s, r)
		switch w.Code {
		case http.StatusUnauthorized:
		case http.StatusOK:
			// The key is known here, so a mutated seed may be signed right only when it is a seed.
			if !strings.Contains(authorization, amelie.token()) {
				t.Errorf("Authorization: %q opened a session", authorization)
			}
		default:
			t.Errorf("Authorization: %q: %d; want 200 or 401", authorization, w.Code)
		}
	})
}

// FuzzJSONBodies sends anything to every route that takes JSON.
func FuzzJSONBodies(f *testing.F) {
	s := newSite(f)
	root := s.addAdmin("chloe")
	s.signUp("doris")
	routes := jsonRoutes(root.email, root.typed(nil).wants(201).id())
	for i, route := range routes {
		good, err := json.Marshal(route.good)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), string(good))
	}
	f.Fuzz(func(t *testing.T, i uint8, body string) {
		route := routes[int(i)%len(routes)]
		r := httptest.NewRequestWithContext(t.Context(), route.method, route.path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+root.token())
		w := fuzzed(t, s, r)
		if w.Code != http.StatusOK && w.Code != http.StatusCreated && (w.Code < 400 || w.Code == http.StatusTooManyRequests) {
			t.Errorf("%s %s with %q: %d; want 200, 201 or a refusal", route.method, route.path, body, w.Code)
		}
		// Whatever was taken, what is told of it later is JSON too, and the session goes on.
		for _, path := range []string{
			"/api/auth/profile", "/api/auth/tokens", "/api/oauth/apps?per_page=50", "/api/users", "/api/config", "/api/sports", "/api/workouts?with_statistics=true", "/api/stats/chloe/by_time?time=week",
		} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
			r.Header.Set("Authorization", "Bearer "+root.token())
			if w := fuzzed(t, s, r); w.Code != http.StatusOK {
				t.Errorf("GET %s after %s %s with %q: %d %s; want 200", path, route.method, route.path, body, w.Code, w.Body)
			}
		}
	})
}

// FuzzForwardedFor looks for a header that makes a client's address up.
func FuzzForwardedFor(f *testing.F) {
	s := newSite(f, trusting("192.0.2.1/32", "10.0.0.0/8", "2001:db8:ffff::/48"))
	f.Add("192.0.2.1:40000", "203.0.113.1")
	f.Add("203.0.113.1:40000", "192.0.2.1")
	f.Fuzz(func(t *testing.T, peer, forwarded string) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/ping", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", forwarded)
		got := s.server.ClientAddr(r)
		at, err := netip.ParseAddrPort(peer)
		if err != nil {
			if got != netip.IPv6Unspecified() {
				t.Errorf("client of %q with X-Forwarded-For %q = %s; want ::", peer, forwarded, got)
			}
			return
		}
		addr := at.Addr().Unmap().WithZone("")
		listed := slices.ContainsFunc(strings.Split(forwarded, ","), func(entry string) bool {
			a, err := netip.ParseAddr(strings.TrimSpace(entry))
			return err == nil && a.Unmap().WithZone("") == got
		})
		if got != addr && !listed {
			t.Errorf("client of %s with X-Forwarded-For %q = %s; want the peer or one of those listed", addr, forwarded, got)
		}
		isTrusted := slices.ContainsFunc([]string{"192.0.2.1/32", "10.0.0.0/8", "2001:db8:ffff::/48"}, func(n string) bool {
			return netip.MustParsePrefix(n).Contains(addr)
		})
		if !isTrusted && got != addr {
			t.Errorf("client of %s, which is not trusted, with X-Forwarded-For %q = %s; want the peer", addr, forwarded, got)
		}
	})
}
