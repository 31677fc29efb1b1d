package server

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// Route is a line of the table of routes.
type Route struct {
	Method, Path string
	ForUsers     bool // needs a token
	ForAdmins    bool
	Scope        string // of a token that is not a session's; empty: none will do; "*": any
}

// Routes returns the table, for tests that are to hold for each line of it.
func (s *Server) Routes() (all []Route) {
	for _, v := range s.routes() {
		all = append(all, Route{v.method, v.path, v.access.callers > anybody, v.access.callers == administrators, v.access.scope})
	}
	return all
}

// ClientAddr is clientAddr.
func (s *Server) ClientAddr(r *http.Request) netip.Addr { return s.clientAddr(r) }

// Around returns h inside all that answers have in common.
func (s *Server) Around(h http.HandlerFunc) http.Handler { return s.observe(s.identify(h)) }

// ParseShortID is parseShortID.
func ParseShortID(text string) (uuid.UUID, bool) { return parseShortID(text) }

// SetTestMailWait sets how long the answer about a test mail may take.
func (s *Server) SetTestMailWait(d time.Duration) { s.testMailWait = d }
