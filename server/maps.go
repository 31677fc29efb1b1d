package server

import (
	"fmt"
	"io"
	"net/http"
	"time"

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
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size()))
	h.Set("Content-Type", "image/png")
	serveFile(w, r, info.ModTime(), file)
	return nil
}

// mapTile sends a tile of the maps. GET /api/workouts/map_tile/{s}/{z}/{x}/{y}.png
func (s *Server) mapTile(w http.ResponseWriter, r *http.Request) error {
	tile, err := s.workouts.Tile(r.Context(), pathNumber(r, "z"), pathNumber(r, "x"), pathNumber(r, "y"))
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "public, max-age=86400")
	sendBytes(w, http.StatusOK, http.DetectContentType(tile), tile)
	return nil
}

// serveFile sends a file, unless the client has it since its last change. It is sent whole and without further conditions: answers
// to those that do not hold would not be JSON.
func serveFile(w http.ResponseWriter, r *http.Request, changed time.Time, file io.ReadSeeker) {
	for _, name := range []string{"Range", "If-Range", "If-Match", "If-Unmodified-Since"} {
		r.Header.Del(name)
	}
	http.ServeContent(w, r, "", changed, file)
}
