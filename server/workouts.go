package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	// Workouts are named on the wire as Python's shortuuid names them.
	"github.com/lithammer/shortuuid/v4"

	"fittrackee/store"
	"fittrackee/track"
	"fittrackee/workout"
)

// figuresShape is what a workout and its segments have in common. Zero is null.
type figuresShape struct {
	Ascent   *json.Number `json:"ascent"`    // metres
	AveSpeed *json.Number `json:"ave_speed"` // km/h
	Descent  *json.Number `json:"descent"`   // metres
	Distance *json.Number `json:"distance"`  // kilometres
	Duration *string      `json:"duration"`  // pauses included
	MaxAlt   *json.Number `json:"max_alt"`   // metres
	MaxSpeed *json.Number `json:"max_speed"` // km/h
	MinAlt   *json.Number `json:"min_alt"`   // metres
	Moving   *string      `json:"moving"`
	Pauses   *string      `json:"pauses"`
}

func shapeFigures(f track.Figures) figuresShape {
	shape := figuresShape{
		AveSpeed: decimalOrNull(f.AveSpeed, 2),
		Distance: decimalOrNull(f.DistanceM, 3),
		Duration: clockOrNull(f.DurationS),
		MaxSpeed: decimalOrNull(f.MaxSpeed, 2),
		Moving:   clockOrNull(f.MovingS),
		Pauses:   clockOrNull(f.PausesS),
	}
	if e := f.Elevation; e != nil {
		shape.Ascent, shape.Descent = decimalOrNull(e.AscentCM, 2), decimalOrNull(e.DescentCM, 2)
		shape.MinAlt, shape.MaxAlt = decimalOrNull(e.MinCM, 2), decimalOrNull(e.MaxCM, 2)
	}
	return shape
}

// segmentShape is one segment of a workout's track.
type segmentShape struct {
	figuresShape
	SegmentID int    `json:"segment_id"` // from 0
	WorkoutID string `json:"workout_id"`
}

// workoutShape is a workout as its owner sees it.
type workoutShape struct {
	figuresShape
	Bounds           []float64      `json:"bounds"` // degrees: south, west, north, east; empty without a track
	CreationDate     string         `json:"creation_date"`
	DuplicateOf      any            `json:"duplicate_of,omitempty"` // a workout's id or null; only if it was asked for
	ID               string         `json:"id"`
	Map              *string        `json:"map"`
	ModificationDate *string        `json:"modification_date"`
	NextWorkout      *string        `json:"next_workout"`
	Notes            *string        `json:"notes"`
	PreviousWorkout  *string        `json:"previous_workout"`
	Records          []recordShape  `json:"records"`
	Segments         []segmentShape `json:"segments"`
	SportID          int64          `json:"sport_id"`
	Title            string         `json:"title"`
	User             string         `json:"user"`
	WeatherEnd       *struct{}      `json:"weather_end"` // there is no weather
	WeatherStart     *struct{}      `json:"weather_start"`
	WithGPX          bool           `json:"with_gpx"`
	WorkoutDate      string         `json:"workout_date"`
}

func shapeWorkout(v store.Workout, username string) workoutShape {
	shape := workoutShape{
		figuresShape:    shapeFigures(v.Figures),
		Bounds:          []float64{},
		CreationDate:    httpDate(v.CreatedAt),
		ID:              ShortID(v.UUID),
		NextWorkout:     idOrNull(v.Next),
		Notes:           v.Notes,
		PreviousWorkout: idOrNull(v.Previous),
		Records:         shapeRecords(v.Records, username),
		Segments:        make([]segmentShape, len(v.Segments)),
		SportID:         v.SportID,
		Title:           v.Title,
		User:            username,
		WithGPX:         v.TrackFile != "",
		WorkoutDate:     httpDate(v.StartedAt),
	}
	if b := v.Bounds; b != nil {
		shape.Bounds = []float64{b.MinLatitude, b.MinLongitude, b.MaxLatitude, b.MaxLongitude}
	}
	if v.MapFile != "" {
		id := workout.MapID(v)
		shape.Map = &id
	}
	if !v.ModifiedAt.IsZero() {
		date := httpDate(v.ModifiedAt)
		shape.ModificationDate = &date
	}
	for i, f := range v.Segments {
		shape.Segments[i] = segmentShape{shapeFigures(f), i, shape.ID}
		if f.FractionUS > 0 {
			exact := clock(f.DurationS) + fmt.Sprintf(".%06d", f.FractionUS) // as Python writes it
			shape.Segments[i].Duration = &exact
		}
	}
	return shape
}

// workoutsShape is a list of workouts.
type workoutsShape struct {
	Workouts []workoutShape `json:"workouts"`
}

func shapeWorkouts(all []store.Workout, username string) workoutsShape {
	shapes := make([]workoutShape, len(all))
	for i, v := range all {
		shapes[i] = shapeWorkout(v, username)
	}
	return workoutsShape{Workouts: shapes}
}

// ShortID returns the name of a workout for clients.
func ShortID(id uuid.UUID) string { return shortuuid.DefaultEncoder.Encode(id) }

func idOrNull(id uuid.NullUUID) *string {
	if !id.Valid {
		return nil
	}
	text := ShortID(id.UUID)
	return &text
}

// parseShortID reads what ShortID wrote. It is not ok for any other text: there is one name for each workout.
func parseShortID(text string) (id uuid.UUID, ok bool) {
	const length = 22
	if len(text) != length {
		return id, false
	}
	id, err := shortuuid.DefaultEncoder.Decode(text)
	return id, err == nil && ShortID(id) == text
}

// workoutID returns the workout that a path names.
func workoutID(r *http.Request) (uuid.UUID, error) {
	id, ok := parseShortID(mux.Vars(r)["id"])
	if !ok {
		return id, workout.ErrMissing
	}
	return id, nil
}

// callersWorkout gets or finds the workout that a path names, if it is the caller's.
func (s *Server) callersWorkout(
	r *http.Request, get func(ctx context.Context, userID int64, id uuid.UUID) (store.Workout, error),
) (store.Workout, error) {
	id, err := workoutID(r)
	if err != nil {
		return store.Workout{}, err
	}
	return get(r.Context(), callerOf(r).User.ID, id)
}

// orNoWorkouts answers with an empty list when err says that there is no such workout, else returns err.
func orNoWorkouts(w http.ResponseWriter, err error) error {
	if errors.Is(err, workout.ErrMissing) {
		return send(w, http.StatusNotFound, answer{Status: "not found", Data: workoutsShape{Workouts: []workoutShape{}}})
	}
	return err
}

// workout tells about one workout. GET /api/workouts/{id}
func (s *Server) workout(w http.ResponseWriter, r *http.Request) error {
	v, err := s.callersWorkout(r, s.workouts.Get)
	if err != nil {
		return orNoWorkouts(w, err)
	}
	return sendData(w, shapeWorkouts([]store.Workout{v}, callerOf(r).User.Username))
}

// typedIn is a workout as a client types it.
type typedIn struct {
	SportID     *sportID `json:"sport_id"`
	Title       *string  `json:"title"`
	Notes       *string  `json:"notes"`
	WorkoutDate *string  `json:"workout_date"`
	Distance    *float64 `json:"distance"` // kilometres
	Duration    *float64 `json:"duration"` // seconds
}

// sportID is a number, or a text of digits.
type sportID int64

// UnmarshalJSON takes both, which clients send.
func (id *sportID) UnmarshalJSON(b []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(b), `"`), 10, 64)
	*id = sportID(n)
	return err
}

func (in typedIn) typed() workout.Typed {
	return workout.Typed{
		SportID:    (*int64)(in.SportID),
		Title:      in.Title,
		Notes:      in.Notes,
		StartedAt:  in.WorkoutDate,
		DistanceKM: in.Distance,
		DurationS:  in.Duration,
	}
}

// addTyped adds a workout without a file. POST /api/workouts/no_gpx
func (s *Server) addTyped(w http.ResponseWriter, r *http.Request) error {
	var in typedIn
	if err := decode(w, r, &in); err != nil {
		return err
	}
	id, err := s.workouts.AddTyped(r.Context(), callerOf(r).User, in.typed())
	if err != nil {
		return err
	}
	return s.sendWorkout(w, r, http.StatusCreated, "created", id)
}

// editWorkout changes a workout. PATCH /api/workouts/{id}
func (s *Server) editWorkout(w http.ResponseWriter, r *http.Request) error {
	var in typedIn
	if err := decode(w, r, &in); err != nil {
		return err
	}
	id, err := workoutID(r)
	if err == nil {
		err = s.workouts.Edit(r.Context(), callerOf(r).User, id, in.typed())
	}
	if err != nil {
		return orNoWorkouts(w, err)
	}
	return s.sendWorkout(w, r, http.StatusOK, "success", id)
}

// sendWorkout answers with one workout as it is after a change.
func (s *Server) sendWorkout(w http.ResponseWriter, r *http.Request, status int, word string, id uuid.UUID) error {
	u := callerOf(r).User
	v, err := s.workouts.Get(r.Context(), u.ID, id)
	if err != nil {
		return orNoWorkouts(w, err)
	}
	return send(w, status, answer{Status: word, Data: shapeWorkouts([]store.Workout{v}, u.Username)})
}

// deleteWorkout removes a workout. DELETE /api/workouts/{id}
func (s *Server) deleteWorkout(w http.ResponseWriter, r *http.Request) error {
	id, err := workoutID(r)
	if err == nil {
		err = s.workouts.Delete(r.Context(), callerOf(r).User.ID, id)
	}
	if err != nil {
		return orNoWorkouts(w, err)
	}
	return sendNothing(w)
}
