package server

import (
	"net/http"

	"fittrackee/auth"
	"fittrackee/problem"
)

// startShape is what the UI has to know before anybody has logged in, and the configuration does not tell.
type startShape struct {
	HasTiles      bool `json:"has_tiles"`       // maps can be shown on tiles
	IsSetupNeeded bool `json:"is_setup_needed"` // there is no administrator yet
}

// startFacts tells what the UI begins with. GET /api/start
func (s *Server) startFacts(w http.ResponseWriter, r *http.Request) error {
	isNeeded, err := s.auth.IsSetupNeeded(r.Context())
	if err != nil {
		return err
	}
	return sendData(w, startShape{HasTiles: s.workouts.HasTiles(), IsSetupNeeded: isNeeded})
}

// setUp makes the first administrator, and opens a session. POST /api/setup
func (s *Server) setUp(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Code     *string `json:"code"`
		Username *string `json:"username"`
		Email    *string `json:"email"`
		Password *string `json:"password"`
		Language string  `json:"language"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Code == nil || in.Username == nil || in.Email == nil || in.Password == nil {
		return problem.ErrInvalidPayload
	}
	client := clientOf(r)
	wasRight, err := s.limits.setup(client.Addr)
	if err != nil {
		return err
	}
	token, err := s.auth.SetUp(r.Context(), *in.Code, auth.Registration{
		Username: *in.Username, Email: *in.Email, Password: *in.Password, Language: in.Language,
	}, client)
	if !problem.Is(err, problem.Forbidden) {
		wasRight()
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusCreated, authToken{answer{Status: "created", Message: "administrator created"}, token})
}
