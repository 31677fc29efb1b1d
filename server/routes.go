package server

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"fittrackee/problem"
)

// route is one line of the table: a method, a path, who may call, and what answers.
type route struct {
	method, path string
	access       access
	handle       handler
}

// handler answers a request, or returns why it does not.
type handler func(w http.ResponseWriter, r *http.Request) error

// routes lists every way in. GET answers HEAD too.
func (s *Server) routes() []route {
	routes := []route{
		{"POST", "/api/auth/register", everybody, s.register},
		{"POST", "/api/auth/account/confirm", everybody, s.confirmAccount},
		{"POST", "/api/auth/login", everybody, s.login},
		{"POST", "/api/auth/logout", firstParty, s.logout},
		{"POST", "/api/auth/password/update", everybody, s.resetPassword},
		{"POST", "/api/auth/email/update", everybody, s.confirmEmail},
		{"PATCH", "/api/auth/profile/edit/account", needs("profile:write"), s.changeAccount},

		{"GET", "/api/auth/profile", needs("profile:read"), s.profile},
		{"POST", "/api/auth/profile/edit", needs("profile:write"), s.editProfile},
		{"POST", "/api/auth/profile/edit/preferences", needs("profile:write"), s.editPreferences},
		{"POST", "/api/auth/profile/edit/sports", needs("profile:write"), s.editSportPreference},
		{"DELETE", "/api/auth/profile/reset/sports/{id:[0-9]+}", needs("profile:write"), s.resetSportPreference},
		{"POST", "/api/auth/picture", needs("profile:write"), s.setPicture},
		{"DELETE", "/api/auth/picture", needs("profile:write"), s.deletePicture},

		{"GET", "/api/auth/sessions", firstParty, s.sessions},
		{"DELETE", "/api/auth/sessions", firstParty, s.endOtherSessions},
		{"DELETE", "/api/auth/sessions/{id:[0-9]+}", firstParty, s.endSession},
		{"GET", "/api/auth/tokens", firstParty, s.personalTokens},
		{"POST", "/api/auth/tokens", firstParty, s.addPersonalToken},
		{"DELETE", "/api/auth/tokens/{id:[0-9]+}", firstParty, s.deletePersonalToken},

		{"GET", "/api/oauth/apps", anyToken, s.clients}, // an application is told about itself only
		{"POST", "/api/oauth/apps", firstParty, s.registerClient},
		{"GET", "/api/oauth/apps/{app}", firstParty, s.client},
		{"DELETE", "/api/oauth/apps/{app}", firstParty, s.deleteClient},
		{"GET", "/api/oauth/apps/{id:[0-9]+}/by_id", firstParty, s.clientByID},
		{"POST", "/api/oauth/apps/{id:[0-9]+}/revoke", firstParty, s.revokeClient},
		{"POST", "/api/oauth/authorize", firstParty, s.authorize},
		{"POST", "/api/oauth/token", everybody, s.token},
		{"POST", "/api/oauth/revoke", everybody, s.revokeToken},

		{"GET", "/api/users", adminOnly("users:read"), s.users},
		{"GET", "/api/users/{user}", needs("users:read"), s.user},
		{"PATCH", "/api/users/{user}", adminOnly("users:write"), s.editUser},
		{"DELETE", "/api/users/{user}", needs("users:write"), s.deleteUser},
		{"GET", "/api/users/{user}/picture", everybody, s.picture},

		{"GET", "/api/sports", needs("workouts:read"), s.sports},
		{"GET", "/api/sports/{id:[0-9]+}", needs("workouts:read"), s.sport},
		{"PATCH", "/api/sports/{id:[0-9]+}", adminOnly("workouts:write"), s.switchSport},

		{"GET", "/api/workouts", needs("workouts:read"), s.listWorkouts},
		{"POST", "/api/workouts", needs("workouts:write"), s.addWorkouts},
		{"POST", "/api/workouts/no_gpx", needs("workouts:write"), s.addTyped},
		{"GET", "/api/workouts/{id}", needs("workouts:read"), s.workout},
		{"PATCH", "/api/workouts/{id}", needs("workouts:write"), s.editWorkout},
		{"DELETE", "/api/workouts/{id}", needs("workouts:write"), s.deleteWorkout},
		{"GET", "/api/workouts/{id}/gpx", needs("workouts:read"), s.workoutGPX},
		{"GET", "/api/workouts/{id}/gpx/download", needs("workouts:read"), s.downloadGPX},
		{"GET", "/api/workouts/{id}/gpx/segment/{number:[0-9]+}", needs("workouts:read"), s.segmentGPX},
		{"GET", "/api/workouts/{id}/chart_data", needs("workouts:read"), s.workoutChart},
		{"GET", "/api/workouts/{id}/chart_data/segment/{number:[0-9]+}", needs("workouts:read"), s.segmentChart},
		{"GET", "/api/workouts/map/{id}", everybody, s.workoutMap},
		{"GET", "/api/workouts/map_tile/{s}/{z:[0-9]+}/{x:[0-9]+}/{y:[0-9]+}.png", everybody, s.mapTile},

		{"POST", uploadPrefix + "{secret}", anyToken, s.upload}, // which is known by the secret,

		{"GET", "/api/equipments", anyToken, s.equipments},
		{"GET", "/api/equipment-types", anyToken, s.equipmentTypes},

		{"GET", "/api/records", needs("workouts:read"), s.records},
		{"GET", "/api/stats/all", adminOnly("workouts:read"), s.statsOfAll},
		{"GET", "/api/stats/{user}/by_time", needs("workouts:read"), s.statsByTime},
		{"GET", "/api/stats/{user}/by_sport", needs("workouts:read"), s.statsBySport},

		{"GET", "/api/start", everybody, s.startFacts},
		{"POST", "/api/setup", everybody, s.setUp}, // for who has the code that was printed at the start
		{"GET", "/api/config", everybody, s.config},
		{"PATCH", "/api/config", adminOnly("application:write"), s.editConfig},
		{"GET", "/api/instance", adminOnly("application:write"), s.instance},
		{"GET", "/api/ping", everybody, s.ping},
		{"GET", "/api/openapi.yaml", everybody, openAPI},

		{"GET", "/{page:(?s:.*)}", everybody, s.page}, // all that is not below /api
	}
	if s.auth.MailOn() {
		routes = append(
			routes,
			route{"POST", "/api/auth/account/resend-confirmation", everybody, s.resendConfirmation},
			route{"POST", "/api/auth/password/reset-request", everybody, s.requestReset},
			route{"POST", "/api/instance/test-mail", adminOnly("application:write"), s.sendTestMail},
		)
	}
	return routes
}

var (
	errNoRoute = problem.New(problem.Missing, "the requested URL was not found on the server")
	errNoPage  = problem.New(problem.Missing, "This page does not exist.")
)

// router returns what picks the route of a request. A path is taken as it stands: cleaning it would
// answer with a redirect in HTML.
func (s *Server) router() http.Handler {
	methods := make(map[string]map[string]http.Handler) // path → method → what answers
	var paths []string
	for _, v := range s.routes() {
		if methods[v.path] == nil {
			methods[v.path] = make(map[string]http.Handler)
			paths = append(paths, v.path)
		}
		h := s.guard(v.access, v.handle)
		methods[v.path][v.method] = h
		if v.method == http.MethodGet {
			methods[v.path][http.MethodHead] = h
		}
	}
	r := mux.NewRouter().SkipClean(true)
	for _, path := range paths {
		forPrograms := isAPIPath(path)
		r.Handle(path, s.byMethod(methods[path])).MatcherFunc(func(r *http.Request, _ *mux.RouteMatch) bool {
			return isAPI(r) == forPrograms
		})
	}
	r.NotFoundHandler = s.adapt(func(_ http.ResponseWriter, r *http.Request) error {
		if isAPI(r) {
			return errNoRoute
		}
		return errNoPage
	})
	return r
}

// isAPI tells whether a request is for a program, which is answered in JSON whatever happens.
func isAPI(r *http.Request) bool { return isAPIPath(r.URL.Path) }

func isAPIPath(path string) bool { return path == "/api" || strings.HasPrefix(path, "/api/") }

// byMethod picks what answers by the request's method.
func (s *Server) byMethod(handlers map[string]http.Handler) http.Handler {
	allowed := make([]string, 0, len(handlers))
	for method := range handlers {
		allowed = append(allowed, method)
	}
	slices.Sort(allowed)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := handlers[r.Method]; ok {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		s.sendError(w, r, problem.New(problem.BadMethod, "the method is not allowed for the requested URL"))
	})
}

// adapt turns a handler into one of net/http's, whose error is told to the client.
func (s *Server) adapt(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.sendError(w, r, err)
		}
	})
}
