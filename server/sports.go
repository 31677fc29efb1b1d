package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"fittrackee/problem"
	"fittrackee/store"
)

// sportShape is a sport as a user sees it; only administrators learn whether anybody has workouts in it.
type sportShape struct {
	Color                 *string     `json:"color"`
	HasWorkouts           *bool       `json:"has_workouts,omitempty"`
	ID                    int64       `json:"id"`
	IsActive              bool        `json:"is_active"`
	IsActiveForUser       bool        `json:"is_active_for_user"`
	Label                 string      `json:"label"`
	StoppedSpeedThreshold json.Number `json:"stopped_speed_threshold"` // km/h
}

func shapeSport(v store.Sport, forAdmin bool) sportShape {
	shape := sportShape{
		Color:                 textOrNull(v.Color),
		ID:                    v.ID,
		IsActive:              v.IsActive,
		IsActiveForUser:       v.IsActiveForUser,
		Label:                 v.Label,
		StoppedSpeedThreshold: float(v.StoppedSpeedKMH),
	}
	if forAdmin {
		shape.HasWorkouts = &v.HasWorkouts
	}
	return shape
}

// sportsShape is a list of sports.
type sportsShape struct {
	Sports []sportShape `json:"sports"`
}

func shapeSports(all []store.Sport, forAdmin bool) sportsShape {
	shapes := make([]sportShape, len(all))
	for i, v := range all {
		shapes[i] = shapeSport(v, forAdmin)
	}
	return sportsShape{shapes}
}

// sports lists all sports. GET /api/sports
func (s *Server) sports(w http.ResponseWriter, r *http.Request) error {
	u := callerOf(r).User
	all, err := s.store.Sports(r.Context(), u.ID)
	if err != nil {
		return err
	}
	return sendData(w, shapeSports(all, u.IsAdmin))
}

// sport tells about one sport. GET /api/sports/{id}
func (s *Server) sport(w http.ResponseWriter, r *http.Request) error {
	u := callerOf(r).User
	v, err := s.store.Sport(r.Context(), u.ID, pathID(r))
	return sendSport(w, v, err, u.IsAdmin)
}

// switchSport offers a sport for new workouts, or does not any more. PATCH /api/sports/{id}
func (s *Server) switchSport(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		IsActive *bool `json:"is_active"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.IsActive == nil {
		return problem.ErrInvalidPayload
	}
	v, err := s.store.SwitchSport(r.Context(), callerOf(r).User.ID, pathID(r), *in.IsActive)
	return sendSport(w, v, err, true)
}

// sendSport answers with a list of one sport, or of none when there is no such sport.
func sendSport(w http.ResponseWriter, v store.Sport, err error, forAdmin bool) error {
	if errors.Is(err, store.ErrMissing) {
		return send(w, http.StatusNotFound, answer{Status: "not found", Data: shapeSports(nil, false)})
	}
	if err != nil {
		return err
	}
	return sendData(w, shapeSports([]store.Sport{v}, forAdmin))
}

// sportPreferenceShape is what a user wants of a sport.
type sportPreferenceShape struct {
	Color                 *string     `json:"color"`
	IsActive              bool        `json:"is_active"`
	SportID               int64       `json:"sport_id"`
	StoppedSpeedThreshold json.Number `json:"stopped_speed_threshold"` // km/h
	UserID                int64       `json:"user_id"`
}

// editSportPreference changes what the caller wants of a sport. POST /api/auth/profile/edit/sports
func (s *Server) editSportPreference(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		SportID               *int64   `json:"sport_id"`
		Color                 *string  `json:"color"`
		IsActive              *bool    `json:"is_active"`
		StoppedSpeedThreshold *float64 `json:"stopped_speed_threshold"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.SportID == nil {
		return problem.ErrInvalidPayload
	}
	userID := callerOf(r).User.ID
	v, err := s.auth.EditSportPreference(r.Context(), userID, *in.SportID, store.SportPreference{
		Color: in.Color, IsActive: in.IsActive, StoppedSpeedKMH: in.StoppedSpeedThreshold,
	})
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, answer{
		Status:  "success",
		Message: "user sport preferences updated",
		Data: sportPreferenceShape{
			Color:                 textOrNull(v.Color),
			IsActive:              v.PrefersActive,
			SportID:               v.ID,
			StoppedSpeedThreshold: float(v.StoppedSpeedKMH),
			UserID:                userID,
		},
	})
}

// resetSportPreference forgets it. DELETE /api/auth/profile/reset/sports/{id}
func (s *Server) resetSportPreference(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.ResetSportPreference(r.Context(), callerOf(r).User.ID, pathID(r)); err != nil {
		return err
	}
	return sendNothing(w)
}
