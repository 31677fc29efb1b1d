package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// diary is what a client knows of the workouts in its account.
type diary struct {
	entries map[string]*entry // by the workout's id
	under   addition          // sent, and not answered yet
}

// entry is one workout.
type entry struct {
	file  []byte  // its track as it was sent; nil: typed in
	fixed string  // what no edit changes
	title history // tells the last edit; noWorkout after a deletion
}

// noWorkout stands for a deleted one in a title's history.
const noWorkout = "none"

// addition is what one request adds: files by the titles that their workouts get, nil for one that is typed in.
type addition map[string][]byte

// mostEntries is how many workouts a client lets its account have.
const mostEntries = 12

// workoutJSON is a workout as the server tells it.
type workoutJSON map[string]any

func (w workoutJSON) text(name string) string { return fmt.Sprint(w[name]) }

// fixed returns what of a workout stays whatever is edited, as text. Its neighbours and records change with others.
func (w workoutJSON) fixed() string {
	rest := make(workoutJSON)
	for name, v := range w {
		rest[name] = v
	}
	edited := []string{"title", "notes", "sport_id", "modification_date", "records", "previous_workout", "next_workout"}
	if w["with_gpx"] == false {
		edited = append(edited, "distance", "duration", "moving", "ave_speed", "max_speed")
	}
	for _, name := range edited {
		delete(rest, name)
	}
	text, err := json.Marshal(rest)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// editTitle is the title that an edit gives, and typing a workout in.
const editTitle = "workout %d"

// edit returns what is sent to edit a workout. All of it follows from n, so that half an edit would show.
func edit(n int) object {
	return object{
		"title": fmt.Sprintf(editTitle, n), "notes": fmt.Sprint(n), "sport_id": 1 + n%5,
		"distance": float64(n) / 10, "duration": 3600, "workout_date": "2021-05-01 07:00",
	}
}

// checkEdit tells what of a workout does not go with its title. What is typed about one with a track counts for little.
func (w workoutJSON) checkEdit() error {
	var n int
	if _, err := fmt.Sscanf(w.text("title"), editTitle, &n); err != nil {
		return nil // as the file names it
	}
	want := edit(n)
	names := []string{"notes", "sport_id"}
	if w["with_gpx"] == false {
		names = append(names, "distance")
		want["moving"] = "1:00:00"
	}
	for _, name := range names {
		if got := w.text(name); got != fmt.Sprint(want[name]) {
			return fmt.Errorf("%s = %s; want %v", name, got, want[name])
		}
	}
	return nil
}

// contractFile returns a file of the contract.
func contractFile(name string) []byte {
	content, err := os.ReadFile(filepath.Join(contractDir, "fixtures", name))
	if err != nil {
		panic(err)
	}
	return content
}

var trackName = regexp.MustCompile(`<trk>\s*<name>(.*?)</name>`)

// additionOf returns what uploading files adds. Each names its track.
func additionOf(files ...[]byte) addition {
	a := make(addition)
	for _, file := range files {
		a[html.UnescapeString(string(trackName.FindSubmatch(file)[1]))] = file
	}
	return a
}

// upload is a file that clients send, and the tracks in it.
type upload struct {
	name  string
	file  []byte
	makes addition
}

func uploadOf(name string) upload {
	file := contractFile(name)
	if strings.HasSuffix(name, ".gpx") {
		return upload{name, file, additionOf(file)}
	}
	tracks, err := unzip(file)
	if err != nil {
		panic(err)
	}
	return upload{name, file, additionOf(tracks...)}
}

// What clients upload: tracks, and archives of three.
var (
	someTracks = []upload{
		uploadOf("ride.gpx"), uploadOf("run-two-segments.gpx"), uploadOf("no-elevation.gpx"),
		uploadOf("unicode-name.gpx"), uploadOf("version-1.0.gpx"),
	}
	someArchive = uploadOf("three.zip")
)

// workouts returns the workouts in an answer.
func (r reply) workouts() ([]workoutJSON, error) {
	var in struct {
		Data struct {
			Workouts []workoutJSON `json:"workouts"`
		} `json:"data"`
	}
	err := json.Unmarshal([]byte(r.body), &in)
	return in.Data.Workouts, err
}

// add tries an addition. It is whole or absent; an answer tells which.
func (d *diary) add(a addition, try func() (reply, error)) error {
	d.under = a
	r, err := try()
	if err != nil {
		return err
	}
	d.under = nil
	if r.status != http.StatusCreated {
		return refused{r}
	}
	added, err := r.workouts()
	return errors.Join(err, d.learn(a, added))
}

// learn makes entries of workouts, which are to be what one addition has made.
func (d *diary) learn(a addition, added []workoutJSON) error {
	if len(added) != len(a) {
		return fmt.Errorf("%d workouts instead of %d: %w", len(added), len(a), errTorn)
	}
	for _, w := range added {
		title := w.text("title")
		file, ok := a[title]
		if !ok {
			return fmt.Errorf("workout %q: %w", title, errTorn)
		}
		d.entries[w.text("id")] = &entry{file, w.fixed(), history{acknowledged: title}}
	}
	return nil
}

var errTorn = errors.New("an addition has made something else than was sent")

// any returns one of the workouts that are there, as far as is known; nil when there is none.
func (d *diary) any() (id string, e *entry) {
	for id, e := range d.entries {
		if e.title.acknowledged != noWorkout {
			return id, e
		}
	}
	return "", nil
}

// isFull tells whether it is time to delete.
func (d *diary) isFull() bool {
	n := 0
	for _, e := range d.entries {
		if e.title.acknowledged != noWorkout {
			n++
		}
	}
	return n >= mostEntries
}

func (c *client) uploadTrack() error { return c.upload(someTracks[rand.N(len(someTracks))]) }

func (c *client) uploadArchive() error { return c.upload(someArchive) }

func (c *client) upload(u upload) error {
	if c.isFull() {
		return c.deleteWorkout()
	}
	return c.add(u.makes, func() (reply, error) { return c.postWorkouts(u.name, u.file) })
}

func (c *client) typeWorkout() error {
	if c.isFull() {
		return c.deleteWorkout()
	}
	return c.add(addition{fmt.Sprintf(editTitle, c.n): nil}, func() (reply, error) {
		return c.call("POST", "/api/workouts/no_gpx", edit(c.n))
	})
}

func (c *client) editWorkout() error {
	id, e := c.any()
	if e == nil {
		return c.typeWorkout()
	}
	return e.title.change(fmt.Sprintf(editTitle, c.n), func() (reply, error) {
		return c.call("PATCH", "/api/workouts/"+id, edit(c.n))
	})
}

func (c *client) deleteWorkout() error {
	id, e := c.any()
	if e == nil {
		return c.typeWorkout()
	}
	return e.title.change(noWorkout, func() (reply, error) { return c.call("DELETE", "/api/workouts/"+id, nil) })
}

// readWorkouts asks for something about workouts.
func (c *client) readWorkouts() error {
	paths := []string{"/api/workouts?with_statistics=true", "/api/records", "/api/stats/" + c.name + "/by_sport"}
	if id, e := c.any(); e != nil {
		paths = append(paths, "/api/workouts/"+id)
		if e.file != nil {
			paths = append(paths, "/api/workouts/"+id+"/chart_data", "/api/workouts/"+id+"/gpx/download", "/api/workouts/"+id+"/gpx")
		}
	}
	return refusal(c.call("GET", paths[rand.N(len(paths))], nil))
}

// checkWorkouts compares the account's workouts with what was acknowledged, and takes over what is there.
func (c *client) checkWorkouts(t *testing.T) {
	t.Helper()
	found := c.listWorkouts(t)
	for id, e := range c.entries {
		title := noWorkout
		w, isThere := found[id]
		if isThere {
			title = w.text("title")
			c.checkWorkout(t, e, w)
		}
		if !e.title.allows(title) {
			t.Errorf("title of workout %s of %s = %q; want that of %v", id, c.name, title, &e.title)
		}
		e.title = history{acknowledged: title}
		delete(found, id)
	}
	var others []workoutJSON // of an addition that was not answered
	for _, w := range found {
		others = append(others, w)
	}
	if len(others) > 0 {
		if err := c.learn(c.under, others); err != nil {
			t.Errorf("workouts of %s that were not acknowledged: %v; want all of %d or none", c.name, err, len(c.under))
		}
		for _, w := range others {
			c.checkWorkout(t, c.entries[w.text("id")], w)
		}
	}
	c.under = nil
}

// listWorkouts returns all workouts of the account by their ids.
func (c *client) listWorkouts(t *testing.T) map[string]workoutJSON {
	t.Helper()
	found := make(map[string]workoutJSON)
	for n := 1; ; n++ {
		r := c.wants(t, http.StatusOK, "GET", fmt.Sprintf("/api/workouts?per_page=100&page=%d", n), nil)
		page, err := r.workouts()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page {
			found[w.text("id")] = w
		}
		if len(page) < 100 {
			return found
		}
	}
}

// checkWorkout compares a workout that is there with what was acknowledged, and looks at what belongs to it.
func (c *client) checkWorkout(t *testing.T, e *entry, w workoutJSON) {
	t.Helper()
	id := w.text("id")
	if fixed := w.fixed(); fixed != e.fixed {
		t.Errorf("workout %s of %s = %s; want %s", id, c.name, fixed, e.fixed)
	}
	if err := w.checkEdit(); err != nil {
		t.Errorf("workout %s of %s, %q: %v", id, c.name, w.text("title"), err)
	}
	if e.file == nil {
		return
	}
	if r := c.wants(t, http.StatusOK, "GET", "/api/workouts/"+id+"/gpx/download", nil); r.body != string(e.file) {
		t.Errorf("file of workout %s of %s: %d bytes; want the %d that were sent", id, c.name, len(r.body), len(e.file))
	}
	if r := c.wants(t, http.StatusOK, "GET", "/api/workouts/"+id+"/chart_data", nil); !json.Valid([]byte(r.body)) {
		t.Errorf("chart of workout %s of %s is no JSON: %.200s", id, c.name, r.body)
	}
	if r := c.wants(t, http.StatusOK, "GET", "/api/workouts/map/"+w.text("map"), nil); !strings.HasPrefix(r.body, "\x89PNG") {
		t.Errorf("map of workout %s of %s is no picture: %.20q", id, c.name, r.body)
	}
}

// pathsOf returns from where a workout with a track, and what counts it, can be read.
func pathsOf(w workoutJSON) []string {
	one, user := "/api/workouts/"+w.text("id"), w.text("user")
	return []string{
		one, one + "/gpx", one + "/gpx/download", one + "/gpx/segment/1", one + "/chart_data", one + "/chart_data/segment/1",
		"/api/workouts/map/" + w.text("map"), "/api/workouts?with_statistics=true", "/api/records", "/api/auth/profile",
		"/api/stats/" + user + "/by_time?time=month", "/api/stats/" + user + "/by_sport",
	}
}
