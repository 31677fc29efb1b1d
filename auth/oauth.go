package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"fittrackee/problem"
	"fittrackee/store"
)

const (
	// codeLife is how long a code can be exchanged (RFC 6749, 4.1.2).
	codeLife = 10 * time.Minute
	// accessLife is how long an access token is good for: as long as FitTrackee's, for programs that renew it seldom. It ends
	// at once when it is revoked or replaced.
	accessLife = 10 * 24 * time.Hour
	// refreshLife is how long an application may not call before it has to ask for consent anew.
	refreshLife = 180 * 24 * time.Hour
	// settleTime is how long the answer to an exchange waits for requests that were sent together with it. See beginExchange.
	settleTime = 100 * time.Millisecond
	// twinLife is how long a request may have been under way that was sent together with another one.
	twinLife = time.Minute
)

// settle waits for settleTime, or until nobody waits for the answer any more.
func settle(ctx context.Context) {
	select {
	case <-time.After(settleTime):
	case <-ctx.Done():
	}
}

// OAuthError is a refusal in OAuth's own words (RFC 6749, 4.1.2.1 and 5.2).
type OAuthError struct {
	Code        string // such as "invalid_grant"
	Description string // for a person; empty: none
	RedirectURL string // where the application waits to be told, a registered address (4.1.2.1); empty: nowhere
}

func (e *OAuthError) Error() string { return strings.TrimSpace(e.Code + ": " + e.Description) }

var (
	errInvalidClient = &OAuthError{Code: "invalid_client"}
	errGrantType     = &OAuthError{Code: "unsupported_grant_type"}
	errBadCode       = &OAuthError{Code: "invalid_grant", Description: `Invalid "code" in request.`}
	errBadRedirect   = &OAuthError{Code: "invalid_grant", Description: `Invalid "redirect_uri" in request.`}
	errBadVerifier   = &OAuthError{Code: "invalid_grant", Description: "Code challenge failed."}
	errBadRefresh    = &OAuthError{Code: "invalid_grant", Description: `Invalid "refresh_token" in request.`}
	errOthersToken   = &OAuthError{Code: "invalid_grant", Description: "The token was issued to another client."}
	errBadScope      = &OAuthError{Code: "invalid_scope", Description: "The requested scope is invalid, unknown, or malformed."}
)

// errMissingParameter says that a request lacks a parameter that it needs.
func errMissingParameter(name string) error {
	return &OAuthError{Code: "invalid_request", Description: `Missing "` + name + `" in request.`}
}

// CodeRequest is what an application asks a user for, and the user's word on it.
type CodeRequest struct {
	ClientID, ResponseType, RedirectURI, Scope, State string
	CodeChallenge, CodeChallengeMethod                string // RFC 7636; both empty: none
	IsAllowed                                         bool
}

// Authorize gives an application of the caller's a code, and returns the address at which the application waits for it: a
// registered one, always. Once that address is known, it fails with an *OAuthError where OAuth has a word for it; but the contract has
// neither other kinds of responses nor a user's no told in this way.
func (a *Auth) Authorize(ctx context.Context, caller store.Caller, in CodeRequest) (redirectURL string, err error) {
	if in.ClientID == "" || in.ResponseType != "code" {
		return "", problem.ErrInvalidPayload
	}
	client, err := a.ClientByPublicID(ctx, caller.User.ID, in.ClientID)
	if errors.Is(err, ErrNoClient) {
		return "", problem.ErrInvalidPayload
	}
	if err != nil {
		return "", err
	}
	redirectURI := in.RedirectURI
	if redirectURI == "" {
		redirectURI = client.RedirectURIs[0]
	}
	if !slices.Contains(client.RedirectURIs, redirectURI) {
		return "", &OAuthError{Code: "invalid_request", Description: `The "redirect_uri" is not a registered one.`}
	}
	told := func(e *OAuthError) error {
		return &OAuthError{Code: e.Code, Description: e.Description, RedirectURL: answerURL(redirectURI, "error", e.Code, in.State)}
	}
	if refused := checkChallenge(in); refused != nil {
		return "", told(refused)
	}
	scope := narrowScope(in.Scope, permissions(client.Scope))
	if scope == "" {
		return "", told(errBadScope)
	}
	if !in.IsAllowed {
		return "", problem.New(problem.Invalid, "The resource owner or authorization server denied the request")
	}
	code := newSecret("")
	err = a.store.AddGrant(ctx, store.NewGrant{
		ClientID:      client.ID,
		Scope:         scope,
		CodeHash:      hashSecret(code),
		RedirectURI:   in.RedirectURI,
		CodeChallenge: in.CodeChallenge,
		ExpiresAt:     a.store.Now().Add(codeLife),
	}, caller.User.ID, caller.SessionID)
	if errors.Is(err, store.ErrMissing) {
		return "", errBadToken // the session has ended meanwhile, or the application is gone
	}
	return answerURL(redirectURI, "code", code, in.State), err
}

// challengeForm is the SHA-256 of a verifier in base64url without padding (RFC 7636, 4.2).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// checkChallenge takes S256 only: a plain challenge protects from nothing that our TLS does not.
func checkChallenge(in CodeRequest) *OAuthError {
	switch {
	case in.CodeChallenge == "" && in.CodeChallengeMethod == "":
		return nil
	case in.CodeChallengeMethod != "S256":
		return &OAuthError{Code: "invalid_request", Description: `Unsupported "code_challenge_method": S256 is taken.`}
	case !challengeForm.MatchString(in.CodeChallenge):
		return &OAuthError{Code: "invalid_request", Description: `Invalid "code_challenge" in request.`}
	}
	return nil
}

// Tokens are what an application gets for a code or a refresh token.
type Tokens struct {
	Access, Refresh string
	Life            time.Duration // of the access token
	Scope           string
}

// TokenRequest is a request for tokens.
type TokenRequest struct {
	GrantType                       string
	Code, RedirectURI, CodeVerifier string // for authorization_code
	RefreshToken, Scope             string // for refresh_token
	ReceivedAt                      time.Time
}

// Exchange gives an application tokens for a code or a refresh token, once. It fails with an *OAuthError. When one is used again,
// somebody else may have it. The access tokens that followed from a code end then, and from a refresh token all tokens.
func (a *Auth) Exchange(ctx context.Context, clientID, secret string, in TokenRequest) (t Tokens, err error) {
	exchange, name, token, refused := a.exchangeCode, "code", in.Code, errBadCode
	switch in.GrantType {
	case "authorization_code":
	case "refresh_token":
		exchange, name, token, refused = a.exchangeRefresh, "refresh_token", in.RefreshToken, errBadRefresh
	default:
		return Tokens{}, errGrantType
	}
	client, err := a.authenticateClient(ctx, clientID, secret)
	if err != nil {
		return Tokens{}, err
	}
	if token == "" {
		return Tokens{}, errMissingParameter(name)
	}
	hash := hashSecret(token)
	key := client.ClientID + string(hash)
	if !a.beginExchange(key, in.ReceivedAt) {
		return Tokens{}, refused
	}
	defer func() { a.endExchange(key, err == nil) }()
	t, err = exchange(ctx, client, hash, in)
	if err == nil {
		a.settle(ctx)
	}
	if errors.Is(err, store.ErrMissing) || errors.Is(err, store.ErrUsed) {
		return Tokens{}, refused
	}
	return t, err
}

// authenticateClient returns the application that an id and a secret belong to.
func (a *Auth) authenticateClient(ctx context.Context, clientID, secret string) (store.Client, error) {
	c, err := a.store.ClientByPublicID(ctx, clientID)
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return c, err
	}
	if subtle.ConstantTimeCompare(c.SecretHash, hashSecret(secret)) != 1 {
		return c, errInvalidClient
	}
	return c, nil
}

func (a *Auth) exchangeCode(ctx context.Context, client store.Client, hash []byte, in TokenRequest) (Tokens, error) {
	g, err := a.store.GrantByCode(ctx, client.ID, hash)
	if err != nil {
		return Tokens{}, err
	}
	if !g.IsRedeemed {
		if err := a.checkCode(g, in); err != nil {
			return Tokens{}, err
		}
	}
	t, rows := a.newTokens(g.Scope)
	return t, a.store.RedeemCode(ctx, g.ID, rows)
}

// checkCode tells whether a code that has not been used is good for a request.
func (a *Auth) checkCode(g store.Grant, in TokenRequest) error {
	switch {
	case !g.ExpiresAt.After(a.store.Now()):
		return errBadCode
	case g.RedirectURI != "" && in.RedirectURI != g.RedirectURI:
		return errBadRedirect
	case g.CodeChallenge == "" && in.CodeVerifier != "":
		return errBadVerifier // somebody has taken the challenge out of the request for the code (RFC 9700, 4.8.2)
	case g.CodeChallenge != "" && in.CodeVerifier == "":
		return errMissingParameter("code_verifier")
	case g.CodeChallenge != "" && !answersChallenge(in.CodeVerifier, g.CodeChallenge):
		return errBadVerifier
	}
	return nil
}

// answersChallenge tells whether a verifier is that of an S256 challenge (RFC 7636, 4.6).
func answersChallenge(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (a *Auth) exchangeRefresh(ctx context.Context, client store.Client, hash []byte, in TokenRequest) (Tokens, error) {
	before, err := a.store.TokensByRefresh(ctx, client.ID, hash)
	if err != nil {
		return Tokens{}, err
	}
	scope := before.Scope
	if !before.IsReplaced {
		if !before.ExpiresAt.After(a.store.Now()) {
			return Tokens{}, errBadRefresh
		}
		if scope, err = renewedScope(in.Scope, before.Scope); err != nil {
			return Tokens{}, err
		}
	}
	t, rows := a.newTokens(scope)
	return t, a.store.RotateTokens(ctx, before, rows)
}

// renewedScope returns the scope of a new access token: what is asked for, if it was granted, or else all that was (RFC 6749, 6).
func renewedScope(asked, granted string) (string, error) {
	if strings.TrimSpace(asked) == "" {
		return granted, nil
	}
	for _, permission := range permissions(asked) {
		if !HasScope(granted, permission) {
			return "", errBadScope
		}
	}
	return narrowScope(asked, permissions(granted)), nil
}

// beginExchange tells whether a request is the first of those that were sent together with it.
//
// Of requests that were sent together, as by two threads of a program, one is answered and the others are refused, with no harm to the
// first: those that came before its answer was given, which waits for them for a moment. Whoever comes after the answer is another
// one, who has the token from elsewhere: for the store, the token has been used before.
func (a *Auth) beginExchange(key string, receivedAt time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.exchanged, func(_ string, answeredAt time.Time) bool {
		return !answeredAt.IsZero() && time.Since(answeredAt) > twinLife
	})
	answeredAt, isKnown := a.exchanged[key]
	if isKnown && (answeredAt.IsZero() || receivedAt.Before(answeredAt)) {
		return false
	}
	a.exchanged[key] = time.Time{}
	return true
}

// endExchange notes when an exchange was answered, if with tokens. Others do no harm, and are forgotten.
func (a *Auth) endExchange(key string, isGranted bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if isGranted {
		a.exchanged[key] = time.Now()
	} else {
		delete(a.exchanged, key)
	}
}

// newTokens makes a pair of tokens, and what is stored of them.
func (a *Auth) newTokens(scope string) (Tokens, store.NewTokens) {
	t := Tokens{Access: newSecret(accessPrefix), Refresh: newSecret(refreshPrefix), Life: accessLife, Scope: scope}
	now := a.store.Now()
	return t, store.NewTokens{
		AccessHash:       hashSecret(t.Access),
		RefreshHash:      hashSecret(t.Refresh),
		Scope:            scope,
		AccessExpiresAt:  now.Add(accessLife),
		RefreshExpiresAt: now.Add(refreshLife),
	}
}

// Revoke ends what an application was allowed with a token of its own, access or refresh (RFC 7009). A token that is none has ended.
// It fails with an *OAuthError.
func (a *Auth) Revoke(ctx context.Context, clientID, secret, token string) error {
	client, err := a.authenticateClient(ctx, clientID, secret)
	if err != nil {
		return err
	}
	if token == "" {
		return errMissingParameter("token")
	}
	hash := hashSecret(token)
	err = a.store.RevokeToken(ctx, client.ID, hash)
	if !errors.Is(err, store.ErrMissing) {
		return err
	}
	if isOthers, err := a.store.IsOthersToken(ctx, client.ID, hash); err != nil || !isOthers {
		return err
	}
	return errOthersToken
}
