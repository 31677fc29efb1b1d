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
	change.Mails = append(change.Mails, a.emailMails(u, email, c)...)
	return ""
}

// emailMails returns the mails that a change of address begins with: a notice to the old one, and a question to the new one.
func (a *Auth) emailMails(u store.User, email Email, c Client) []store.NewMail {
	notice := a.newMail(mail.EmailChanged, u.Email, c)
	notice.NewEmail = string(email)
	return []store.NewMail{notice, a.newMail(mail.EmailConfirm, string(email), c)}
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
	err := a.store.ConfirmEmail(ctx, hashSecret(token))
	if errors.Is(err, store.ErrMissing) || errors.Is(err, store.ErrEmailTaken) {
		return problem.ErrInvalidPayload
	}
	return err
}
