package server_test

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// trackPaths are what is told of a track, and what can be made again from its file.
var trackPaths = []string{"/chart_data", "/chart_data/segment/1", "/chart_data/segment/2", "/gpx", "/gpx/segment/1", "/gpx/segment/2"}

// TestSegments asks for segments by all kinds of numbers.
func TestSegments(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := gpx("<name>A &amp; B</name>",
		line([2]any{48, 2}, [2]any{48.001, 2}), segment(), line([2]any{49, 2}, [2]any{49.001, 2}, [2]any{49.002, 2}))
	r := amelie.upload("a.gpx", file).wants(201)
	if n := len(objects(r.workout()["segments"])); n != 2 {
		t.Errorf("segments: %d; want the two that have points", n)
	}
	typed := amelie.typed(nil).wants(201).id()
	for _, kind := range []string{"chart_data", "gpx"} {
		path := "/api/workouts/" + r.id() + "/" + kind + "/segment/"
		for number, want := range map[string]struct {
			status  int
			message string
		}{
			"1":                    {200, ""},
			"2":                    {200, ""},
			"001":                  {200, ""},
			"0":                    {400, "Incorrect segment id"},
			"00":                   {400, "Incorrect segment id"},
			"3":                    {404, "No segment with id '3'"},
			"10001":                {404, "No segment with id '10001'"},
			"2147483648":           {404, "No segment with id '2147483648'"},
			"-1":                   {404, "the requested URL was not found on the server"},
			"1.0":                  {404, "the requested URL was not found on the server"},
			"x":                    {404, "the requested URL was not found on the server"},
			"":                     {404, "the requested URL was not found on the server"},
			"1/":                   {404, "the requested URL was not found on the server"},
			"%31":                  {200, ""},
			"1%00":                 {404, "the requested URL was not found on the server"},
			"99999999999999999999": {404, ""},
			"9999999999999999999999999999999999999999999999999999999999999999": {404, ""},
		} {
			answer := amelie.get(path + number).wantsHeaders(apiSet).wantsJSON()
			if want.message == "" {
				answer.wants(want.status)
			} else {
				answer.wants(want.status, want.message)
			}
			none := amelie.get("/api/workouts/" + typed + "/" + kind + "/segment/" + number).wants(404)
			if want.message != "the requested URL was not found on the server" {
				none.wants(404, "no gpx file for this workout (id: "+typed+")")
			}
		}
	}
	chart := func(path string) []object {
		return objects(amelie.get("/api/workouts/" + r.id() + path).wants(200).data()["chart_data"])
	}
	one, two, whole := chart("/chart_data/segment/1"), chart("/chart_data/segment/2"), chart("/chart_data")
	if len(one) != 2 || len(two) != 3 || len(whole) != 5 {
		t.Fatalf("points of the charts: %d, %d, %d; want 2, 3, 5", len(one), len(two), len(whole))
	}
	for i, v := range two {
		if v["latitude"] != whole[2+i]["latitude"] || v["time"] != whole[2+i]["time"] || v["speed"] != whole[2+i]["speed"] {
			t.Errorf("point %d of segment 2: %v, of the whole: %v; want the same place, time and speed", i, v, whole[2+i])
		}
	}
	if two[0]["distance"] != 0.0 || two[0]["duration"] != 0.0 || number(whole[2]["distance"]) < 111 {
		t.Errorf("the chart of segment 2 begins with %v, within the whole with %v; want nothing, and the jump of 111 km", two[0], whole[2])
	}
	text, _ := amelie.get("/api/workouts/" + r.id() + "/gpx/segment/2").data()["gpx"].(string)
	again := amelie.upload("b.gpx", text).wants(201)
	if diff := gocmp.Diff(two, objects(amelie.get("/api/workouts/" + again.id() + "/chart_data").data()["chart_data"])); diff != "" {
		t.Errorf("a segment as a workout of its own, - the segment's chart, + the workout's:\n%s", diff)
	}
	if title := again.workout()["title"]; title != "A & B" {
		t.Errorf("title of a segment as a workout of its own: %q; want the workout's", title)
	}
}

// TestTexts shows the text of files in several charsets, and that a download is the file as it came.
func TestTexts(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	text := func(charset string) string {
		return `<?xml version="1.0" encoding="` + charset + `"?><gpx><trk><name>Été à Genève</name>` + line([2]any{46.2, 6.14}, [2]any{46.21, 6.14}) +
			"</trk></gpx>\r\n"
	}
	latin := strings.NewReplacer("É", "\xc9", "é", "\xe9", "è", "\xe8", "à", "\xe0")
	for name, c := range map[string]struct{ file, want string }{
		"UTF-8":             {text("UTF-8"), text("UTF-8")},
		"UTF-8 with a mark": {"\ufeff" + text("UTF-8"), text("UTF-8")},
		"ISO-8859-1":        {latin.Replace(text("ISO-8859-1")), text("ISO-8859-1")},
		"windows-1252":      {latin.Replace(text("windows-1252")), text("windows-1252")},
		"UTF-16":            {inUTF16(text("UTF-16"), false, true), text("UTF-16")},
		"UTF-16, big":       {inUTF16(text("UTF-16"), true, true), text("UTF-16")},
	} {
		r := amelie.upload("a.gpx", c.file).wants(201)
		if title := r.workout()["title"]; title != "Été à Genève" {
			t.Errorf("%s: title %q; want Été à Genève", name, title)
		}
		if got := amelie.get("/api/workouts/" + r.id() + "/gpx").wants(200).data()["gpx"]; got != c.want {
			t.Errorf("%s: gpx %q; want %q", name, got, c.want)
		}
		if got := amelie.get("/api/workouts/" + r.id() + "/gpx/download").wants(200).body; string(got) != c.file {
			t.Errorf("%s: download %q; want %q", name, got, c.file)
		}
	}
}

// TestNames shows which title the name of a track becomes.
func TestNames(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	track := line([2]any{48, 2}, [2]any{48.001, 2})
	for name, want := range map[string]string{
		"Ride":                    "Ride",
		" \n a\tb \n":             "a\tb",
		strings.Repeat("é", 255):  strings.Repeat("é", 255),
		strings.Repeat("é", 256):  strings.Repeat("é", 255),
		strings.Repeat("🚲", 9000): strings.Repeat("🚲", 255),
		"a&#x7f;b&#x85;c&#xfffd;": "abc",
		"&lt;b&gt;&amp;&quot;":    `<b>&"`,
		"&#x7f;":                  "Cycling (Sport) - 2021-05-01 09:00:00",
		"":                        "Cycling (Sport) - 2021-05-01 09:00:00",
	} {
		r := amelie.upload("a.gpx", gpx("<name>"+name+"</name>", track)).wants(201)
		if got := r.workout()["title"]; got != want {
			t.Errorf("title of a track called %.100q = %q; want %q", name, got, want)
		}
	}
	two := amelie.upload("a.gpx", `<gpx><metadata><name>file</name></metadata><trk><desc>d</desc>`+track+`</trk><trk><name>second</name>`+track+`</trk></gpx>`)
	if got := two.wants(201).workout()["title"]; got != "Cycling (Sport) - 2021-05-01 09:00:00" {
		t.Errorf("title of a track without a name in a file with others = %q; want its sport and date", got)
	}
}

// TestDownload shows the headers of a download, and parts of it.
func TestDownload(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := fixture(t, "ride.gpx")
	r := amelie.upload(`../../\"evil\".GPX`, file).wants(201)
	path := "/api/workouts/" + r.id() + "/gpx/download"
	headers := every.with("Content-Type", "application/gpx+xml").with("Content-Length", "*").with("Accept-Ranges", "bytes").
		with("Content-Disposition", `attachment; filename="`+r.id()+`.gpx"`)
	if got := amelie.get(path).wants(200).wantsHeaders(headers).body; string(got) != file {
		t.Errorf("the download has %d bytes; want the %d of the upload", len(got), len(file))
	}
	if head := amelie.do("HEAD", path, nil).wants(200).wantsHeaders(headers); len(head.body) > 0 || head.header.Get("Content-Length") != "85573" {
		t.Errorf("HEAD: %d bytes, Content-Length %s; want none, and 85573", len(head.body), head.header.Get("Content-Length"))
	}
	n := len(file)
	for span, want := range map[string]string{
		"bytes=0-99": file[:100], "bytes=-10": file[n-10:], "bytes=85000-": file[85000:], "bytes=0-0": file[:1], "bytes=85572-99999": file[n-1:],
		"bytes=0-0,2-2": "", "bytes=x": "", "x": "", "bytes=5-1": "", "bytes=85573-": "", "bytes=-0": "", "lines=1-2": "",
	} {
		// A range may be ignored (RFC 9110, 14.2). A refusal is an error of the API like others.
		switch part := amelie.with("Range", span).get(path); {
		case part.status == 200 && string(part.body) == file, part.status == 206 && string(part.body) == want:
		default:
			part.call += " with Range: " + span
			part.wants(416).wantsJSON()
		}
	}
	for _, condition := range []string{"If-Match", "If-None-Match", "If-Range", "If-Modified-Since", "If-Unmodified-Since"} {
		for _, value := range []string{`"x"`, "*", "Mon, 01 Jan 2018 00:00:00 GMT", "x"} {
			if r := amelie.with(condition, value).get(path); r.status != 200 && r.status != 304 {
				r.call += " with " + condition + ": " + value
				r.wants(412).wantsJSON()
			}
		}
	}
}

// twoSegments is a track of some points.
func twoSegments() string {
	var first, second [][2]any
	for i := range 20 {
		first = append(first, [2]any{48 + 0.001*float64(i), 2.35 + 0.0003*float64(i*i)})
		second = append(second, [2]any{48.03 - 0.0007*float64(i), 2.5})
	}
	return gpx(line(first...), line(second...))
}

// kept returns the path of a kept file whose name begins like this.
func (s *site) kept(folder string) string {
	s.t.Helper()
	var found []string
	for _, name := range s.files() {
		if strings.HasPrefix(name, folder+string(filepath.Separator)) {
			found = append(found, filepath.Join(s.dir, "uploads", name))
		}
	}
	if len(found) != 1 {
		s.t.Fatalf("files in %s: %q; want one", folder, found)
	}
	return found[0]
}

// damages are what a power cut may do to a file that nobody waited for.
var damages = map[string]func(path string, content []byte) error{
	"removed":    func(path string, _ []byte) error { return os.Remove(path) },
	"emptied":    func(path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
	"zeroed":     func(path string, c []byte) error { return os.WriteFile(path, make([]byte, len(c)), 0o600) },
	"cut off":    func(path string, c []byte) error { return os.WriteFile(path, c[:len(c)/2], 0o600) },
	"cut by one": func(path string, c []byte) error { return os.WriteFile(path, c[:len(c)-1], 0o600) },
	"another's":  func(path string, _ []byte) error { return os.WriteFile(path, []byte("something else entirely"), 0o600) },
	"zeros at end": func(path string, c []byte) error {
		return os.WriteFile(path, append(c[:len(c)-20:len(c)-20], make([]byte, 20)...), 0o600)
	},
}

// TestPointsAreMadeAgain damages the points that are kept beside a track, and asks for what is made of them.
func TestPointsAreMadeAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	own := "/api/workouts/" + amelie.upload("a.gpx", twoSegments()).wants(201).id()
	before := make(map[string]string)
	for _, path := range trackPaths {
		before[path] = string(amelie.get(own + path).wants(200).body)
	}
	series := s.kept("series")
	content, err := os.ReadFile(series)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range damages {
		for _, path := range []string{"/chart_data", "/chart_data/segment/2", "/gpx/segment/1"} {
			if err := damage(series, content); err != nil {
				t.Fatal(err)
			}
			if got := string(amelie.get(own + path).wants(200).body); got != before[path] {
				t.Errorf("%s after the points were %s: %.200q; want %.200q", path, name, got, before[path])
			}
			if again, err := os.ReadFile(series); err != nil || !bytes.Equal(again, content) {
				t.Errorf("the points after they were %s and asked for: %d bytes, %v; want the %d bytes as before", name, len(again), err, len(content))
			}
		}
	}
	middle := bytes.Clone(content)
	middle[len(middle)/2] ^= 1
	if err := os.WriteFile(series, middle, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range trackPaths {
		if got := string(amelie.get(own + path).wants(200).body); got != before[path] {
			t.Errorf("%s after one bit of the points was turned: %.200q; want %.200q", path, got, before[path])
		}
	}
}

// TestMapIsMadeAgain damages a map, and asks for it.
func TestMapIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	v := amelie.upload("a.gpx", twoSegments()).wants(201).workout()
	path := "/api/workouts/map/" + v["map"].(string)
	before := s.anybody().get(path).wants(200).body
	file := s.kept("maps")
	for name, damage := range damages {
		for _, also := range []string{"", "series"} {
			if err := damage(file, bytes.Clone(before)); err != nil {
				t.Fatal(err)
			}
			if also != "" {
				if err := os.Remove(s.kept(also)); err != nil {
					t.Fatal(err)
				}
			}
			got := s.anybody().get(path).wants(200)
			if _, err := png.Decode(bytes.NewReader(got.body)); err != nil || !bytes.Equal(got.body, before) {
				t.Errorf("the map after it was %s: %d bytes, %v; want the %d bytes as before", name, len(got.body), err, len(before))
			}
			if again, err := os.ReadFile(file); err != nil || !bytes.Equal(again, before) {
				t.Errorf("the map's file after it was %s and asked for: %d bytes, %v; want the map", name, len(again), err)
			}
		}
	}
	answers := atOnce(8, func(int) response { return s.anybody().get(path) })
	wantsOf(t, answers, 200, 8)
}

// TestMapRequests shows what may be asked about a map, apart from itself.
func TestMapRequests(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	v := amelie.upload("a.gpx", ride(morning, 5)).wants(201).workout()
	id := v["map"].(string)
	path := "/api/workouts/map/" + id
	first := s.anybody().get(path).wants(200).wantsHeaders(mapSet)
	if picture, err := png.Decode(bytes.NewReader(first.body)); err != nil || picture.Bounds().Empty() {
		t.Errorf("the map: %v; want a PNG", err)
	}
	amelie.get(path).wants(200)
	if head := s.anybody().do("HEAD", path, nil).wants(200).wantsHeaders(mapSet); len(head.body) > 0 {
		t.Errorf("HEAD has a body of %d bytes; want none", len(head.body))
	}
	modified, tag := first.header.Get("Last-Modified"), first.header.Get("Etag")
	still := every.with("Cache-Control", "private, no-cache").with("Etag", "*")
	s.anybody().with("If-None-Match", tag).get(path).wants(304).wantsHeaders(still)
	s.anybody().with("If-Modified-Since", modified).get(path).wants(304).wantsHeaders(still)
	s.anybody().with("If-None-Match", `"other"`).with("If-Modified-Since", modified).get(path).wants(200).wantsHeaders(mapSet)
	s.anybody().with("If-Modified-Since", "Mon, 01 Jan 2018 00:00:00 GMT").get(path).wants(200).wantsHeaders(mapSet)
	s.anybody().with("If-Modified-Since", "nonsense").get(path).wants(200)
	for _, span := range []string{"bytes=0-3", "bytes=x", "bytes=99999999-", "bytes=5-1"} {
		switch part := s.anybody().with("Range", span).get(path); {
		case part.status == 200 && len(part.body) == len(first.body), part.status == 206 && string(part.body) == "\x89PNG":
		default:
			part.call += " with Range: " + span
			part.wants(416).wantsJSON() // as every refusal of the API
		}
	}
	if r := s.anybody().with("If-Unmodified-Since", "Mon, 01 Jan 2018 00:00:00 GMT").get(path); r.status != 200 {
		r.call += " with If-Unmodified-Since"
		r.wants(412).wantsJSON()
	}
	soon := time.Now().Add(time.Millisecond)
	if err := os.Chtimes(s.kept("maps"), soon, soon); err != nil {
		t.Fatal(err)
	}
	s.anybody().with("If-None-Match", tag).get(path).wants(200) // it has been drawn again
	const missing = "Map does not exist."
	for _, other := range []string{
		"0123456789abcdef0123456789abcdef", strings.ToUpper(id), id + ".png", id[:31], id + "0", "x", "..", "%2e%2e", "..%2fmaps%2f" + id,
		"%00", id + "%00", "*", "%25", strings.Repeat("a", 5000), "%ff",
	} {
		s.anybody().get("/api/workouts/map/" + other).wants(404).wantsJSON().wantsHeaders(apiSet)
	}
	s.anybody().get("/api/workouts/map/"+strings.Repeat("f", 32)).wants(404, missing)
	amelie.delete("/api/workouts/" + v["id"].(string)).wants(204)
	s.anybody().with("If-Modified-Since", modified).get(path).wants(404, missing)
	for _, tile := range []string{"a/1/1/1", "a/0/0/0", "a/99/1/1", "a/1/99999999999999999999/1", "%2e%2e/1/1/1", "a/1/-1/1", "a/x/1/1"} {
		s.anybody().get("/api/workouts/map_tile/" + tile + ".png").wants(404).wantsJSON()
	}
}

// TestLostTrack shows what becomes of a workout whose file is gone, which only an operator can do: it is told with its
// figures, and can be deleted.
func TestLostTrack(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	own := "/api/workouts/" + amelie.upload("a.gpx", ride(morning, 5)).wants(201).id()
	if err := os.Remove(s.kept("tracks")); err != nil {
		t.Fatal(err)
	}
	amelie.get(own).wants(200)
	amelie.get(own + "/chart_data").wants(200) // from its points, which are still there
	for _, path := range []string{"/gpx", "/gpx/download"} {
		amelie.get(own+path).wants(500, "error, please try again or contact the administrator").wantsHeaders(apiSet)
	}
	if err := os.Remove(s.kept("series")); err != nil {
		t.Fatal(err)
	}
	amelie.get(own + "/chart_data").wants(500).wantsHeaders(apiSet)
	amelie.get("/api/workouts").wants(200)
	amelie.delete(own).wants(204)
	s.wantsFiles("the deletion", nil)
}
