package server

import "net/http"

// sessionShape is a place where the caller is logged in.
type sessionShape struct {
	ID         int64   `json:"id"`
	CreatedAt  string  `json:"created_at"`
	LastUsedAt string  `json:"last_used_at"` // to within a few minutes
	Device     *string `json:"device"`       // as far as known, as is the browser
	Browser    *string `json:"browser"`
	IP         string  `json:"ip"` // where the login came from
	Current    bool    `json:"current"`
}

// sessionsShape is a list of sessions.
type sessionsShape struct {
	Sessions []sessionShape `json:"sessions"`
}

// sessions lists where the caller is logged in. GET /api/auth/sessions
func (s *Server) sessions(w http.ResponseWriter, r *http.Request) error {
	caller := callerOf(r)
	all, err := s.auth.Sessions(r.Context(), caller)
	if err != nil {
		return err
	}
	shapes := make([]sessionShape, len(all))
	for i, v := range all {
		shapes[i] = sessionShape{
			ID:         v.ID,
			CreatedAt:  httpDate(v.CreatedAt),
			LastUsedAt: httpDate(v.LastUsedAt),
			Device:     textOrNull(v.Device),
			Browser:    textOrNull(v.Browser),
			IP:         v.IP,
			Current:    v.ID == caller.SessionID,
		}
	}
	return sendData(w, sessionsShape{shapes})
}

// endSession ends a session of the caller's. DELETE /api/auth/sessions/{id}
func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.EndSession(r.Context(), callerOf(r), pathID(r)); err != nil {
		return err
	}
	return sendNothing(w)
}

// endOtherSessions ends the caller's sessions but the present one. DELETE /api/auth/sessions
func (s *Server) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.EndOtherSessions(r.Context(), callerOf(r)); err != nil {
		return err
	}
	return sendNothing(w)
}
