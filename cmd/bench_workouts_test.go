package cmd

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"mime/multipart"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fitTrackee holds what FitTrackee took at the median for the same requests on an account with 2000 workouts, on two cores,
// with one worker and PostgreSQL beside it. It had 375 MB of memory then.
var fitTrackee = []struct {
	name string // of the benchmark
	ms   float64
}{
	{"list-of-5", 26},
	{"list-of-100", 317},
	{"statistics-by-month", 77},
	{"records", 7.3},
	{"profile", 9.7},
	{"chart-of-900", 42},
	{"upload-of-900", 46},
	{"typed", 32},
}

// BenchmarkWorkouts measures the requests about workouts, on accounts with few and with many.
func BenchmarkWorkouts(b *testing.B) {
	for _, n := range []int{2000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkWorkouts(b, n) })
	}
}

func benchmarkWorkouts(b *testing.B, n int) {
	p, r := startShipped(b, manyWorkouts(n))
	small, large := r.addTrack(b, trackCall(b, "ride.gpx", fixture(b, "ride.gpx"))), r.addTrack(b, trackCall(b, "long.gpx", longRide(11000)))
	get := func(path string) func(int) call {
		return always(call{method: "GET", path: path, status: 200})
	}
	for _, v := range []struct {
		name string
		next func(int) call
	}{
		{"list-of-5", get("/api/workouts")},
		{"list-of-100", get("/api/workouts?per_page=100")},
		{"list-by-distance", get("/api/workouts?order_by=distance&per_page=20")},
		{"list-of-a-sport", get("/api/workouts?sport_id=3&per_page=20")},
		{"list-of-a-year", get("/api/workouts?from=2016-01-01&to=2016-12-31&per_page=20")},
		{"one-workout", get("/api/workouts/" + small)},
		{"records", get("/api/records")},
		{"statistics-by-month", get("/api/stats/" + riderName + "/by_time?time=month")},
		{"statistics-by-day-of-a-year", get("/api/stats/" + riderName + "/by_time?time=date&from=2016-01-01&to=2016-12-31")},
		{"statistics-by-sport", get("/api/stats/" + riderName + "/by_sport")},
		{"profile", get("/api/auth/profile")},
		{"chart-of-900", get("/api/workouts/" + small + "/chart_data")},
		{"chart-of-11000", get("/api/workouts/" + large + "/chart_data")},
		{"gpx-of-900", get("/api/workouts/" + small + "/gpx")},
		{"upload-of-900", always(trackCall(b, "ride.gpx", fixture(b, "ride.gpx")))},
		{"upload-of-11000", always(trackCall(b, "long.gpx", longRide(11000)))},
		{"typed", typedCall},
	} {
		b.Run(v.name, func(b *testing.B) { benchmarkCall(b, p, r, v.next) })
	}
	b.Run("memory", func(b *testing.B) {
		reportMemory(b, p, "after-MB")
		hideMean(b)
	})
}

// typedCall adds a workout without a file, each at another time.
func typedCall(n int) call {
	at := time.Date(2019, 1, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Minute)
	return call{
		method: "POST", path: "/api/workouts/no_gpx", contentType: "application/json", status: 201,
		body: fmt.Appendf(nil, `{"sport_id": %d, "workout_date": %q, "distance": 10, "duration": 3600}`, 1+n&3, at.Format("2006-01-02 15:04")),
	}
}

func fixture(tb testing.TB, name string) []byte {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(contractDir, "fixtures", name))
	if err != nil {
		tb.Fatal(err)
	}
	return content
}

// trackCall returns the upload of a track.
func trackCall(tb testing.TB, name string, content []byte) call {
	tb.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("data", `{"sport_id": 1}`)
	part, partErr := form.CreateFormFile("file", name)
	if err = cmp.Or(err, partErr); err == nil {
		_, err = part.Write(content)
	}
	if err := cmp.Or(err, form.Close()); err != nil {
		tb.Fatal(err)
	}
	return call{method: "POST", path: "/api/workouts", contentType: form.FormDataContentType(), body: body.Bytes(), status: 201}
}

// addTrack uploads a track and returns the id of its workout.
func (r *rider) addTrack(tb testing.TB, c call) string {
	tb.Helper()
	body, err := r.send(c)
	var in struct {
		Data struct{ Workouts []struct{ ID string } }
	}
	if err := cmp.Or(err, json.Unmarshal(body, &in)); err != nil {
		tb.Fatal(err)
	}
	return in.Data.Workouts[0].ID
}

// longRide returns a GPX file with a point for each of so many seconds.
func longRide(points int) []byte {
	var file bytes.Buffer
	file.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="bench" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>Long ride</name><trkseg>
`)
	start := time.Date(2020, 5, 1, 6, 0, 0, 0, time.UTC)
	for i := range points {
		turn := float64(i) / 600
		fmt.Fprintf(&file, "<trkpt lat=\"%.6f\" lon=\"%.6f\"><ele>%.1f</ele><time>%s</time></trkpt>\n",
			48+turn/100+math.Sin(turn)/50, 2+turn/80+math.Cos(turn*1.7)/40, 100+50*math.Sin(turn*3),
			start.Add(time.Duration(i)*time.Second).Format(time.RFC3339))
	}
	file.WriteString("</trkseg></trk></gpx>\n")
	return file.Bytes()
}

// manyWorkouts returns what gives the account n workouts of six sports over eleven years, with one segment each, and the records among
// them, by SQL: no request adds that many in a reasonable time.
func manyWorkouts(n int) func(db string) error {
	return func(path string) error {
		db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=foreign_keys(1)")
		if err != nil {
			return err
		}
		defer db.Close()
		tx, err := db.BeginTx(context.Background(), nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
		if err := fillWorkouts(tx, n); err != nil {
			return err
		}
		return tx.Commit()
	}
}

func fillWorkouts(tx *sql.Tx, n int) error {
	// A long ride is a little larger than is allowed at first.
	if _, err := tx.Exec(`update settings set max_single_file_size = 4000000`); err != nil {
		return err
	}
	const elevenYears = 11 * 365 * 86400
	_, err := tx.Exec(`
		with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < $1),
		starts (n, at) as (select n, 1400000000 + n * ($2 / $1) from numbers)
		insert into workouts (uuid, user_id, sport_id, title, started_at, month, created_at, distance_m, duration_s,
		  moving_s, pauses_s, ave_speed, max_speed, ascent_cm, descent_cm, min_altitude_cm, max_altitude_cm,
		  min_latitude, min_longitude, max_latitude, max_longitude, track_file, map_file)
		select randomblob(16), (select id from users), 1 + n % 6, 'workout ' || n, at,
		  12 * strftime('%Y', at, 'unixepoch') + strftime('%m', at, 'unixepoch') - 1, at, 5000 + n * 37 % 60000, 1800 + n * 13 % 9000,
		  1700 + n * 13 % 9000, 100, 900 + n * 7 % 2500, 1500 + n * 11 % 4000, n * 17 % 90000, n * 19 % 90000, 10000,
		  10000 + n * 17 % 90000, 48.1, 2.1, 48.2, 2.2, lower(hex(randomblob(16))) || '.gpx', lower(hex(randomblob(16))) || '.png'
		from starts`, n, elevenYears)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`
		insert into segments (workout_id, number, distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed,
		  ascent_cm, descent_cm, min_altitude_cm, max_altitude_cm)
		select id, 0, distance_m, duration_s, moving_s, pauses_s, ave_speed, max_speed,
		  ascent_cm, descent_cm, min_altitude_cm, max_altitude_cm
		from workouts`); err != nil {
		return err
	}
	for kind, column := range map[string]string{
		"AS": "ave_speed", "FD": "distance_m", "HA": "ascent_cm", "LD": "moving_s", "MS": "max_speed",
	} {
		// SQLite takes the other columns from the row that has the maximum.
		if _, err := tx.Exec(`
			insert into records (user_id, sport_id, workout_id, record_type, value)
			select user_id, sport_id, id, $1, max(`+column+`) from workouts group by user_id, sport_id`, kind); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkTable measures nothing: it prints what those before it measured, for people.
// Benchmarks run in the order of files and lines, so it has to be the last.
func BenchmarkTable(b *testing.B) {
	if err := results.print(os.Stdout); err != nil {
		b.Fatal(err)
	}
	b.SkipNow()
}
