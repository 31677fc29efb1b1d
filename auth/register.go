package auth

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"unicode/utf8"

	"fittrackee/mail"
	"fittrackee/problem"
	"fittrackee/store"
)

var errNameTaken = problem.New(problem.Invalid, "sorry, that username is already taken")

// languages are those that FitTrackee's clients can show.
var languages = []string{"cs", "de", "en", "es", "eu", "fr", "gl", "it", "nb", "nl", "pl", "pt"}

// Language returns the language if it is a known one, else English.
func Language(code string) string {
	if slices.Contains(languages, code) {
		return code
	}
	return "en"
}

// Registration is what somebody who wants an account gives.
type Registration struct {
	Username, Email, Password, Language string
}

var usernameForm = regexp.MustCompile(`^[A-Za-z0-9_]*$`)

// usernameFault returns what is wrong with a username that is to be given, empty if nothing is.
func usernameFault(name string) string {
	fault := ""
	if n := utf8.RuneCountInString(name); n < 3 || n > 30 {
		fault = "username: 3 to 30 characters required\n"
	}
	if name == "" || !usernameForm.MatchString(name) {
		fault += "username: only alphanumeric characters and the underscore character \"_\" allowed\n"
	}
	return fault
}

// Check returns the problem that names all that is wrong with a registration by itself.
func (r Registration) Check() error {
	_, err := r.check()
	return err
}

// check returns the account that a registration asks for, its password aside, or all that is wrong with it.
func (r Registration) check() (store.NewUser, error) {
	faults := usernameFault(r.Username)
	email, err := ParseEmail(r.Email)
	if err != nil {
		faults += emailFault
	}
	faults += passwordFault(r.Password)
	if faults != "" {
		return store.NewUser{}, problem.New(problem.Invalid, faults)
	}
	return store.NewUser{
		Username: r.Username,
		Email:    string(email),
		Preferences: store.Preferences{
			Timezone:      "Europe/Paris", // FitTrackee's default
			Language:      Language(r.Language),
			DisplayAscent: true,
		},
	}, nil
}

// hashed returns what check does, with the password's hash.
func (r Registration) hashed(ctx context.Context) (store.NewUser, error) {
	u, err := r.check()
	if err != nil {
		return u, err
	}
	u.PasswordHash, err = hashPassword(ctx, r.Password)
	return u, err
}

// registrationFault says in our words why an account could not be made whose maker may know.
func registrationFault(err error) error {
	switch {
	case errors.Is(err, store.ErrNameTaken):
		return errNameTaken
	case errors.Is(err, store.ErrEmailTaken):
		return errEmailTaken
	}
	return err
}

// Register makes an account that is inactive until its address is confirmed by mail, or an administrator
// activates it. An address that has an account already is not disclosed: the answer is the same.
func (a *Auth) Register(ctx context.Context, r Registration, c Client) error {
	u, err := r.check()
	if err != nil {
		return err
	}
	if open, err := a.store.IsRegistrationOpen(ctx); err != nil {
		return err
	} else if !open {
		return errFull
	}
	if u.PasswordHash, err = hashPassword(ctx, r.Password); err != nil {
		return err
	}
	err = a.store.Register(ctx, u, a.mailIfOn(mail.Confirm, u.Email, c))
	switch {
	case errors.Is(err, store.ErrFull):
		return errFull
	case errors.Is(err, store.ErrNameTaken):
		return errNameTaken
	case err != nil:
		return err
	}
	a.wakeOutbox()
	return nil
}

var errFull = problem.New(problem.Forbidden, "error, registration is disabled")

// AddUser makes an active account that an administrator asked for.
func AddUser(ctx context.Context, s *store.Store, r Registration, isAdmin bool) error {
	u, err := r.hashed(ctx)
	if err != nil {
		return err
	}
	u.IsAdmin, u.IsActive = isAdmin, true
	return registrationFault(s.AddUser(ctx, u))
}

var errEmailTaken = problem.New(problem.Invalid, "sorry, that email is already taken")

// ResendConfirmation queues another mail to confirm an account. Whether one waits for it is not disclosed.
func (a *Auth) ResendConfirmation(ctx context.Context, email string, c Client) error {
	return a.requestMail(ctx, mail.Confirm, email, c)
}

// ConfirmAccount activates the account that a mailed token is for, opens a session and returns its token.
func (a *Auth) ConfirmAccount(ctx context.Context, token string, c Client) (sessionToken string, err error) {
	v := a.newSession(c)
	userID, err := a.store.ConfirmAccount(ctx, hashSecret(token), v)
	if errors.Is(err, store.ErrMissing) {
		return "", problem.ErrInvalidPayload
	}
	if err != nil {
		return "", err
	}
	v.UserID = userID
	return a.sign(v)
}
