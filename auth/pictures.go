package auth

import (
	"context"
	"io"
	"log/slog"
)

// SetPicture makes an uploaded picture the user's, in the place of the one before.
func (a *Auth) SetPicture(ctx context.Context, userID int64, upload io.ReadSeeker) error {
	name, err := a.files.AddPicture(ctx, upload)
	if err != nil {
		return err
	}
	before, err := a.store.SetPicture(ctx, userID, name)
	if err != nil {
		return err // the new picture stays for the sweeper, in case the row was written after all
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
