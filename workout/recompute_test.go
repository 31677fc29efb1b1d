package workout_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"fittrackee/store"
	"fittrackee/workout"
)

// exec changes the database past the store.
func (p *place) exec(t testing.TB, text string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(p.store.Path())+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// recomputes measures workouts again, and returns what came of it, with the failures by title.
func (p *place) recomputes(t testing.TB, userID int64) (workout.Recomputed, map[string]string) {
	t.Helper()
	failed := make(map[string]string)
	got, err := p.workouts.Recompute(t.Context(), workout.RecomputeOptions{
		UserID:   userID,
		Failed:   func(v store.Workout, reason error) { failed[v.Title] = reason.Error() },
		Progress: func(workout.Progress) {},
	})
	if err != nil {
		t.Fatalf("recompute: %v", err)
	}
	return got, failed
}

// importsForBoth gives both accounts the same workouts, half of them rides and half of them runs.
func (p *place) importsForBoth(t testing.TB, n int) {
	t.Helper()
	folder := manyFiles(t, n)
	other := *p
	other.amelie = p.boris
	p.imports(t, workout.ImportOptions{}, folder)
	other.imports(t, workout.ImportOptions{}, folder)
}

// changes returns the titles of workouts that differ.
func changes(before, after []store.Workout) []string {
	var changed []string
	for i, v := range after {
		if !cmp.Equal(before[i], v, cmpopts.IgnoreFields(store.Workout{}, "Records")) {
			changed = append(changed, v.Title)
		}
	}
	return changed
}

// TestRecompute changes what a user calls stopped in one sport.
func TestRecompute(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 64
	p.importsForBoth(t, n)
	title, notes := "My own words", "and more of them"
	v := p.tracked(t, p.amelie)[7]
	err := p.workouts.Edit(t.Context(), p.amelie, v.UUID, workout.Typed{Title: &title, Notes: &notes})
	if err != nil {
		t.Fatal(err)
	}
	amelies, boriss := p.tracked(t, p.amelie), p.tracked(t, p.boris)
	recordsBefore, err := p.store.Records(t.Context(), p.amelie.ID)
	if err != nil {
		t.Fatal(err)
	}

	got, failed := p.recomputes(t, 0)
	if got != (workout.Recomputed{Measured: 2 * n}) || len(failed) > 0 {
		t.Errorf("recompute of what is right = %+v, %q; want no change", got, failed)
	}
	speed := 7.0 // km/h
	if _, err := p.store.EditSportPreference(t.Context(), p.amelie.ID, 1, store.SportPreference{StoppedSpeedKMH: &speed}); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.recomputes(t, p.boris.ID); got != (workout.Recomputed{Measured: n}) {
		t.Errorf("recompute of somebody else's = %+v; want no change", got)
	}
	got, failed = p.recomputes(t, p.amelie.ID)
	if got != (workout.Recomputed{Measured: n, Changed: n / 2}) || len(failed) > 0 {
		t.Errorf("recompute with another speed = %+v, %q; want %d of %d changed", got, failed, n/2, n)
	}
	if changed := changes(boriss, p.tracked(t, p.boris)); len(changed) > 0 {
		t.Errorf("recompute changed somebody else's %q", changed)
	}
	after := p.tracked(t, p.amelie)
	for i, v := range after {
		was := amelies[i]
		if v.SportID != 1 {
			if !cmp.Equal(was, v) {
				t.Errorf("a workout of sport %d has changed:\n%s", v.SportID, cmp.Diff(was, v))
			}
			continue
		}
		if v.MovingS >= was.MovingS || v.PausesS <= was.PausesS || v.AveSpeed <= was.AveSpeed || v.DistanceM != was.DistanceM {
			t.Errorf("%s: %+v, before %+v; want less time moving, and the same way", v.Title, v.Figures, was.Figures)
		}
		ignored := cmpopts.IgnoreFields(store.Workout{}, "Figures", "Segments", "Records")
		if diff := cmp.Diff(was, v, ignored); diff != "" {
			t.Errorf("%s: more than its figures has changed:\n%s", v.Title, diff)
		}
	}
	records, err := p.store.Records(t.Context(), p.amelie.ID)
	if err != nil {
		t.Fatal(err)
	}
	if records[0].Type != "AS" || records[0].Value <= recordsBefore[0].Value || len(records) != len(recordsBefore) {
		t.Errorf("records = %+v, before %+v; want a faster one", records, recordsBefore)
	}
	p.isSound(t)
	if got, _ := p.recomputes(t, 0); got.Changed != 0 {
		t.Errorf("another recompute = %+v; want no change", got)
	}
	if err := p.store.ResetSportPreference(t.Context(), p.amelie.ID, 1); err != nil {
		t.Fatal(err)
	}
	if got, _ := p.recomputes(t, 0); got.Changed != n/2 {
		t.Errorf("recompute with the speed as before = %+v; want %d changed", got, n/2)
	}
	if diff := cmp.Diff(amelies, p.tracked(t, p.amelie), cmpopts.IgnoreFields(store.Record{}, "ID")); diff != "" {
		t.Errorf("workouts with the speed as before, - before, + now:\n%s", diff)
	}
	p.isSound(t)
}

// TestRecomputeFormulas changes figures as if other formulas had made them, and takes points away.
func TestRecomputeFormulas(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 50
	p.importsForBoth(t, n)
	if _, err := p.workouts.AddTyped(t.Context(), p.amelie, typed()); err != nil {
		t.Fatal(err)
	}
	amelies, boriss := p.tracked(t, p.amelie), p.tracked(t, p.boris)
	p.exec(t, `update workouts set distance_m = distance_m + 1, ave_speed = 10 * id, ascent_cm = null, descent_cm = null,
		min_altitude_cm = null, max_altitude_cm = null where track_file is not null and id % 3 = 0`)
	p.exec(t, `update workouts set started_at = started_at - 3600, max_latitude = 80 where track_file is not null and id % 3 = 1`)
	p.exec(t, `delete from segments where workout_id % 6 = 2`)
	entries, err := os.ReadDir(filepath.Join(p.dir, "uploads", "series"))
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		path := filepath.Join(p.dir, "uploads", "series", e.Name())
		err := os.WriteFile(path, []byte("points of another version"), 0o600)
		if i%2 == 0 {
			err = os.Remove(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	got, failed := p.recomputes(t, 0)
	if got.Measured != 2*n || got.Changed < n || got.Changed == 2*n || len(failed) > 0 {
		t.Errorf("recompute = %+v, %q; want %d, some of them changed", got, failed, 2*n)
	}
	if diff := cmp.Diff(slices.Concat(amelies, boriss), slices.Concat(p.tracked(t, p.amelie), p.tracked(t, p.boris)),
		cmpopts.IgnoreFields(store.Record{}, "ID")); diff != "" {
		t.Errorf("workouts, - before, + now:\n%s", diff)
	}
	for _, v := range slices.Concat(amelies, boriss) {
		if points, err := p.files.Series(v.TrackFile); err != nil || string(points) == "points of another version" {
			t.Errorf("the points of %s are not those of its file: %v", v.Title, err)
		}
	}
	p.isSound(t)
}

// TestRecomputeDrawsMaps changes points as if another version had kept them. Only their maps are drawn again.
func TestRecomputeDrawsMaps(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.imports(t, workout.ImportOptions{}, manyFiles(t, 40))
	all := p.tracked(t, p.amelie)
	want := make(map[string][]byte)
	const old = "a map of before"
	for i, v := range all {
		var err error
		path := filepath.Join(p.dir, "uploads", "maps", v.MapFile)
		if want[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			err = p.files.PutSeries(v.TrackFile, []byte("points of another version"))
		} else {
			want[path] = []byte(old)
		}
		// A server with tiles has drawn them all.
		if err := errors.Join(err, os.WriteFile(path, []byte(old), 0o600), p.store.ScheduleMap(t.Context(), v.ID, time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	if got, failed := p.recomputes(t, 0); got != (workout.Recomputed{Measured: 40}) || len(failed) > 0 {
		t.Errorf("recompute of other points = %+v, %q; want the same figures", got, failed)
	}
	for path, picture := range want {
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, picture) {
			t.Errorf("%s has %d bytes, %v; want %d", path, len(got), err, len(picture))
		}
	}
	due, err := p.store.DueMaps(t.Context(), 100)
	if err != nil || len(due) != 20 {
		t.Errorf("%d maps are due for tiles, %v; want the 20 that were drawn again", len(due), err)
	}
	p.isSound(t)
}

func typed() workout.Typed {
	sport, startedAt, distance, duration := int64(1), "2021-01-01 10:00", 10.0, 3600.0
	return workout.Typed{SportID: &sport, StartedAt: &startedAt, DistanceKM: &distance, DurationS: &duration}
}

func TestRecomputeOfBrokenFiles(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 40
	p.imports(t, workout.ImportOptions{}, manyFiles(t, n))
	all := p.tracked(t, p.amelie)
	p.exec(t, `update workouts set distance_m = 7`)
	track := func(i int) string { return filepath.Join(p.dir, "uploads", "tracks", all[i].TrackFile) }
	write := func(i int, content string) error { return os.WriteFile(track(i), []byte(content), 0o600) }
	err := errors.Join(os.Remove(track(0)), write(1, ""), write(2, strings.Repeat("\x00", 5000)),
		write(3, gpx(3, 20, "cycling")[:900]), write(4, "<gpx><trk/></gpx>"))
	if err != nil {
		t.Fatal(err)
	}
	got, failed := p.recomputes(t, p.amelie.ID)
	if got != (workout.Recomputed{Measured: n - 5, Changed: n - 5, Failed: 5}) {
		t.Errorf("recompute = %+v; want 5 of %d failed", got, n)
	}
	for i, reason := range []string{"no such file", "not a valid GPX", "not a valid GPX", "unexpected EOF", "no points"} {
		if text := failed[all[i].Title]; !strings.Contains(text, reason) {
			t.Errorf("%s failed because %q; want %q", all[i].Title, text, reason)
		}
	}
	for i, v := range p.tracked(t, p.amelie) {
		want := all[i].DistanceM
		if i < 5 {
			want = 7
		}
		if v.DistanceM != want {
			t.Errorf("distance of %s = %d m; want %d m", v.Title, v.DistanceM, want)
		}
	}
}

// TestRecomputeGoesOn interrupts a recompute, and deletes workouts meanwhile.
func TestRecomputeGoesOn(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	const n = 130
	p.imports(t, workout.ImportOptions{}, manyFiles(t, n))
	all := p.tracked(t, p.amelie)
	p.exec(t, `update workouts set distance_m = 7`)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := workout.RecomputeOptions{
		Failed: func(v store.Workout, reason error) { t.Errorf("%s: %v", v.Title, reason) },
		Progress: func(v workout.Progress) {
			if v.Done == 50 {
				cancel()
			}
		},
	}
	got, err := p.workouts.Recompute(ctx, o)
	if !errors.Is(err, context.Canceled) || got.Changed != got.Measured || got.Measured < 50 || got.Measured == n {
		t.Errorf("recompute stopped at 50 = %+v, %v; want to be told so", got, err)
	}
	o.Progress = func(v workout.Progress) {
		if v.Done == 1 {
			for _, v := range all[60:110] { // listed already and not yet read, and not yet listed
				if err := p.workouts.Delete(t.Context(), p.amelie.ID, v.UUID); err != nil {
					t.Error(err)
				}
			}
		}
	}
	again, err := p.workouts.Recompute(t.Context(), o)
	if err != nil || again.Measured > n || again.Measured < n-50 || again.Failed > 0 {
		t.Errorf("recompute beside deletions = %+v, %v; want %d or some more", again, err, n-50)
	}
	for _, v := range p.tracked(t, p.amelie) {
		i := slices.IndexFunc(all, func(w store.Workout) bool { return w.ID == v.ID })
		if v.DistanceM != all[i].DistanceM {
			t.Errorf("distance of %s = %d m; want %d m", v.Title, v.DistanceM, all[i].DistanceM)
		}
	}
	if faults, err := p.store.Check(t.Context()); err != nil || len(faults) > 0 {
		t.Errorf("Check = %q, %v; want no faults", faults, err)
	}
}

// TestRecomputeWithoutDisk takes the folder of the points away: that is no workout's fault.
func TestRecomputeWithoutDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.imports(t, workout.ImportOptions{}, manyFiles(t, 40))
	if err := os.RemoveAll(filepath.Join(p.dir, "uploads", "series")); err != nil {
		t.Fatal(err)
	}
	got, err := p.workouts.Recompute(t.Context(), workout.RecomputeOptions{
		Failed:   func(v store.Workout, reason error) { t.Errorf("%s: %v", v.Title, reason) },
		Progress: func(workout.Progress) {},
	})
	if err == nil || errors.Is(err, context.Canceled) || got.Changed != 0 || !strings.Contains(err.Error(), "workout ") {
		t.Errorf("recompute = %+v, %v; want an error", got, err)
	}
}
