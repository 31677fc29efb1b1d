package store

import "context"

// SportTotal is what a user's workouts of one sport add up to.
type SportTotal struct {
	SportID   int64
	Workouts  int64
	DistanceM int64
	DurationS int64 // pauses included
	AscentCM  int64
}

func scanSportTotal(r row) (t SportTotal, err error) {
	err = r.Scan(&t.SportID, &t.Workouts, &t.DistanceM, &t.DurationS, &t.AscentCM)
	return t, err
}

// Totals returns what a user's workouts add up to, for each sport that has any, by its id.
func (s *Store) Totals(ctx context.Context, userID int64) ([]SportTotal, error) {
	return query(ctx, s.r, scanSportTotal, `
		select sport_id, workouts, distance_m, duration_s, ascent_cm
		from totals where user_id = $1 order by sport_id`, userID)
}
