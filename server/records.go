package server

import (
	"net/http"

	"fittrackee/store"
)

// recordShape is a record as clients see it.
type recordShape struct {
	ID          int64  `json:"id"`
	RecordType  string `json:"record_type"`
	SportID     int64  `json:"sport_id"`
	User        string `json:"user"`
	Value       any    `json:"value"`
	WorkoutDate string `json:"workout_date"`
	WorkoutID   string `json:"workout_id"`
}

func shapeRecord(v store.Record, username string) recordShape {
	return recordShape{
		ID:          v.ID,
		RecordType:  v.Type,
		SportID:     v.SportID,
		User:        username,
		Value:       recordValue(v),
		WorkoutDate: httpDate(v.StartedAt),
		WorkoutID:   ShortID(v.WorkoutUUID),
	}
}

func shapeRecords(all []store.Record, username string) []recordShape {
	shapes := make([]recordShape, len(all))
	for i, v := range all {
		shapes[i] = shapeRecord(v, username)
	}
	return shapes
}

// recordValue returns a record's value in the unit that clients expect.
func recordValue(v store.Record) any {
	switch v.Type {
	case "LD":
		return clock(v.Value)
	case "FD":
		return decimal(v.Value, 3) // km
	default:
		return decimal(v.Value, 2) // km/h, or m
	}
}

// recordsShape is a list of records.
type recordsShape struct {
	Records []recordShape `json:"records"`
}

// records lists the caller's records. GET /api/records
func (s *Server) records(w http.ResponseWriter, r *http.Request) error {
	u := callerOf(r).User
	all, err := s.store.Records(r.Context(), u.ID)
	if err != nil {
		return err
	}
	return sendData(w, recordsShape{shapeRecords(all, u.Username)})
}
