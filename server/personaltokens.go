package server

import (
	"net/http"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// personalTokenShape is a token that a user has made for a script or a phone.
type personalTokenShape struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	Scope      string  `json:"scope"`        // permissions, separated by blanks
	SportID    *int64  `json:"sport_id"`     // of what is uploaded with it; null: left to the file
	CreatedAt  string  `json:"created_at"`   // HTTP dates
	ExpiresAt  *string `json:"expires_at"`   // null: never
	LastUsedAt *string `json:"last_used_at"` // to within a few minutes; null: never
	Token      string  `json:"token,omitempty"`
}

func shapePersonalToken(t store.PersonalToken) personalTokenShape {
	return personalTokenShape{
		ID:         t.ID,
		Name:       t.Name,
		Scope:      t.Scope,
		SportID:    t.SportID,
		CreatedAt:  httpDate(t.CreatedAt),
		ExpiresAt:  dateOrNull(t.ExpiresAt),
		LastUsedAt: dateOrNull(t.LastUsedAt),
	}
}

// personalTokens lists the caller's personal tokens. GET /api/auth/tokens
func (s *Server) personalTokens(w http.ResponseWriter, r *http.Request) error {
	all, err := s.auth.PersonalTokens(r.Context(), callerOf(r))
	if err != nil {
		return err
	}
	shapes := make([]personalTokenShape, len(all))
	for i, t := range all {
		shapes[i] = shapePersonalToken(t)
	}
	return sendData(w, struct {
		Tokens []personalTokenShape `json:"tokens"`
	}{shapes})
}

// addPersonalToken makes a personal token, and tells it this once. POST /api/auth/tokens
func (s *Server) addPersonalToken(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name          *string `json:"name"`
		Scope         *string `json:"scope"`
		SportID       *int64  `json:"sport_id"`
		ExpiresInDays *int64  `json:"expires_in_days"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Name == nil || in.Scope == nil {
		return problem.ErrInvalidPayload
	}
	t, secret, err := s.auth.AddPersonalToken(r.Context(), callerOf(r), auth.NewPersonalToken{
		Name: *in.Name, Scope: *in.Scope, SportID: in.SportID, Days: in.ExpiresInDays,
	})
	if err != nil {
		return err
	}
	shape := shapePersonalToken(t)
	shape.Token = secret
	return send(w, http.StatusCreated, answer{Status: "created", Data: struct {
		Token personalTokenShape `json:"token"`
	}{shape}})
}

// deletePersonalToken ends a personal token. DELETE /api/auth/tokens/{id}
func (s *Server) deletePersonalToken(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.DeletePersonalToken(r.Context(), callerOf(r), pathID(r)); err != nil {
		return err
	}
	return sendNothing(w)
}
