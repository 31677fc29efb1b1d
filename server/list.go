package server

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"fittrackee/problem"
	"fittrackee/store"
	"fittrackee/workout"
)

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
	return s.stream(w, r, func(out *bufio.Writer) error {
		encode := json.NewEncoder(out).Encode
		out.WriteString(`{"status":"success","pagination":`)
		err := encode(p.shape(sums.Workouts))
		out.WriteString(`,"data":{`)
		if readFlag(q, "with_statistics") {
			out.WriteString(`"statistics":`)
			err = errors.Join(err, encode(shapeListStatistics(sums)))
			out.WriteString(`,`)
		}
		out.WriteString(`"workouts":[`)
		for i, v := range page {
			if i > 0 {
				out.WriteString(`,`)
			}
			err = errors.Join(err, encode(shapeWorkout(v, u.Username)))
		}
		out.WriteString("]}}\n")
		return err
	})
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

// longestSearch is how many bytes may be looked for in texts. No title is as long, and few notes are.
const longestSearch = 1000

// readFilter reads which workouts a list is to have.
func (s *Server) readFilter(u store.User, q url.Values) (f store.WorkoutFilter, err error) {
	f.TitleHas, f.NotesHave = q.Get("title"), q.Get("notes")
	if len(f.TitleHas)+len(f.NotesHave) > longestSearch {
		return f, problem.ErrInvalidPayload
	}
	if f.SportID, err = readSportID(q); err != nil {
		return f, err
	}
	if f.Started, err = s.workouts.StartRange(u, readDays(q)); err != nil {
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

// readNumber returns what reads a number in smaller units: readNumber(1000) reads km as m.
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
