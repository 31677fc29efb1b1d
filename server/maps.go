package server

import (
	"net/http"
	"strconv"

	"github.com/gorilla/mux"
)

// workoutMap sends the map picture of a workout to whoever has its id. GET /api/workouts/map/{id}
func (s *Server) workoutMap(w http.ResponseWriter, r *http.Request) error {
	file, err := s.workouts.Map(r.Context(), mux.Vars(r)["id"])
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	// The picture changes when its tiles have come, so a copy is good only once it has been asked about.
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Type", "image/png")
	http.ServeContent(w, r, "", info.ModTime(), file)
	return nil
}

// mapTile sends a tile of the maps. GET /api/workouts/map_tile/{s}/{z}/{x}/{y}.png
func (s *Server) mapTile(w http.ResponseWriter, r *http.Request) error {
	var at [3]int
	for i, name := range []string{"z", "x", "y"} {
		n, err := strconv.Atoi(mux.Vars(r)[name])
		if err != nil {
			n = -1 // too large for any map
		}
		at[i] = n
	}
	tile, err := s.workouts.Tile(r.Context(), at[0], at[1], at[2])
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=86400")
	h.Set("Content-Type", http.DetectContentType(tile))
	h.Set("Content-Length", strconv.Itoa(len(tile)))
	_, _ = w.Write(tile) // a client that is gone has nobody to be told
	return nil
}
