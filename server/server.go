// Package server speaks HTTP: it takes requests in, asks the rules and the store, and gives answers out in
// the shapes that FitTrackee's clients know. It holds no rule and no SQL.
package server

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"fittrackee/assets"
	"fittrackee/auth"
	"fittrackee/backup"
	"fittrackee/mail"
	"fittrackee/store"
	"fittrackee/workout"
)

// Options are what an operator decides about the server.
type Options struct {
	// Version is told to clients, which compare it: "0.8.0".
	Version string
	// TrustedProxies are the networks whose X-Forwarded-For counts.
	TrustedProxies []netip.Prefix
	// RateLimits tells whether callers who try too often are refused.
	RateLimits bool
	// UI is what is shown to people; without one, a page says that there is none.
	UI *UI
	// TileAttribution is the HTML that names the source of the maps.
	TileAttribution string
	// Mailer sends test mails, with links that begin with UIURL; nil: there are none.
	Mailer mail.Mailer
	UIURL  string
	// Backups are what the server makes by itself; nil: none.
	Backups *backup.Folder
}

// Server answers requests. Make one with New.
type Server struct {
	store    *store.Store
	auth     *auth.Auth
	workouts *workout.Workouts
	files    *assets.Files
	options  Options
	limits   limits
	handler  http.Handler

	startedAt time.Time
	// testMail is held while one is being sent, which may take as long as testMailWait.
	testMail     sync.Mutex
	testMailWait time.Duration
}

// New returns a server over its parts.
func New(s *store.Store, a *auth.Auth, w *workout.Workouts, f *assets.Files, o Options) *Server {
	if o.UI == nil {
		o.UI = &UI{}
	}
	v := &Server{
		store: s, auth: a, workouts: w, files: f, options: o,
		startedAt: s.Now(), testMailWait: defaultTestMailWait,
	}
	if o.RateLimits {
		v.limits = newLimits(s.Now)
	}
	v.handler = v.observe(v.identify(v.router()))
	return v
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }
