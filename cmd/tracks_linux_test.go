package cmd

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const trackBegin = `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="test" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>Long way</name><trkseg>
`

const trackEnd = "</trkseg></trk></gpx>\n"

// longTrack is a GPX file that is made while it is read: a walk with a point a second.
type longTrack struct {
	points    int  // still to come
	isMinimal bool // without elevations, and with the time of the first point only
	made      bytes.Buffer
	n         int // points so far
	lat, lon  int // 10^-6 degrees
	ele       int // 0.1 m
	at        time.Time
	ended     time.Time // when the last byte was made
}

func newLongTrack(points int, isMinimal bool) *longTrack {
	l := &longTrack{points: points, isMinimal: isMinimal, lat: 48_856_600, lon: 2_352_200, ele: 353, at: time.Unix(1_600_000_000, 0).UTC()}
	l.made.WriteString(trackBegin)
	return l
}

// Read makes what is missing.
func (l *longTrack) Read(p []byte) (int, error) {
	for l.made.Len() < len(p) && l.points > 0 {
		l.point()
		if l.points--; l.points == 0 {
			l.made.WriteString(trackEnd)
			l.ended = time.Now()
		}
	}
	return l.made.Read(p)
}

func (l *longTrack) point() {
	l.lat += rand.N(61) - 30
	l.lon += rand.N(61) - 30
	l.ele += rand.N(11) - 5
	l.at = l.at.Add(time.Second)
	b := l.made.AvailableBuffer()
	b = appendFixed(append(b, `<trkpt lat="`...), l.lat, 6)
	b = appendFixed(append(b, `" lon="`...), l.lon, 6)
	if l.isMinimal && l.n > 0 {
		b = append(b, "\"/>\n"...)
	} else {
		b = appendFixed(append(b, `"><ele>`...), l.ele, 1)
		b = l.at.AppendFormat(append(b, "</ele><time>"...), time.RFC3339)
		b = append(b, "</time></trkpt>\n"...)
	}
	l.made.Write(b)
	l.n++
}

// appendFixed appends n/10^decimals.
func appendFixed(b []byte, n, decimals int) []byte {
	unit := 1
	for range decimals {
		unit *= 10
	}
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = append(strconv.AppendInt(b, int64(n/unit), 10), '.')
	digits := strconv.Itoa(unit + n%unit)
	return append(b, digits[1:]...)
}

// postTrack uploads a track that is made meanwhile.
func (v *visitor) postTrack(track io.Reader) (reply, error) {
	contentType, before, after := formAround("track.gpx", `{"sport_id": 1}`)
	return v.send("POST", "/api/workouts", contentType, io.MultiReader(bytes.NewReader(before), track, bytes.NewReader(after)))
}

// TestMillionPoints is A18 as far as size goes, with limits that let it in.
func TestMillionPoints(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie", "--admin")
	v.wants(t, http.StatusOK, "PATCH", "/api/config", object{"max_single_file_size": 200 << 20, "max_zip_file_size": 200 << 20})
	p.stop(t)
	for _, c := range []struct {
		name      string
		points    int
		isMinimal bool
		status    int
		isLong    bool
		readsAll  bool // and not only what is short
	}{
		{"20 000 points", 20_000, false, http.StatusCreated, false, true},
		{"a million points with little in them", 1_000_000, true, http.StatusCreated, false, *long},
		{"a million points", 1_000_000, false, http.StatusCreated, true, true},
		{"a million and one", 1_000_001, true, http.StatusBadRequest, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.isLong && !*long {
				t.Skip("takes some seconds; run with -long")
			}
			p := startBinary(t, p.db, "--no-rate-limit")
			v.url = p.url
			track := newLongTrack(c.points, c.isMinimal)
			r, err := v.postTrack(track)
			if err != nil || r.status != c.status {
				t.Fatalf("upload = %.500v, %v; want status %d", r, err, c.status)
			}
			peak := p.memory(t, "VmHWM")
			t.Logf("status %d, %.2f s after the last byte; memory %.0f MB at most", r.status, time.Since(track.ended).Seconds(), float64(peak)/1e6)
			if peak > 200<<20 {
				t.Errorf("the upload took %.0f MB of memory; want less than 200 MB", float64(peak)/1e6)
			}
			if r.status != http.StatusCreated {
				return
			}
			added, err := r.workouts()
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range pathsOf(added[0]) {
				if isShort := !strings.Contains(path, "/gpx") && !strings.Contains(path, "/chart"); isShort || c.readsAll {
					v.readsAt(t, p, path)
				}
			}
		})
	}
}

// readsAt reads what is about a large track, and logs what that takes.
func (v *visitor) readsAt(t *testing.T, p *process, path string) {
	t.Helper()
	p.forgetPeak(t)
	begin := time.Now()
	r := v.wants(t, http.StatusOK, "GET", path, nil)
	took := time.Since(begin)
	if r.header.Get("Content-Type") == "application/json" && !json.Valid([]byte(r.body)) {
		t.Errorf("GET %s is no JSON: %.200s", path, r.body)
	}
	if len(r.body) > 1<<20 {
		t.Logf("GET %s: %.1f MB in %.2f s; memory %.0f MB at most",
			path, float64(len(r.body))/1e6, took.Seconds(), float64(p.memory(t, "VmHWM"))/1e6)
	}
}

// TestArchivesInLittleMemory has many clients upload the largest archives at once.
func TestArchivesInLittleMemory(t *testing.T) {
	t.Parallel()
	const clients, atMost = 8, 150 << 20
	var files []zipFile
	for i := range 10 {
		content, err := io.ReadAll(newLongTrack(10_800, false))
		if err != nil {
			t.Fatal(err)
		}
		one := packedFile(fmt.Sprintf("%d.gpx", i), content)
		one.Method = zip.Store
		files = append(files, one)
	}
	archive := zipOf(files...)
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie")
	p.stop(t)
	p = startBinary(t, p.db, "--no-rate-limit") // one that has not hashed a password
	v.url = p.url
	begin := time.Now()
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			r, err := v.postWorkouts("ten.zip", archive)
			if err != nil || r.status != http.StatusCreated {
				t.Errorf("upload = %.500v, %v; want status 201", r, err)
			}
		})
	}
	all.Wait()
	peak := p.memory(t, "VmHWM")
	t.Logf("%d archives of %.1f MB in %v: memory %.1f MB at most", clients, float64(len(archive))/1e6,
		time.Since(begin).Round(time.Millisecond), float64(peak)/1e6)
	if peak > atMost {
		t.Errorf("%d clients with archives of %d tracks took %.1f MB of memory; want %.1f MB at most",
			clients, len(files), float64(peak)/1e6, float64(atMost)/1e6)
	}
	wantsNoStrays(t, p.db)
}

// trackOf returns a GPX file with these points, which are XML.
func trackOf(points ...string) string { return trackBegin + strings.Join(points, "\n") + trackEnd }

// pointAt returns a point at a place and a time.
func pointAt(lat, lon, time string) string {
	return fmt.Sprintf(`<trkpt lat="%s" lon="%s"><ele>35.3</ele><time>%s</time></trkpt>`, lat, lon, time)
}

// TestOddTracks is A18 as far as content goes.
func TestOddTracks(t *testing.T) {
	t.Parallel()
	const short = `<trkpt lat="48" lon="2"/>`
	const noon, later = "2021-05-01T12:00:00Z", "2021-05-01T12:00:10Z"
	a, b := pointAt("48.8566", "2.3522", noon), pointAt("48.8567", "2.3524", later)
	plain := trackOf(a, b)
	inside := func(text string) string { return strings.Replace(plain, "<trk>", text+"<trk>", 1) }
	doctype := func(text string) string { return strings.Replace(plain, "<gpx", "<!DOCTYPE gpx ["+text+"]><gpx", 1) }
	utf16 := func(text string) string {
		b := []byte{0xff, 0xfe}
		for _, c := range []byte(text) {
			b = append(b, c, 0)
		}
		return string(b)
	}
	const good, bad = http.StatusCreated, http.StatusBadRequest
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie")
	p.stop(t)
	p = startBinary(t, p.db, "--no-rate-limit")
	v.url = p.url
	for _, c := range []struct {
		name, content string
		status        int
	}{
		{"two points", plain, good},
		{"a billion laughs", string(billionLaughs()), bad},
		{"an entity that is a file", strings.Replace(doctype(`<!ENTITY x SYSTEM "file:///etc/passwd">`), "Long way", "&x;", 1), bad},
		{"an entity that is a page", strings.Replace(doctype(`<!ENTITY % x SYSTEM "http://127.0.0.1:1/x">%x;`), "Long way", "&x;", 1), bad},
		{"an entity that is not declared", strings.Replace(plain, "Long way", "&x;", 1), bad},
		{"a megabyte of elements inside each other", string(deepTrack()), bad},
		{"100 elements inside each other", inside(strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)), bad},
		{"50 000 attributes", inside("<a " + attributes(50_000) + "/>"), bad},
		{"an attribute of a megabyte", inside(`<a b="` + strings.Repeat("x", 1<<20-1000) + `"/>`), good},
		{"a comment of a megabyte", inside("<!--" + strings.Repeat("x", 1<<20-1000) + "-->"), good},
		{"a name of a megabyte", strings.Replace(plain, "Long way", strings.Repeat("x", 1<<20-1000), 1), good},
		{"11 000 segments", trackOf(a, strings.Repeat("</trkseg><trkseg>"+short, 11_000)), bad},
		{"900 segments", trackOf(a, strings.Repeat("</trkseg><trkseg>"+short, 900)), good},
		{"900 tracks", trackOf(a, b, strings.Repeat("</trkseg></trk><trk><trkseg>"+short, 900)), good},

		{"latitude NaN", trackOf(a, pointAt("NaN", "2.3522", later)), bad},
		{"latitude Inf", trackOf(a, pointAt("Inf", "2.3522", later)), bad},
		{"latitude -Infinity", trackOf(a, pointAt("-Infinity", "2.3522", later)), bad},
		{"latitude 1e999", trackOf(a, pointAt("1e999", "2.3522", later)), bad},
		{"latitude 91", trackOf(a, pointAt("91", "2.3522", later)), bad},
		{"longitude 0x10", trackOf(a, pointAt("48", "0x10", later)), bad},
		{"longitude empty", trackOf(a, pointAt("48", "", later)), bad},
		{"from pole to pole in a second", trackOf(pointAt("90", "0", noon), pointAt("-90", "180", "2021-05-01T12:00:01Z")), good},
		{"round the world at the equator", trackOf(pointAt("0", "-180", noon), pointAt("0", "180", later)), good},
		{"elevation NaN", trackOf(a, strings.Replace(b, "35.3", "NaN", 1)), bad},
		{"elevation 1e308", trackOf(a, strings.Replace(b, "35.3", "1e308", 1)), bad},
		{"elevation empty", trackOf(a, strings.Replace(b, "35.3", "", 1)), good},

		{"one point", trackOf(a), good},
		{"all at one time", trackOf(a, pointAt("49", "3", noon), pointAt("50", "4", noon)), good},
		{"backwards in time", trackOf(b, a), good},
		{"a century in two points", trackOf(pointAt("48", "2", "1921-05-01T12:00:00Z"), b), good},
		{"year 0001", trackOf(pointAt("48", "2", "0001-01-01T00:00:00Z"), b), good},
		{"year 9999", trackOf(a, pointAt("48", "2", "9999-12-31T23:59:59.999999Z")), good},
		{"year 10000", trackOf(pointAt("48", "2", "10000-01-01T00:00:00Z"), b), bad},
		{"the 31st of February", trackOf(pointAt("48", "2", "2021-02-31T00:00:00Z"), b), bad},
		{"no time", trackOf(`<trkpt lat="48" lon="2"/>`, `<trkpt lat="49" lon="2"/>`), bad},
		{"a time in the middle", trackOf(`<trkpt lat="48" lon="2"/>`, a, `<trkpt lat="49" lon="2"/>`), good},
		{"no points", trackOf(), bad},
		{"no file", "", bad},
		{"only spaces", strings.Repeat(" ", 1<<20), bad},

		{"UTF-16", utf16(strings.Replace(plain, "UTF-8", "UTF-16", 1)), good},
		{"half of UTF-16", utf16(plain)[:301], bad},
		{"a charset that nobody knows", strings.Replace(plain, "UTF-8", "x-unknown", 1), bad},
		{"no UTF-8", strings.Replace(plain, "Long way", "L\xe4nge\xff", 1), bad},
		{"control characters", strings.Replace(plain, "Long way", "a\x00\x01b", 1), bad},
		{"a name that looks like HTML", strings.Replace(plain, "Long way", `&lt;script&gt;"'\u2028`+"\u2028\u202e", 1), good},
		{"another root", strings.NewReplacer("<gpx", "<svg", "</gpx", "</svg").Replace(plain), bad},
		{"two roots", plain + plain[strings.Index(plain, "<gpx"):], bad},
		{"zeros", strings.Repeat("\x00", 1<<20), bad},
		{"a picture", string(contractFile("photo.png")), bad},
	} {
		p.forgetPeak(t)
		before, begin := p.memory(t, "VmRSS"), time.Now()
		r, err := v.postWorkouts("track.gpx", []byte(c.content))
		took, grown := time.Since(begin), p.memory(t, "VmHWM")-before
		if err != nil || r.status != c.status || !json.Valid([]byte(r.body)) {
			t.Errorf("%s = %.300v, %v; want status %d and JSON", c.name, r, err, c.status)
		}
		if took > 5*time.Second || grown > 100<<20 {
			t.Errorf("%s took %v and %.0f MB of memory; want little of both", c.name, took, float64(grown)/1e6)
		}
		if r.status != good {
			continue
		}
		added, err := r.workouts()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range pathsOf(added[0]) {
			r := v.wants(t, http.StatusOK, "GET", path, nil)
			if r.header.Get("Content-Type") == "application/json" && !json.Valid([]byte(r.body)) {
				t.Errorf("%s: GET %s is no JSON: %.300s", c.name, path, r.body)
			}
		}
		v.wants(t, http.StatusNoContent, "DELETE", "/api/workouts/"+added[0].text("id"), nil)
	}
	wantsNoStrays(t, p.db)
}

// attributes returns n attributes of different names.
func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d=""`, i)
	}
	return b.String()
}
