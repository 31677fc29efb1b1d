package store

import "context"

// SportTotal is what a user's workouts of one sport add up to.
type SportTotal struct {
	UserID    int64
	SportID   int64
	Workouts  int64
	DistanceM int64
	DurationS int64 // pauses included
	AscentCM  int64
}

func scanSportTotal(r row) (t SportTotal, err error) {
	err = r.Scan(&t.UserID, &t.SportID, &t.Workouts, &t.DistanceM, &t.DurationS, &t.AscentCM)
	return t, err
}

// Totals returns what the workouts of some users add up to, a hundred users at most, by user and sport.
func (s *Store) Totals(ctx context.Context, userIDs ...int64) ([]SportTotal, error) {
	args := anys(userIDs)
	return query(ctx, s.r, scanSportTotal, `
		select user_id, sport_id, workouts, distance_m, duration_s, ascent_cm
		from totals where user_id in (`+placeholders(1, &args)+`) and month = 0
		order by user_id, sport_id`, args...)
}

// Period is how statistics cut time. Periods are numbered; the numbers of months are those of the
// column month, the others are counted from the first of the year 1 on.
type Period int

const (
	Always Period = iota // one period, 0
	Year
	Month
	WeekSunday // weeks begin on Sunday
	WeekMonday // weeks begin on Monday
	QuarterHour
)

// periodNumbers are the SQL that numbers a workout's period. The first of January of the year 1, 62135596800 seconds
// before 1970, was a Monday.
var periodNumbers = map[Period]string{
	Always:     `0`,
	Year:       `month / 12`,
	Month:      `month`,
	WeekSunday: `(started_at + 62135596800 + 86400) / 604800`,
	WeekMonday: `(started_at + 62135596800) / 604800`,

	QuarterHour: `(started_at + 62135596800) / 900`,
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
