package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
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

// workoutGPX sends the file of a workout as text. GET /api/workouts/{id}/gpx
func (s *Server) workoutGPX(w http.ResponseWriter, r *http.Request) error {
	return s.sendGPX(w, r, s.workouts.GPX)
}

// segmentGPX sends one segment as a file of its own. GET /api/workouts/{id}/gpx/segment/{number}
func (s *Server) segmentGPX(w http.ResponseWriter, r *http.Request) error {
	return s.sendGPX(w, r, func(ctx context.Context, v store.Workout) (workout.Text, error) {
		return s.workouts.SegmentGPX(ctx, v, pathNumber(r, "number"))
	})
}

func (s *Server) sendGPX(
	w http.ResponseWriter, r *http.Request, gpx func(context.Context, store.Workout) (workout.Text, error),
) error {
	v, err := s.callersWorkout(r, s.workouts.Find)
	if err != nil {
		return trackMissing(w, r, err, gpxShape{})
	}
	end, err := s.limits.longAnswers.begin(v.UserID)
	if err != nil {
		return err
	}
	defer end()
	text, err := gpx(r.Context(), v)
	if err != nil {
		return trackMissing(w, r, err, nil)
	}
	return s.stream(w, r, func(out *bufio.Writer) error {
		out.WriteString(`{"status":"success","message":"","data":{"gpx":"`)
		if err := text(jsonText{out}); err != nil {
			return err
		}
		_, err := out.WriteString(`"}}` + "\n")
		return err
	})
}

// workoutChart sends speed and elevation of all points. GET /api/workouts/{id}/chart_data
func (s *Server) workoutChart(w http.ResponseWriter, r *http.Request) error {
	return s.sendChart(w, r, workout.All)
}

// segmentChart does so for one segment. GET /api/workouts/{id}/chart_data/segment/{number}
func (s *Server) segmentChart(w http.ResponseWriter, r *http.Request) error {
	return s.sendChart(w, r, pathNumber(r, "number"))
}

func (s *Server) sendChart(w http.ResponseWriter, r *http.Request, segment int) error {
	v, err := s.callersWorkout(r, s.workouts.Find)
	if err != nil {
		return trackMissing(w, r, err, chartShape{})
	}
	end, err := s.limits.longAnswers.begin(v.UserID)
	if err != nil {
		return err
	}
	defer end()
	chart, err := s.workouts.Chart(r.Context(), v, segment)
	if err != nil {
		return trackMissing(w, r, err, nil)
	}
	return s.stream(w, r, func(out *bufio.Writer) error {
		out.WriteString(`{"status":"success","message":"","data":{"chart_data":`)
		if err := chart(out); err != nil {
			return err
		}
		_, err := out.WriteString("}}\n")
		return err
	})
}

// downloadGPX sends the file of a workout as it came. To others than its owner, the workout does not exist.
// GET /api/workouts/{id}/gpx/download
func (s *Server) downloadGPX(w http.ResponseWriter, r *http.Request) error {
	v, err := s.callersWorkout(r, s.workouts.Find)
	if errors.Is(err, workout.ErrNotYours) {
		err = workout.ErrMissing
	}
	if err != nil {
		return trackMissing(w, r, err, struct {
			Workout []struct{} `json:"workout"`
		}{[]struct{}{}})
	}
	file, err := s.workouts.File(r.Context(), v)
	if errors.Is(err, workout.ErrNoTrack) {
		return send(w, http.StatusNotFound, answer{
			Status:  "not found",
			Message: fmt.Sprintf("no gpx file for workout (id: %s)", ShortID(v.UUID)),
			Data:    gpxShape{},
		})
	}
	if err != nil {
		return err
	}
	defer file.Close()
	h := w.Header()
	h.Set("Content-Type", "application/gpx+xml")
	h.Set("Content-Disposition", `attachment; filename="`+ShortID(v.UUID)+`.gpx"`)
	serveFile(w, r, time.Time{}, file)
	return nil
}
