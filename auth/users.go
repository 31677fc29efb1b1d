package auth

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"

	"fittrackee/mail"
	"fittrackee/problem"
	"fittrackee/store"
)

// ErrNoUser says that no account has a username.
var ErrNoUser = problem.New(problem.Missing, "user does not exist")

// UserUpdate is what is changed of an account on the command line. Nil, false and empty fields change nothing.
type UserUpdate struct {
	IsAdmin  *bool
	Activate bool
	Password string
	Email    string // taken at once
}

// UpdateUser applies a change to the account with a username. Who becomes an administrator is activated too. The last administrator may
// go, for whoever has the command line can make another one.
func UpdateUser(ctx context.Context, s *store.Store, username string, up UserUpdate) error {
	change := store.UserUpdate{IsAdmin: up.IsAdmin, LeaveNoAdmin: true}
	if up.Activate {
		change.IsActive = &up.Activate
	}
	activateAdmin(&change)
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
	u, err := s.UserByName(ctx, username)
	if err == nil {
		err = s.UpdateUser(ctx, u.ID, change)
	}
	return updateFault(err)
}

// activateAdmin lets who becomes an administrator log in.
func activateAdmin(change *store.UserUpdate) {
	if change.IsAdmin != nil && *change.IsAdmin {
		change.IsActive = change.IsAdmin
	}
}

// updateFault says in our words why an account could not be changed.
func updateFault(err error) error {
	switch {
	case errors.Is(err, store.ErrMissing):
		return ErrNoUser
	case errors.Is(err, store.ErrEmailTaken):
		return errEmailTaken
	case errors.Is(err, store.ErrLastAdmin):
		return problem.New(problem.Forbidden, "no other user has admin rights")
	case errors.Is(err, store.ErrNoAdmin):
		return problem.New(problem.Forbidden, "you do not have permissions")
	}
	return err
}

// UserEdit is what an administrator changes of an account over the API. Nil, false and empty fields change nothing.
type UserEdit struct {
	IsAdmin       *bool
	IsActive      *bool
	ResetPassword bool
	Email         *string
}

// EditUser applies an administrator's change to an account. A reset gives it a password that nobody knows, ends all that opens it, and
// mails a token with which a new one can be chosen. A new address is taken when the mail to it is answered, or at once
// when mail is off or the account is not active. The last administrator stays one.
func (a *Auth) EditUser(ctx context.Context, by store.Caller, u store.User, edit UserEdit, c Client) error {
	if edit.IsAdmin != nil && *edit.IsAdmin && edit.IsActive != nil && !*edit.IsActive {
		return problem.ErrInvalidPayload // an administrator who may not log in
	}
	change := store.UserUpdate{IsAdmin: edit.IsAdmin, IsActive: edit.IsActive, By: &by}
	activateAdmin(&change)
	if edit.Email != nil {
		if err := a.planNewEmail(&change, u, *edit.Email, c); err != nil {
			return err
		}
	}
	if edit.ResetPassword {
		if err := a.planReset(ctx, &change, u, c); err != nil {
			return err
		}
	}
	if err := a.store.UpdateUser(ctx, u.ID, change); err != nil {
		return updateFault(err)
	}
	a.wakeOutbox()
	return nil
}

// isActiveAfter tells whether an account can be used after a change.
func isActiveAfter(change store.UserUpdate, u store.User) bool {
	if change.IsActive != nil {
		return *change.IsActive
	}
	return u.IsActive
}

// planReset adds to a change what a reset of the password takes.
func (a *Auth) planReset(ctx context.Context, change *store.UserUpdate, u store.User, c Client) error {
	if !a.options.MailOn {
		return problem.New(problem.Invalid, "mail is off, so the password can only be reset on the command line")
	}
	if !isActiveAfter(*change, u) {
		return problem.New(problem.Invalid, "the account is not active, so no mail can reset its password")
	}
	email := cmp.Or(change.Email, u.Email) // a reset that goes to an address before is not good any more
	hash, err := hashPassword(ctx, MakePassword())
	if err != nil {
		return err
	}
	change.PasswordHash = hash
	change.Mails = append(change.Mails, a.newMail(mail.PasswordChanged, email, c), a.newMail(mail.Reset, email, c))
	return nil
}

// planNewEmail adds to a change what a new address takes.
func (a *Auth) planNewEmail(change *store.UserUpdate, u store.User, text string, c Client) error {
	email, err := ParseEmail(text)
	switch {
	case err != nil:
		return problem.New(problem.Invalid, "valid email must be provided")
	case strings.EqualFold(string(email), u.Email):
		return problem.New(problem.Invalid, "new email must be different than curent email") // FitTrackee's spelling
	case !a.options.MailOn:
		change.Email = string(email)
	case u.IsActive && isActiveAfter(*change, u):
		change.EmailToConfirm = string(email)
		change.Mails = append(change.Mails, a.emailMails(u, email, c)...)
	default: // such an account cannot answer the mail to it, but a new confirmation can
		change.Email = string(email)
		if !u.IsConfirmed && change.IsActive == nil {
			change.Mails = append(change.Mails, a.newMail(mail.Confirm, string(email), c))
		}
	}
	return nil
}

// DeleteUser removes an account with everything that belongs to it. The last administrator stays.
func (a *Auth) DeleteUser(ctx context.Context, userID int64) error {
	files, err := a.store.DeleteUser(ctx, userID)
	switch {
	case errors.Is(err, store.ErrMissing):
		return ErrNoUser
	case errors.Is(err, store.ErrLastAdmin):
		return problem.New(problem.Forbidden, "you can not delete your account, no other user has admin rights")
	case err != nil:
		return err
	}
	for _, name := range files.Pictures {
		err = errors.Join(err, a.files.RemovePicture(name))
	}
	err = errors.Join(err, a.files.RemoveTracks(files.Tracks), a.files.RemoveMaps(files.Maps))
	if err != nil {
		slog.Warn("remove the files of a deleted account; they will be swept later", "error", err)
	}
	return nil
}
