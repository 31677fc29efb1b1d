package store

import (
	"context"
	"slices"
)

// SportTotal is what a user's workouts of one sport add up to.
type SportTotal struct {
	SportID   int64
	Workouts  int64
	DistanceM int64
	DurationS int64 // pauses included
	AscentCM  int64
}

// ofUser is something of a user's.
type ofUser[T any] struct {
	userID int64
	thing  T
}

func scanSportTotal(r row) (v ofUser[SportTotal], err error) {
	t := &v.thing
	err = r.Scan(&v.userID, &t.SportID, &t.Workouts, &t.DistanceM, &t.DurationS, &t.AscentCM)
	return v, err
}

// Totals returns what the workouts of each of some users add up to, for each sport that has any, by its id.
func (s *Store) Totals(ctx context.Context, userIDs []int64) (map[int64][]SportTotal, error) {
	return queryByUser(ctx, s.r, userIDs, scanSportTotal, func(in string) string {
		return `
			select user_id, sport_id, workouts, distance_m, duration_s, ascent_cm
			from totals where user_id in (` + in + `) and month = 0 order by user_id, sport_id`
	})
}

// queryByUser returns all rows of an answer that are some users', by user. The text is made with a list of the users.
func queryByUser[T any](
	ctx context.Context, q querier, userIDs []int64, scan func(row) (ofUser[T], error), text func(in string) string,
) (map[int64][]T, error) {
	found := make(map[int64][]T)
	for part := range slices.Chunk(userIDs, maxList) {
		var args []any
		for _, id := range part {
			args = append(args, id)
		}
		in := placeholders(1, &args)
		rows, err := query(ctx, q, scan, text(in), args...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			found[v.userID] = append(found[v.userID], v.thing)
		}
	}
	return found, nil
}

// Period is how statistics cut time. Periods are numbered; the numbers of months are those of the
// column month, weeks are counted from the first of the year 1 on.
type Period int

const (
	Always Period = iota // one period, 0
	Year
	Month
	WeekSunday // weeks begin on Sunday
	WeekMonday // weeks begin on Monday
)

// periodNumbers are the SQL that numbers a workout's period. The first of January of the year 1, 62135596800 seconds
// before 1970, was a Monday.
var periodNumbers = map[Period]string{
	Always:     `0`,
	Year:       `month / 12`,
	Month:      `month`,
	WeekSunday: `(started_at + 62135596800 + 86400) / 604800`,
	WeekMonday: `(started_at + 62135596800) / 604800`,
}

// isMonths tells whether periods are made of whole months.
func (p Period) isMonths() bool { return p == Always || p == Year || p == Month }

// PeriodSum is what a user's workouts of one sport add up to in one period.
type PeriodSum struct {
	Number    int64 // of the period
	SportID   int64
	Workouts  int64
	DistanceM int64
	MovingS   int64
	AscentCM  int64
	DescentCM int64
	AveSpeed  int64 // the sum of the average speeds, in 0.01 km/h
}

func scanPeriodSum(r row) (v PeriodSum, err error) {
	err = r.Scan(&v.Number, &v.SportID, &v.Workouts, &v.DistanceM, &v.MovingS, &v.AscentCM, &v.DescentCM, &v.AveSpeed)
	return v, err
}

// SumPeriods adds up a user's workouts by period and sport, in this order; of one sport, or of all when sportID is 0.
func (s *Store) SumPeriods(ctx context.Context, userID int64, p Period, started Range, sportID int64) ([]PeriodSum, error) {
	if started == (Range{}) && p.isMonths() {
		months := `month > 0`
		if p == Always {
			months = `month = 0`
		}
		return query(ctx, s.r, scanPeriodSum, `
			select `+periodNumbers[p]+` as period, sport_id, sum(workouts), sum(distance_m), sum(moving_s),
			  sum(ascent_cm), sum(descent_cm), sum(ave_speed)
			from totals
			where user_id = $1 and `+months+` and ($2 = 0 or sport_id = $2)
			group by period, sport_id
			order by period, sport_id`, userID, sportID)
	}
	from, to := started.bounds()
	return query(ctx, s.r, scanPeriodSum, `
		select `+periodNumbers[p]+` as period, sport_id, count(*), sum(distance_m), sum(moving_s),
		  sum(coalesce(ascent_cm, 0)), sum(coalesce(descent_cm, 0)), sum(ave_speed)
		from workouts
		where user_id = $1 and started_at between $2 and $3 and ($4 = 0 or sport_id = $4)
		group by period, sport_id
		order by period, sport_id`, userID, from, to, sportID)
}

// InstanceSums is what an instance has.
type InstanceSums struct{ Users, Sports, Workouts int64 }

func scanInstanceSums(r row) (v InstanceSums, err error) {
	err = r.Scan(&v.Users, &v.Sports, &v.Workouts)
	return v, err
}

// SumInstance counts users, workouts, and the sports that they are of.
func (s *Store) SumInstance(ctx context.Context) (InstanceSums, error) {
	return queryOne(ctx, s.r, scanInstanceSums, `
		select (select count(*) from users), count(distinct sport_id), coalesce(sum(workouts), 0) from totals
		where month = 0`)
}
