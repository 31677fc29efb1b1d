package workout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fittrackee/problem"
	"fittrackee/store"
)

// Sum is what workouts of one sport add up to in one period.
type Sum struct {
	Period string // its name: "2018", "2018-03", or a day: itself, or the one that a week begins on
	store.PeriodSum
}

// periods are the ways in which time can be cut, by their names in a request.
var periods = map[string]store.Period{
	"":      store.Year,
	"year":  store.Year,
	"month": store.Month,
	"week":  store.WeekSunday,
	"weekm": store.WeekMonday,
}

// dayPeriod names the period of one day in a request; "day" is refused by contract.
const dayPeriod = "date"

// ByTime adds up a user's workouts by period and sport, in this order. The period is named year, month,
// week (from Sunday), weekm (from Monday) or date (one day). Days are the user's; longer periods are cut in UTC, as FitTrackee
// does. A sport of 0 means all.
func (w *Workouts) ByTime(ctx context.Context, u store.User, period string, days Days, sportID int64) ([]Sum, error) {
	if period == dayPeriod {
		return w.byDay(ctx, u, days, sportID)
	}
	p, ok := periods[period]
	if !ok {
		return nil, problem.New(problem.BadUpload, "Invalid time period.")
	}
	return w.sums(ctx, u, p, days, sportID)
}

// byDay adds up a user's workouts by the day on which they began where the user lives. Offsets of time zones are whole quarters of an
// hour, but for those of sundials long ago.
func (w *Workouts) byDay(ctx context.Context, u store.User, days Days, sportID int64) ([]Sum, error) {
	zone, err := w.zone(u)
	if err != nil {
		return nil, err
	}
	quarters, err := w.sums(ctx, u, store.QuarterHour, days, sportID)
	if err != nil {
		return nil, err
	}
	type key struct {
		day     string
		sportID int64
	}
	var sums []Sum
	places := make(map[key]int) // in sums
	for _, v := range quarters {
		v.Period = time.Unix(firstMonday.Unix()+900*v.Number, 0).In(zone).Format(time.DateOnly)
		at := key{v.Period, v.SportID}
		if i, ok := places[at]; ok {
			sums[i].add(v.PeriodSum)
			continue
		}
		places[at] = len(sums)
		sums = append(sums, v)
	}
	return sums, nil
}

// add adds what other workouts of the same sport add up to.
func (s *Sum) add(v store.PeriodSum) {
	s.Workouts += v.Workouts
	s.DistanceM += v.DistanceM
	s.MovingS += v.MovingS
	s.AscentCM += v.AscentCM
	s.DescentCM += v.DescentCM
	s.AveSpeed += v.AveSpeed
}

// BySport adds up a user's workouts by sport.
func (w *Workouts) BySport(ctx context.Context, u store.User, days Days, sportID int64) ([]Sum, error) {
	return w.sums(ctx, u, store.Always, days, sportID)
}

func (w *Workouts) sums(ctx context.Context, u store.User, p store.Period, days Days, sportID int64) ([]Sum, error) {
	if sportID != 0 {
		_, err := w.store.Sport(ctx, u.ID, sportID)
		if errors.Is(err, store.ErrMissing) {
			return nil, problem.New(problem.Missing, "sport does not exist")
		}
		if err != nil {
			return nil, err
		}
	}
	started, err := w.StartRange(u, days)
	if err != nil {
		return nil, err
	}
	rows, err := w.store.SumPeriods(ctx, u.ID, p, started, sportID)
	if err != nil {
		return nil, err
	}
	sums := make([]Sum, len(rows))
	for i, row := range rows {
		sums[i] = Sum{periodName(p, row.Number), row}
	}
	return sums, nil
}

// firstMonday is the first of January of the year 1, from which the store counts quarters of an hour, and weeks that begin on Monday.
var firstMonday = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// periodName names the period that has a number in the store.
func periodName(p store.Period, number int64) string {
	switch p {
	case store.Year:
		return fmt.Sprintf("%04d", number)
	case store.Month:
		return fmt.Sprintf("%04d-%02d", number/12, number%12+1)
	case store.WeekSunday:
		return firstMonday.AddDate(0, 0, int(7*number)-1).Format(time.DateOnly)
	case store.WeekMonday:
		return firstMonday.AddDate(0, 0, int(7*number)).Format(time.DateOnly)
	}
	return ""
}

// Days are days from one to another, both included, as "2018-03-01"; empty: without a bound.
type Days struct{ From, To string }

// StartRange returns the time between the beginning of the first of days and the end of the last, where the user lives.
func (w *Workouts) StartRange(u store.User, days Days) (r store.Range, err error) {
	zone, err := w.zone(u)
	if err != nil {
		return r, err
	}
	if days.From != "" {
		first, err := time.Parse(time.DateOnly, days.From)
		if err != nil {
			return r, problem.ErrInvalidPayload.With(err)
		}
		from := dayStart(first, zone).Unix()
		r.From = &from
	}
	if days.To != "" {
		last, err := time.Parse(time.DateOnly, days.To)
		if err != nil {
			return r, problem.ErrInvalidPayload.With(err)
		}
		to := dayStart(last.AddDate(0, 0, 1), zone).Unix() - 1
		r.To = &to
	}
	return r, nil
}

// dayStart returns when a day begins in a time zone. In some, the clocks are changed at midnight: then a day begins at one, or
// has midnight twice.
func dayStart(day time.Time, zone *time.Location) time.Time {
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	change, next := midnight.ZoneBounds()
	if midnight.Day() != day.Day() {
		return next // time.Date took the other side of the change, the day before
	}
	if change.IsZero() {
		return midnight
	}
	_, offset := midnight.Zone()
	_, before := change.Add(-1).Zone()
	if first := midnight.Add(time.Duration(offset-before) * time.Second); first.Before(change) && first.In(zone).Day() == day.Day() {
		return first
	}
	return midnight
}
