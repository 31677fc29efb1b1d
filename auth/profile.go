package auth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"regexp"
	"time"
	"unicode"
	"unicode/utf8"

	"fittrackee/problem"
	"fittrackee/store"
)

// Longest texts of a profile, in characters, as FitTrackee has them.
const (
	maxNameChars = 80
	maxBioChars  = 200
)

var errNoSport = problem.New(problem.Missing, "sport does not exist")

// EditProfile replaces what a user tells about themselves.
func (a *Auth) EditProfile(ctx context.Context, userID int64, p store.Profile) error {
	fits := isText(p.FirstName, maxNameChars) && isText(p.LastName, maxNameChars) &&
		isText(p.Location, maxNameChars) && isText(p.Bio, maxBioChars)
	if !fits || !a.isBirthDate(p.BirthDate) {
		return errInvalidPayload
	}
	return a.store.EditProfile(ctx, userID, p)
}

// isText tells whether a text is readable and has at most maxChars characters.
func isText(text *string, maxChars int) bool {
	if text == nil {
		return true
	}
	for _, c := range *text {
		if unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return utf8.RuneCountInString(*text) <= maxChars
}

// isBirthDate takes any day of the last 150 years, and none.
func (a *Auth) isBirthDate(text string) bool {
	if text == "" {
		return true
	}
	day, err := time.Parse(time.DateOnly, text)
	now := a.store.Now()
	return err == nil && !day.After(now) && day.After(now.AddDate(-150, 0, 0))
}

// EditPreferences replaces a user's preferences. An unknown language becomes English; an unknown time zone
// is refused.
func (a *Auth) EditPreferences(ctx context.Context, userID int64, p store.Preferences) error {
	if p.Timezone == "" || p.Timezone == "Local" {
		return errInvalidPayload
	}
	if _, err := time.LoadLocation(p.Timezone); err != nil {
		return problem.Wrap(problem.Invalid, errInvalidPayload.Text, err)
	}
	p.Language = Language(p.Language)
	return a.store.EditPreferences(ctx, userID, p)
}

var colorForm = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// maxStoppedSpeedKMH is the fastest that can count as standing still.
const maxStoppedSpeedKMH = 100

// EditSport changes what a user wants of a sport, and returns the sport as the user sees it then.
func (a *Auth) EditSport(ctx context.Context, userID, sportID int64, p store.SportPreference) (store.Sport, error) {
	if p.Color == nil && p.IsActive == nil && p.StoppedSpeedKMH == nil {
		return store.Sport{}, errInvalidPayload
	}
	if p.Color != nil && !colorForm.MatchString(*p.Color) {
		return store.Sport{}, problem.New(problem.Invalid, "invalid hexadecimal color")
	}
	if v := p.StoppedSpeedKMH; v != nil && (*v < 0 || *v > maxStoppedSpeedKMH) {
		return store.Sport{}, errInvalidPayload
	}
	v, err := a.store.EditSportPreference(ctx, userID, sportID, p)
	if errors.Is(err, store.ErrMissing) {
		return v, errNoSport
	}
	return v, err
}

// ResetSport forgets what a user wanted of a sport.
func (a *Auth) ResetSport(ctx context.Context, userID, sportID int64) error {
	err := a.store.ResetSportPreference(ctx, userID, sportID)
	if errors.Is(err, store.ErrMissing) {
		return errNoSport
	}
	return err
}

// SetPicture makes an uploaded picture the user's, in the place of the one before.
func (a *Auth) SetPicture(ctx context.Context, userID int64, upload io.ReadSeeker) error {
	name, err := a.files.AddPicture(ctx, upload)
	if err != nil {
		return err
	}
	before, err := a.store.SetPicture(ctx, userID, name)
	if err != nil {
		a.removePicture(name)
		return err
	}
	a.removePicture(before)
	return nil
}

// DeletePicture removes the user's picture, if there is one.
func (a *Auth) DeletePicture(ctx context.Context, userID int64) error {
	before, err := a.store.SetPicture(ctx, userID, "")
	if err != nil {
		return err
	}
	a.removePicture(before)
	return nil
}

// removePicture removes a picture that no row names. One that stays behind is swept later.
func (a *Auth) removePicture(name string) {
	if name == "" {
		return
	}
	if err := a.files.RemovePicture(name); err != nil {
		slog.Warn("remove a picture", "name", name, "error", err)
	}
}
