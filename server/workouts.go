package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
	// Workouts are named on the wire as Python's shortuuid names them.
	"github.com/lithammer/shortuuid/v4"

	"fittrackee/problem"
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
		AveSpeed: orNull(f.AveSpeed, 2),
		Distance: orNull(f.DistanceM, 3),
		Duration: clockOrNull(f.DurationS),
		MaxSpeed: orNull(f.MaxSpeed, 2),
		Moving:   clockOrNull(f.MovingS),
		Pauses:   clockOrNull(f.PausesS),
	}
	if e := f.Elevation; e != nil {
		shape.Ascent, shape.Descent = orNull(e.AscentCM, 2), orNull(e.DescentCM, 2)
		shape.MinAlt, shape.MaxAlt = orNull(e.MinCM, 2), orNull(e.MaxCM, 2)
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
	DuplicateOf      *duplicate     `json:"duplicate_of,omitempty"`
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

// duplicate names a workout, or none: null.
type duplicate uuid.NullUUID

// MarshalJSON is called where a duplicate was asked for.
func (d duplicate) MarshalJSON() ([]byte, error) { return json.Marshal(idOrNull(uuid.NullUUID(d))) }

func shapeWorkout(v store.Workout, username string) workoutShape {
	shape := workoutShape{
		figuresShape:    shapeFigures(v.Figures),
		Bounds:          []float64{},
		CreationDate:    httpDate(v.CreatedAt),
		ID:              shortID(v.UUID),
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
		id := strings.TrimSuffix(v.MapFile, ".png")
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
	Statistics *listStatisticsShape `json:"statistics,omitempty"`
	Workouts   []workoutShape       `json:"workouts"`
}

func shapeWorkouts(all []store.Workout, username string) workoutsShape {
	shapes := make([]workoutShape, len(all))
	for i, v := range all {
		shapes[i] = shapeWorkout(v, username)
	}
	return workoutsShape{Workouts: shapes}
}

// shortID returns the name of a workout for clients.
func shortID(id uuid.UUID) string { return shortuuid.DefaultEncoder.Encode(id) }

func idOrNull(id uuid.NullUUID) *string {
	if !id.Valid {
		return nil
	}
	text := shortID(id.UUID)
	return &text
}

// parseShortID reads what shortID wrote. It is not ok for any other text: there is one name for each workout.
func parseShortID(text string) (id uuid.UUID, ok bool) {
	const length = 22
	if len(text) != length {
		return id, false
	}
	id, err := shortuuid.DefaultEncoder.Decode(text)
	return id, err == nil && shortID(id) == text
}

// workoutID returns the workout that a path names.
func workoutID(r *http.Request) (uuid.UUID, error) {
	id, ok := parseShortID(mux.Vars(r)["id"])
	if !ok {
		return id, workout.ErrMissing
	}
	return id, nil
}

// callersWorkout returns the workout that a path names, if it is the caller's.
func (s *Server) callersWorkout(r *http.Request) (store.Workout, error) {
	id, err := workoutID(r)
	if err != nil {
		return store.Workout{}, err
	}
	return s.workouts.Get(r.Context(), callerOf(r).User.ID, id)
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
	v, err := s.callersWorkout(r)
	if err != nil {
		return orNoWorkouts(w, err)
	}
	return sendData(w, shapeWorkouts([]store.Workout{v}, callerOf(r).User.Username))
}

// Lengths of a page of workouts.
const (
	workoutsPerPage     = 5
	mostWorkoutsPerPage = 100
)

// listWorkouts lists the caller's workouts, a page at a time. GET /api/workouts
func (s *Server) listWorkouts(w http.ResponseWriter, r *http.Request) error {
	u, q := callerOf(r).User, r.URL.Query()
	filter, err := s.readFilter(u, q)
	if err != nil {
		return err
	}
	p, err := readPaging(q, workoutsPerPage, mostWorkoutsPerPage)
	if err != nil {
		return err
	}
	order, err := readWorkoutOrder(q)
	if err != nil {
		return err
	}
	isDescending, err := readDescending(q, true)
	if err != nil {
		return err
	}
	sums, err := s.store.SumWorkouts(r.Context(), u.ID, filter)
	if err != nil {
		return err
	}
	page, err := s.store.Workouts(r.Context(), u.ID, filter, store.WorkoutPage{
		Order: order, Descending: isDescending, Limit: p.perPage, Offset: p.offset(),
	})
	if err != nil {
		return err
	}
	data := shapeWorkouts(page, u.Username)
	if with, _ := strconv.ParseBool(q.Get("with_statistics")); with {
		data.Statistics = shapeListStatistics(sums)
	}
	return send(w, http.StatusOK, pageAnswer{answer{Status: "success", Data: data}, p.shape(sums.Workouts)})
}

// listStatisticsShape is what all workouts of a list add up to, on whichever page they are.
type listStatisticsShape struct {
	All struct {
		Count         int64       `json:"count"`
		TotalAscent   json.Number `json:"total_ascent"`   // metres
		TotalDistance json.Number `json:"total_distance"` // kilometres
		TotalDuration string      `json:"total_duration"`
		TotalSports   int64       `json:"total_sports"`
	} `json:"all"`
}

func shapeListStatistics(v store.WorkoutSums) *listStatisticsShape {
	shape := new(listStatisticsShape)
	shape.All.Count = v.Workouts
	shape.All.TotalAscent = decimal(v.AscentCM, 2)
	shape.All.TotalDistance = decimal(v.DistanceM, 3)
	shape.All.TotalDuration = clock(v.DurationS)
	shape.All.TotalSports = v.Sports
	return shape
}

func readWorkoutOrder(q url.Values) (store.WorkoutOrder, error) {
	switch q.Get("order_by") {
	case "", "workout_date":
		return store.ByStart, nil
	case "distance":
		return store.ByDistance, nil
	case "duration":
		return store.ByDuration, nil
	case "ave_speed":
		return store.ByAveSpeed, nil
	}
	return 0, problem.ErrInvalidPayload
}

// readFilter reads which workouts a list is to have.
func (s *Server) readFilter(u store.User, q url.Values) (f store.WorkoutFilter, err error) {
	f.TitleHas, f.NotesHave = q.Get("title"), q.Get("notes")
	if f.SportID, err = readSportID(q); err != nil {
		return f, err
	}
	if f.Started, err = s.workouts.Started(u, readDays(q)); err != nil {
		return f, err
	}
	for _, v := range []struct {
		name string
		into *store.Range
		read func(string) (float64, error)
	}{
		{"distance", &f.Distance, readNumber(1000)}, // km → m
		{"duration", &f.Duration, readHoursMinutes},
		{"ave_speed", &f.AveSpeed, readNumber(100)}, // km/h → 0.01 km/h
		{"max_speed", &f.MaxSpeed, readNumber(100)},
	} {
		if *v.into, err = readRange(q, v.name, v.read); err != nil {
			return f, err
		}
	}
	return f, nil
}

func readDays(q url.Values) workout.Days { return workout.Days{From: q.Get("from"), To: q.Get("to")} }

// readSportID reads ?sport_id=; 0: any.
func readSportID(q url.Values) (id int64, err error) {
	text := q.Get("sport_id")
	if text == "" {
		return 0, nil
	}
	if id, err = strconv.ParseInt(text, 10, 64); err != nil || id < 1 {
		return 0, problem.ErrInvalidPayload
	}
	return id, nil
}

// readRange reads the bounds that end in _from and _to.
func readRange(q url.Values, name string, read func(string) (float64, error)) (r store.Range, err error) {
	bound := func(suffix string, round func(float64) float64) (*int64, error) {
		text := q.Get(name + suffix)
		if text == "" {
			return nil, nil
		}
		v, err := read(text)
		if err != nil {
			return nil, problem.ErrInvalidPayload.With(err)
		}
		const far = 1 << 50 // beyond everything, and whole as a float
		n := int64(min(max(round(v), -far), far))
		return &n, nil
	}
	if r.From, err = bound("_from", math.Ceil); err != nil {
		return r, err
	}
	r.To, err = bound("_to", math.Floor)
	return r, err
}

// readNumber returns what reads a number and gives it in units of which so many make one.
func readNumber(units float64) func(string) (float64, error) {
	return func(text string) (float64, error) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(v) {
			return 0, problem.ErrInvalidPayload
		}
		const enough = 1e6 // decimals that count; the rest is noise of binary fractions: 0.29·100 is not quite 29
		return math.Round(v*units*enough) / enough, nil
	}
}

// readHoursMinutes reads a duration such as 00:40 into seconds.
func readHoursMinutes(text string) (float64, error) {
	hours, minutes, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hours, 10, 16)
	m, errM := strconv.ParseUint(minutes, 10, 16)
	if !ok || errH != nil || errM != nil || m > 59 {
		return 0, problem.ErrInvalidPayload
	}
	return (time.Duration(h)*time.Hour + time.Duration(m)*time.Minute).Seconds(), nil
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
