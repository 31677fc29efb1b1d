package auth

import (
	"context"
	"errors"
	"strings"

	"fittrackee/mail"
	"fittrackee/problem"
	"fittrackee/store"
)

// AccountChange is what a user wants to log in with from now on.
type AccountChange struct {
	Email       string  // the present one stays when it is given again
	Password    string  // the present one
	NewPassword *string // nil: stays
}

// ChangeAccount changes the caller's address, password or both. A new address is taken when the mail to it
// is answered, or at once when mail is off; a new password ends the user's other sessions.
func (a *Auth) ChangeAccount(ctx context.Context, caller store.Caller, in AccountChange, c Client) error {
	switch {
	case in.Email == "":
		return problem.New(problem.Invalid, "email is missing")
	case in.Password == "":
		return problem.New(problem.Invalid, "current password is missing")
	}
	u := caller.User
	if ok, _, err := checkPassword(ctx, u.PasswordHash, in.Password); err != nil {
		return err
	} else if !ok {
		return errBadCredentials
	}
	change := store.AccountChange{PasswordBefore: u.PasswordHash, KeepSession: caller.SessionID}
	faults := a.planEmail(&change, u, in.Email, c)
	if in.NewPassword != nil {
		faults += passwordFault(*in.NewPassword)
	}
	if faults != "" {
		return problem.New(problem.Invalid, faults)
	}
	if in.NewPassword != nil {
		if err := a.planPassword(ctx, &change, u, *in.NewPassword, c); err != nil {
			return err
		}
	}
	err := a.store.ChangeAccount(ctx, u.ID, change)
	switch {
	case errors.Is(err, store.ErrMissing):
		return errBadCredentials
	case errors.Is(err, store.ErrEmailTaken):
		return problem.New(problem.Invalid, "email: this address cannot be used\n") // whose it is, is theirs to tell
	case err != nil:
		return err
	}
	a.wakeOutbox()
	return nil
}

// planEmail adds a change of address to the change, and returns what is wrong with it.
func (a *Auth) planEmail(change *store.AccountChange, u store.User, text string, c Client) (fault string) {
	email, err := ParseEmail(text)
	if err != nil {
		return emailFault
	}
	if strings.EqualFold(string(email), u.Email) {
		return ""
	}
	if !a.options.MailOn {
		change.Email = string(email)
		return ""
	}
	change.EmailToConfirm = string(email)
	notice := a.newMail(mail.EmailChanged, u.Email, c)
	notice.NewEmail = string(email)
	change.Mails = append(change.Mails, notice, a.newMail(mail.EmailConfirm, string(email), c))
	return ""
}

func (a *Auth) planPassword(ctx context.Context, change *store.AccountChange, u store.User, password string, c Client) error {
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return err
	}
	change.PasswordHash = hash
	if a.options.MailOn {
		change.Mails = append(change.Mails, a.newMail(mail.PasswordChanged, u.Email, c))
	}
	return nil
}

// ConfirmEmail gives an account the address that a mailed token was sent to.
func (a *Auth) ConfirmEmail(ctx context.Context, token string) error {
	err := a.store.ConfirmEmail(ctx, hashToken(token))
	if errors.Is(err, store.ErrMissing) || errors.Is(err, store.ErrEmailTaken) {
		return problem.ErrInvalidPayload
	}
	return err
}

// ErrNoUser says that no account has a username.
var ErrNoUser = problem.New(problem.Missing, "user does not exist")

// UserUpdate is what an administrator changes of an account. Nil, false and empty fields change nothing.
type UserUpdate struct {
	IsAdmin  *bool
	Activate bool
	Password string
	Email    string
}

// UpdateUser applies an administrator's change to the account with a username. Who becomes an
// administrator is activated too.
func UpdateUser(ctx context.Context, s *store.Store, username string, up UserUpdate) error {
	change := store.UserUpdate{
		IsAdmin:  up.IsAdmin,
		Activate: up.Activate || (up.IsAdmin != nil && *up.IsAdmin),
	}
	if up.Email != "" {
		email, err := ParseEmail(up.Email)
		if err != nil {
			return problem.New(problem.Invalid, strings.TrimSpace(emailFault))
		}
		change.Email = string(email)
	}
	if up.Password != "" {
		hash, err := hashPassword(ctx, up.Password)
		if err != nil {
			return err
		}
		change.PasswordHash = hash
	}
	err := s.UpdateUser(ctx, username, change)
	switch {
	case errors.Is(err, store.ErrMissing):
		return ErrNoUser
	case errors.Is(err, store.ErrEmailTaken):
		return errEmailTaken
	}
	return err
}
