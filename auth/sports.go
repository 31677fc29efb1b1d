package auth

import (
	"context"
	"errors"
	"regexp"

	"fittrackee/problem"
	"fittrackee/store"
)

var errNoSport = problem.New(problem.Missing, "sport does not exist")

var colorForm = regexp.MustCompile(`^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`)

// maxStoppedSpeedKMH is the fastest that can count as standing still.
const maxStoppedSpeedKMH = 100

// EditSportPreference changes what a user wants of a sport, and returns the sport as the user sees it then.
func (a *Auth) EditSportPreference(ctx context.Context, userID, sportID int64, p store.SportPreference) (store.Sport, error) {
	if p.Color == nil && p.IsActive == nil && p.StoppedSpeedKMH == nil {
		return store.Sport{}, problem.ErrInvalidPayload
	}
	if p.Color != nil && !colorForm.MatchString(*p.Color) {
		return store.Sport{}, problem.New(problem.Invalid, "invalid hexadecimal color")
	}
	if v := p.StoppedSpeedKMH; v != nil && (*v < 0 || *v > maxStoppedSpeedKMH) {
		return store.Sport{}, problem.ErrInvalidPayload
	}
	v, err := a.store.EditSportPreference(ctx, userID, sportID, p)
	if errors.Is(err, store.ErrMissing) {
		return v, errNoSport
	}
	return v, err
}

// ResetSportPreference forgets what a user wanted of a sport.
func (a *Auth) ResetSportPreference(ctx context.Context, userID, sportID int64) error {
	err := a.store.ResetSportPreference(ctx, userID, sportID)
	if errors.Is(err, store.ErrMissing) {
		return errNoSport
	}
	return err
}
