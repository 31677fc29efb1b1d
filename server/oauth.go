package server

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"fittrackee/auth"
	"fittrackee/problem"
)

// oauthRefusal says why something is refused, in OAuth's words.
type oauthRefusal struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// refusedRequest is a request for a code that is refused in OAuth's words.
type refusedRequest struct {
	doubleRefusal
	RedirectURL string `json:"redirect_url,omitempty"` // where the application is told so
}

// authorize gives an application of the caller's a code, and tells the address to take it to. POST /api/oauth/authorize
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	redirectURL, err := s.auth.Authorize(r.Context(), callerOf(r), auth.CodeRequest{
		ClientID:            form.Get("client_id"),
		ResponseType:        form.Get("response_type"),
		RedirectURI:         form.Get("redirect_uri"),
		Scope:               form.Get("scope"),
		State:               form.Get("state"),
		CodeChallenge:       form.Get("code_challenge"),
		CodeChallengeMethod: form.Get("code_challenge_method"),
		IsAllowed:           form.Get("confirm") == "true",
	})
	var refused *auth.OAuthError
	if errors.As(err, &refused) {
		shape := refusedRequest{doubleRefusal: doubleRefusal{
			answer{Status: "error", Message: refused.Description}, oauthRefusal{refused.Code, refused.Description},
		}}
		shape.RedirectURL = refused.RedirectURL
		return send(w, http.StatusBadRequest, shape)
	}
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, struct {
		RedirectURL string `json:"redirect_url"`
	}{redirectURL})
}

// tokensShape is what an application gets (RFC 6749, 5.1).
type tokensShape struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope"`
	TokenType    string `json:"token_type"`
}

// token gives an application tokens for a code or a refresh token. POST /api/oauth/token
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	form, client, err := readClientForm(w, r)
	if err != nil {
		return sendOAuthError(w, client, err)
	}
	t, err := s.auth.Exchange(r.Context(), client.id, client.secret, auth.TokenRequest{
		GrantType:    form.Get("grant_type"),
		Code:         form.Get("code"),
		RedirectURI:  form.Get("redirect_uri"),
		CodeVerifier: form.Get("code_verifier"),
		RefreshToken: form.Get("refresh_token"),
		Scope:        form.Get("scope"),
		ReceivedAt:   visitorOf(r).receivedAt,
	})
	if err != nil {
		return sendOAuthError(w, client, err)
	}
	return send(w, http.StatusOK, tokensShape{
		AccessToken:  t.Access,
		ExpiresIn:    int64(t.Life.Seconds()),
		RefreshToken: t.Refresh,
		Scope:        t.Scope,
		TokenType:    "Bearer",
	})
}

// revokeToken ends what an application was allowed. POST /api/oauth/revoke
func (s *Server) revokeToken(w http.ResponseWriter, r *http.Request) error {
	form, client, err := readClientForm(w, r)
	if err == nil {
		err = s.auth.Revoke(r.Context(), client.id, client.secret, form.Get("token"))
	}
	if err != nil {
		return sendOAuthError(w, client, err)
	}
	return send(w, http.StatusOK, struct{}{})
}

// sendOAuthError answers an application in OAuth's words (RFC 6749, 5.2). What is no refusal is returned.
func sendOAuthError(w http.ResponseWriter, client clientCredentials, err error) error {
	var refused *auth.OAuthError
	if !errors.As(err, &refused) {
		return err
	}
	status := http.StatusBadRequest
	if client.inHeader && refused.Code == "invalid_client" {
		status = http.StatusUnauthorized
		w.Header().Set("WWW-Authenticate", `Basic realm="fittrackee", charset="UTF-8"`)
	}
	return send(w, status, oauthRefusal{refused.Code, refused.Description})
}

// clientCredentials are what an application shows for itself.
type clientCredentials struct {
	id, secret string
	inHeader   bool // they came in the header, not in the form (RFC 6749, 2.3.1)
}

// readClientForm reads a form of an application's, and who it is.
func readClientForm(w http.ResponseWriter, r *http.Request) (form url.Values, c clientCredentials, err error) {
	form, err = readForm(w, r)
	if problem.Is(err, problem.Invalid) {
		return nil, c, &auth.OAuthError{Code: "invalid_request", Description: "a form is required, in which no parameter comes twice"}
	}
	if err != nil {
		return nil, c, err
	}
	c = clientCredentials{id: form.Get("client_id"), secret: form.Get("client_secret")}
	id, secret, inHeader := r.BasicAuth()
	if !inHeader {
		return form, c, nil
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	isTwice := c.secret != "" || c.id != "" && c.id != id
	c = clientCredentials{id, secret, true}
	if idErr != nil || secretErr != nil || isTwice {
		return nil, c, &auth.OAuthError{Code: "invalid_request", Description: "one way to name the client is required"}
	}
	return form, c, nil
}

// readForm reads a form without files, from an application or a page. It returns problem.ErrInvalidPayload for anything else, and when a
// parameter comes twice: then nobody can tell which one counts.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := readBounded(w, r)
	if err != nil {
		return nil, err
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, problem.ErrInvalidPayload.With(err)
	}
	var form url.Values
	switch media {
	case "application/x-www-form-urlencoded":
		form, err = url.ParseQuery(string(body))
	case "multipart/form-data":
		form, err = parseMultipart(body, params["boundary"])
	default:
		return nil, problem.ErrInvalidPayload
	}
	if err != nil {
		return nil, problem.ErrInvalidPayload.With(err)
	}
	for _, values := range form {
		if len(values) > 1 {
			return nil, problem.ErrInvalidPayload
		}
	}
	return form, nil
}

// parseMultipart reads a multipart form that is in memory. The library takes one that is cut off in the header of a part for whole.
func parseMultipart(body []byte, boundary string) (url.Values, error) {
	if !bytes.Contains(body, []byte("--"+boundary+"--")) {
		return nil, io.ErrUnexpectedEOF
	}
	form, err := multipart.NewReader(bytes.NewReader(body), boundary).ReadForm(int64(len(body)))
	if err != nil {
		return nil, err
	}
	return form.Value, form.RemoveAll()
}
