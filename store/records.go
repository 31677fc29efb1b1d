package store

import (
	"context"
	"time"
)

// Record is a user's best of one kind in one sport.
type Record struct {
	ID          int64
	SportID     int64
	Type        string // AS average speed, FD farthest distance, HA highest ascent, LD longest duration, MS maximum speed
	Value       int64  // AS, MS: 0.01 km/h; FD: metres; HA: centimetres; LD: seconds
	WorkoutUUID []byte
	StartedAt   time.Time // of the workout
}

func scanRecord(r row) (v Record, err error) {
	err = r.Scan(&v.ID, &v.SportID, &v.Type, &v.Value, &v.WorkoutUUID, unixTime{&v.StartedAt})
	return v, err
}

// Records returns a user's records by sport and type.
func (s *Store) Records(ctx context.Context, userID int64) ([]Record, error) {
	return query(ctx, s.r, scanRecord, `
		select r.id, r.sport_id, r.record_type, r.value, w.uuid, w.started_at
		from records r join workouts w on w.id = r.workout_id
		where r.user_id = $1
		order by r.sport_id, r.record_type`, userID)
}
