package auth

import (
	"context"
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

// EditProfile replaces what a user tells about themselves.
func (a *Auth) EditProfile(ctx context.Context, userID int64, p store.Profile) error {
	fits := isText(p.FirstName, maxNameChars) && isText(p.LastName, maxNameChars) &&
		isText(p.Location, maxNameChars) && isText(p.Bio, maxBioChars)
	if !fits || !a.isBirthDate(p.BirthDate) {
		return problem.ErrInvalidPayload
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

// zoneForm is how the names of time zones look. A machine's folder of zones has other files, too.
var zoneForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*){0,2}$`)

// EditPreferences replaces a user's preferences. An unknown language becomes English; an unknown time zone
// is refused.
func (a *Auth) EditPreferences(ctx context.Context, userID int64, p store.Preferences) error {
	if !zoneForm.MatchString(p.Timezone) || p.Timezone == "Local" || p.Timezone == "Factory" {
		return problem.ErrInvalidPayload
	}
	if _, err := time.LoadLocation(p.Timezone); err != nil {
		return problem.ErrInvalidPayload.With(err)
	}
	p.Language = Language(p.Language)
	return a.store.EditPreferences(ctx, userID, p)
}
