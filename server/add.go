package server

import (
	"errors"
	"log/slog"
	"net/http"

	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/workout"
)

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
	u, findDuplicates := callerOf(r).User, readFlag(r.URL.Query(), "check_duplicates")
	details := workout.Details{SportID: int64(*in.SportID), Notes: in.Notes, FindDuplicates: findDuplicates}
	add := s.workouts.AddFile
	if form.extension == "zip" {
		add = s.workouts.AddArchive
	}
	added, err := add(r.Context(), u, form.file, details)
	if errors.Is(err, workout.ErrNoFiles) {
		return send(w, http.StatusBadRequest, answer{Status: "fail", Data: workoutsShape{Workouts: []workoutShape{}}})
	}
	if err != nil {
		var refusal *problem.Error
		if errors.As(err, &refusal) {
			slog.Info("upload refused", "user", u.ID, "reason", err)
		}
		return err
	}
	return sendAdded(w, added, u.Username, findDuplicates)
}

// sendAdded answers with new workouts. Those that set records come first.
func sendAdded(w http.ResponseWriter, added []workout.Added, username string, withDuplicates bool) error {
	data := workoutsShape{Workouts: make([]workoutShape, len(added))}
	for i, v := range added {
		data.Workouts[i] = shapeWorkout(v.Workout, username)
		if withDuplicates {
			data.Workouts[i].DuplicateOf = idOrNull(v.DuplicateOf)
		}
	}
	return send(w, http.StatusCreated, answer{Status: "created", Data: data})
}
