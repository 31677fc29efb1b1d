package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// User is an account.
type User struct {
	ID             int64
	Username       string
	Email          string
	EmailToConfirm string // empty: no change of address is waiting
	PasswordHash   string // PHC string
	IsAdmin        bool
	IsActive       bool
	IsConfirmed    bool // has been active once, or was shut out; a new confirmation mail is not for these
	CreatedAt      time.Time
	Profile
	Preferences
	Picture string // name among the kept files; empty: none
}

// Profile is what users tell about themselves; nil and empty mean untold.
type Profile struct {
	FirstName, LastName, Location, Bio *string
	BirthDate                          string // YYYY-MM-DD
}

// Preferences are a user's choices for what is shown, and how.
type Preferences struct {
	Timezone      string // IANA name
	Language      string // ISO 639-1 code
	WeekMonday    bool
	DisplayAscent bool
	ImperialUnits bool
}

// NewUser is an account to be made.
type NewUser struct {
	Username, Email, PasswordHash string
	Preferences
	IsAdmin, IsActive bool
}

const userColumns = `
	u.id, u.username, u.email, coalesce(u.email_to_confirm, ''), u.password,
	u.is_admin, u.is_active, u.confirmed_at is not null, u.created_at,
	u.first_name, u.last_name, u.location, u.bio, coalesce(u.birth_date, ''),
	u.timezone, u.language, u.weekm, u.display_ascent, u.imperial_units, coalesce(u.picture, '')`

// userFields returns where userColumns are read into.
func userFields(u *User) []any {
	return []any{
		&u.ID, &u.Username, &u.Email, &u.EmailToConfirm, &u.PasswordHash,
		&u.IsAdmin, &u.IsActive, &u.IsConfirmed,
		unixTime{&u.CreatedAt},
		&u.FirstName, &u.LastName, &u.Location, &u.Bio, &u.BirthDate,
		&u.Timezone, &u.Language, &u.WeekMonday, &u.DisplayAscent, &u.ImperialUnits, &u.Picture,
	}
}

func scanUser(r row) (User, error) {
	var u User
	err := r.Scan(userFields(&u)...)
	return u, err
}

// UserByEmail returns the account with an address, in whatever case, or ErrMissing.
func (s *Store) UserByEmail(ctx context.Context, email string) (User, error) {
	return queryOne(ctx, s.r, scanUser, `select `+userColumns+` from users u where lower(u.email) = lower($1)`, email)
}

// UserByName returns the account with a username, in whatever case, or ErrMissing.
func (s *Store) UserByName(ctx context.Context, username string) (User, error) {
	return userByName(ctx, s.r, username)
}

func userByName(ctx context.Context, q querier, username string) (User, error) {
	return queryOne(ctx, q, scanUser, `select `+userColumns+` from users u where lower(u.username) = lower($1)`, username)
}

func userByID(ctx context.Context, q querier, id int64) (User, error) {
	return queryOne(ctx, q, scanUser, `select `+userColumns+` from users u where u.id = $1`, id)
}

// UserOrder is what a list of accounts is ordered by. Of equal ones, the older comes first.
type UserOrder int

const (
	ByCreation UserOrder = iota
	ByUsername
	ByAdmin
	ByActive
	ByWorkouts
)

// userOrders are the SQL of a user's place in each order.
var userOrders = map[UserOrder]string{
	ByCreation: `u.created_at`,
	ByUsername: `lower(u.username)`,
	ByAdmin:    `u.is_admin`,
	ByActive:   `u.is_active`,
	ByWorkouts: `(select coalesce(sum(workouts), 0) from totals t where t.user_id = u.id and t.month = 0)`,
}

// UserPage is a part of a list of accounts.
type UserPage struct {
	NameHas       string // a part of the username, in whatever case; empty: any
	Order         UserOrder
	Descending    bool
	Limit, Offset int
}

// nameHas is the condition that a username has the part in it that likePart made $1 of.
const nameHas = `($1 = '' or lower(u.username) like $1 escape '\')`

// UserPage returns a part of the accounts, and how many there are in all parts.
func (s *Store) UserPage(ctx context.Context, p UserPage) (users []User, total int64, err error) {
	direction := ` asc`
	if p.Descending {
		direction = ` desc`
	}
	total, err = queryOne(ctx, s.r, scanInt, `select count(*) from users u where `+nameHas, likePart(p.NameHas))
	if err != nil {
		return nil, 0, err
	}
	users, err = query(ctx, s.r, scanUser, `
		select `+userColumns+` from users u
		where `+nameHas+`
		order by `+userOrders[p.Order]+direction+`, u.id
		limit $2 offset $3`, likePart(p.NameHas), p.Limit, p.Offset)
	return users, total, err
}

// UserByID returns the account with an id, or ErrMissing.
func (s *Store) UserByID(ctx context.Context, id int64) (User, error) { return userByID(ctx, s.r, id) }

// Users returns all accounts, the oldest first.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	return query(ctx, s.r, scanUser, `select `+userColumns+` from users u order by u.id`)
}

// HeldNames returns the usernames that were asked for with an address which already had an account.
func (s *Store) HeldNames(ctx context.Context) ([]string, error) {
	return query(ctx, s.r, scanString, `select username from held_names order by username`)
}

// IsNameHeld tells whether HeldNames has the username, in whatever case.
func (s *Store) IsNameHeld(ctx context.Context, username string) (bool, error) {
	return isNameHeld(ctx, s.r, username)
}

func isNameHeld(ctx context.Context, q querier, username string) (bool, error) {
	_, err := queryOne(ctx, q, scanInt, `select 1 from held_names where username = lower($1)`, username)
	return found(err)
}

// found turns ErrMissing into false, and no error into true.
func found(err error) (bool, error) {
	if errors.Is(err, ErrMissing) {
		return false, nil
	}
	return err == nil, err
}

// Register makes an account that waits for its confirmation, and queues confirmation when mail is
// on (nil otherwise). It returns ErrFull or ErrNameTaken. An address that already has an account is
// not told from any other: its registration holds the username, and makes no account.
func (s *Store) Register(ctx context.Context, u NewUser, confirmation *NewMail) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if open, err := s.isRegistrationOpen(ctx, tx); err != nil {
			return err
		} else if !open {
			return ErrFull
		}
		if held, err := isNameHeld(ctx, tx, u.Username); err != nil {
			return err
		} else if held {
			return ErrNameTaken
		}
		err := s.addUser(ctx, tx, u)
		if errors.Is(err, ErrEmailTaken) {
			return s.holdName(ctx, tx, u.Username, confirmation)
		}
		if err != nil || confirmation == nil {
			return err
		}
		return s.queueMail(ctx, tx, *confirmation)
	})
}

// holdName takes the place of addUser for a known address: it costs as much time and reveals as little.
func (s *Store) holdName(ctx context.Context, tx *sql.Tx, username string, confirmation *NewMail) error {
	_, err := tx.ExecContext(ctx, `
		insert into held_names (username, created_at) values (lower($1), $2)`, username, s.now())
	if err != nil || confirmation == nil {
		return err
	}
	decoy := *confirmation
	decoy.Kind = decoyMail
	return s.queueMail(ctx, tx, decoy)
}

// ReleaseName lets a held name be registered again. It returns ErrMissing when the name is not held.
func (s *Store) ReleaseName(ctx context.Context, username string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `delete from held_names where username = lower($1)`, username))
	})
}

// AddUser makes an account that an administrator asked for. It returns ErrNameTaken or ErrEmailTaken.
func (s *Store) AddUser(ctx context.Context, u NewUser) error {
	return s.change(ctx, func(tx *sql.Tx) error { return s.addWantedUser(ctx, tx, u) })
}

// addWantedUser makes an account for whoever runs the instance, whose word counts more than a registration that came to nothing.
func (s *Store) addWantedUser(ctx context.Context, tx *sql.Tx, u NewUser) error {
	if _, err := tx.ExecContext(ctx, `delete from held_names where username = lower($1)`, u.Username); err != nil {
		return err
	}
	return s.addUser(ctx, tx, u)
}

// HasAdmin tells whether an account has admin rights, active or not.
func (s *Store) HasAdmin(ctx context.Context) (bool, error) { return hasAdmin(ctx, s.r) }

func hasAdmin(ctx context.Context, q querier) (bool, error) {
	_, err := queryOne(ctx, q, scanInt, `select 1 from users where is_admin = 1 limit 1`)
	return found(err)
}

// AddFirstAdmin makes the account u and opens the session v of it, from place. It returns the account's id, or ErrHasAdmin,
// ErrNameTaken or ErrEmailTaken.
func (s *Store) AddFirstAdmin(ctx context.Context, u NewUser, v NewSession, place string) (id int64, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if has, err := hasAdmin(ctx, tx); err != nil {
			return err
		} else if has {
			return ErrHasAdmin
		}
		if err := s.addWantedUser(ctx, tx, u); err != nil {
			return err
		}
		made, err := userByName(ctx, tx, u.Username)
		if err != nil {
			return err
		}
		id, v.UserID = made.ID, made.ID
		return s.addSessionFrom(ctx, tx, v, place)
	})
	return id, err
}

// addUser returns ErrNameTaken before ErrEmailTaken: a username is public, an address is not.
func (s *Store) addUser(ctx context.Context, tx *sql.Tx, u NewUser) error {
	if _, err := userByName(ctx, tx, u.Username); !errors.Is(err, ErrMissing) {
		if err == nil {
			return ErrNameTaken
		}
		return err
	}
	var confirmedAt any
	if u.IsActive {
		confirmedAt = s.now()
	}
	_, err := tx.ExecContext(ctx, `
		insert into users (
		  username, email, password, is_admin, is_active, confirmed_at, created_at,
		  timezone, language, weekm, display_ascent, imperial_units)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		u.Username, u.Email, u.PasswordHash, u.IsAdmin, u.IsActive, confirmedAt, s.now(),
		u.Timezone, u.Language, u.WeekMonday, u.DisplayAscent, u.ImperialUnits)
	return emailConflict(err)
}

func isEmailTaken(ctx context.Context, q querier, email string) (bool, error) {
	_, err := queryOne(ctx, q, scanInt, `select 1 from users where lower(email) = lower($1)`, email)
	return found(err)
}

func emailConflict(err error) error {
	if isConflict(err, "users_email") {
		return ErrEmailTaken
	}
	return err
}

// EditProfile replaces a user's profile.
func (s *Store) EditProfile(ctx context.Context, userID int64, p Profile) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `
			update users set first_name = $1, last_name = $2, location = $3, bio = $4, birth_date = nullif($5, '')
			where id = $6`,
			p.FirstName, p.LastName, p.Location, p.Bio, p.BirthDate, userID))
	})
}

// EditPreferences replaces a user's preferences.
func (s *Store) EditPreferences(ctx context.Context, userID int64, p Preferences) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		return mustChange(tx.ExecContext(ctx, `
			update users set timezone = $1, language = $2, weekm = $3, display_ascent = $4, imperial_units = $5
			where id = $6`,
			p.Timezone, p.Language, p.WeekMonday, p.DisplayAscent, p.ImperialUnits, userID))
	})
}

// SetPicture names a user's new picture, empty for none, and returns the name of the one before.
func (s *Store) SetPicture(ctx context.Context, userID int64, name string) (before string, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		before, err = queryOne(ctx, tx, scanString, `select coalesce(picture, '') from users where id = $1`, userID)
		if err != nil {
			return err
		}
		return mustChange(tx.ExecContext(ctx, `update users set picture = nullif($1, '') where id = $2`, name, userID))
	})
	return before, err
}

// ReplaceHash stores the same password's new hash, unless the password was changed meanwhile.
func (s *Store) ReplaceHash(ctx context.Context, userID int64, before, after string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `
			update users set password = $1 where id = $2 and password = $3`, after, userID, before)
		return err
	})
}

// AccountChange is a change of what a user logs in with. Empty fields stay as they are.
type AccountChange struct {
	PasswordBefore string // the hash that the present password was checked against
	PasswordHash   string
	EmailToConfirm string // the address to be asked for its confirmation
	Email          string // the address to take at once
	Mails          []NewMail
	// KeepSession is the session that goes on after a change of password.
	KeepSession int64
}

// ChangeAccount applies c. A new password ends the user's other sessions, what applications were allowed and personal tokens, and any
// reset and change of address under way. It returns ErrMissing when the password has been changed meanwhile, and ErrEmailTaken when the
// address to take at once is another account's.
func (s *Store) ChangeAccount(ctx context.Context, userID int64, c AccountChange) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if err := hasPassword(ctx, tx, userID, c.PasswordBefore); err != nil {
			return err
		}
		if c.PasswordHash != "" {
			if err := setPassword(ctx, tx, userID, c.PasswordHash, c.KeepSession); err != nil {
				return err
			}
		}
		if c.EmailToConfirm != "" {
			err := mustChange(tx.ExecContext(ctx, `
				update users set email_to_confirm = $1 where id = $2`, c.EmailToConfirm, userID))
			if err != nil {
				return err
			}
		}
		if c.Email != "" {
			if err := setEmail(ctx, tx, userID, c.Email); err != nil {
				return err
			}
		}
		for _, m := range c.Mails {
			m.UserID = userID
			if err := s.queueMail(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// hasPassword returns ErrMissing unless the account is active and its password has the hash. A caller that
// checked the password before the transaction uses this to make sure that it has not changed since.
func hasPassword(ctx context.Context, tx *sql.Tx, userID int64, hash string) error {
	_, err := queryOne(ctx, tx, scanInt, `
		select 1 from users where id = $1 and is_active = 1 and password = $2`, userID, hash)
	return err
}

func setPassword(ctx context.Context, tx *sql.Tx, userID int64, hash string, keepSession int64) error {
	// Whoever had the old password may have asked for a change of address, or for a reset.
	err := mustChange(tx.ExecContext(ctx, `
		update users set password = $1, email_to_confirm = null where id = $2`, hash, userID))
	if err != nil {
		return err
	}
	if err := dropTokens(ctx, tx, userID, PurposeReset, PurposeEmailConfirm); err != nil {
		return err
	}
	return endAccess(ctx, tx, userID, keepSession)
}

func setEmail(ctx context.Context, tx *sql.Tx, userID int64, email string) error {
	// What was mailed to the old address is not to open the account any more.
	if err := dropTokens(ctx, tx, userID, PurposeConfirm, PurposeReset, PurposeEmailConfirm); err != nil {
		return err
	}
	return emailConflict(mustChange(tx.ExecContext(ctx, `
		update users set email = $1, email_to_confirm = null where id = $2`, email, userID)))
}

// UserUpdate is what an administrator changes of an account. Nil and empty fields stay as they are.
type UserUpdate struct {
	IsAdmin        *bool
	IsActive       *bool
	PasswordHash   string
	Email          string // the address to take at once
	EmailToConfirm string // the address to be asked for its confirmation
	Mails          []NewMail
	// LeaveNoAdmin allows that no account is left which can administrate.
	LeaveNoAdmin bool
	// By is the administrator who asks for it; nil: whoever has the command line.
	By *Caller
}

// UpdateUser applies an administrator's change: all of it, or nothing. It returns ErrMissing, ErrEmailTaken, ErrLastAdmin when no
// account would be left that can administrate, or ErrNoAdmin when who asks for it is no administrator any more.
func (s *Store) UpdateUser(ctx context.Context, userID int64, up UserUpdate) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		if up.By != nil {
			if err := mustAdministrate(ctx, tx, *up.By); err != nil {
				return err
			}
		}
		u, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if err := s.updateRights(ctx, tx, u, up); err != nil {
			return err
		}
		if up.PasswordHash != "" {
			if err := setPassword(ctx, tx, u.ID, up.PasswordHash, 0); err != nil {
				return err
			}
		}
		if err := updateEmail(ctx, tx, u, up); err != nil {
			return err
		}
		for _, m := range up.Mails {
			m.UserID = u.ID
			if err := s.queueMail(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// updateRights changes what an account may do.
func (s *Store) updateRights(ctx context.Context, tx *sql.Tx, u User, up UserUpdate) error {
	if up.IsAdmin != nil {
		if _, err := tx.ExecContext(ctx, `update users set is_admin = $1 where id = $2`, *up.IsAdmin, u.ID); err != nil {
			return fmt.Errorf("set admin rights: %w", err)
		}
	}
	var err error
	switch {
	case up.IsActive == nil:
	case *up.IsActive:
		err = s.activate(ctx, tx, u)
	default:
		err = s.deactivate(ctx, tx, u.ID)
	}
	if err != nil {
		return err
	}
	if !u.IsAdmin || !u.IsActive || up.LeaveNoAdmin {
		return nil // none that could be the last one, or it may go
	}
	return leavesAdmin(ctx, tx)
}

// leavesAdmin returns ErrLastAdmin when no account can administrate.
func leavesAdmin(ctx context.Context, tx *sql.Tx) error {
	_, err := queryOne(ctx, tx, scanInt, `select 1 from users where is_admin = 1 and is_active = 1 limit 1`)
	if errors.Is(err, ErrMissing) {
		return ErrLastAdmin
	}
	return err
}

func updateEmail(ctx context.Context, tx *sql.Tx, u User, up UserUpdate) error {
	switch {
	case up.EmailToConfirm != "":
		if isTaken, err := isEmailTaken(ctx, tx, up.EmailToConfirm); err != nil {
			return err
		} else if isTaken {
			return ErrEmailTaken
		}
		_, err := tx.ExecContext(ctx, `update users set email_to_confirm = $1 where id = $2`, up.EmailToConfirm, u.ID)
		return err
	case up.Email == "":
		return nil
	case strings.EqualFold(up.Email, u.Email): // the same address, written otherwise
		_, err := tx.ExecContext(ctx, `update users set email = $1 where id = $2`, up.Email, u.ID)
		return err
	}
	return setEmail(ctx, tx, u.ID, up.Email)
}

// activate lets an account log in. One that had been deactivated begins anew: what opened it before does not again, nor does what was
// mailed for it.
func (s *Store) activate(ctx context.Context, tx *sql.Tx, u User) error {
	if err := dropTokens(ctx, tx, u.ID, PurposeConfirm); err != nil {
		return err
	}
	if !u.IsActive {
		if err := dropTokens(ctx, tx, u.ID, PurposeReset, PurposeEmailConfirm); err != nil {
			return err
		}
		if err := endAccess(ctx, tx, u.ID, 0); err != nil {
			return err
		}
	}
	return mustChange(tx.ExecContext(ctx, `
		update users
		set email_to_confirm = case when is_active = 1 then email_to_confirm end,
		  is_active = 1, confirmed_at = coalesce(confirmed_at, $1)
		where id = $2`, s.now(), u.ID))
}

// deactivate shuts an account out. A confirmation that is still under way is not to let it in again.
func (s *Store) deactivate(ctx context.Context, tx *sql.Tx, userID int64) error {
	if err := dropTokens(ctx, tx, userID, PurposeConfirm); err != nil {
		return err
	}
	return mustChange(tx.ExecContext(ctx, `
		update users set is_active = 0, confirmed_at = coalesce(confirmed_at, $1) where id = $2`, s.now(), userID))
}

// isRegistrationOpen counts held names as accounts, for they are to show no difference.
func (s *Store) isRegistrationOpen(ctx context.Context, q querier) (bool, error) {
	n, err := queryOne(ctx, q, scanInt, `
		select max_users = 0 or max_users > (select count(*) from users) + (select count(*) from held_names)
		from settings`)
	return n == 1, err
}

// IsRegistrationOpen tells whether there is room for another account.
func (s *Store) IsRegistrationOpen(ctx context.Context) (bool, error) {
	return s.isRegistrationOpen(ctx, s.r)
}

// DeleteUser removes an account with everything that belongs to it, and returns the files that it had. It returns ErrMissing or
// ErrLastAdmin.
func (s *Store) DeleteUser(ctx context.Context, userID int64) (f Files, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		u, err := userByID(ctx, tx, userID)
		if err != nil {
			return err
		}
		if f, err = namedFiles(ctx, tx, userID); err != nil {
			return err
		}
		if _, err = tx.ExecContext(ctx, `delete from users where id = $1`, userID); err != nil || !u.IsAdmin {
			return err
		}
		return leavesAdmin(ctx, tx)
	})
	return f, err
}
