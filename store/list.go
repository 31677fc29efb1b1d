package store

import (
	"context"
	"fmt"
	"math"
	"strings"
)

// WorkoutFilter says which of a user's workouts are meant.
type WorkoutFilter struct {
	SportID   int64  // 0: any
	Started   Range  // Unix seconds
	Distance  Range  // metres
	Duration  Range  // seconds, pauses included
	AveSpeed  Range  // 0.01 km/h
	MaxSpeed  Range  // 0.01 km/h
	TitleHas  string // without regard to the case of A to Z
	NotesHave string // likewise
}

// Range is from one number to another, both included; nil: without a bound.
type Range struct{ From, To *int64 }

func (r Range) bounds() (from, to int64) {
	from, to = math.MinInt64, math.MaxInt64
	if r.From != nil {
		from = *r.From
	}
	if r.To != nil {
		to = *r.To
	}
	return from, to
}

// isOnlySport tells whether a filter asks for nothing but a sport, or for nothing at all.
func (f WorkoutFilter) isOnlySport() bool { return f == WorkoutFilter{SportID: f.SportID} }

// rangeArgs is the number of the first arg that is a bound; the bounds of each of ranges follow, from and to.
const rangeArgs = 3

// ranges are the columns that a filter has bounds for.
func (f WorkoutFilter) ranges() []columnRange {
	return []columnRange{
		{"started_at", f.Started},
		{"distance_m", f.Distance},
		{"duration_s", f.Duration},
		{"ave_speed", f.AveSpeed},
		{"max_speed", f.MaxSpeed},
	}
}

type columnRange struct {
	column string
	Range
}

func (f WorkoutFilter) args(userID int64) []any {
	args := []any{userID, f.SportID}
	for _, r := range f.ranges() {
		from, to := r.bounds()
		args = append(args, from, to)
	}
	return append(args, likePart(f.TitleHas), likePart(f.NotesHave))
}

// condition returns the filter for the workouts w, whose args are args. Its text depends on no more than whether a
// sport is asked for, so that there are few texts to prepare.
//
// Bounds are always there, so SQLite cannot know which of them say something. It is to look into the index that begins
// with the column indexed, which gives the order that is wanted; the plus keeps it from taking another.
func (f WorkoutFilter) condition(indexed string) string {
	text := f.about("w")
	for i, r := range f.ranges() {
		plus := "+"
		if r.column == indexed {
			plus = ""
		}
		text += fmt.Sprintf(` and %sw.%s between $%d and $%d`, plus, r.column, rangeArgs+2*i, rangeArgs+2*i+1)
	}
	return text
}

// neighboursCondition returns the filter for the neighbours n of w in a direction of time. They begin before the last day,
// and have any maximum speed: FitTrackee has it so, and the contract with it.
//
// SQLite walks in an index from w on, as far as a bound. The plus keeps it from walking to w from the other bound.
func (f WorkoutFilter) neighboursCondition(direction string) string {
	text := f.about("n")
	for i, r := range f.ranges() {
		from, to := fmt.Sprintf("$%d", rangeArgs+2*i), fmt.Sprintf("$%d", rangeArgs+2*i+1)
		switch {
		case r.column == "max_speed":
		case r.column != "started_at":
			text += ` and +n.` + r.column + ` between ` + from + ` and ` + to
		case direction == "asc":
			text += ` and +n.started_at >= ` + from + ` and n.started_at <= ` + to + lessADay
		default:
			text += ` and n.started_at >= ` + from + ` and +n.started_at <= ` + to + lessADay
		}
	}
	return text
}

// lessADay goes back from the last second of a day to its first.
const lessADay = ` - 86399`

// about returns what is not a range in a filter: whose workouts, of which sport, with which words.
func (f WorkoutFilter) about(alias string) string {
	sport := `a.sport_id = $2`
	if f.SportID == 0 {
		sport = `$2 = 0`
	}
	return strings.ReplaceAll(`a.user_id = $1 and `+sport+`
		and ($13 = '' or lower(a.title) like $13 escape '\') and ($14 = '' or lower(a.notes) like $14 escape '\')`,
		"a.", alias+".")
}

// likePart returns the pattern of texts that have part in them; empty: any text.
func likePart(part string) string {
	if part == "" {
		return ""
	}
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(asciiLower(part)) + "%"
}

// asciiLower does what SQLite's lower does.
func asciiLower(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c + 'a' - 'A'
		}
		return c
	}, text)
}

// WorkoutOrder is what a list of workouts is ordered by.
type WorkoutOrder int

// Of workouts with equal values, the earlier one is the lesser; but if one of them holds the record for it, it is the greatest.
const (
	ByStart WorkoutOrder = iota
	ByDistance
	ByDuration
	ByAveSpeed
)

// WorkoutPage is a part of a list of workouts.
type WorkoutPage struct {
	Order         WorkoutOrder
	Descending    bool
	Limit, Offset int
}

// sortKeys returns what a list is ordered by, the most important first. The first is a column that an index begins with, after
// the user.
func (p WorkoutPage) sortKeys() []string {
	holds := func(kind string) string {
		return `exists (select 1 from records r where r.workout_id = w.id and r.record_type = '` + kind + `')`
	}
	switch p.Order {
	case ByDistance:
		return []string{"distance_m", holds("FD"), "w.started_at", "w.id"}
	case ByDuration:
		return []string{"duration_s", holds("LD"), "w.started_at", "w.id"}
	case ByAveSpeed:
		return []string{"ave_speed", holds("AS"), "w.started_at", "w.id"}
	default:
		return []string{"started_at", "w.id"}
	}
}

// Workouts returns a page of those of a user's workouts that pass the filter. Their neighbours are among these, too.
func (s *Store) Workouts(ctx context.Context, userID int64, f WorkoutFilter, p WorkoutPage) ([]Workout, error) {
	direction := ` asc`
	if p.Descending {
		direction = ` desc`
	}
	keys := p.sortKeys()
	all, err := query(ctx, s.r, scanNeighboured, `
		select `+workoutColumns+neighbours(f.neighboursCondition)+`
		from workouts w
		where `+f.condition(keys[0])+`
		order by w.`+strings.Join(keys, direction+`, `)+direction+`
		limit $15 offset $16`, append(f.args(userID), p.Limit, p.Offset)...)
	if err != nil {
		return nil, err
	}
	return all, s.addDetails(ctx, all)
}

// WorkoutSums are what some workouts add up to.
type WorkoutSums struct {
	Workouts, Sports               int64 // how many
	DistanceM, DurationS, AscentCM int64
}

func scanWorkoutSums(r row) (v WorkoutSums, err error) {
	err = r.Scan(&v.Workouts, &v.Sports, &v.DistanceM, &v.DurationS, &v.AscentCM)
	return v, err
}

// SumWorkouts adds up those of a user's workouts that pass the filter.
func (s *Store) SumWorkouts(ctx context.Context, userID int64, f WorkoutFilter) (WorkoutSums, error) {
	if f.isOnlySport() {
		return queryOne(ctx, s.r, scanWorkoutSums, `
			select coalesce(sum(workouts), 0), count(*),
			  coalesce(sum(distance_m), 0), coalesce(sum(duration_s), 0), coalesce(sum(ascent_cm), 0)
			from totals where user_id = $1 and month = 0 and ($2 = 0 or sport_id = $2)`, userID, f.SportID)
	}
	return queryOne(ctx, s.r, scanWorkoutSums, `
		select count(*), count(distinct w.sport_id),
		  coalesce(sum(w.distance_m), 0), coalesce(sum(w.duration_s), 0), coalesce(sum(w.ascent_cm), 0)
		from workouts w
		where `+f.condition("started_at"), f.args(userID)...)
}
