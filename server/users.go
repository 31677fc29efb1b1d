package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"fittrackee/auth"
	"fittrackee/problem"
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
	shapes, err := s.shapeUsers(ctx, []store.User{u}, u.ID)
	if err != nil {
		return userShape{}, err
	}
	return shapes[0], nil
}

// shapeUsers shapes accounts, whosever they are, for a caller. That takes a fixed number of queries.
func (s *Server) shapeUsers(ctx context.Context, users []store.User, callerID int64) ([]userShape, error) {
	if len(users) == 0 {
		return []userShape{}, nil
	}
	ids := make([]int64, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	allTotals, err := s.store.Totals(ctx, ids...)
	if err != nil {
		return nil, err
	}
	totals := make(map[int64][]store.SportTotal)
	for _, t := range allTotals {
		totals[t.UserID] = append(totals[t.UserID], t)
	}
	allRecords, err := s.store.Records(ctx, ids...)
	if err != nil {
		return nil, err
	}
	records := make(map[int64][]store.Record)
	for _, v := range allRecords {
		records[v.UserID] = append(records[v.UserID], v)
	}
	shapes := make([]userShape, len(users))
	for i, u := range users {
		shapes[i] = shapeUser(u, totals[u.ID], records[u.ID])
		if u.ID == callerID {
			shapes[i].preferencesShape = &preferencesShape{
				DisplayAscent: u.DisplayAscent,
				ImperialUnits: u.ImperialUnits,
				Language:      u.Language,
				Timezone:      u.Timezone,
				WeekMonday:    u.WeekMonday,
			}
		}
	}
	return shapes, nil
}

// shapeUser shapes an account for administrators.
func shapeUser(u store.User, totals []store.SportTotal, records []store.Record) userShape {
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
	return v
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

// userOrders are the orders in which accounts can be listed.
var userOrders = map[string]store.UserOrder{
	"":               store.ByCreation,
	"created_at":     store.ByCreation,
	"username":       store.ByUsername,
	"admin":          store.ByAdmin,
	"is_active":      store.ByActive,
	"workouts_count": store.ByWorkouts,
}

const (
	usersPerPage     = 10
	mostUsersPerPage = 50
)

// users lists accounts. GET /api/users
func (s *Server) users(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	p, err := readPaging(q, usersPerPage, mostUsersPerPage)
	if err != nil {
		return err
	}
	order, isOrder := userOrders[q.Get("order_by")]
	isDescending, err := readDescending(q, false)
	if err != nil || !isOrder || len(q.Get("q")) > longestSearch {
		return problem.ErrInvalidPayload
	}
	users, total, err := s.store.UserPage(r.Context(), store.UserPage{
		NameHas: q.Get("q"), Order: order, Descending: isDescending, Limit: p.perPage, Offset: p.offset(),
	})
	if err != nil {
		return err
	}
	shapes, err := s.shapeUsers(r.Context(), users, callerOf(r).User.ID)
	if err != nil {
		return err
	}
	return sendPage(w, usersShape{shapes}, p.shape(total))
}

// sendUser answers with one account.
func (s *Server) sendUser(w http.ResponseWriter, r *http.Request, u store.User) error {
	shapes, err := s.shapeUsers(r.Context(), []store.User{u}, callerOf(r).User.ID)
	if err != nil {
		return err
	}
	return sendData(w, usersShape{shapes})
}

// user tells about one account. GET /api/users/{user}
func (s *Server) user(w http.ResponseWriter, r *http.Request) error {
	u, err := s.namedUser(r)
	if err != nil {
		return err
	}
	return s.sendUser(w, r, u)
}

// editUser changes what an account may do, its password or its address. PATCH /api/users/{user}
func (s *Server) editUser(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Admin         *bool   `json:"admin"`
		Activate      *bool   `json:"activate"`
		ResetPassword bool    `json:"reset_password"`
		NewEmail      *string `json:"new_email"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Admin == nil && in.Activate == nil && !in.ResetPassword && in.NewEmail == nil {
		return problem.ErrInvalidPayload
	}
	u, err := s.namedUser(r)
	if err != nil {
		return err
	}
	undoMails, err := s.limitMails(u, in.NewEmail, in.ResetPassword)
	if err != nil {
		return err
	}
	err = s.auth.EditUser(r.Context(), callerOf(r), u, auth.UserEdit{
		IsAdmin: in.Admin, IsActive: in.Activate, ResetPassword: in.ResetPassword, Email: in.NewEmail,
	}, clientOf(r))
	if err != nil {
		undoMails() // none goes out
		return err
	}
	u, err = s.store.UserByID(r.Context(), u.ID)
	if errors.Is(err, store.ErrMissing) {
		return auth.ErrNoUser // somebody has removed it meanwhile
	}
	if err != nil {
		return err
	}
	return s.sendUser(w, r, u)
}

// limitMails counts the mails that a change of an account sends: to a new address, and for a reset.
func (s *Server) limitMails(u store.User, newEmail *string, isReset bool) (undo func(), err error) {
	undoEmail, undoReset := func() {}, func() {}
	if newEmail != nil && s.auth.MailOn() {
		if undoEmail, err = s.limits.mail(*newEmail); err != nil {
			return nil, err
		}
	}
	if isReset {
		if undoReset, err = s.limits.reset(u); err != nil {
			undoEmail()
			return nil, err
		}
	}
	return func() { undoEmail(); undoReset() }, nil
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
