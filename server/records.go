package server

import (
	"github.com/google/uuid"
	// Workouts are named on the wire as Python's shortuuid names them.
	"github.com/lithammer/shortuuid/v4"

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

func shapeRecord(v store.Record, username string) (recordShape, error) {
	id, err := uuid.FromBytes(v.WorkoutUUID)
	return recordShape{
		ID:          v.ID,
		RecordType:  v.Type,
		SportID:     v.SportID,
		User:        username,
		Value:       recordValue(v),
		WorkoutDate: httpDate(v.StartedAt),
		WorkoutID:   shortuuid.DefaultEncoder.Encode(id),
	}, err
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
