package server

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// access says who may call a route.
type access struct {
	callers
	// scope is what a token has to be good for that is not a session's. Empty: no such token will do; anyScope: each will.
	scope string
}

type callers int

const (
	anybody callers = iota
	anyUser
	administrators
)

// anyScope stands for whatever a token is good for.
const anyScope = "*"

var (
	everybody  = access{callers: anybody}
	firstParty = access{callers: anyUser}
	anyToken   = access{anyUser, anyScope}

	errNoRights = problem.New(problem.Forbidden, "you do not have permissions")
	errNoScope  = problem.New(problem.NoScope, "you do not have permissions")
)

func needs(scope string) access     { return access{anyUser, scope} }
func adminOnly(scope string) access { return access{administrators, scope} }

// check returns why a caller may not call, nil if the caller may.
func (a access) check(c store.Caller) error {
	switch {
	case c.SessionID == 0 && a.scope != anyScope && !auth.HasScope(c.Scope, a.scope):
		return errNoScope
	case a.callers == administrators && !c.User.IsAdmin:
		return errNoRights
	}
	return nil
}

// guard lets those through to h who may call it. It reads nothing of the body.
func (s *Server) guard(a access, h handler) http.Handler {
	return s.adapt(func(w http.ResponseWriter, r *http.Request) error {
		if a.callers == anybody {
			return h(w, r)
		}
		v := visitorOf(r)
		if v.caller == nil {
			return v.refusal
		}
		if err := a.check(*v.caller); err != nil {
			return err
		}
		v.checkAgain = func() error {
			c, err := s.authenticate(r)
			if err != nil {
				return err
			}
			return a.check(c)
		}
		return h(w, r)
	})
}

// visitor is who sent a request.
type visitor struct {
	receivedAt time.Time // by the real clock
	client     auth.Client
	caller     *store.Caller // nil: not known
	// refusal is why a caller is not known.
	refusal error
	// checkAgain returns why the caller may not call any more; nil: everybody may.
	checkAgain func() error
}

// stillMay returns why whoever sent a request may not call any more. It is asked once the body has been read: that may take long, and
// a token must not outlive its end by a request that was begun before.
func stillMay(r *http.Request) error {
	if v := visitorOf(r); v.checkAgain != nil {
		return v.checkAgain()
	}
	return nil
}

type visitorKey struct{}

func visitorOf(r *http.Request) *visitor { return r.Context().Value(visitorKey{}).(*visitor) }

// callerOf returns whose request it is, on a route that only known callers reach.
func callerOf(r *http.Request) store.Caller { return *visitorOf(r).caller }

// clientOf returns where a request comes from.
func clientOf(r *http.Request) auth.Client { return visitorOf(r).client }

// identify finds out who sent a request, and refuses callers who send too many.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visitor{
			receivedAt: time.Now(),
			client:     auth.Client{Addr: s.clientAddr(r), UserAgent: r.UserAgent()},
		}
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		var err error
		if isAPI(r) {
			err = s.admit(r, v)
		} else {
			err = s.limits.pages(v.client.Addr)
		}
		if err != nil {
			s.sendError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// admit recognises the caller of an API request and counts the request.
func (s *Server) admit(r *http.Request, v *visitor) error {
	caller, err := s.authenticate(r)
	var refusal *problem.Error
	switch {
	case err == nil:
		v.caller = &caller
		return s.limits.known(caller)
	case errors.As(err, &refusal):
		v.refusal = refusal
		if strings.HasPrefix(r.URL.Path, "/api/workouts/map") {
			return s.limits.maps(v.client.Addr)
		}
		return s.limits.anonymous(v.client.Addr)
	}
	return err
}

// authenticate returns the caller whose token a request carries: in its header (RFC 6750, 2.1), or in the address of an upload.
func (s *Server) authenticate(r *http.Request) (store.Caller, error) {
	if secret, ok := strings.CutPrefix(r.URL.Path, uploadPrefix); ok {
		return s.auth.AuthenticateUpload(r.Context(), secret)
	}
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return store.Caller{}, auth.ErrNoToken // of several, nobody can tell who calls
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(headers[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return store.Caller{}, auth.ErrNoToken
	}
	return s.auth.Authenticate(r.Context(), strings.TrimSpace(token))
}

// clientAddr returns the address of the client. What proxies tell counts only as far as they are trusted: the
// list is read from its right end, up to the first address that is not a trusted proxy's.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified() // not an IP address; such callers share one limit
	}
	addr := peer.Addr().Unmap().WithZone("")
	chain := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(chain) - 1; i >= 0 && s.isTrustedProxy(addr); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		addr = before.Unmap().WithZone("")
	}
	return addr
}

func (s *Server) isTrustedProxy(a netip.Addr) bool {
	for _, p := range s.options.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
