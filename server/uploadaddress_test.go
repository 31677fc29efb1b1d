package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// address returns where to a user's files can be posted.
func (u user) address(more object) string {
	u.s.t.Helper()
	return "/api/upload/" + fmt.Sprint(u.addToken("workouts:write", more).wants(201).token()["token"])
}

// kind returns a GPX file that says which sport it is of.
func kind(of string, points int) string {
	return strings.Replace(ride(morning, points), "<trk>", "<trk><type>"+of+"</type>", 1)
}

// TestUploadByAddress posts files to an address in all the ways in which programs post.
func TestUploadByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	address := amelie.address(nil)
	file := ride(morning, 4)
	archive := zipped(t, entry{"a.gpx", file}, entry{"b/b.GPX", ride(morning, 3)}, entry{"readme.txt", "x"})
	const end = "--b--\r\n"
	const bom = "\xef\xbb\xbf"
	for _, c := range []struct {
		name, contentType, body string
		workouts                int
	}{
		{"a GPX file", "application/gpx+xml", file, 1},
		{"XML", "text/xml; charset=utf-8", file, 1},
		{"bytes", "application/octet-stream", file, 1},
		{"no media type", "", file, 1},
		{"curl's own media type", "application/x-www-form-urlencoded", file, 1},
		{"JSON, which it is not", "application/json", file, 1},
		{"nonsense for a media type", ";;/", file, 1},
		{"a text", "text/plain", file, 1},
		{"an archive, which it is not", "application/zip", file, 1},
		{"a form of another kind, which it is not", "multipart/mixed; boundary=b", file, 1},
		{"a byte order mark", "application/gpx+xml", bom + file, 1},
		{"an archive", "application/zip", archive, 2},
		{"an archive as bytes", "application/octet-stream", archive, 2},
		{"an archive without a media type", "", archive, 2},
		{"an archive as a form, which it is not", "application/x-www-form-urlencoded", archive, 2},

		{"a form", formType, part(`form-data; name="file"; filename="a.gpx"`, file) + end, 1},
		{"a form with another field", formType, part(`form-data; name="gpx"; filename="a.gpx"`, file) + end, 1},
		{"a form with a field without a name", formType, part(`form-data; filename="a.gpx"`, file) + end, 1},
		{"a form with an empty file name", formType, part(`form-data; name="file"; filename=""`, file) + end, 1},
		{"a form with another ending", formType, part(`form-data; name="file"; filename="a.txt"`, file) + end, 1},
		{"a form with an archive's ending", formType, part(`form-data; name="file"; filename="a.zip"`, file) + end, 1},
		{"a form without a file name", formType, part(`form-data; name="track"`, file) + end, 1},
		{"a form without a file name, after a byte order mark", formType, part(`form-data; name="track"`, bom+"\r\n "+file) + end, 1},
		{"a form with fields around it", formType, part(`form-data; name="device"`, "phone") + part(`form-data; name="x"`, "") +
			part(`form-data; name="y"; filename="empty"`, "") + part(`form-data; name="z"; filename="a"`, file) +
			part(`form-data; name="time"`, "12:00") + end, 1},
		{"a form with two files, of which the first counts", formType, part(`form-data; name="a"; filename="a.gpx"`, file) +
			part(`form-data; name="b"; filename="b.gpx"`, "nonsense") + end, 1},
		{"a form with the data of the other route", formType, fileForm("a.gpx", file, `{"sport_id": 5}`), 1},
		{"a form with an archive", formType, part(`form-data; name="x"; filename="a.zip"`, archive) + end, 2},
		{"a form with an archive of another ending", formType, part(`form-data; name="x"; filename="a.gpx"`, archive) + end, 2},
		{"a form with an archive without a file name", formType, part(`form-data; name="x"`, archive) + end, 2},
		{"a form in capitals", `Multipart/Form-Data; Boundary="b"`, part(`form-data; name="x"; filename="a"`, file) + end, 1},
		{"a form without its last line break", formType, strings.TrimSuffix(part(`form-data; name="x"; filename="a"`, file), "\r\n") + "--b--", 1},
	} {
		for _, isChunked := range []bool{false, true} {
			r := s.sendRaw(fmt.Sprintf("%s, in chunks: %v", c.name, isChunked), rawPost(address, "", c.contentType, c.body, isChunked)).wants(201).wantsHeaders(apiSet)
			all := r.workouts()
			if r.text("status") != "created" || len(all) != c.workouts {
				t.Errorf("%s: %d %.200s; want %d workouts created", r.call, r.status, r.body, c.workouts)
			}
			for _, v := range all {
				if v["sport_id"] != 1.0 || v["with_gpx"] != true || v["user"] != "amelie" || v["notes"] != nil {
					t.Errorf("%s: %v; want a track of amelie's, of sport 1", r.call, v)
				}
				id := fmt.Sprint(v["id"])
				amelie.get("/api/workouts/" + id).wants(200)
				boris.get("/api/workouts/"+id).wants(403, noRights)
				if kept := amelie.get("/api/workouts/" + id + "/gpx/download").wants(200); c.workouts == 1 && !strings.HasSuffix(string(kept.body), file) {
					t.Errorf("%s: kept %.100q; want what was sent", r.call, kept.body)
				}
			}
		}
	}
	if r := s.anybody().post(address+"?check_duplicates=true", file).wants(201); r.workout()["duplicate_of"] == nil {
		t.Errorf("%s: %s; want it told as a duplicate", r.call, r.body)
	}
	if got := amelie.personalTokens()[0]["last_used_at"]; got != s.clock.Now().Format(http.TimeFormat) {
		t.Errorf("last use of the address: %v; want now", got)
	}
	s.wantsSound()
}

// chunks cuts a body into chunks of some bytes.
func chunks(body string, size int) string {
	var all strings.Builder
	for body != "" {
		n := min(size, len(body))
		fmt.Fprintf(&all, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return all.String() + "0\r\n\r\n"
}

// TestBadUploadByAddress posts what is no file, and looks that nothing is kept of it.
func TestBadUploadByAddress(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	s.setLimits(s.person("root"), 2, 20<<10, 40<<10)
	address := amelie.address(nil)
	file := ride(morning, 4)
	archive := zipped(t, entry{"a.gpx", file}, entry{"b.gpx", file})
	long := ride(morning, 400)
	const (
		end     = "--b--\r\n"
		gpxType = "application/gpx+xml"
		noFile  = "no file part"
	)
	if len(long) < 30<<10 || len(long) > 40<<10 {
		t.Fatalf("the long file has %d bytes; want it between the limits", len(long))
	}
	s.unchanged("what is no file", func() {
		for _, c := range []struct {
			name, contentType, body string
			status                  int
			message                 string
		}{
			{"nothing", gpxType, "", 400, noFile},
			{"nothing without a media type", "", "", 400, noFile},
			{"a letter", gpxType, "x", 400, badFile},
			{"a text", "text/plain", "this is no track", 400, badFile},
			{"JSON", "application/json", `{"sport_id": 1}`, 400, badFile},
			{"fields of a form", formMedia, "file=x&sport_id=1", 400, badFile},
			{"a page", "text/html", "<!doctype html><p>x</p>", 400, ""},
			{"other XML", gpxType, "<kml/>", 400, ""},
			{"a track without points", gpxType, gpx(segment()), 400, badContent},
			{"a file cut off", gpxType, file[:len(file)-20], 400, badFile},
			{"an entity", gpxType, `<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx>&a;</gpx>`, 400, badFile},
			{"an archive cut off", "application/zip", archive[:len(archive)-30], 400, badArchive},
			{"the first letters of one", "application/zip", "PK", 400, badArchive},
			{"an archive with one bad file", "application/zip", zipped(t, entry{"a.gpx", file}, entry{"b.gpx", "x"}), 400, badFile},
			{"an archive of too many files", "application/zip", zipped(t, entry{"a.gpx", file}, entry{"b.gpx", file}, entry{"c.gpx", file}), 400, ""},
			{"an archive without files", "application/zip", zipped(t, entry{"a.txt", "x"}), 400, ""},
			{"a file too large", gpxType, long, 413, "Error during workout upload, file size (" + fmt.Sprintf("%.1fKB", float64(len(long))/1024) + ") exceeds 20.0KB."},
			{"a file too large without a media type", "", long, 413, ""},
			{"a file too large in a form", formType, part(`form-data; name="x"; filename="a.gpx"`, long) + end, 413, ""},
			{"a file too large in a field", formType, part(`form-data; name="x"`, long) + end, 413, ""},
			{"an archive too large", "application/zip", "PK\x03\x04" + strings.Repeat("x", 41<<10), 413, ""},

			{"a form without boundary", "multipart/form-data", part(`form-data; name="x"; filename="a"`, file) + end, 400, noFile},
			{"a form with another boundary", "multipart/form-data; boundary=c", part(`form-data; name="x"; filename="a"`, file) + end, 400, ""},
			{"a form without parts", formType, end, 400, ""},
			{"nothing for a form", formType, "", 400, ""},
			{"a form with an empty file", formType, part(`form-data; name="x"; filename="a.gpx"`, "") + end, 400, noFile},
			{"a form with texts only", formType, part(`form-data; name="file"`, "a.gpx") + part(`form-data; name="x"`, "y") + end, 400, noFile},
			{"a form with no disposition", formType, "--b\r\n\r\n" + file + "\r\n" + end, 400, noFile},
			{"a form with a file that is none", formType, part(`form-data; name="x"; filename="a.gpx"`, "MZ") + part(`form-data; name="y"; filename="b.gpx"`, file) + end, 400, badFile},
			{"a form cut off in the file", formType, part(`form-data; name="x"; filename="a"`, file)[:400], 400, ""},
			{"a form cut off before its end", formType, part(`form-data; name="x"; filename="a"`, file), 400, ""},
			{"a form with a long field", formType, part(`form-data; name="x"`, strings.Repeat("x", 70<<10)) + part(`form-data; name="y"; filename="a"`, file) + end, 400, "the form around the file exceeds 64 kB"},
			{"a form with a header without end", formType, "--b\r\nX: " + strings.Repeat("x", 1<<20), 400, ""},
		} {
			for _, isChunked := range []bool{false, true} {
				r := s.sendRaw(fmt.Sprintf("%s, in chunks: %v", c.name, isChunked), rawPost(address, "", c.contentType, c.body, isChunked)).wants(c.status).wantsJSON()
				if c.message != "" {
					r.wants(c.status, c.message)
				}
				if strings.Contains(string(r.body), "fitpat_") {
					t.Errorf("%s: %s; want no secret in it", r.call, r.body)
				}
				s.wantsFiles(r.call, nil)
			}
		}
		for query, message := range map[string]string{
			"sport_id=0": invalid, "sport_id=-1": invalid, "sport_id=x": invalid, "sport_id=1.0": invalid, "sport_id=%00": invalid,
			"sport_id=99999999999999999999": invalid, "sport_id=1000": "Sport id: 1000 does not exist",
		} {
			s.anybody().post(address+"?"+query, file).wants(400, message)
			s.wantsFiles("sport "+query, nil)
		}
	})
	s.anybody().post(address, file).wants(201)
}

// TestSportOfUpload shows which sport a file is of that is posted to an address: the first of these that says so.
func TestSportOfUpload(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	plain, walking := amelie.address(nil), amelie.address(object{"sport_id": 6})
	post := func(path, body string, want ...float64) {
		t.Helper()
		r := s.anybody().post(path, body).wants(201)
		var got []float64
		for _, v := range r.workouts() {
			got = append(got, number(v["sport_id"]))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: sports %v; want %v", strings.Split(r.call, "fitpat_")[0], got, want)
		}
	}
	silent := ride(morning, 3)
	// Nothing says so: the first sport that is not hidden from her, by herself or by the administrator.
	post(plain, silent, 1)
	s.run(`delete from workouts`)
	s.run(`delete from totals`)
	amelie.post("/api/auth/profile/edit/sports", object{"sport_id": 1, "is_active": false}).wants(200)
	post(plain, silent, 2)
	s.run(`delete from workouts`)
	s.run(`delete from totals`)
	root.patch("/api/sports/2", object{"is_active": false}).wants(200)
	post(plain, kind("unicycling", 3), 3)
	// That of the latest workout: by its start, hidden or not, and nobody else's.
	amelie.typed(object{"sport_id": 1, "workout_date": "2025-05-15 14:05"}).wants(201)
	amelie.typed(object{"sport_id": 9, "workout_date": "2018-05-15 14:05"}).wants(201)
	s.person("boris").typed(object{"sport_id": 4, "workout_date": "2026-01-01 00:00"}).wants(201)
	post(plain, silent, 1)
	// What the file says, whatever came before.
	post(plain, kind("running", 3), 5)
	post(plain, kind(" Trail_Running ", 3), 8)
	post(plain, kind("9", 3), 5)
	post(plain, kind("", 3), 1)
	post(plain, kind("&lt;script>", 3), 1)
	post(plain, kind(strings.Repeat("running", 1000), 3), 1)
	post(plain, zipped(t, entry{"a.gpx", kind("hiking", 3)}, entry{"b.gpx", silent}), 3, 1)
	// What the token is for.
	post(walking, kind("running", 3), 6)
	post(walking, silent, 6)
	post(walking, zipped(t, entry{"a.gpx", kind("hiking", 3)}, entry{"b.gpx", silent}), 6, 6)
	// What the address says.
	post(walking+"?sport_id=8", kind("running", 3), 8)
	post(plain+"?sport_id=2", kind("running", 3), 2) // which is offered to nobody for new ones, and known
	post(walking+"?sport_id=", silent, 6)
	// The other route is told, and asks neither file nor token.
	if v := s.withToken(amelie.personalToken("workouts:write")).upload("a.gpx", kind("running", 3)).wants(201).workout(); v["sport_id"] != 1.0 {
		t.Errorf("sport of an upload that names 1: %v; want 1", v["sport_id"])
	}
	s.withToken(amelie.personalToken("workouts:write")).
		uploadTo("/api/workouts", "a.gpx", silent, `{}`).wants(400, invalid)
}

// TestUploadsWait shows that a client which asks before it sends a body to an address is told at once that it need not, and that
// nothing of a body is read for an address that is none.
func TestUploadsWait(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := ride(morning, 3)
	for _, c := range []struct {
		name, path string
		length     int
		statuses   []int
	}{
		{"an address", amelie.address(nil), len(file), []int{100, 201}},
		{"an address that is none", "/api/upload/fitpat_nonsense", len(file), []int{401}},
		{"a token for more", "/api/upload/" + amelie.personalToken("workouts:write profile:read"), len(file), []int{403}},
		{"too much", amelie.address(nil), 1 << 40, []int{413}},
		{"a sport that is none", amelie.address(nil) + "?sport_id=x", len(file), []int{400}},
	} {
		s.wantsExpected(c.name, fmt.Sprintf("POST %s HTTP/1.1\r\nContent-Length: %d\r\n", c.path, c.length), file, c.statuses)
	}
}

// TestLimitsOfUploads shows that whoever posts to an address counts as known, and guesses of an address do not.
func TestLimitsOfUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople, withLimits)
	amelie := s.person("amelie")
	address := amelie.address(nil)
	at := s.from("203.0.113.1")
	guess := func() response { return at.post("/api/upload/fitpat_"+strings.Repeat("A", 43), "") }
	times(t, 300, 401, guess)
	limited(t, guess(), perPlace, 5*time.Minute)
	at.post(address, ride(morning, 3)).wants(201) // the owner is not locked out
}
