package server

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"fittrackee/auth"
	"fittrackee/store"
)

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
		held, err := s.store.IsNameHeld(r.Context(), username)
		if err != nil {
			return u, err
		}
		if !held {
			return u, auth.ErrNoUser
		}
		return u, errNoRights
	case err != nil:
		return u, err
	case caller.ID != u.ID && !caller.IsAdmin:
		return u, errNoRights
	}
	return u, nil
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
