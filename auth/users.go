package auth

import (
	"context"
	"errors"
	"log/slog"

	"fittrackee/problem"
	"fittrackee/store"
)

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
