package server_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// What clients are told about a file that is no workout.
const (
	badFile    = "error during gpx file parsing"
	badContent = "error during gpx processing"
	badArchive = "invalid zip archive"
	noRights   = "you do not have permissions"
	invalid    = "invalid payload"
)

// formType is the Content-Type of forms whose parts come from part.
const formType = "multipart/form-data; boundary=b"

// fixture returns a file of the contract.
func fixture(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata/contract/fixtures", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// gpx returns a GPX file with this in its only track.
func gpx(track ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><gpx version="1.1" creator="test"><trk>` + strings.Join(track, "") + `</trk></gpx>`
}

// segment returns a segment of a track.
func segment(points ...string) string { return "<trkseg>" + strings.Join(points, "") + "</trkseg>" }

// point returns a point of a segment, with what is in it.
func point(lat, lon any, content ...string) string {
	return fmt.Sprintf(`<trkpt lat="%v" lon="%v">%s</trkpt>`, lat, lon, strings.Join(content, ""))
}

func timed(at any) string {
	if t, ok := at.(time.Time); ok {
		at = t.Format(time.RFC3339)
	}
	return fmt.Sprintf("<time>%v</time>", at)
}

// ride returns a GPX file of some points, each ten seconds, some 44 metres and half a metre upwards from the one before.
func ride(start time.Time, points int) string {
	var all []string
	for i := range points {
		all = append(all, point(48+0.0004*float64(i), 2.35, fmt.Sprintf("<ele>%.1f</ele>", 30+float64(i)/2),
			timed(start.Add(time.Duration(i)*10*time.Second))))
	}
	return gpx(segment(all...))
}

// morning is when rides begin where nothing depends on it.
var morning = time.Date(2021, 5, 1, 7, 0, 0, 0, time.UTC)

// entry is a file in an archive.
type entry struct{ name, content string }

// zipped returns an archive of files.
func zipped(t testing.TB, entries ...entry) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		f, err := w.Create(e.name)
		if err == nil {
			_, err = io.WriteString(f, e.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// fileForm is the form of an upload: the details as JSON, and the file.
func fileForm(name, content, data string) string {
	return part(`form-data; name="data"`, data) + part(`form-data; name="file"; filename="`+name+`"`, content) + "--b--\r\n"
}

// upload sends a file as a workout of sport 1.
func (c client) upload(name, content string) response {
	c.s.t.Helper()
	return c.uploadTo("/api/workouts", name, content, `{"sport_id": 1}`)
}

func (c client) uploadTo(path, name, content, data string) response {
	c.s.t.Helper()
	return c.with("Content-Type", formType).post(path, fileForm(name, content, data))
}

// typed types a workout in: ten kilometres in an hour, unless edits say something else.
func (c client) typed(edits object) response {
	c.s.t.Helper()
	in := object{"sport_id": 1, "workout_date": "2018-05-15 14:05", "distance": 10, "duration": 3600}
	maps.Copy(in, edits)
	return c.post("/api/workouts/no_gpx", in)
}

// settle sets where a user lives.
func (c client) settle(timezone string) {
	c.s.t.Helper()
	c.post("/api/auth/profile/edit/preferences", object{
		"display_ascent": true, "imperial_units": false, "language": "en", "timezone": timezone, "weekm": false,
	}).wants(200)
}

// workouts returns the workouts in an answer.
func (r response) workouts() []object {
	r.t.Helper()
	return objects(r.data()["workouts"])
}

// objects returns the objects in a JSON array.
func objects(v any) (all []object) {
	list, _ := v.([]any)
	for _, one := range list {
		o, _ := one.(object)
		all = append(all, o)
	}
	return all
}

// workout returns the first workout in an answer.
func (r response) workout() object {
	r.t.Helper()
	all := r.workouts()
	if len(all) == 0 {
		r.t.Errorf("%s: %d %.300s; want a workout", r.call, r.status, r.body)
		return object{}
	}
	return all[0]
}

// id returns the name of the first workout in an answer.
func (r response) id() string {
	r.t.Helper()
	id, _ := r.workout()["id"].(string)
	return id
}

// wantsJSON checks that an answer is JSON, and of an error that it has a status and a message or data.
func (r response) wantsJSON() response {
	r.t.Helper()
	if got := r.header.Get("Content-Type"); got != "application/json" || !json.Valid(r.body) || !utf8.Valid(r.body) {
		r.t.Errorf("%s: %d %s %.200q; want JSON", r.call, r.status, got, r.body)
		return r
	}
	v := r.json()
	if v["status"] == nil || r.status >= 400 && v["message"] == nil && v["data"] == nil {
		r.t.Errorf("%s: %d %.200s; want a status, and of an error a message", r.call, r.status, r.body)
	}
	return r
}

// rawPost makes the bytes of a request. Without a token or a media type it has no such header.
func rawPost(path, token, contentType, body string, isChunked bool) string {
	request := "POST " + path + " HTTP/1.1\r\nHost: fit.example.com\r\n"
	if token != "" {
		request += "Authorization: Bearer " + token + "\r\n"
	}
	if contentType != "" {
		request += "Content-Type: " + contentType + "\r\n"
	}
	if isChunked {
		return request + "Transfer-Encoding: chunked\r\n\r\n" + chunks(body, 700)
	}
	return request + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// sendRaw sends bytes as they are over a connection of their own, and returns the answer to them.
func (s *site) sendRaw(call, request string) response {
	s.t.Helper()
	none := response{t: s.t, call: call}
	conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Errorf("%s: %v", call, err)
		return none
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		s.t.Error(err)
	}
	go func() { _, _ = io.WriteString(conn, request) }() // the answer may come before all of it is sent
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Errorf("%s: %v", call, err)
		return none
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Errorf("%s: %v", call, err)
	}
	return response{s.t, call, answer.StatusCode, answer.Header, body}
}

// wantsFiles checks that these and no others are the kept files.
func (s *site) wantsFiles(what string, want []string) {
	s.t.Helper()
	if got := s.files(); strings.Join(got, " ") != strings.Join(want, " ") {
		s.t.Errorf("files after %s: %q; want %q", what, got, want)
	}
}

// wantsSound checks that totals and records are what the workouts say.
func (s *site) wantsSound() {
	s.t.Helper()
	if faults, err := s.store.Check(s.t.Context()); err != nil || len(faults) > 0 {
		s.t.Errorf("Check = %q, %v; want nothing", faults, err)
	}
}

var clockText = regexp.MustCompile(`^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)$`)

// seconds reads a duration as the API writes it. Null is zero.
func seconds(t testing.TB, v any) (n int) {
	t.Helper()
	if v == nil {
		return 0
	}
	text, _ := v.(string)
	parts := clockText.FindStringSubmatch(text)
	if parts == nil {
		t.Fatalf("duration %v; want days, H:MM:SS", v)
	}
	for i, unit := range []int{86400, 3600, 60, 1} {
		m, _ := strconv.Atoi(parts[i+1]) // no days are no number
		n += m * unit
	}
	return n
}

// date reads a date as the API writes it.
func date(t testing.TB, v any) time.Time {
	t.Helper()
	text, _ := v.(string)
	at, err := time.Parse(http.TimeFormat, text)
	if err != nil {
		t.Fatalf("date %v: %v", v, err)
	}
	return at
}

// number returns a number of the API; null is zero.
func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// thousandths returns a number of the API, which has three decimals at most, as a whole number; null is zero.
func thousandths(v any) int64 { return int64(math.Round(number(v) * 1000)) }

// encodeJSON returns a value as JSON.
func encodeJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
