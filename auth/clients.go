package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"fittrackee/problem"
	"fittrackee/store"
)

const (
	// maxClients is how many applications an account may have.
	maxClients = 100
	// maxRedirectURIs is how many addresses an application may have.
	maxRedirectURIs = 10

	maxLabelChars       = 100
	maxDescriptionChars = 500
)

// ErrNoClient says that the caller has no such application.
var ErrNoClient = problem.New(problem.Missing, "OAuth2 client not found")

// ClientMetadata is an application to be registered.
type ClientMetadata struct {
	Name         string
	Description  string
	Website      string
	RedirectURIs []string
	Scope        string // separated by blanks; unknown permissions are left out
}

// RegisterClient registers an application of the caller's, and returns it with its secret, which is not told again.
func (a *Auth) RegisterClient(ctx context.Context, caller store.Caller, in ClientMetadata) (c store.Client, secret string, err error) {
	c = store.Client{
		ClientID:     rand.Text(), // 128 bits at least
		UserID:       caller.User.ID,
		Name:         strings.TrimSpace(in.Name),
		Website:      in.Website,
		RedirectURIs: in.RedirectURIs,
		Scope:        narrowScope(in.Scope, Scopes),
	}
	if in.Description = strings.TrimSpace(in.Description); in.Description != "" {
		c.Description = &in.Description
	}
	if fault := clientFault(c); fault != "" {
		return c, "", problem.New(problem.Invalid, fault)
	}
	secret = newSecret("")
	c.SecretHash = hashSecret(secret)
	c, err = a.store.AddClient(ctx, c, caller.SessionID, maxClients)
	return c, secret, ownedFault(err, "applications", maxClients)
}

// clientFault returns what is wrong with an application, empty if nothing is.
func clientFault(c store.Client) string {
	switch {
	case !isLine(c.Name, maxLabelChars):
		return fmt.Sprintf("OAuth2 client invalid client_name: 1 to %d characters required", maxLabelChars)
	case c.Description != nil && !isLine(*c.Description, maxDescriptionChars):
		return fmt.Sprintf("OAuth2 client invalid client_description: %d characters at most", maxDescriptionChars)
	case !isWebsite(c.Website):
		return "OAuth2 client invalid client_uri: an address that begins with https:// or http:// required"
	case len(c.RedirectURIs) == 0 || len(c.RedirectURIs) > maxRedirectURIs:
		return fmt.Sprintf("OAuth2 client invalid redirect_uris: 1 to %d addresses required", maxRedirectURIs)
	case c.Scope == "":
		return "OAuth2 client invalid scopes"
	}
	for i, uri := range c.RedirectURIs {
		if !isRedirectURI(uri) {
			return fmt.Sprintf("OAuth2 client invalid redirect_uris: address %d must be one of https, of http on localhost, or of a scheme with a dot, "+
				"without user, fragment and wildcards", i+1)
		}
	}
	return ""
}

// isLine tells whether a text can be shown in a line: it is not empty, not longer than allowed, and has no control characters.
func isLine(text string, maxChars int) bool {
	return text != "" && utf8.ValidString(text) && utf8.RuneCountInString(text) <= maxChars && !strings.ContainsFunc(text, unicode.IsControl)
}

// ownedFault says in our words why something could not be added to what an account has.
func ownedFault(err error, things string, most int) error {
	switch {
	case errors.Is(err, store.ErrMissing):
		return errBadToken // the session has ended meanwhile
	case errors.Is(err, store.ErrTooMany):
		return problem.New(problem.Invalid, fmt.Sprintf("there can be %d %s at most: delete one first", most, things))
	}
	return err
}

// Client returns an application of a user's. It returns ErrNoClient.
func (a *Auth) Client(ctx context.Context, userID, id int64) (store.Client, error) {
	c, err := a.store.Client(ctx, userID, id)
	return c, clientError(err)
}

// ClientByPublicID returns an application of a user's by the id that everybody may know. It returns ErrNoClient.
func (a *Auth) ClientByPublicID(ctx context.Context, userID int64, clientID string) (store.Client, error) {
	c, err := a.store.ClientByPublicID(ctx, clientID)
	if err == nil && c.UserID != userID {
		return store.Client{}, ErrNoClient
	}
	return c, clientError(err)
}

// DeleteClient removes an application of a user's, with all that it was allowed. It returns ErrNoClient.
func (a *Auth) DeleteClient(ctx context.Context, userID, id int64) error {
	return clientError(a.store.DeleteClient(ctx, userID, id))
}

// RevokeClient takes back all that an application of a user's was allowed. It returns ErrNoClient.
func (a *Auth) RevokeClient(ctx context.Context, userID, id int64) error {
	return clientError(a.store.RevokeClient(ctx, userID, id))
}

// clientError says in our words that there is no such application.
func clientError(err error) error {
	if errors.Is(err, store.ErrMissing) {
		return ErrNoClient
	}
	return err
}
