package server

import (
	"net/http"
	"time"

	"fittrackee/problem"
	"fittrackee/store"
)

// birthDate returns a stored date as the midnight that clients expect, null when there is none.
func birthDate(text string) *string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil
	}
	date := httpDate(day)
	return &date
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// profile tells callers about themselves. GET /api/auth/profile
func (s *Server) profile(w http.ResponseWriter, r *http.Request) error {
	shape, err := s.shapeOwn(r.Context(), callerOf(r).User)
	if err != nil {
		return err
	}
	return sendData(w, shape)
}

// sendProfile answers with the caller's profile as it is after a change.
func (s *Server) sendProfile(w http.ResponseWriter, r *http.Request, message string) error {
	u, err := s.store.UserByName(r.Context(), callerOf(r).User.Username)
	if err != nil {
		return err
	}
	shape, err := s.shapeOwn(r.Context(), u)
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, answer{Status: "success", Message: message, Data: shape})
}

// editProfile replaces the five fields of a profile. POST /api/auth/profile/edit
func (s *Server) editProfile(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		FirstName field[string] `json:"first_name"`
		LastName  field[string] `json:"last_name"`
		Location  field[string] `json:"location"`
		Bio       field[string] `json:"bio"`
		BirthDate field[string] `json:"birth_date"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	for _, f := range []field[string]{in.FirstName, in.LastName, in.Location, in.Bio, in.BirthDate} {
		if !f.isSet {
			return problem.ErrInvalidPayload
		}
	}
	err := s.auth.EditProfile(r.Context(), callerOf(r).User.ID, store.Profile{
		FirstName: in.FirstName.pointer(),
		LastName:  in.LastName.pointer(),
		Location:  in.Location.pointer(),
		Bio:       in.Bio.pointer(),
		BirthDate: in.BirthDate.value,
	})
	if err != nil {
		return err
	}
	return s.sendProfile(w, r, "user profile updated")
}

// editPreferences replaces units, language, zone and week. POST /api/auth/profile/edit/preferences
func (s *Server) editPreferences(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		DisplayAscent *bool         `json:"display_ascent"`
		ImperialUnits *bool         `json:"imperial_units"`
		Language      field[string] `json:"language"`
		Timezone      string        `json:"timezone"`
		WeekMonday    *bool         `json:"weekm"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.DisplayAscent == nil || in.ImperialUnits == nil || !in.Language.isSet || in.WeekMonday == nil {
		return problem.ErrInvalidPayload
	}
	err := s.auth.EditPreferences(r.Context(), callerOf(r).User.ID, store.Preferences{
		Timezone:      in.Timezone,
		Language:      in.Language.value,
		WeekMonday:    *in.WeekMonday,
		DisplayAscent: *in.DisplayAscent,
		ImperialUnits: *in.ImperialUnits,
	})
	if err != nil {
		return err
	}
	return s.sendProfile(w, r, "user preferences updated")
}
