package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/workout"
)

// The routes below answer a missing workout with its id, and with data that is empty in the way of what was asked for.

// gpxShape is a GPX file as text.
type gpxShape struct {
	GPX string `json:"gpx"`
}

// chartShape stands for the chart where there is none.
type chartShape struct {
	ChartData string `json:"chart_data"`
}

// trackMissing says what is not there, for a caller who asked for the track of a workout.
func trackMissing(w http.ResponseWriter, r *http.Request, err error, empty any) error {
	id := mux.Vars(r)["id"]
	switch {
	case errors.Is(err, workout.ErrMissing):
		return send(w, http.StatusNotFound, answer{
			Status: "not found", Message: fmt.Sprintf("workout not found (id: %s)", id), Data: empty,
		})
	case errors.Is(err, workout.ErrNoTrack):
		return problem.New(problem.Missing, fmt.Sprintf("no gpx file for this workout (id: %s)", id))
	}
	return err
}

// trackAnswer is the envelope of what is made of a track. Its message is there, and empty.
func trackAnswer(data any) answer { return answer{Status: "success", Message: "", Data: data} }

// workoutGPX sends the file of a workout as text. GET /api/workouts/{id}/gpx
func (s *Server) workoutGPX(w http.ResponseWriter, r *http.Request) error {
	v, err := s.callersWorkout(r)
	if err != nil {
		return trackMissing(w, r, err, gpxShape{})
	}
	text, err := s.workouts.GPX(v)
	if err != nil {
		return trackMissing(w, r, err, nil)
	}
	return send(w, http.StatusOK, trackAnswer(gpxShape{text}))
}

// segmentGPX sends one segment as a file of its own. GET /api/workouts/{id}/gpx/segment/{number}
func (s *Server) segmentGPX(w http.ResponseWriter, r *http.Request) error {
	v, err := s.callersWorkout(r)
	if err != nil {
		return trackMissing(w, r, err, gpxShape{})
	}
	text, err := s.workouts.SegmentGPX(v, pathSegment(r))
	if err != nil {
		return trackMissing(w, r, err, nil)
	}
	return send(w, http.StatusOK, trackAnswer(gpxShape{text}))
}

// workoutChart sends speed and elevation of all points. GET /api/workouts/{id}/chart_data
func (s *Server) workoutChart(w http.ResponseWriter, r *http.Request) error {
	return s.sendChart(w, r, workout.All)
}

// segmentChart does so for one segment. GET /api/workouts/{id}/chart_data/segment/{number}
func (s *Server) segmentChart(w http.ResponseWriter, r *http.Request) error {
	return s.sendChart(w, r, pathSegment(r))
}

func (s *Server) sendChart(w http.ResponseWriter, r *http.Request, segment int) error {
	v, err := s.callersWorkout(r)
	if err != nil {
		return trackMissing(w, r, err, chartShape{})
	}
	// The chart is JSON already, and long; encoding/json would read it all again.
	body := []byte(`{"status":"success","message":"","data":{"chart_data":`)
	body, err = s.workouts.AppendChart(body, v, segment)
	if err != nil {
		return trackMissing(w, r, err, nil)
	}
	body = append(body, "}}\n"...)
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // a client that is gone has nobody to be told
	return nil
}

// pathSegment returns the number of a segment in a path. One too large to be given is like one that was never given.
func pathSegment(r *http.Request) int {
	n, err := strconv.Atoi(mux.Vars(r)["segment"])
	if err != nil {
		return 1 << 30
	}
	return n
}

// downloadGPX sends the file of a workout as it came. To others than its owner, the workout does not exist.
// GET /api/workouts/{id}/gpx/download
func (s *Server) downloadGPX(w http.ResponseWriter, r *http.Request) error {
	v, err := s.callersWorkout(r)
	if errors.Is(err, workout.ErrNotYours) {
		err = workout.ErrMissing
	}
	if err != nil {
		return trackMissing(w, r, err, struct {
			Workout []struct{} `json:"workout"`
		}{[]struct{}{}})
	}
	file, err := s.workouts.File(v)
	if errors.Is(err, workout.ErrNoTrack) {
		return send(w, http.StatusNotFound, answer{
			Status:  "not found",
			Message: fmt.Sprintf("no gpx file for workout (id: %s)", shortID(v.UUID)),
			Data:    gpxShape{},
		})
	}
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("Content-Type", "application/gpx+xml")
	h.Set("Content-Disposition", `attachment; filename="`+shortID(v.UUID)+`.gpx"`)
	http.ServeContent(w, r, "", time.Time{}, file)
	return nil
}

// trackUpload says which files become workouts.
func trackUpload(limits store.Settings) uploadRules {
	return uploadRules{what: "workout", maxBytes: map[string]int64{
		"gpx": limits.MaxFileBytes,
		"zip": limits.MaxArchiveBytes,
	}}
}

// addWorkouts adds the workouts that are in a GPX file, or in an archive of such files. POST /api/workouts
func (s *Server) addWorkouts(w http.ResponseWriter, r *http.Request) error {
	limits, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	form, err := s.receive(w, r, trackUpload(limits))
	if err != nil {
		return err
	}
	defer form.file.Close()
	var in struct {
		SportID *sportID `json:"sport_id"`
		Notes   *string  `json:"notes"`
	}
	if err := form.decodeData(&in); err != nil {
		return err
	}
	if in.SportID == nil {
		return problem.ErrInvalidPayload
	}
	findDuplicates, _ := strconv.ParseBool(r.URL.Query().Get("check_duplicates"))
	details := workout.Details{SportID: int64(*in.SportID), Notes: in.Notes, FindDuplicates: findDuplicates}
	add := s.workouts.AddFile
	if form.extension == "zip" {
		add = s.workouts.AddArchive
	}
	added, err := add(r.Context(), callerOf(r).User, form.file, details)
	if errors.Is(err, workout.ErrNoFiles) {
		return send(w, http.StatusBadRequest, answer{Status: "fail", Data: workoutsShape{Workouts: []workoutShape{}}})
	}
	if err != nil {
		var refusal *problem.Error
		if errors.As(err, &refusal) {
			slog.Info("upload refused", "user", callerOf(r).User.ID, "reason", err)
		}
		return err
	}
	return s.sendAdded(w, r, added, findDuplicates)
}

// sendAdded answers with new workouts. Those that set records come first.
func (s *Server) sendAdded(w http.ResponseWriter, r *http.Request, added []workout.Added, withDuplicates bool) error {
	u := callerOf(r).User
	all, err := s.workouts.Added(r.Context(), u.ID, added)
	if err != nil {
		return err
	}
	data := shapeWorkouts(all, u.Username)
	if withDuplicates {
		of := make(map[string]duplicate, len(added))
		for _, v := range added {
			of[shortID(v.ID)] = duplicate(v.DuplicateOf)
		}
		for i := range data.Workouts {
			d := of[data.Workouts[i].ID]
			data.Workouts[i].DuplicateOf = &d
		}
	}
	return send(w, http.StatusCreated, answer{Status: "created", Data: data})
}
