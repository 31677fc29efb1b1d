package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"fittrackee/auth"
	"fittrackee/store"
)

// userShape is an account as its owner and administrators see it.
type userShape struct {
	Admin             bool          `json:"admin"`
	Bio               *string       `json:"bio"`
	BirthDate         *string       `json:"birth_date"`
	CreatedAt         string        `json:"created_at"`
	Email             string        `json:"email"`
	EmailToConfirm    *string       `json:"email_to_confirm"`
	FirstName         *string       `json:"first_name"`
	IsActive          bool          `json:"is_active"`
	LastName          *string       `json:"last_name"`
	Location          *string       `json:"location"`
	NbSports          int           `json:"nb_sports"`
	NbWorkouts        int64         `json:"nb_workouts"`
	Picture           bool          `json:"picture"`
	Records           []recordShape `json:"records"`
	SportsList        []int64       `json:"sports_list"`
	TotalAscent       json.Number   `json:"total_ascent"`   // metres
	TotalDistance     json.Number   `json:"total_distance"` // kilometres
	TotalDuration     string        `json:"total_duration"`
	Username          string        `json:"username"`
	*preferencesShape               // for the owner only
}

// preferencesShape is how users want things to be shown to them.
type preferencesShape struct {
	DisplayAscent bool   `json:"display_ascent"`
	ImperialUnits bool   `json:"imperial_units"`
	Language      string `json:"language"`
	Timezone      string `json:"timezone"`
	WeekMonday    bool   `json:"weekm"`
}

// shapeOwn shapes an account for its owner.
func (s *Server) shapeOwn(ctx context.Context, u store.User) (userShape, error) {
	v, err := s.shapeUser(ctx, u)
	v.preferencesShape = &preferencesShape{
		DisplayAscent: u.DisplayAscent,
		ImperialUnits: u.ImperialUnits,
		Language:      u.Language,
		Timezone:      u.Timezone,
		WeekMonday:    u.WeekMonday,
	}
	return v, err
}

// shapeUser shapes an account for administrators.
func (s *Server) shapeUser(ctx context.Context, u store.User) (userShape, error) {
	totals, err := s.store.Totals(ctx, u.ID)
	if err != nil {
		return userShape{}, err
	}
	records, err := s.store.Records(ctx, u.ID)
	if err != nil {
		return userShape{}, err
	}
	v := userShape{
		Admin:          u.IsAdmin,
		Bio:            u.Bio,
		BirthDate:      birthDate(u.BirthDate),
		CreatedAt:      httpDate(u.CreatedAt),
		Email:          u.Email,
		EmailToConfirm: textOrNull(u.EmailToConfirm),
		FirstName:      u.FirstName,
		IsActive:       u.IsActive,
		LastName:       u.LastName,
		Location:       u.Location,
		Picture:        u.Picture != "",
		Records:        shapeRecords(records, u.Username),
		SportsList:     make([]int64, len(totals)),
		NbSports:       len(totals),
		Username:       u.Username,
	}
	var distanceM, durationS, ascentCM int64
	for i, t := range totals {
		v.SportsList[i] = t.SportID
		v.NbWorkouts += t.Workouts
		distanceM += t.DistanceM
		durationS += t.DurationS
		ascentCM += t.AscentCM
	}
	v.TotalDistance = decimal(distanceM, 3)
	v.TotalDuration = clock(durationS)
	v.TotalAscent = decimal(ascentCM, 2)
	return v, nil
}

// usersShape is a list of accounts.
type usersShape struct {
	Users []userShape `json:"users"`
}

// namedUser returns the user in a path, for the user and for administrators. Others get the same answer for a username
// that is only held.
func (s *Server) namedUser(r *http.Request) (store.User, error) {
	caller, username := callerOf(r).User, mux.Vars(r)["user"]
	u, err := s.store.UserByName(r.Context(), username)
	switch {
	case errors.Is(err, store.ErrMissing) && caller.IsAdmin:
		return u, auth.ErrNoUser
	case errors.Is(err, store.ErrMissing):
		return u, s.noSuchUser(r.Context(), username, errNoRights)
	case err != nil:
		return u, err
	case caller.ID != u.ID && !caller.IsAdmin:
		return u, errNoRights
	}
	return u, nil
}

// noSuchUser tells that there is no account with a username. If the name is held, nobody may learn that it has no account:
// then ifHeld is told, as of any account.
func (s *Server) noSuchUser(ctx context.Context, username string, ifHeld error) error {
	isHeld, err := s.store.IsNameHeld(ctx, username)
	switch {
	case err != nil:
		return err
	case isHeld:
		return ifHeld
	}
	return auth.ErrNoUser
}

// user tells about one account. GET /api/users/{user}
func (s *Server) user(w http.ResponseWriter, r *http.Request) error {
	u, err := s.namedUser(r)
	if err != nil {
		return err
	}
	shape := s.shapeUser
	if u.ID == callerOf(r).User.ID {
		shape = s.shapeOwn
	}
	v, err := shape(r.Context(), u)
	if err != nil {
		return err
	}
	return sendData(w, usersShape{[]userShape{v}})
}

// deleteUser removes an account with everything that belongs to it. DELETE /api/users/{user}
func (s *Server) deleteUser(w http.ResponseWriter, r *http.Request) error {
	u, err := s.namedUser(r)
	if err != nil {
		return err
	}
	if err := s.auth.DeleteUser(r.Context(), u.ID); err != nil {
		return err
	}
	return sendNothing(w)
}
