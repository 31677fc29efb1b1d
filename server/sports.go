package server

import (
	"errors"
	"net/http"

	"fittrackee/store"
)

// sportShape is a sport as a user sees it; only administrators learn whether anybody has workouts in it.
type sportShape struct {
	Color                 *string `json:"color"`
	HasWorkouts           *bool   `json:"has_workouts,omitempty"`
	ID                    int64   `json:"id"`
	IsActive              bool    `json:"is_active"`
	IsActiveForUser       bool    `json:"is_active_for_user"`
	Label                 string  `json:"label"`
	StoppedSpeedThreshold float   `json:"stopped_speed_threshold"` // km/h
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

func shapeSports(all []store.Sport, forAdmin bool) object {
	shapes := make([]sportShape, len(all))
	for i, v := range all {
		shapes[i] = shapeSport(v, forAdmin)
	}
	return object{"sports": shapes}
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
		return errInvalidPayload
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
