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
	return s.addUpload(w, r, form, workout.Details{SportID: (*int64)(in.SportID), Notes: in.Notes})
}

// uploadPrefix is what the addresses for uploads begin with. A secret follows.
const uploadPrefix = "/api/upload/"

// upload does so for programs that can only post a file to an address. POST /api/upload/{secret}
func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	sportID, err := s.uploadSport(r)
	if err != nil {
		return err
	}
	limits, err := s.store.Settings(r.Context())
	if err != nil {
		return err
	}
	rules := trackUpload(limits)
	rules.isBare = true
	form, err := s.receive(w, r, rules)
	if err != nil {
		return err
	}
	defer form.file.Close()
	return s.addUpload(w, r, form, workout.Details{SportID: sportID})
}

// uploadSport returns the sport of what is posted to an address: the one that the address names, else the token's, else what the
// file says or the user does usually.
func (s *Server) uploadSport(r *http.Request) (*int64, error) {
	id, err := readSportID(r.URL.Query())
	if err == nil && id == 0 {
		id, err = s.auth.UploadSport(r.Context(), callerOf(r))
	}
	if err != nil || id == 0 {
		return nil, err
	}
	return &id, nil
}

// addUpload makes workouts of an uploaded file.
func (s *Server) addUpload(w http.ResponseWriter, r *http.Request, form *upload, d workout.Details) error {
	u := callerOf(r).User
	d.FindDuplicates = readFlag(r.URL.Query(), "check_duplicates")
	add := s.workouts.AddFile
	if form.extension == "zip" {
		add = s.workouts.AddArchive
	}
	added, err := add(r.Context(), u, form.file, d)
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
	return sendAdded(w, added, u.Username, d.FindDuplicates)
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
