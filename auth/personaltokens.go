package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"fittrackee/problem"
	"fittrackee/store"
)

const (
	// maxPersonalTokens is how many personal tokens an account may have.
	maxPersonalTokens = 100
	// maxTokenDays is how long a personal token that expires may be good for.
	maxTokenDays = 3650
)

// NewPersonalToken is a token that a user wants for a script or a phone.
type NewPersonalToken struct {
	Name    string
	Scope   string // separated by blanks
	SportID *int64 // of what is uploaded with it; nil: left to the file
	Days    *int64 // until it expires; nil: never
}

// AddPersonalToken makes a personal token of the caller's, and returns it with its secret, which is not told again.
func (a *Auth) AddPersonalToken(ctx context.Context, caller store.Caller, in NewPersonalToken) (t store.PersonalToken, secret string, err error) {
	t = store.PersonalToken{
		UserID:  caller.User.ID,
		Name:    strings.TrimSpace(in.Name),
		Scope:   narrowScope(in.Scope, personalScopes),
		SportID: in.SportID,
	}
	switch {
	case !isLine(t.Name, maxLabelChars):
		return t, "", problem.New(problem.Invalid, fmt.Sprintf("name: 1 to %d characters required", maxLabelChars))
	case t.Scope == "" || len(permissions(t.Scope)) != len(permissions(in.Scope)):
		return t, "", problem.New(problem.Invalid, "scope: one or more of "+strings.Join(personalScopes, ", ")+" required, separated by blanks")
	case in.Days != nil && (*in.Days < 1 || *in.Days > maxTokenDays):
		return t, "", problem.New(problem.Invalid, fmt.Sprintf("expires_in_days: 1 to %d required", maxTokenDays))
	}
	if in.Days != nil {
		t.ExpiresAt = a.store.Now().Add(time.Duration(*in.Days) * 24 * time.Hour)
	}
	if in.SportID != nil {
		if err := a.checkSport(ctx, caller.User.ID, *in.SportID); err != nil {
			return t, "", err
		}
	}
	secret = newSecret(personalPrefix)
	t, err = a.store.AddPersonalToken(ctx, t, hashSecret(secret), caller.SessionID, maxPersonalTokens)
	return t, secret, ownedFault(err, "tokens", maxPersonalTokens)
}

// checkSport returns a problem when there is no such sport.
func (a *Auth) checkSport(ctx context.Context, userID, sportID int64) error {
	_, err := a.store.Sport(ctx, userID, sportID)
	if errors.Is(err, store.ErrMissing) {
		return problem.New(problem.Invalid, fmt.Sprintf("Sport id: %d does not exist", sportID))
	}
	return err
}

// PersonalTokens returns the caller's personal tokens, the newest first.
func (a *Auth) PersonalTokens(ctx context.Context, caller store.Caller) ([]store.PersonalToken, error) {
	a.tryStoreUse(ctx)
	return a.store.PersonalTokens(ctx, caller.User.ID)
}

// DeletePersonalToken ends a personal token of the caller's.
func (a *Auth) DeletePersonalToken(ctx context.Context, caller store.Caller, id int64) error {
	err := a.store.DeletePersonalToken(ctx, caller.User.ID, id)
	if errors.Is(err, store.ErrMissing) {
		return problem.New(problem.Missing, "token does not exist")
	}
	return err
}

const (
	// scopeUpload is a permission that only personal tokens have: it opens addresses for uploads and nothing else.
	scopeUpload = "workouts:upload"
	// scopeWrite opens them, too.
	scopeWrite = "workouts:write"
)

// personalScopes are all permissions that a personal token may have.
var personalScopes = append(slices.Clone(Scopes), scopeUpload)

// AuthenticateUpload returns whose the secret in an address for uploads is. Addresses are seen by more eyes than headers, so that it
// has to be a personal token which is good for adding workouts alone: for workouts:upload, or for workouts:write, which can also
// change them elsewhere.
func (a *Auth) AuthenticateUpload(ctx context.Context, secret string) (store.Caller, error) {
	if !strings.HasPrefix(secret, personalPrefix) {
		return store.Caller{}, errBadToken
	}
	c, err := a.Authenticate(ctx, secret)
	if err == nil && c.Scope != scopeUpload && c.Scope != scopeWrite {
		return store.Caller{}, problem.New(problem.Forbidden, "an address for uploads takes a token with the scope "+scopeUpload+" or "+scopeWrite+" alone")
	}
	return c, err
}

// UploadSport returns the sport of what is uploaded with the personal token that a caller has shown, 0 when that is left to the file.
func (a *Auth) UploadSport(ctx context.Context, c store.Caller) (sportID int64, err error) {
	sportID, err = a.store.PersonalTokenSport(ctx, c.PersonalTokenID)
	if errors.Is(err, store.ErrMissing) {
		return 0, errBadToken // it has been ended meanwhile
	}
	return sportID, err
}
