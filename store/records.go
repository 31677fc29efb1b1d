package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Record is a user's best of one kind in one sport. Of equal values, the earlier workout's is the best.
type Record struct {
	ID          int64
	SportID     int64
	Type        string // AS average speed, FD farthest distance, HA highest ascent, LD longest duration, MS maximum speed
	Value       int64  // AS, MS: 0.01 km/h; FD: metres; HA: centimetres; LD: seconds
	WorkoutID   int64
	WorkoutUUID uuid.UUID
	StartedAt   time.Time // of the workout
}

const recordColumns = `r.id, r.sport_id, r.record_type, r.value, r.workout_id, w.uuid, w.started_at`

func scanRecord(r row) (v Record, err error) {
	err = r.Scan(&v.ID, &v.SportID, &v.Type, &v.Value, &v.WorkoutID, &v.WorkoutUUID, unixTime{&v.StartedAt})
	return v, err
}

// Records returns a user's records by sport and type.
func (s *Store) Records(ctx context.Context, userID int64) ([]Record, error) {
	return query(ctx, s.r, scanRecord, `
		select `+recordColumns+`
		from records r join workouts w on w.id = r.workout_id
		where r.user_id = $1
		order by r.sport_id, r.record_type`, userID)
}

// recordValues gives each type of record the column of workouts that it is about. A record of zero does not exist.
var recordValues = map[string]string{
	"AS": "ave_speed",
	"FD": "distance_m",
	"HA": "ascent_cm",
	"LD": "moving_s",
	"MS": "max_speed",
}

// challengeRecords gives a workout each record that it beats, or sets for the first time.
func challengeRecords(ctx context.Context, tx *sql.Tx, workoutID int64) error {
	_, err := tx.ExecContext(ctx, `
		insert into records (user_id, sport_id, workout_id, record_type, value)
		select user_id, sport_id, id, 'AS', ave_speed from workouts where id = $1 and ave_speed > 0
		union all
		select user_id, sport_id, id, 'FD', distance_m from workouts where id = $1 and distance_m > 0
		union all
		select user_id, sport_id, id, 'HA', ascent_cm from workouts where id = $1 and ascent_cm > 0
		union all
		select user_id, sport_id, id, 'LD', moving_s from workouts where id = $1 and moving_s > 0
		union all
		select user_id, sport_id, id, 'MS', max_speed from workouts where id = $1 and max_speed > 0
		on conflict (user_id, sport_id, record_type) do update set
		  workout_id = excluded.workout_id,
		  value = excluded.value
		where excluded.value > records.value
		  or excluded.value = records.value
		  and (select (c.started_at, c.id) < (h.started_at, h.id)
		       from workouts c, workouts h
		       where c.id = excluded.workout_id and h.id = records.workout_id)`, workoutID)
	if err != nil {
		return fmt.Errorf("challenge records: %w", err)
	}
	return nil
}

// heldRecord is a record that a workout holds.
type heldRecord struct {
	userID, sportID int64
	kind            string
}

func scanHeldRecord(r row) (v heldRecord, err error) {
	err = r.Scan(&v.userID, &v.sportID, &v.kind)
	return v, err
}

// keepingRecords lets change alter or remove a workout. The records that the workout held go to the best
// that there is then; the workout may win others.
func keepingRecords(ctx context.Context, tx *sql.Tx, workoutID int64, change func() error) error {
	held, err := query(ctx, tx, scanHeldRecord, `
		delete from records where workout_id = $1 returning user_id, sport_id, record_type`, workoutID)
	if err != nil {
		return fmt.Errorf("give up records: %w", err)
	}
	if err := change(); err != nil {
		return err
	}
	for _, v := range held {
		column := recordValues[v.kind]
		_, err := tx.ExecContext(ctx, `
			insert into records (user_id, sport_id, workout_id, record_type, value)
			select user_id, sport_id, id, $3, `+column+`
			from workouts
			where user_id = $1 and sport_id = $2 and `+column+` > 0
			order by `+column+` desc, started_at, id limit 1`, v.userID, v.sportID, v.kind)
		if err != nil {
			return fmt.Errorf("hand on record %s: %w", v.kind, err)
		}
	}
	return challengeRecords(ctx, tx, workoutID)
}
