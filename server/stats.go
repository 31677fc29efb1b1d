package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"fittrackee/store"
	"fittrackee/workout"
)

// sumShape is what workouts of one sport add up to.
type sumShape struct {
	AverageSpeed  json.Number `json:"average_speed"` // km/h, the mean of the workouts' averages
	NbWorkouts    int64       `json:"nb_workouts"`
	TotalAscent   json.Number `json:"total_ascent"`   // metres
	TotalDescent  json.Number `json:"total_descent"`  // metres
	TotalDistance json.Number `json:"total_distance"` // kilometres
	TotalDuration int64       `json:"total_duration"` // seconds, pauses excluded
}

func shapeSum(v workout.Sum) sumShape {
	return sumShape{
		AverageSpeed:  decimal((2*v.AveSpeed+v.Workouts)/(2*v.Workouts), 2),
		NbWorkouts:    v.Workouts,
		TotalAscent:   decimal(v.AscentCM, 2),
		TotalDescent:  decimal(v.DescentCM, 2),
		TotalDistance: decimal(v.DistanceM, 3),
		TotalDuration: v.MovingS,
	}
}

// statisticsShape is statistics under whatever they are sorted by.
type statisticsShape[T any] struct {
	Statistics map[string]T `json:"statistics"`
}

// statsByTime adds up a user's workouts by period and sport. GET /api/stats/{user}/by_time
func (s *Server) statsByTime(w http.ResponseWriter, r *http.Request) error {
	u, sportID, err := s.statsOf(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	sums, err := s.workouts.ByTime(r.Context(), u, q.Get("time"), readDays(q), sportID)
	if err != nil {
		return err
	}
	periods := make(map[string]map[string]sumShape)
	for _, v := range sums {
		if periods[v.Period] == nil {
			periods[v.Period] = make(map[string]sumShape)
		}
		periods[v.Period][strconv.FormatInt(v.SportID, 10)] = shapeSum(v)
	}
	return sendData(w, statisticsShape[map[string]sumShape]{periods})
}

// statsBySport adds up a user's workouts by sport. GET /api/stats/{user}/by_sport
func (s *Server) statsBySport(w http.ResponseWriter, r *http.Request) error {
	u, sportID, err := s.statsOf(r)
	if err != nil {
		return err
	}
	sums, err := s.workouts.BySport(r.Context(), u, readDays(r.URL.Query()), sportID)
	if err != nil {
		return err
	}
	sports := make(map[string]sumShape)
	for _, v := range sums {
		sports[strconv.FormatInt(v.SportID, 10)] = shapeSum(v)
	}
	return sendData(w, statisticsShape[sumShape]{sports})
}

// statsOf returns whose statistics are asked for, and of which sport; 0: of all.
func (s *Server) statsOf(r *http.Request) (u store.User, sportID int64, err error) {
	if u, err = s.namedUser(r); err != nil {
		return u, 0, err
	}
	sportID, err = readSportID(r.URL.Query())
	return u, sportID, err
}

// instanceShape is what an instance has.
type instanceShape struct {
	Sports         int64 `json:"sports"`           // that anybody has workouts of
	UploadsDirSize int64 `json:"uploads_dir_size"` // bytes
	Users          int64 `json:"users"`
	Workouts       int64 `json:"workouts"`
}

// statsOfAll counts what the instance has. GET /api/stats/all
func (s *Server) statsOfAll(w http.ResponseWriter, r *http.Request) error {
	sums, err := s.store.SumInstance(r.Context())
	if err != nil {
		return err
	}
	size, err := s.files.Size(r.Context())
	if err != nil {
		return err
	}
	return sendData(w, instanceShape{
		Sports: sums.Sports, UploadsDirSize: size, Users: sums.Users, Workouts: sums.Workouts,
	})
}
