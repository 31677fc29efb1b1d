package server_test

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"fittrackee/track"
)

// inUTF16 returns a text as UTF-16, with a byte order mark if it is wanted.
func inUTF16(text string, bigEndian, mark bool) string {
	if mark {
		text = "\ufeff" + text
	}
	var b strings.Builder
	for _, c := range utf16.Encode([]rune(text)) {
		low, high := byte(c), byte(c>>8)
		if bigEndian {
			low, high = high, low
		}
		b.Write([]byte{low, high})
	}
	return b.String()
}

// line returns points on a line that are timed ten seconds apart, from the morning on.
func line(points ...[2]any) string {
	var all []string
	for i, p := range points {
		all = append(all, point(p[0], p[1], "<ele>10</ele>", timed(morning.Add(time.Duration(i)*10*time.Second))))
	}
	return segment(all...)
}

// ok says that a file is taken.
const ok = ""

// hostileTracks are files that are not what they should be, with what a client is told about each.
func hostileTracks() []struct{ name, file, message string } {
	var (
		good  = line([2]any{48, 2}, [2]any{48.001, 2}, [2]any{48.002, 2})
		at    = timed("2021-05-01T07:00:00Z")
		later = timed("2021-05-01T07:00:10Z")
		head  = func(declaration, name string) string {
			return declaration + `<gpx version="1.1"><trk><name>` + name + `</name>` + good + `</trk></gpx>`
		}
		declared = func(charset string) string { return `<?xml version="1.0" encoding="` + charset + `"?>` }
		one      = func(attributes, content string) string {
			return gpx(segment("<trkpt "+attributes+">"+content+"</trkpt>", point(48, 2, later)))
		}
		times = func(texts ...string) string {
			var all []string
			for i, text := range texts {
				all = append(all, point(48+0.001*float64(i), 2, text))
			}
			return gpx(segment(all...))
		}
	)
	many := 1000
	if raced {
		many = 200
	}
	return []struct{ name, file, message string }{
		// Entities and declarations.
		{"an entity of its own", `<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "x">]><gpx><trk><name>&a;</name>` + good + `</trk></gpx>`, badFile},
		{"a billion laughs", `<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><gpx><trk><name>&b;</name>` + good + `</trk></gpx>`, badFile},
		{"a file of ours for an entity", `<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx><trk><name>&a;</name>` + good + `</trk></gpx>`, badFile},
		{"an entity nobody declared", gpx(`<name>&eacute;</name>`, good), badFile},
		{"entities of XML", gpx(`<name>&lt;b&gt;&amp;&quot;&#233;&#x1F6B2;</name>`, good), ok},
		{"a declaration of a type", `<!DOCTYPE gpx SYSTEM "http://127.0.0.1:1/gpx.dtd">` + gpx(good)[38:], ok},
		{"CDATA", gpx(`<name><![CDATA[<b>&</b>]]></name>`, good), ok},
		{"a script for a name", gpx(`<name><![CDATA[<script>alert(1)</script>]]></name>`, good), ok},
		{"an XML stylesheet", `<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1:1/x.xsl"?>` + gpx(good)[38:], ok},
		// Form.
		{"another root", `<kml>` + good + `</kml>`, badFile},
		{"two roots", gpx(good) + `<gpx/>`, badFile},
		{"something after the root", gpx(good) + "x", badFile},
		{"a NUL after the root", gpx(good) + "\x00", badFile},
		{"no end", strings.TrimSuffix(gpx(good), "</gpx>"), badFile},
		{"ends exchanged", strings.Replace(gpx(good), "</trk></gpx>", "</gpx></trk>", 1), badFile},
		{"deep nesting", gpx(strings.Repeat("<a>", 50_000) + strings.Repeat("</a>", 50_000)), badFile},
		{"deep nesting without end", gpx(strings.Repeat("<a>", 100_000)), badFile},
		{"as deep as allowed", gpx(strings.Repeat("<a>", 29)+strings.Repeat("</a>", 29), good), ok},
		{"many attributes", gpx(`<x `+strings.Repeat(`a="1" `, 50_000)+`/>`, good), badFile},
		{"many different attributes", gpx(`<x `+manyAttributes(20_000)+`/>`, good), badFile},
		{"an attribute twice", one(`lat="48" lat="49" lon="2"`, at), badFile},
		{"an attribute without quotes", one(`lat=48 lon=2`, at), badFile},
		{"a tag without end", gpx(`<` + strings.Repeat("a", 900_000)), badFile},
		{"a comment without end", gpx("<!--" + strings.Repeat("a", 900_000)), badFile},
		{"a name of 300 kB", gpx("<name>"+strings.Repeat("n", 300<<10)+"</name>", good), ok},
		{"a name of blanks", gpx("<name>"+strings.Repeat(" ", 300<<10)+"</name>", good), ok},
		{"a name of control characters", gpx("<name>a&#x7f;b&#x85;c</name>", good), ok},
		{"a name with a NUL", gpx("<name>a&#0;b</name>", good), badFile},
		{"a name of combining marks", gpx("<name>"+strings.Repeat("e\u0301", 1000)+"</name>", good), ok},
		{"names in names", gpx("<name>a<name>b</name>c</name>", good), ok},
		{"other namespaces", `<x:gpx xmlns:x="y"><x:trk><x:trkseg><x:trkpt lat="48" lon="2"><x:time>2021-05-01T07:00:00Z</x:time></x:trkpt></x:trkseg></x:trk></x:gpx>`, ok},
		{"an extension of nonsense", one(`lat="48" lon="2"`, at+`<extensions><hr>NaN</hr><cad>1e999</cad><power>-5</power><x>`+strings.Repeat("y", 10_000)+`</x></extensions>`), ok},
		{"many segments", gpx(strings.Repeat(segment(point(1, 1, at)), many)), ok},
		{"too many segments", gpx(strings.Repeat(segment(point(1, 1, at)), 1_001)), badFile},
		// Encodings.
		{"UTF-8 with a mark", "\ufeff" + head(declared("UTF-8"), "été"), ok},
		{"UTF-16, the low byte first", inUTF16(head(declared("UTF-16"), "été"), false, true), ok},
		{"UTF-16, the high byte first", inUTF16(head(declared("UTF-16"), "été"), true, true), ok},
		{"UTF-16 without a mark", inUTF16(head(declared("UTF-16LE"), "été"), false, false), ok},
		{"half of UTF-16", inUTF16(head(declared("UTF-16"), "été"), false, true)[:301], badFile},
		{"ISO-8859-1", head(declared("ISO-8859-1"), "\xe9t\xe9"), ok},
		{"windows-1252", head(declared("windows-1252"), "\x80"), ok},
		{"UTF-16 that is none", head(declared("UTF-16"), "été"), ok},
		{"UTF-8 that is none", head(declared("UTF-8"), "\xe9t\xe9"), badFile},
		{"no declaration, and no UTF-8", head("", "\xe9t\xe9"), badFile},
		{"an encoding nobody knows", head(declared("x-klingon"), "x"), badFile},
		{"an encoding that hides markup", head(declared("UTF-7"), "+ADw-"), badFile},
		{"a comment that is no UTF-8", gpx("<!-- \xff\xfe \x80 -->", good), ok},
		{"a comment that is no text", gpx("<!-- \"\\\t\r\n\x7f\u2028</script> -->", good), ok},
		{"half a character at the end", gpx(good) + "<!-- \xc3 -->", ok},
		{"bytes of no text", "\x00\x01\x02\xff\xfe", badFile},
		// Places.
		{"NaN", one(`lat="NaN" lon="2"`, at), badFile},
		{"infinity", one(`lat="48" lon="Infinity"`, at), badFile},
		{"beyond any number", one(`lat="1e999" lon="2"`, at), badFile},
		{"north of the pole", one(`lat="91" lon="2"`, at), badFile},
		{"south of the pole", one(`lat="-90.000001" lon="2"`, at), badFile},
		{"once around", one(`lat="48" lon="180.1"`, at), badFile},
		{"no latitude", one(`lon="2"`, at), badFile},
		{"no longitude", one(`lat="48"`, at), badFile},
		{"an empty latitude", one(`lat="" lon="2"`, at), badFile},
		{"a comma", one(`lat="48,5" lon="2"`, at), badFile},
		{"hexadecimal", one(`lat="0x10" lon="2"`, at), badFile},
		{"an exponent", one(`lat="4.8e1" lon="2"`, at), ok},
		{"many decimals", one(`lat="48.`+strings.Repeat("1", 1000)+`" lon="2"`, at), ok},
		{"minus nothing", one(`lat="-0" lon="-0.0"`, at), ok},
		{"almost nothing", one(`lat="1e-300" lon="5e-324"`, at), ok},
		{"the poles", gpx(line([2]any{90, 0}, [2]any{-90, 180}, [2]any{90, -180})), ok},
		{"across the antimeridian", gpx(line([2]any{-18, 179.99}, [2]any{-18, -179.99}, [2]any{-18, 179.99})), ok},
		{"all around", gpx(line([2]any{0, -180}, [2]any{0, 180}, [2]any{-90, 0}, [2]any{90, 0})), ok},
		{"high up", one(`lat="48" lon="2"`, "<ele>100000</ele>"+at), ok},
		{"too high up", one(`lat="48" lon="2"`, "<ele>1e6</ele>"+at), badFile},
		{"a height of NaN", one(`lat="48" lon="2"`, "<ele>NaN</ele>"+at), badFile},
		{"a height in words", one(`lat="48" lon="2"`, "<ele>high</ele>"+at), badFile},
		{"an empty height", one(`lat="48" lon="2"`, "<ele/>"+at), ok},
		// Times.
		{"no times", times("", ""), badContent},
		{"a time at last", times("", "", at), ok},
		{"a time at first", times(at, "", ""), ok},
		{"a time now and then", times(at, "", later, "", ""), ok},
		{"empty times", times("<time/>", "<time> </time>", at), ok},
		{"equal times", times(at, at, at), ok},
		{"backwards", times(timed("2021-05-01T07:00:20Z"), later, at), ok},
		{"the year 0", times(timed("0000-01-01T00:00:00Z"), at), badFile},
		{"the year 0 in Greenwich", times(timed("0001-01-01T00:00:00+14:00"), at), badFile},
		{"the year 1", times(timed("0001-01-01T00:00:00Z"), timed("0001-01-01T00:00:10Z")), ok},
		{"the year 9999", times(timed("9999-12-31T23:59:49Z"), timed("9999-12-31T23:59:59Z")), ok},
		{"the year 10000 in Greenwich", times(timed("9999-12-31T23:59:59-14:00"), at), badFile},
		{"from the year 1 to 9999", times(timed("0001-01-01T00:00:00Z"), timed("9999-12-31T23:59:59Z")), ok},
		{"the year 10000", times(timed("10000-01-01T00:00:00Z")), badFile},
		{"a day that there is not", times(timed("2021-02-30T07:00:00Z")), badFile},
		{"a time in words", times(timed("this morning")), badFile},
		{"a time in seconds", times(timed("1619852400")), badFile},
		{"a leap second", times(timed("2016-12-31T23:59:60Z"), timed("2017-01-01T00:00:10Z")), ok},
		{"parts of a second", times(timed("2021-05-01T07:00:00.123456789Z"), timed("2021-05-01T07:00:00.2Z")), ok},
		{"other offsets", times(timed("2021-05-01T07:00:00+05:45"), timed("2021-05-01T07:00:10+0545")), ok},
		{"no offset", times(timed("2021-05-01T07:00:00"), timed("2021-05-01T07:00:10")), ok},
		// Lengths.
		{"a route and no track", `<gpx><rte><rtept lat="1" lon="1"/></rte></gpx>`, badContent},
		{"nothing", `<gpx/>`, badContent},
		{"an empty track before a good one", `<gpx><trk/><trk>` + good + `</trk></gpx>`, badContent},
		{"an empty segment before a good one", gpx(segment(), good), ok},
		{"a good track before an empty one", `<gpx><trk>` + good + `</trk><trk/></gpx>`, ok},
		{"one point", gpx(segment(point(48, 2, at))), ok},
		{"one point without a height in each of two segments", gpx(segment(point(48, 2, at)), segment(point(48, 3, later))), ok},
		{"two equal points", gpx(segment(point(48, 2, at), point(48, 2, at))), ok},
		{"two equal points at different times", gpx(segment(point(48, 2, at), point(48, 2, later))), ok},
		{"faster than light", gpx(segment(point(-90, 0, at), point(90, 0, timed("2021-05-01T07:00:00.000001Z")))), ok},
		{"backwards from segment to segment", gpx(segment(point(48, 2, later)), segment(point(48, 3, at))), ok},
		{"many points at one place", gpx(segment(strings.Repeat(point(48, 2, at), 5000))), ok},
	}
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `a%d="" `, i)
	}
	return b.String()
}

// TestHostileTracks uploads tracks that mean harm or nonsense. Each is refused with a word that says why and leaves nothing
// behind, or is taken, and then everything that is told of it later is whole (A18).
func TestHostileTracks(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for _, c := range hostileTracks() {
		start := time.Now()
		r := amelie.upload("a.gpx", c.file)
		r.call = "track: " + c.name
		if took := time.Since(start); took > 2*time.Second && !raced {
			t.Errorf("%s: %s; want an answer within two seconds", r.call, took)
		}
		if c.message != ok {
			r.wants(400, c.message).wantsHeaders(apiSet)
			s.wantsFiles(r.call, nil)
		} else if r.wants(201).status == 201 {
			amelie.wantsEverything(r, 3)
			amelie.delete("/api/workouts/" + r.id()).wants(204)
		}
	}
	s.wantsFiles("all of them", nil)
	s.wantsSound()
}

// quickly sends a GET without a socket, and checks that it is answered with JSON.
func (c client) quickly(what, path string) response {
	c.s.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(c.s.t.Context(), "GET", path, nil)
	r.Header = c.header.Clone()
	c.s.server.ServeHTTP(w, r)
	answer := response{c.s.t, what + ": GET " + path, w.Code, w.Header(), w.Body.Bytes()}
	if answer.wants(200).status == 200 {
		answer.wantsJSON()
	}
	return answer
}

// wantsEverything asks for all that can be told of a workout that was just added, whose name is in r, and of its owner.
func (c client) wantsEverything(r response, segments int) {
	t := c.s.t
	t.Helper()
	v := r.workout()
	own := "/api/workouts/" + r.id()
	n := len(objects(v["segments"]))
	for _, path := range []string{
		own, "/api/workouts?with_statistics=true", "/api/records", "/api/auth/profile", "/api/stats/amelie/by_time?time=week",
		"/api/stats/amelie/by_sport", "/api/users/amelie",
	} {
		c.quickly(r.call, path)
	}
	text, _ := c.quickly(r.call, own+"/gpx").data()["gpx"].(string)
	if !strings.Contains(text, "gpx") {
		t.Errorf("%s: gpx = %.100q; want the file", r.call, text)
	}
	whole, _ := c.quickly(r.call, own+"/chart_data").data()["chart_data"].([]any)
	points := 0
	for i := range min(n, segments) {
		chart, _ := c.quickly(r.call, fmt.Sprintf("%s/chart_data/segment/%d", own, i+1)).data()["chart_data"].([]any)
		points += len(chart)
		text, _ := c.quickly(r.call, fmt.Sprintf("%s/gpx/segment/%d", own, i+1)).data()["gpx"].(string)
		parsed, err := track.Parse(strings.NewReader(text))
		if err != nil && !strings.Contains(err.Error(), "no times") || err == nil && len(parsed.Segments[0]) != len(chart) {
			t.Errorf("%s: segment %d as a file: %v, %.300q; want a track of %d points", r.call, i+1, err, text, len(chart))
		}
	}
	if n == 0 || len(whole) == 0 || n <= segments && points != len(whole) {
		t.Errorf("%s: %d segments of %d points, of %d in all; want them to fit together", r.call, n, points, len(whole))
	}
	download := c.get(own + "/gpx/download").wants(200)
	if download.header.Get("Content-Type") != "application/gpx+xml" {
		t.Errorf("%s: headers of the download %v; want those of a GPX file", r.call, download.header)
	}
	picture := c.s.anybody().get("/api/workouts/map/" + fmt.Sprint(v["map"])).wants(http.StatusOK)
	if _, err := png.Decode(bytes.NewReader(picture.body)); err != nil {
		t.Errorf("%s: the map is no PNG: %v", r.call, err)
	}
}
