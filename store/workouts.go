package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"fittrackee/track"
)

// Workout is one workout, with what is known about it.
type Workout struct {
	ID, UserID    int64
	UUID          uuid.UUID // names it to clients
	SportID       int64
	Title         string
	Notes         *string // nil: never written
	StartedAt     time.Time
	CreatedAt     time.Time
	ModifiedAt    time.Time     // zero: never
	track.Figures               // without FractionUS, which is kept for segments only
	Bounds        *track.Bounds // nil: no track; then the two below are empty
	TrackFile     string        // name among the kept files
	MapFile       string        // likewise, of the map picture
	// Previous and Next name the neighbours in time, among the workouts that were asked for; invalid: none.
	Previous, Next uuid.NullUUID
	Segments       []track.Figures
	Records        []Record // those that this workout holds
}

const workoutColumns = `
	w.id, w.user_id, w.uuid, w.sport_id, coalesce(w.title, ''), w.notes, w.started_at, w.created_at, w.modified_at,
	w.distance_m, w.duration_s, w.moving_s, w.pauses_s, w.ave_speed, w.max_speed,
	w.min_altitude_cm, w.max_altitude_cm, w.ascent_cm, w.descent_cm,
	w.min_latitude, w.min_longitude, w.max_latitude, w.max_longitude,
	coalesce(w.track_file, ''), coalesce(w.map_file, '')`

func scanWorkout(r row) (Workout, error) { return scanWorkoutAnd(r) }

// scanWorkoutAnd reads workoutColumns, and what follows them into the rest.
func scanWorkoutAnd(r row, rest ...any) (w Workout, err error) {
	var modified sql.NullInt64
	var altitude elevation
	var minLatitude, minLongitude, maxLatitude, maxLongitude sql.NullFloat64
	into := []any{
		&w.ID, &w.UserID, &w.UUID, &w.SportID, &w.Title, &w.Notes,
		unixTime{&w.StartedAt},
		unixTime{&w.CreatedAt},
		&modified,
		&w.DistanceM, &w.DurationS, &w.MovingS, &w.PausesS, &w.AveSpeed, &w.MaxSpeed,
		&altitude.minCM, &altitude.maxCM, &altitude.ascentCM, &altitude.descentCM,
		&minLatitude, &minLongitude, &maxLatitude, &maxLongitude,
		&w.TrackFile, &w.MapFile,
	}
	if err := r.Scan(append(into, rest...)...); err != nil {
		return w, err
	}
	if modified.Valid {
		w.ModifiedAt = time.Unix(modified.Int64, 0).UTC()
	}
	w.Elevation = altitude.known()
	if minLatitude.Valid {
		w.Bounds = &track.Bounds{
			MinLatitude: minLatitude.Float64, MinLongitude: minLongitude.Float64,
			MaxLatitude: maxLatitude.Float64, MaxLongitude: maxLongitude.Float64,
		}
	}
	return w, nil
}

// elevation is read from four columns that are null together.
type elevation struct{ minCM, maxCM, ascentCM, descentCM sql.NullInt64 }

func (e elevation) known() *track.Elevation {
	if !e.ascentCM.Valid {
		return nil
	}
	return &track.Elevation{
		MinCM: e.minCM.Int64, MaxCM: e.maxCM.Int64, AscentCM: e.ascentCM.Int64, DescentCM: e.descentCM.Int64,
	}
}

// elevationArgs returns the values of those columns.
func elevationArgs(e *track.Elevation) []any {
	if e == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{e.MinCM, e.MaxCM, e.AscentCM, e.DescentCM}
}

func boundsArgs(b *track.Bounds) []any {
	if b == nil {
		return []any{nil, nil, nil, nil}
	}
	return []any{b.MinLatitude, b.MinLongitude, b.MaxLatitude, b.MaxLongitude}
}

func figuresArgs(f track.Figures) []any {
	return append([]any{f.DistanceM, f.DurationS, f.MovingS, f.PausesS, f.AveSpeed, f.MaxSpeed}, elevationArgs(f.Elevation)...)
}

// month returns the column of that name.
func month(t time.Time) int {
	t = t.UTC()
	return 12*t.Year() + int(t.Month()) - 1
}

// NewWorkout is a workout to be added. What the store gives itself is ignored in it: ID, CreatedAt, ModifiedAt,
// Previous, Next, Records.
type NewWorkout struct {
	Workout
	ContentHash []byte // SHA-256 of the track file; nil: typed in
}

// AddWorkouts adds workouts, with the records that they set: all of them, or none. It returns ErrMissing when the
// user is gone.
func (s *Store) AddWorkouts(ctx context.Context, all []NewWorkout) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		for i := range all {
			if err := s.addWorkout(ctx, tx, &all[i]); err != nil {
				return fmt.Errorf("add workout %d: %w", i, err)
			}
		}
		return nil
	})
}

// AddUnknownWorkouts adds workouts like AddWorkouts, but leaves out those of whose file the user has a workout already. It
// returns the ids of these.
func (s *Store) AddUnknownWorkouts(ctx context.Context, all []NewWorkout) (known []uuid.UUID, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		known = nil
		for i := range all {
			_, err := workoutWithContent(ctx, tx, all[i].UserID, all[i].ContentHash)
			switch {
			case err == nil:
				known = append(known, all[i].UUID)
				continue
			case errors.Is(err, ErrMissing):
				err = s.addWorkout(ctx, tx, &all[i])
			}
			if err != nil {
				return fmt.Errorf("add workout %d: %w", i, err)
			}
		}
		return nil
	})
	return known, err
}

func (s *Store) addWorkout(ctx context.Context, tx *sql.Tx, w *NewWorkout) error {
	var mapDue any
	if w.MapFile != "" {
		mapDue = s.now()
	}
	args := []any{
		w.UUID[:], w.UserID, w.SportID, w.Title, w.Notes, w.StartedAt.Unix(), month(w.StartedAt), s.now(),
		orNull(w.TrackFile), orNull(w.MapFile), w.ContentHash, mapDue,
	}
	args = append(append(args, figuresArgs(w.Figures)...), boundsArgs(w.Bounds)...)
	result, err := tx.ExecContext(ctx, `
		insert into workouts (
		  uuid, user_id, sport_id, title, notes, started_at, month, created_at,
		  track_file, map_file, content_hash, map_due_at,
		  distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed,
		  min_altitude_cm, max_altitude_cm, ascent_cm, descent_cm,
		  min_latitude, min_longitude, max_latitude, max_longitude)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
		  $19, $20, $21, $22, $23, $24, $25, $26)`, args...)
	if isForeignKey(err) {
		return ErrMissing
	}
	if err != nil {
		return err
	}
	if w.ID, err = result.LastInsertId(); err != nil {
		return err
	}
	if err := addSegments(ctx, tx, w.ID, w.Segments); err != nil {
		return err
	}
	return challengeRecords(ctx, tx, w.ID)
}

func addSegments(ctx context.Context, tx *sql.Tx, workoutID int64, segments []track.Figures) error {
	for i, f := range segments {
		_, err := tx.ExecContext(ctx, `
			insert into segments (
			  workout_id, number, distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed,
			  min_altitude_cm, max_altitude_cm, ascent_cm, descent_cm, fraction_us)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			append(append([]any{workoutID, i}, figuresArgs(f)...), f.FractionUS)...)
		if err != nil {
			return fmt.Errorf("add segment %d: %w", i, err)
		}
	}
	return nil
}

// orNull makes null of an empty text.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// WorkoutRow returns a workout of anybody's by itself, without neighbours, segments and records, or ErrMissing.
func (s *Store) WorkoutRow(ctx context.Context, id uuid.UUID) (Workout, error) {
	return queryOne(ctx, s.r, scanWorkout, `select `+workoutColumns+` from workouts w where w.uuid = $1`, id[:])
}

// Workout returns a workout of anybody's, among all of its owner's, or ErrMissing.
func (s *Store) Workout(ctx context.Context, id uuid.UUID) (Workout, error) {
	w, err := queryOne(ctx, s.r, scanNeighboured, `
		select `+workoutColumns+neighbours(ofSameUser)+`
		from workouts w
		where w.uuid = $1`, id[:])
	if err != nil {
		return w, err
	}
	all := []Workout{w}
	err = s.addDetails(ctx, all)
	return all[0], err
}

// WorkoutsByID returns a user's workouts of these ids, in their order. One that is not there is left out.
func (s *Store) WorkoutsByID(ctx context.Context, userID int64, ids []uuid.UUID) ([]Workout, error) {
	var all []Workout
	for part := range slices.Chunk(ids, maxList) {
		args := []any{userID}
		for _, id := range part {
			args = append(args, id[:])
		}
		found, err := query(ctx, s.r, scanNeighboured, `
			select `+workoutColumns+neighbours(ofSameUser)+`
			from workouts w
			where w.user_id = $1 and w.uuid in (`+placeholders(2, &args)+`)`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	place := make(map[uuid.UUID]int, len(ids))
	for i, id := range ids {
		place[id] = i
	}
	slices.SortFunc(all, func(a, b Workout) int { return place[a.UUID] - place[b.UUID] })
	return all, s.addDetails(ctx, all)
}

// LatestSport returns the sport of a user's latest workout, or ErrMissing.
func (s *Store) LatestSport(ctx context.Context, userID int64) (int64, error) {
	return queryOne(ctx, s.r, scanInt, `
		select sport_id from workouts where user_id = $1 order by started_at desc, id desc limit 1`, userID)
}

// neighbours returns two columns that name the workouts before and after w in time, among those workouts n for
// which the condition holds. The condition is told which direction is looked in. Workouts with the same start count as
// before and after each other, as in FitTrackee; among them the order is by id, so that going from one to the next
// visits all.
func neighbours(condition func(direction string) string) string {
	column := func(before, direction, away string) string {
		return `, coalesce(
		  (select n.uuid from workouts n
		   where ` + condition(direction) + ` and (n.started_at, n.id) ` + before + ` (w.started_at, w.id)
		   order by n.started_at ` + direction + `, n.id ` + direction + ` limit 1),
		  (select n.uuid from workouts n
		   where ` + condition(direction) + ` and n.started_at = w.started_at and n.id ` + away + ` w.id
		   order by n.id ` + direction + ` limit 1))`
	}
	return column("<", "desc", ">") + column(">", "asc", "<")
}

// ofSameUser lets all workouts of a user be neighbours.
func ofSameUser(string) string { return `n.user_id = w.user_id` }

func scanNeighboured(r row) (Workout, error) {
	var previous, next uuid.NullUUID
	w, err := scanWorkoutAnd(r, &previous, &next)
	w.Previous, w.Next = previous, next
	return w, err
}

// addDetails fills in the segments and records of workouts.
func (s *Store) addDetails(ctx context.Context, all []Workout) error {
	for part := range slices.Chunk(all, maxList) {
		var ids []any
		place := make(map[int64]*Workout, len(part))
		for i := range part {
			ids = append(ids, part[i].ID)
			place[part[i].ID] = &part[i]
		}
		in := placeholders(1, &ids)
		segments, err := query(ctx, s.r, scanSegment, segmentsIn(in), ids...)
		if err != nil {
			return err
		}
		for _, v := range segments {
			w := place[v.workoutID]
			w.Segments = append(w.Segments, v.Figures)
		}
		records, err := query(ctx, s.r, scanRecord, `
			select `+recordColumns+`
			from records r join workouts w on w.id = r.workout_id
			where r.workout_id in (`+in+`)
			order by r.workout_id, r.record_type`, ids...)
		if err != nil {
			return err
		}
		for _, v := range records {
			w := place[v.WorkoutID]
			w.Records = append(w.Records, v)
		}
	}
	return nil
}

// segment is one row of segments.
type segment struct {
	workoutID int64
	track.Figures
}

func segmentsIn(workoutIDs string) string {
	return `
		select workout_id, distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed,
		  min_altitude_cm, max_altitude_cm, ascent_cm, descent_cm, fraction_us
		from segments where workout_id in (` + workoutIDs + `) order by workout_id, number`
}

func scanSegment(r row) (v segment, err error) {
	var altitude elevation
	err = r.Scan(&v.workoutID, &v.DistanceM, &v.DurationS, &v.MovingS, &v.PausesS, &v.AveSpeed, &v.MaxSpeed,
		&altitude.minCM, &altitude.maxCM, &altitude.ascentCM, &altitude.descentCM, &v.FractionUS)
	v.Elevation = altitude.known()
	return v, err
}

// EditWorkout lets edit change a workout of the user's, stores it, and gives its records to whom they belong then. It
// returns ErrMissing for a workout that is not there, and what edit returns. Of the figures,
// only those of workouts without a track may be changed.
func (s *Store) EditWorkout(ctx context.Context, userID int64, id uuid.UUID, edit func(*Workout) error) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		w, err := userWorkout(ctx, tx, userID, id)
		if err != nil {
			return err
		}
		before := w
		if err := edit(&w); err != nil {
			return err
		}
		update := func() error {
			_, err := tx.ExecContext(ctx, `
				update workouts set
				  sport_id = $1, title = $2, notes = $3, started_at = $4, month = $5, modified_at = $6,
				  distance_m = $7, duration_s = $8, moving_s = $9, ave_speed = $10, max_speed = $11
				where id = $12`,
				w.SportID, w.Title, w.Notes, w.StartedAt.Unix(), month(w.StartedAt), s.now(),
				w.DistanceM, w.DurationS, w.MovingS, w.AveSpeed, w.MaxSpeed, w.ID)
			return err
		}
		if w.SportID == before.SportID && w.StartedAt.Equal(before.StartedAt) && w.Figures == before.Figures {
			return update() // no record can change hands
		}
		return keepingRecords(ctx, tx, w.ID, update)
	})
}

func userWorkout(ctx context.Context, q querier, userID int64, id uuid.UUID) (Workout, error) {
	return queryOne(ctx, q, scanWorkout, `
		select `+workoutColumns+` from workouts w where w.uuid = $1 and w.user_id = $2`, id[:], userID)
}

// DeleteWorkout removes a workout of the user's, hands its records on, and returns it, so that its files can be
// removed. It returns ErrMissing for a workout that is not there.
func (s *Store) DeleteWorkout(ctx context.Context, userID int64, id uuid.UUID) (w Workout, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		if w, err = userWorkout(ctx, tx, userID, id); err != nil {
			return err
		}
		return keepingRecords(ctx, tx, w.ID, func() error {
			_, err := tx.ExecContext(ctx, `delete from workouts where id = $1`, w.ID)
			return err
		})
	})
	return w, err
}

// WorkoutWithContent returns the id of the user's oldest workout that was made of a file with this SHA-256, or ErrMissing.
func (s *Store) WorkoutWithContent(ctx context.Context, userID int64, hash []byte) (uuid.UUID, error) {
	return workoutWithContent(ctx, s.r, userID, hash)
}

func workoutWithContent(ctx context.Context, q querier, userID int64, hash []byte) (uuid.UUID, error) {
	return queryOne(ctx, q, scanUUID, `
		select uuid from workouts where user_id = $1 and content_hash = $2 order by id limit 1`, userID, hash)
}

func scanUUID(r row) (id uuid.UUID, err error) {
	err = r.Scan(&id)
	return id, err
}
