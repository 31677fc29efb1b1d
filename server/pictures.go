package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"

	"fittrackee/assets"
	"fittrackee/problem"
	"fittrackee/store"
)

var errNoPicture = problem.New(problem.Missing, "No picture.")

// picture sends a user's picture, in at least the size asked for by ?size= (pixels a side) where it has as
// many, else as large as it is. GET /api/users/{user}/picture
func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	size := 0
	if text := r.URL.Query().Get("size"); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil || size < 1 {
			return problem.ErrInvalidPayload
		}
	}
	name, err := s.pictureName(r, mux.Vars(r)["user"])
	if err != nil {
		return err
	}
	f, err := s.files.OpenPicture(name, size)
	if errors.Is(err, fs.ErrNotExist) {
		return errNoPicture // replaced a moment ago
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	etag := fmt.Sprintf(`"%s-%d"`, name, info.Size())
	h := w.Header()
	// The address stays when the picture changes, so a copy is good only once it has been asked about; the
	// name changes with the picture, and so says whether the copy still stands.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", etag)
	if isKnown(r, etag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", assets.PictureType(name))
	h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	_, _ = io.Copy(w, f) // a client that is gone has nobody to be told
	return nil
}

// pictureName returns the name of a user's picture. A username that is only held is like any without a picture.
func (s *Server) pictureName(r *http.Request, username string) (string, error) {
	u, err := s.store.UserByName(r.Context(), username)
	if errors.Is(err, store.ErrMissing) {
		return "", s.noSuchUser(r.Context(), username, errNoPicture)
	}
	if err != nil {
		return "", err
	}
	if u.Picture == "" {
		return "", errNoPicture
	}
	return u.Picture, nil
}

// setPicture takes a new picture. POST /api/auth/picture
func (s *Server) setPicture(w http.ResponseWriter, r *http.Request) error {
	settings, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	limit := settings.MaxFileBytes
	form, err := s.receive(w, r, uploadRules{
		what: "picture", maxBytes: map[string]int64{"jpg": limit, "png": limit, "gif": limit},
	})
	if err != nil {
		return failed("error during picture update", err)
	}
	defer form.file.Close()
	if err := s.auth.SetPicture(r.Context(), callerOf(r).User.ID, form.file); err != nil {
		return failed("error during picture update", err)
	}
	return sendMessage(w, "user picture updated")
}

// deletePicture removes the caller's picture. DELETE /api/auth/picture
func (s *Server) deletePicture(w http.ResponseWriter, r *http.Request) error {
	if err := s.auth.DeletePicture(r.Context(), callerOf(r).User.ID); err != nil {
		return failed("error during picture deletion", err)
	}
	return sendNothing(w)
}
