package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Record is a user's best of one kind in one sport. Of equal values, the earlier workout's is the best.
type Record struct {
	ID          int64
	UserID      int64
	SportID     int64
	Type        string // AS average speed, FD farthest distance, HA highest ascent, LD longest duration, MS maximum speed
	Value       int64  // AS, MS: 0.01 km/h; FD: metres; HA: centimetres; LD: seconds
	WorkoutID   int64
	WorkoutUUID uuid.UUID
	StartedAt   time.Time // of the workout
}

func scanRecord(r row) (v Record, err error) {
	err = r.Scan(&v.ID, &v.UserID, &v.SportID, &v.Type, &v.Value, &v.WorkoutID, &v.WorkoutUUID, unixTime{&v.StartedAt})
	return v, err
}

const recordColumns = `r.id, r.user_id, r.sport_id, r.record_type, r.value, r.workout_id, w.uuid, w.started_at`

// Records returns the records of some users, a hundred at most, by user, sport and type.
func (s *Store) Records(ctx context.Context, userIDs ...int64) ([]Record, error) {
	args := anys(userIDs)
	return query(ctx, s.r, scanRecord, `
		select `+recordColumns+`
		from records r join workouts w on w.id = r.workout_id
		where r.user_id in (`+placeholders(1, &args)+`)
		order by r.user_id, r.sport_id, r.record_type`, args...)
}

// recordTypes are the kinds of records, and the columns of workouts that they are about. A record of zero does not exist.
var recordTypes = []struct{ name, column string }{
	{"AS", "ave_speed"},
	{"FD", "distance_m"},
	{"HA", "ascent_cm"},
	{"LD", "moving_s"},
	{"MS", "max_speed"},
}

// candidates selects what the workouts for which a condition holds offer for each type of record.
func candidates(condition string) string {
	parts := make([]string, len(recordTypes))
	for i, t := range recordTypes {
		parts[i] = `
		select user_id, sport_id, '` + t.name + `' as record_type, id as workout_id, ` + t.column + ` as value, started_at
		from workouts where ` + t.column + ` > 0 and ` + condition
	}
	return strings.Join(parts, ` union all`)
}

// challengeRecords gives a workout each record that it beats, or sets for the first time.
func challengeRecords(ctx context.Context, tx *sql.Tx, workoutID int64) error {
	_, err := tx.ExecContext(ctx, `
		insert into records (user_id, sport_id, record_type, workout_id, value)
		select user_id, sport_id, record_type, workout_id, value from (`+candidates(`id = $1`)+`)
		where true
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
		_, err := tx.ExecContext(ctx, `
			insert into records (user_id, sport_id, record_type, workout_id, value)
			select user_id, sport_id, record_type, workout_id, value
			from (`+candidates(`user_id = $1 and sport_id = $2`)+`)
			where record_type = $3
			order by value desc, started_at, workout_id limit 1`, v.userID, v.sportID, v.kind)
		if err != nil {
			return fmt.Errorf("hand on record %s: %w", v.kind, err)
		}
	}
	return challengeRecords(ctx, tx, workoutID)
}
