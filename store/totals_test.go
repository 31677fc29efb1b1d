package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fittrackee/track"
)

// addTestWorkout adds a row to workouts that says no more than the totals need.
func (s *Store) addTestWorkout(t testing.TB, uuid, userID, sportID int64, ascentCM any, n int64) {
	t.Helper()
	s.exec(t, `
		insert into workouts (
		  uuid, user_id, sport_id, started_at, month, created_at,
		  distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed, ascent_cm, descent_cm)
		values ($1, $2, $3, 0, $4, 0, $5, $6, $7, 0, $8, 0, $9, $9)`,
		fmt.Appendf(nil, "%016d", uuid), userID, sportID, 24240+uuid%3, n, 2*n, 3*n, 4*n, ascentCM)
}

// sums returns lines of user, month, sport, count and sums: those that are kept, or those that the workouts add up to.
func sums(t testing.TB, s *Store, text string) []string {
	t.Helper()
	lines, err := query(t.Context(), s.r, scanString, text)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestTotals changes workouts at random, and compares the totals that the triggers keep with what they are to be.
func TestTotals(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, name := range []string{"amelie", "boris", "chloe"} {
		if err := s.AddUser(t.Context(), newUser(name)); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	ascent := func() any {
		if random.IntN(3) == 0 {
			return nil
		}
		return random.Int64N(100_000)
	}
	userID := func() int64 { return 1 + random.Int64N(3) }
	sportID := func() int64 { return 1 + random.Int64N(4) }
	compare := func(what string) {
		t.Helper()
		kept := sums(t, s, `
			select concat_ws(' ', user_id, month, sport_id, workouts, distance_m, duration_s, moving_s, ascent_cm, descent_cm, ave_speed)
			from totals order by user_id, month, sport_id`)
		added := sums(t, s, `
			select concat_ws(' ', user_id, m, sport_id, count(*), sum(distance_m), sum(duration_s), sum(moving_s),
			  sum(coalesce(ascent_cm, 0)), sum(coalesce(descent_cm, 0)), sum(ave_speed))
			from (select *, 0 as m from workouts union all select *, month as m from workouts)
			group by user_id, m, sport_id order by user_id, m, sport_id`)
		if diff := cmp.Diff(added, kept); diff != "" {
			t.Fatalf("totals after %s, - wanted, + kept:\n%s", what, diff)
		}
	}
	for i := range int64(400) {
		what := ""
		switch random.IntN(6) {
		case 0, 1, 2:
			what = "an addition"
			s.addTestWorkout(t, i, userID(), sportID(), ascent(), random.Int64N(100_000))
		case 3:
			what = "another sport and distance"
			s.exec(t, `update workouts set sport_id = $1, distance_m = $2, ascent_cm = $3 where id = $4`,
				sportID(), random.Int64N(100_000), ascent(), 1+random.Int64N(i+1))
		case 4:
			what = "a change that does not count"
			s.exec(t, `update workouts set title = $1 where user_id = $2`, fmt.Sprint(i), userID())
		case 5:
			what = "a deletion"
			s.exec(t, `delete from workouts where id = $1`, 1+random.Int64N(i+1))
		}
		if i%20 == 0 {
			compare(what)
		}
	}
	compare("all of it")
	s.exec(t, `update workouts set duration_s = duration_s + 1, sport_id = 1 + sport_id % 4 where user_id = 2`)
	compare("a change of many")
	s.exec(t, `delete from users where id = 2`)
	compare("the deletion of a user")
	totals, err := s.Totals(t.Context(), 2)
	if err != nil || len(totals) > 0 {
		t.Errorf("Totals of a user that is gone = %v, %v; want none", totals, err)
	}
	s.exec(t, `delete from workouts`)
	if rows := sums(t, s, `select 'user ' || user_id from totals`); len(rows) > 0 {
		t.Errorf("totals without workouts: %q; want none", rows)
	}
}

// TestCheck damages a database in ways that SQLite lets through, and looks whether it is told.
func TestCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, damage, want string
	}{
		{"nothing", `select 1`, ""},
		{"a total that is wrong", `update totals set distance_m = distance_m + 1`, "user 1, sport 1: totals"},
		{"a count that is wrong", `update totals set workouts = 7`, "user 1, sport 1: totals"},
		{"a total that is missing", `delete from totals`, "user 1, sport 1: totals"},
		{"a total of nothing", `insert into totals values (1, 0, 2, 1, 1, 1, 1, 1, 1, 1)`, "user 1, sport 2: totals"},
		{"a record that is wrong", `update records set value = value + 1`, "user 1, sport 1, record FD"},
		{"a record that is missing", `delete from records`, "user 1, sport 1, record LD"},
		{"a record of nothing", `insert into records values (9, 1, 1, 1, 'HA', 7)`, "user 1, sport 1, record HA"},
		{"a workout past the triggers", `drop trigger workouts_removed; delete from workouts`, "user 1, sport 1: totals"},
		{"a record of another sport", `update records set sport_id = 2 where record_type = 'FD'`, "user 1, sport 2, record FD: is not the best"},
		{"a better workout", `update workouts set max_speed = 1`, "user 1, sport 1, record MS: is not the best"},
		{"an earlier workout as good", `
			insert into workouts (uuid, user_id, sport_id, started_at, created_at, distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed)
			select x'78', 1, 1, -1, 0, distance_m, 1, 1, 0, 0, 0 from workouts`, "user 1, sport 1, record FD: is not the best"},
		{"a workout of nobody", `update workouts set user_id = 99`, "table workouts, row 1: names a row of users"},
		{"a sport that is not there", `delete from sports where id = 1`, "names a row of sports"},
		{"a session of nobody", `insert into sessions values (1, 'x', 99, 0, 0, 0, '', '', '')`, "table sessions, row 1: names a row of users"},
		{"an index that is not right", `
			pragma writable_schema = 1;
			update sqlite_master set sql = replace(sql, 'lower', 'upper') where name = 'users_email';
			pragma writable_schema = 0`, "users_email"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := Open(t.Context(), dir+"/f.db", true)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.AddUser(t.Context(), newUser("amelie")); err != nil {
				t.Fatal(err)
			}
			if err := s.AddWorkouts(t.Context(), []NewWorkout{{Workout: Workout{
				UserID: 1, SportID: 1, StartedAt: s.Now(), Figures: track.Figures{DistanceM: 1000, DurationS: 100, MovingS: 100},
			}}}); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			makeFile(t, dir+"/f.db", c.damage) // where foreign keys are not looked at
			faults, err := open(t, dir+"/f.db").Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(faults, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("Check after %s = %q; want %q", c.name, faults, c.want)
			}
		})
	}
}
