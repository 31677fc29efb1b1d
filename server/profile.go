package server

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	// Workouts are named on the wire as Python's shortuuid names them.
	"github.com/lithammer/shortuuid/v4"

	"fittrackee/store"
)

// profileShape is an account as its owner sees it.
type profileShape struct {
	Admin          bool          `json:"admin"`
	Bio            *string       `json:"bio"`
	BirthDate      *string       `json:"birth_date"`
	CreatedAt      string        `json:"created_at"`
	DisplayAscent  bool          `json:"display_ascent"`
	Email          string        `json:"email"`
	EmailToConfirm *string       `json:"email_to_confirm"`
	FirstName      *string       `json:"first_name"`
	ImperialUnits  bool          `json:"imperial_units"`
	IsActive       bool          `json:"is_active"`
	Language       string        `json:"language"`
	LastName       *string       `json:"last_name"`
	Location       *string       `json:"location"`
	NbSports       int           `json:"nb_sports"`
	NbWorkouts     int64         `json:"nb_workouts"`
	Picture        bool          `json:"picture"`
	Records        []recordShape `json:"records"`
	SportsList     []int64       `json:"sports_list"`
	Timezone       string        `json:"timezone"`
	TotalAscent    decimal       `json:"total_ascent"`   // metres
	TotalDistance  decimal       `json:"total_distance"` // kilometres
	TotalDuration  string        `json:"total_duration"`
	Username       string        `json:"username"`
	WeekMonday     bool          `json:"weekm"`
}

// recordShape is a record as clients see it.
type recordShape struct {
	ID          int64  `json:"id"`
	RecordType  string `json:"record_type"`
	SportID     int64  `json:"sport_id"`
	User        string `json:"user"`
	Value       any    `json:"value"`
	WorkoutDate string `json:"workout_date"`
	WorkoutID   string `json:"workout_id"`
}

func shapeRecord(v store.Record, username string) (recordShape, error) {
	id, err := uuid.FromBytes(v.WorkoutUUID)
	return recordShape{
		ID:          v.ID,
		RecordType:  v.Type,
		SportID:     v.SportID,
		User:        username,
		Value:       recordValue(v),
		WorkoutDate: httpDate(v.StartedAt),
		WorkoutID:   shortuuid.DefaultEncoder.Encode(id),
	}, err
}

// recordValue returns a record's value in the unit that clients expect.
func recordValue(v store.Record) any {
	switch v.Type {
	case "LD":
		return clock(v.Value)
	case "FD":
		return decimal{v.Value, 3} // km
	default:
		return decimal{v.Value, 2} // km/h, or m
	}
}

func (s *Server) shapeProfile(ctx context.Context, u store.User) (profileShape, error) {
	totals, err := s.store.Totals(ctx, u.ID)
	if err != nil {
		return profileShape{}, err
	}
	records, err := s.store.Records(ctx, u.ID)
	if err != nil {
		return profileShape{}, err
	}
	v := profileShape{
		Admin:          u.IsAdmin,
		Bio:            u.Bio,
		BirthDate:      birthDate(u.BirthDate),
		CreatedAt:      httpDate(u.CreatedAt),
		DisplayAscent:  u.DisplayAscent,
		Email:          u.Email,
		EmailToConfirm: textOrNull(u.EmailToConfirm),
		FirstName:      u.FirstName,
		ImperialUnits:  u.ImperialUnits,
		IsActive:       u.IsActive,
		Language:       u.Language,
		LastName:       u.LastName,
		Location:       u.Location,
		Picture:        u.Picture != "",
		Records:        make([]recordShape, len(records)),
		SportsList:     make([]int64, len(totals)),
		NbSports:       len(totals),
		Timezone:       u.Timezone,
		Username:       u.Username,
		WeekMonday:     u.WeekMonday,
	}
	for i, record := range records {
		if v.Records[i], err = shapeRecord(record, u.Username); err != nil {
			return v, err
		}
	}
	var distanceM, durationS, ascentCM int64
	for i, t := range totals {
		v.SportsList[i] = t.SportID
		v.NbWorkouts += t.Workouts
		distanceM += t.DistanceM
		durationS += t.DurationS
		ascentCM += t.AscentCM
	}
	v.TotalDistance = decimal{distanceM, 3}
	v.TotalDuration = clock(durationS)
	v.TotalAscent = decimal{ascentCM, 2}
	return v, nil
}

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
	shape, err := s.shapeProfile(r.Context(), callerOf(r).User)
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
	shape, err := s.shapeProfile(r.Context(), u)
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
			return errInvalidPayload
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
		return errInvalidPayload
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

// sportPreferenceShape is what a user wants of a sport.
type sportPreferenceShape struct {
	Color                 *string `json:"color"`
	IsActive              bool    `json:"is_active"`
	SportID               int64   `json:"sport_id"`
	StoppedSpeedThreshold float   `json:"stopped_speed_threshold"` // km/h
	UserID                int64   `json:"user_id"`
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
		return errInvalidPayload
	}
	userID := callerOf(r).User.ID
	v, err := s.auth.EditSport(r.Context(), userID, *in.SportID, store.SportPreference{
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
	if err := s.auth.ResetSport(r.Context(), callerOf(r).User.ID, pathID(r)); err != nil {
		return err
	}
	return sendNothing(w)
}

// setPicture takes a new picture. POST /api/auth/picture
func (s *Server) setPicture(w http.ResponseWriter, r *http.Request) error {
	settings, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	upload, err := s.receive(w, r, uploadRules{
		what: "picture", extensions: []string{"jpg", "png", "gif"}, maxBytes: settings.MaxFileBytes,
	})
	if err != nil {
		return err
	}
	defer upload.Close()
	if err := s.auth.SetPicture(r.Context(), callerOf(r).User.ID, upload); err != nil {
		return err
	}
	return sendMessage(w, "user picture updated")
}

// deletePicture removes the caller's picture. DELETE /api/auth/picture
func (s *Server) deletePicture(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.DeletePicture(r.Context(), callerOf(r).User.ID); err != nil {
		return err
	}
	return sendNothing(w)
}
