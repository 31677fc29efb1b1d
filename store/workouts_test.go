package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"fittrackee/track"
)

// made returns a workout to be added, with as many segments as are wanted.
func made(userID, sportID int64, startedAt time.Time, segments int, f track.Figures) NewWorkout {
	return NewWorkout{Workout: Workout{
		UUID: uuid.New(), UserID: userID, SportID: sportID, Title: "a workout", StartedAt: startedAt, Figures: f,
		Segments: make([]track.Figures, segments),
	}}
}

// TestRecords adds, changes and removes workouts at random, of which many are equal and begin at the same time, and looks now
// and then whether the records are what the workouts say.
func TestRecords(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, name := range []string{"amelie", "boris"} {
		if err := s.AddUser(t.Context(), newUser(name)); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(3, 3))
	few := func() int64 { return random.Int64N(3) } // also zero, of which there is no record
	figures := func() track.Figures {
		f := track.Figures{DistanceM: few(), DurationS: 9, MovingS: few(), AveSpeed: few(), MaxSpeed: few()}
		if random.IntN(2) == 0 {
			f.Elevation = &track.Elevation{AscentCM: few()}
		}
		return f
	}
	start := func() time.Time { return time.Unix(random.Int64N(3), 0) }
	var all []NewWorkout
	for i := range 240 {
		n := 0
		if len(all) > 0 {
			n = random.IntN(len(all))
		}
		var what string
		var err error
		switch k := random.IntN(10); {
		case k < 4 || len(all) == 0:
			what = "an addition"
			more := []NewWorkout{made(1+random.Int64N(2), 1+few(), start(), 1, figures())}
			if random.IntN(3) == 0 {
				more = append(more, made(1, 1, start(), 2, figures()))
			}
			err = s.AddWorkouts(t.Context(), more)
			all = append(all, more...)
		case k < 7:
			what = "a change"
			err = s.EditWorkout(t.Context(), all[n].UserID, all[n].UUID, func(w *Workout) error {
				switch random.IntN(4) {
				case 0:
					w.SportID = 1 + few()
				case 1:
					w.StartedAt = start()
				case 2:
					w.DistanceM, w.MovingS, w.AveSpeed, w.MaxSpeed = few(), few(), few(), few()
				case 3:
					w.Title = fmt.Sprint(i)
				}
				return nil
			})
		case k < 8:
			what = "other figures"
			_, err = s.ReplaceFigures(t.Context(), []Remeasured{{all[n].ID, start(), track.Measured{Figures: figures()}}})
		default:
			what = "a deletion"
			_, err = s.DeleteWorkout(t.Context(), all[n].UserID, all[n].UUID)
			all = slices.Delete(all, n, n+1)
		}
		if err != nil {
			t.Fatalf("step %d, %s: %v", i, what, err)
		}
		if i%4 != 3 {
			continue // a check is dear under the race detector
		}
		if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
			t.Fatalf("Check after step %d, %s = %q, %v; want nothing", i, what, faults, err)
		}
	}
	if len(all) < 20 {
		t.Errorf("workouts in the end: %d; want more to compare", len(all))
	}
}

// TestWorkoutsOfOthers shows that nobody changes or removes what is somebody else's, and that a change which fails changes nothing.
func TestWorkoutsOfOthers(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for _, name := range []string{"amelie", "boris"} {
		if err := s.AddUser(t.Context(), newUser(name)); err != nil {
			t.Fatal(err)
		}
	}
	w := made(1, 1, time.Unix(0, 0), 1, track.Figures{DistanceM: 1, DurationS: 1})
	if err := s.AddWorkouts(t.Context(), []NewWorkout{w}); err != nil {
		t.Fatal(err)
	}
	rename := func(w *Workout) error { w.Title = "mine"; return nil }
	if err := s.EditWorkout(t.Context(), 2, w.UUID, rename); !errors.Is(err, ErrMissing) {
		t.Errorf("EditWorkout of somebody else's = %v; want ErrMissing", err)
	}
	if _, err := s.DeleteWorkout(t.Context(), 2, w.UUID); !errors.Is(err, ErrMissing) {
		t.Errorf("DeleteWorkout of somebody else's = %v; want ErrMissing", err)
	}
	if found, err := s.WorkoutsByID(t.Context(), 2, []uuid.UUID{w.UUID}); err != nil || len(found) > 0 {
		t.Errorf("WorkoutsByID of somebody else's = %v, %v; want none", found, err)
	}
	refusal := errors.New("no")
	if err := s.EditWorkout(t.Context(), 1, w.UUID, func(w *Workout) error { w.SportID = 2; return refusal }); !errors.Is(err, refusal) {
		t.Errorf("EditWorkout = %v; want what the edit returned", err)
	}
	good, bad := made(1, 1, time.Unix(1, 0), 1, track.Figures{DistanceM: 9}), made(1, 99, time.Unix(2, 0), 1, track.Figures{})
	if err := s.AddWorkouts(t.Context(), []NewWorkout{good, bad}); err == nil {
		t.Error("AddWorkouts with a sport that is not there = nil; want an error")
	}
	all, err := s.Workouts(t.Context(), 1, WorkoutFilter{}, WorkoutPage{Limit: 10})
	if err != nil || len(all) != 1 || all[0].Title != "a workout" || all[0].SportID != 1 {
		t.Errorf("Workouts = %+v, %v; want the one as it was", all, err)
	}
	if faults, err := s.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check = %q, %v; want nothing", faults, err)
	}
}

// spy is a driver that remembers the queries which go through it.
type spy struct {
	driver.Driver

	mu    sync.Mutex
	texts []string
}

func (d *spy) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	return spiedConn{c, d}, err
}

// said returns the queries since the last call.
func (d *spy) said() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer func() { d.texts = nil }()
	return d.texts
}

type spiedConn struct {
	driver.Conn
	spy *spy
}

func (c spiedConn) Prepare(text string) (driver.Stmt, error) {
	stmt, err := c.Conn.Prepare(text)
	return spiedStmt{stmt, text, c.spy}, err
}

type spiedStmt struct {
	driver.Stmt
	text string
	spy  *spy
}

func (s spiedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.spy.mu.Lock()
	s.spy.texts = append(s.spy.texts, s.text)
	s.spy.mu.Unlock()
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}

type connector struct {
	name string
	spy  *spy
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.spy.Open(c.name) }
func (c connector) Driver() driver.Driver                        { return c.spy }

// spied lets the queries of a store's readers be seen.
func (s *Store) spied(t testing.TB) *spy {
	t.Helper()
	d := &spy{Driver: s.r.db.Driver()}
	if err := s.r.Close(); err != nil {
		t.Fatal(err)
	}
	s.r = &readers{db: sql.OpenDB(connector{dsn(s.path, nil), d})}
	return d
}

// TestListCosts shows that a list takes the same few queries however many workouts are on its page, and that none of them
// looks through a whole table or sorts all that it finds.
func TestListCosts(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	if err := s.AddUser(t.Context(), newUser("amelie")); err != nil {
		t.Fatal(err)
	}
	var all []NewWorkout
	var ids []uuid.UUID
	for i := range int64(120) {
		w := made(1, 1+i%29, time.Unix(i*1000, 0), 3, track.Figures{DistanceM: i, DurationS: i, MovingS: i, AveSpeed: i, MaxSpeed: i})
		all, ids = append(all, w), append(ids, w.UUID)
	}
	if err := s.AddWorkouts(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	s.exec(t, `analyze`)
	d := s.spied(t)
	plans := make(map[string]string) // by query
	look := func(what string, queries int, ask func() (found int, err error), want int) {
		t.Helper()
		n, err := ask()
		texts := d.said()
		if err != nil || n != want || len(texts) != queries {
			t.Errorf("%s: %d workouts with %d queries, %v; want %d with %d", what, n, len(texts), err, want, queries)
		}
		for _, text := range texts {
			plans[text] = what
		}
	}
	list := func(f WorkoutFilter, p WorkoutPage) func() (int, error) {
		return func() (int, error) {
			found, err := s.Workouts(t.Context(), 1, f, p)
			return len(found), err
		}
	}
	for _, order := range []WorkoutOrder{ByStart, ByDistance, ByDuration, ByAveSpeed} {
		for _, isDescending := range []bool{false, true} {
			for _, n := range []int{1, 20, 100} {
				look(fmt.Sprintf("order %d, %d", order, n), 3, list(WorkoutFilter{}, WorkoutPage{Order: order, Descending: isDescending, Limit: n}), n)
			}
		}
	}
	for _, n := range []int{1, 4} {
		look(fmt.Sprintf("sport 1, %d", n), 3, list(WorkoutFilter{SportID: 1}, WorkoutPage{Limit: n}), n)
		look(fmt.Sprintf("a title, %d", n), 3, list(WorkoutFilter{TitleHas: "workout"}, WorkoutPage{Limit: n}), n)
	}
	for _, n := range []int{1, 50, 100} {
		look(fmt.Sprintf("by id, %d", n), 3, func() (int, error) {
			found, err := s.WorkoutsByID(t.Context(), 1, ids[:n])
			return len(found), err
		}, n)
	}
	look("one", 3, func() (int, error) {
		_, err := s.Workout(t.Context(), ids[7])
		return 1, err
	}, 1)
	look("no page", 1, list(WorkoutFilter{}, WorkoutPage{Limit: 5, Offset: 1000}), 0)
	for text, what := range plans {
		plan, err := query(t.Context(), s.r, func(r row) (line string, err error) {
			var id, parent, unused int
			err = r.Scan(&id, &parent, &unused, &line)
			return line, err
		}, `explain query plan `+text, make([]any, 200)[:countArgs(text)]...)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		isList := strings.Contains(text, "from workouts w") // the others sort no more than what belongs to a page
		for _, line := range plan {
			if strings.HasPrefix(line, "SCAN ") || isList && strings.Contains(line, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s: %s; want an index for\n%s\nbut the plan is\n%s", what, line, text, strings.Join(plan, "\n"))
			}
		}
	}
}

// countArgs returns how many arguments a query has.
func countArgs(text string) (n int) {
	for n < 200 && strings.Contains(text, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	return n
}
