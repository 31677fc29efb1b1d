package server

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// clientShape is a third-party application as its owner sees it.
type clientShape struct {
	ClientDescription *string  `json:"client_description"`
	ClientID          string   `json:"client_id"`
	ClientSecret      string   `json:"client_secret,omitempty"` // when it is new
	ID                int64    `json:"id"`
	IssuedAt          string   `json:"issued_at"`
	Name              string   `json:"name"`
	RedirectURIs      []string `json:"redirect_uris"`
	Scope             string   `json:"scope"`
	Website           string   `json:"website"`
}

func shapeClient(c store.Client) clientShape {
	return clientShape{
		ClientDescription: c.Description,
		ClientID:          c.ClientID,
		ID:                c.ID,
		IssuedAt:          httpDate(c.CreatedAt),
		Name:              c.Name,
		RedirectURIs:      c.RedirectURIs,
		Scope:             c.Scope,
		Website:           c.Website,
	}
}

// oneClientShape is one application.
type oneClientShape struct {
	Client clientShape `json:"client"`
}

// Lengths of a page of applications.
const (
	clientsPerPage     = 5
	mostClientsPerPage = 50
)

// clients lists the caller's applications. One of them, calling by itself, learns of itself. GET /api/oauth/apps
func (s *Server) clients(w http.ResponseWriter, r *http.Request) error {
	p, err := readPaging(r.URL.Query(), clientsPerPage, mostClientsPerPage)
	if err != nil {
		return err
	}
	all, total, err := s.clientsFor(r, p)
	if err != nil {
		return err
	}
	shapes := make([]clientShape, len(all))
	for i, c := range all {
		shapes[i] = shapeClient(c)
	}
	return sendPage(w, struct {
		Clients []clientShape `json:"clients"`
	}{shapes}, p.shape(total))
}

// clientsFor returns a page of the applications that a caller may see, and how many there are in all.
func (s *Server) clientsFor(r *http.Request, p paging) (page []store.Client, total int64, err error) {
	caller := callerOf(r)
	switch {
	case caller.PersonalTokenID != 0:
		return nil, 0, errNoScope
	case caller.ClientID != 0:
		c, err := s.auth.Client(r.Context(), caller.User.ID, caller.ClientID)
		if err != nil || p.offset() > 0 || p.perPage == 0 {
			return nil, 1, err
		}
		return []store.Client{c}, 1, nil
	}
	if total, err = s.store.CountClients(r.Context(), caller.User.ID); err != nil {
		return nil, 0, err
	}
	page, err = s.store.Clients(r.Context(), caller.User.ID, p.perPage, p.offset())
	return page, total, err
}

// registerClient registers an application, and tells its secret this once. POST /api/oauth/apps
func (s *Server) registerClient(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name         *string   `json:"client_name"`
		URI          *string   `json:"client_uri"`
		RedirectURIs *[]string `json:"redirect_uris"`
		Scope        *string   `json:"scope"`
		Description  *string   `json:"client_description"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	var missing []string
	for _, key := range []struct {
		name      string
		isMissing bool
	}{
		{"client_name", in.Name == nil},
		{"client_uri", in.URI == nil},
		{"redirect_uris", in.RedirectURIs == nil},
		{"scope", in.Scope == nil},
	} {
		if key.isMissing {
			missing = append(missing, key.name)
		}
	}
	switch {
	case len(missing) == 4 && in.Description == nil:
		return problem.New(problem.Invalid, "OAuth2 client metadata missing")
	case len(missing) > 0:
		return problem.New(problem.Invalid, "OAuth2 client metadata missing keys: "+strings.Join(missing, ", "))
	}
	client := auth.ClientMetadata{Name: *in.Name, Website: *in.URI, RedirectURIs: *in.RedirectURIs, Scope: *in.Scope}
	if in.Description != nil {
		client.Description = *in.Description
	}
	c, secret, err := s.auth.RegisterClient(r.Context(), callerOf(r), client)
	if err != nil {
		return err
	}
	shape := shapeClient(c)
	shape.ClientSecret = secret
	return send(w, http.StatusCreated, answer{Status: "created", Data: oneClientShape{shape}})
}

// client tells about one of the caller's applications, by its public id. GET /api/oauth/apps/{app}
func (s *Server) client(w http.ResponseWriter, r *http.Request) error {
	c, err := s.auth.ClientByPublicID(r.Context(), callerOf(r).User.ID, mux.Vars(r)["app"])
	if err != nil {
		return err
	}
	return sendData(w, oneClientShape{shapeClient(c)})
}

// clientByID does so by its number. GET /api/oauth/apps/{id}/by_id
func (s *Server) clientByID(w http.ResponseWriter, r *http.Request) error {
	c, err := s.auth.Client(r.Context(), callerOf(r).User.ID, pathID(r))
	if err != nil {
		return err
	}
	return sendData(w, oneClientShape{shapeClient(c)})
}

// deleteClient removes one of the caller's applications, by its number. DELETE /api/oauth/apps/{app}
func (s *Server) deleteClient(w http.ResponseWriter, r *http.Request) error {
	id, err := strconv.ParseInt(mux.Vars(r)["app"], 10, 64)
	if err != nil {
		return auth.ErrNoClient
	}
	if err := s.auth.DeleteClient(r.Context(), callerOf(r).User.ID, id); err != nil {
		return err
	}
	return sendNothing(w)
}

// revokeClient takes back all that an application was allowed. POST /api/oauth/apps/{id}/revoke
func (s *Server) revokeClient(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.RevokeClient(r.Context(), callerOf(r).User.ID, pathID(r)); err != nil {
		return err
	}
	return send(w, http.StatusOK, answer{Status: "success"})
}
