package server

import (
	"encoding/json"
	"net/http"
	"strings"

	"fittrackee/auth"
	"fittrackee/problem"
	"fittrackee/store"
)

// register makes an account and mails its confirmation. POST /api/auth/register
func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Username *string         `json:"username"`
		Email    *string         `json:"email"`
		Password *string         `json:"password"`
		Lang     json.RawMessage `json:"lang"`     // as documented
		Language json.RawMessage `json:"language"` // as clients send it
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Username == nil || in.Email == nil || in.Password == nil {
		return problem.ErrInvalidPayload
	}
	language := in.Lang
	if language == nil {
		language = in.Language
	}
	err := s.auth.Register(r.Context(), auth.Registration{
		Username: *in.Username, Email: *in.Email, Password: *in.Password,
		Language: textOrNothing(language),
	}, clientOf(r))
	if err != nil {
		return err
	}
	return send(w, http.StatusOK, answer{Status: "success"})
}

// textOrNothing returns a JSON string, and nothing for any other value: where anything may stand.
func textOrNothing(b json.RawMessage) (text string) {
	if json.Unmarshal(b, &text) != nil {
		return ""
	}
	return text
}

// tokenIn is a body that holds a mailed token.
type tokenIn struct {
	Token string `json:"token"`
}

// authToken is the answer to a login or a confirmation: the envelope and a session token.
type authToken struct {
	answer
	AuthToken string `json:"auth_token"`
}

func sendToken(w http.ResponseWriter, token, message string) error {
	return send(w, http.StatusOK, authToken{answer{Status: "success", Message: message}, token})
}

// confirmAccount activates an account with a mailed token. POST /api/auth/account/confirm
func (s *Server) confirmAccount(w http.ResponseWriter, r *http.Request) error {
	var in tokenIn
	if err := decode(w, r, &in); err != nil {
		return err
	}
	token, err := s.auth.ConfirmAccount(r.Context(), in.Token, clientOf(r))
	if err != nil {
		return err
	}
	return sendToken(w, token, "account confirmation successful")
}

// resendConfirmation mails another confirmation. POST /api/auth/account/resend-confirmation
func (s *Server) resendConfirmation(w http.ResponseWriter, r *http.Request) error {
	email, err := s.admitMailRequest(w, r)
	if err != nil {
		return err
	}
	if err := s.auth.ResendConfirmation(r.Context(), email, clientOf(r)); err != nil {
		return err
	}
	return sendMessage(w, "confirmation email resent")
}

// requestReset mails a token with which a password can be reset. POST /api/auth/password/reset-request
func (s *Server) requestReset(w http.ResponseWriter, r *http.Request) error {
	email, err := s.admitMailRequest(w, r)
	if err != nil {
		return err
	}
	if err := s.auth.RequestReset(r.Context(), email, clientOf(r)); err != nil {
		return err
	}
	return sendMessage(w, "password reset request processed")
}

// admitMailRequest reads the address that a mail is asked for and counts the request. It fails for callers who
// ask too often.
func (s *Server) admitMailRequest(w http.ResponseWriter, r *http.Request) (email string, err error) {
	var in struct {
		Email *string `json:"email"`
	}
	if err := decode(w, r, &in); err != nil {
		return "", err
	}
	if in.Email == nil {
		return "", problem.ErrInvalidPayload
	}
	_, err = s.limits.mail(*in.Email)
	return *in.Email, err
}

// login opens a session. POST /api/auth/login
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Email    *string `json:"email"`
		Password *string `json:"password"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Email == nil && in.Password == nil {
		return problem.ErrInvalidPayload
	}
	var email, password string
	if in.Email != nil {
		email = *in.Email
	}
	if in.Password != nil {
		password = *in.Password
	}
	client := clientOf(r)
	isKnown, err := s.auth.IsKnownPlace(r.Context(), email, client)
	if err != nil {
		return err
	}
	succeeded, err := s.limits.login(client.Addr, email, isKnown)
	if err != nil {
		return err
	}
	token, err := s.auth.Login(r.Context(), email, password, client)
	if err != nil {
		return err
	}
	succeeded()
	return sendToken(w, token, "successfully logged in")
}

// logout ends the caller's session. POST /api/auth/logout
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.Logout(r.Context(), callerOf(r)); err != nil {
		return err
	}
	return sendMessage(w, "successfully logged out")
}

// resetPassword sets a new password with a mailed token. POST /api/auth/password/update
func (s *Server) resetPassword(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token    *string `json:"token"`
		Password *string `json:"password"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Token == nil || in.Password == nil {
		return problem.ErrInvalidPayload
	}
	if err := s.auth.ResetPassword(r.Context(), *in.Token, *in.Password, clientOf(r)); err != nil {
		return err
	}
	return sendMessage(w, "password updated")
}

// confirmEmail takes a new address with the token that was mailed to it. POST /api/auth/email/update
func (s *Server) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	var in tokenIn
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if err := s.auth.ConfirmEmail(r.Context(), in.Token); err != nil {
		return err
	}
	return sendMessage(w, "email updated")
}

// changeAccount changes address, password or both. PATCH /api/auth/profile/edit/account
func (s *Server) changeAccount(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Email       string        `json:"email"`
		Password    string        `json:"password"`
		NewPassword field[string] `json:"new_password"`
	}
	if err := decode(w, r, &in); err != nil {
		return err
	}
	if in.Email == "" && in.Password == "" && !in.NewPassword.isSet {
		return problem.ErrInvalidPayload
	}
	caller := callerOf(r)
	err := s.limitChange(caller, in.Email, func() error {
		return s.auth.ChangeAccount(r.Context(), caller, auth.AccountChange{
			Email: in.Email, Password: in.Password, NewPassword: in.NewPassword.pointer(),
		}, clientOf(r))
	})
	if err != nil {
		return err
	}
	return s.sendProfile(w, r, "user account updated")
}

// limitChange makes a change of an account, which tries the present password, and mails to a new address. It fails
// for callers who do either too often.
func (s *Server) limitChange(c store.Caller, email string, change func() error) error {
	succeeded, err := s.limits.password(c)
	if err != nil {
		return err
	}
	undoMail := func() {}
	if s.auth.MailOn() && email != "" && !strings.EqualFold(strings.TrimSpace(email), c.User.Email) {
		if undoMail, err = s.limits.mail(email); err != nil {
			succeeded() // the password is not tried
			return err
		}
	}
	err = change()
	if err != nil {
		undoMail() // none goes out
	}
	if !problem.Is(err, problem.BadCredentials) {
		succeeded()
	}
	return err
}
