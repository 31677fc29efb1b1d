package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// post makes the bytes of a request to add workouts.
func post(token, contentType, body string) string {
	return "POST /api/workouts HTTP/1.1\r\nHost: fit.example.com\r\nAuthorization: Bearer " + token + "\r\nContent-Type: " + contentType +
		fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// chunked makes the same without its length, in chunks of some bytes.
func chunked(token, contentType, body string, size int) string {
	return "POST /api/workouts HTTP/1.1\r\nHost: fit.example.com\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: " + contentType + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(body, size)
}

// TestForms sends uploads with the bytes that programs send, every other one in chunks, and downloads the file again (C3, C5).
func TestForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := ride(morning, 4)
	const (
		data     = `{"sport_id": 5, "notes": "n"}`
		dataPart = "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n" + data + "\r\n"
		fileHead = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gpx\"\r\n"
		end      = "--b--\r\n"
		form     = "multipart/form-data; boundary=b"
	)
	filePart := fileHead + "Content-Type: application/gpx+xml\r\n\r\n" + file + "\r\n"
	named := func(disposition string) string { return part(disposition, file) }
	for i, c := range []struct{ name, contentType, body string }{
		{"the data before the file", form, dataPart + filePart + end},
		{"the data before the file, with its length", form, dataPart + filePart + end},
		{"the file before the data", form, filePart + dataPart + end},
		{"the file before the data, with its length", form, filePart + dataPart + end},
		{"a boundary in quotes", `multipart/form-data; boundary="b"`, dataPart + filePart + end},
		{"a boundary among other parameters", `multipart/form-data; charset=utf-8; Boundary=b`, dataPart + filePart + end},
		{"a media type in capitals", `Multipart/Form-Data; boundary=b`, dataPart + filePart + end},
		{
			"a boundary as browsers make it", "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
			strings.ReplaceAll(dataPart+filePart+end, "--b", "------WebKitFormBoundary7MA4YWxkTrZu0gW"),
		},
		{
			"a boundary as Qt makes it", `multipart/form-data; boundary="boundary_.oOo._MjM5NzEyOTA=MTI3="`,
			strings.ReplaceAll(dataPart+filePart+end, "--b", "--boundary_.oOo._MjM5NzEyOTA=MTI3="),
		},
		{"no media type of the file", form, dataPart + fileHead + "\r\n" + file + "\r\n" + end},
		{"another media type of the file", form, dataPart + fileHead + "Content-Type: application/octet-stream\r\n\r\n" + file + "\r\n" + end},
		{"a media type that is none", form, dataPart + fileHead + "Content-Type: gpx;;/\r\n\r\n" + file + "\r\n" + end},
		{"an empty media type", form, dataPart + fileHead + "Content-Type: \r\n\r\n" + file + "\r\n" + end},
		{"a media type of the data", form, "--b\r\nContent-Disposition: form-data; name=\"data\"\r\nContent-Type: application/json\r\n\r\n" +
			data + "\r\n" + filePart + end},
		{"data as plain text in UTF-8", form, "--b\r\nContent-Disposition: form-data; name=\"data\"\r\n" +
			"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 29\r\n\r\n" + data + "\r\n" + filePart + end},
		{"an encoding that is none", form, dataPart + fileHead + "Content-Transfer-Encoding: binary\r\n\r\n" + file + "\r\n" + end},
		{"data as a file", form, "--b\r\nContent-Disposition: form-data; name=\"data\"; filename=\"blob\"\r\n\r\n" + data + "\r\n" + filePart + end},
		{"an extension in capitals", form, dataPart + named(`form-data; name="file"; filename="A RIDE.GPX"`) + end},
		{"an extension in both", form, dataPart + named(`form-data; name="file"; filename="a.b.Gpx"`) + end},
		{"a path for a name", form, dataPart + named(`form-data; name="file"; filename="../../etc/a.gpx"`) + end},
		{"a path of Windows for a name", form, dataPart + named(`form-data; name="file"; filename="C:\rides\a.gpx"`) + end},
		{"a name in UTF-8", form, dataPart + named(`form-data; name="file"; filename="été.gpx"`) + end},
		{"a name as RFC 5987 has it", form, dataPart + named(`form-data; name="file"; filename*=UTF-8''%C3%A9t%C3%A9.gpx`) + end},
		{"a name both ways", form, dataPart + named(`form-data; name="file"; filename="ete.gpx"; filename*=UTF-8''%C3%A9t%C3%A9.gpx`) + end},
		{"a name with quotes in it", form, dataPart + named(`form-data; name="file"; filename="my \"best\" ride.gpx"`) + end},
		{"parameters without quotes", form, dataPart + named(`form-data; name=file; filename=a.gpx`) + end},
		{"parameters in another order", form, dataPart + named(`form-data; filename="a.gpx"; name="file"`) + end},
		{"parameters in capitals", form, dataPart + named(`Form-Data; Name="file"; FileName="a.gpx"`) + end},
		{"a semicolon at the end", form, dataPart + named(`form-data; name="file"; filename="a.gpx";`) + end},
		{"no blanks", form, dataPart + named(`form-data;name="file";filename="a.gpx"`) + end},
		{"another disposition", form, dataPart + named(`attachment; name="file"; filename="a.gpx"`) + end},
		{"header names in lower case", form, strings.NewReplacer("Content-D", "content-d", "Content-T", "content-t").Replace(dataPart+filePart) + end},
		{"a header folded", form, dataPart + "--b\r\nContent-Disposition: form-data; name=\"file\";\r\n filename=\"a.gpx\"\r\n\r\n" + file + "\r\n" + end},
		{"a media type twice", form, dataPart + fileHead + "Content-Type: application/gpx+xml\r\nContent-Type: text/xml\r\n\r\n" + file + "\r\n" + end},
		{"a disposition twice", form, dataPart + fileHead + strings.TrimPrefix(fileHead, "--b\r\n") + "\r\n" + file + "\r\n" + end},
		{"a line break before the first boundary", form, "\r\n" + dataPart + filePart + end},
		{"several line breaks before the first boundary", form, "\r\n\r\n" + filePart + dataPart + end},
		{"words before the first boundary", form, "This is a message in MIME format.\r\n" + dataPart + filePart + end},
		{"blanks after the boundaries", form, strings.ReplaceAll(dataPart+filePart, "--b\r\n", "--b \t\r\n") + end},
		{"nothing after the end", form, dataPart + filePart + "--b--"},
		{"something after the end", form, dataPart + filePart + end + "\r\nmore"},
		{"no line break before the end, the file last", form, dataPart + strings.TrimSuffix(filePart, "\r\n") + end},
		{"no line break before the end, the data last", form, filePart + strings.TrimSuffix(dataPart, "\r\n") + end},
		{"no line break before or after the end", form, dataPart + strings.TrimSuffix(filePart, "\r\n") + "--b--"},
		{"line breaks where none belong, and none where one does", form, "\r\n" + dataPart + strings.TrimSuffix(filePart, "\r\n") + "--b--\r\n\r\n"},
		{"an empty part", form, dataPart + part(`form-data; name="x"`, "") + filePart + end},
		{"other parts", form, part(`form-data; name="title"`, "x") + dataPart + part(`form-data; name="files"; filename="b.exe"`, "MZ") + filePart + end},
	} {
		request := post(amelie.token(), c.contentType, c.body)
		if i%2 == 0 {
			request = chunked(amelie.token(), c.contentType, c.body, 1000)
		}
		r := s.sendRaw(c.name, request).wants(201)
		if r.status != 201 {
			continue
		}
		v := r.workout()
		if r.text("status") != "created" || v["sport_id"] != 5.0 || v["notes"] != "n" || v["with_gpx"] != true {
			t.Errorf("%s: %s; want it created with sport and notes", r.call, r.body)
		}
		kept := amelie.get("/api/workouts/" + r.id() + "/gpx/download").wants(200)
		if diff := cmp.Diff(file, string(kept.body)); diff != "" {
			t.Errorf("%s: the file kept, - sent, + kept:\n%s", r.call, diff)
		}
	}
}

// TestFormsInSmallPieces cuts a form without its last line break at every place where it can be cut.
func TestFormsInSmallPieces(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := gpx(segment(point(48, 2, timed(morning)))) + "\n"
	for _, size := range []int{1, 2, 3, 5, 7, 64, 67, 68, 69, 70, 71, 512} {
		body := "\r\n" + strings.TrimSuffix(fileForm("a.gpx", file, `{"sport_id": 1}`), "\r\n--b--\r\n") + "--b--"
		r := s.sendRaw(fmt.Sprintf("chunks of %d", size), chunked(amelie.token(), formType, body, size)).wants(201)
		if kept := amelie.get("/api/workouts/" + r.id() + "/gpx/download"); string(kept.body) != file {
			t.Errorf("%s: the file kept is %q; want %q", r.call, kept.body, file)
		}
	}
}

// TestEndsOfFiles shows that a file keeps its last bytes, whatever they are, also where a boundary follows at once. Only of a
// file that ends in CRLF nobody can tell then whose line break that is; it counts as the form's.
func TestEndsOfFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	for _, end := range []string{"", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", " \t", "<!-- b -->", "<!-- -b- -->\n", "\n<!-- - -->"} {
		file := gpx(segment(point(48, 2, timed(morning)))) + end
		data := part(`form-data; name="data"`, `{"sport_id": 1}`)
		content := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gpx\"\r\n\r\n" + file
		for _, c := range []struct{ name, body, want string }{
			{"as it should be", data + content + "\r\n--b--\r\n", file},
			{"with the data last", content + "\r\n" + data + "--b--\r\n", file},
			{"without the last break", data + content + "--b--\r\n", strings.TrimSuffix(file, "\r\n")},
			{"without any break", data + content + "--b--", strings.TrimSuffix(file, "\r\n")},
			{"with breaks after the end", data + content + "--b--\r\n\r\n", strings.TrimSuffix(file, "\r\n")},
		} {
			r := amelie.with("Content-Type", formType).post("/api/workouts", c.body)
			r.call = fmt.Sprintf("a file that ends in %q, %s", end, c.name)
			if r.wants(201).status != 201 {
				continue
			}
			if kept := amelie.get("/api/workouts/" + r.id() + "/gpx/download"); string(kept.body) != c.want {
				t.Errorf("%s: the file kept is %q; want %q", r.call, kept.body, c.want)
			}
		}
	}
}

// TestData sends the details of an upload in the ways that programs write JSON, and in ways that are none (C4).
func TestData(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	file := gpx(segment(point(48, 2, timed(morning))))
	long := strings.Repeat("a", 600)
	for _, c := range []struct {
		name, data string
		notes      any
	}{
		{"a number", `{"sport_id": 1}`, nil},
		{"a text of digits", `{"sport_id": "1"}`, nil},
		{"notes", `{"sport_id": 1, "notes": "x"}`, "x"},
		{"empty notes", `{"sport_id": 1, "notes": ""}`, ""},
		{"null notes", `{"sport_id": 1, "notes": null}`, nil},
		{"the order turned round", `{"notes": "x", "sport_id": 1}`, "x"},
		{"unknown keys", `{"sport_id": 1, "title": "t", "equipment_ids": [], "workout_visibility": "private", "x": {"y": [1, null]}}`, nil},
		{"no blanks", `{"notes":"x","sport_id":1}`, "x"},
		{"blanks and line breaks", " \r\n{\n\t\"sport_id\" :\r\n1 ,\n\"notes\": \"x\"\n}\r\n", "x"},
		{"raw line breaks", "{\"sport_id\": 1, \"notes\": \"a\nb\r\nc\"}", "a\nb\r\nc"},
		{"raw tabs", "{\"sport_id\": 1, \"notes\": \"a\tb\"}", "a\tb"},
		{"escaped line breaks", `{"sport_id": 1, "notes": "a\nb\r\n\tc"}`, "a\nb\r\n\tc"},
		{"raw line breaks beside escapes", "{\"sport_id\": 1, \"notes\": \"\\\\\n\\\"\n\\u00e9\\n\n\"}", "\\\n\"\né\n\n"},
		{"raw line breaks in a key", "{\"a\nb\": 1, \"sport_id\": 1}", nil},
		{"other control characters", "{\"sport_id\": 1, \"notes\": \"a\x00b\x1b[0mc\x7f\"}", "ab[0mc"},
		{"escaped control characters", `{"sport_id": 1, "notes": "a\u0000b\u001b[0mc\u0085"}`, "ab[0mc"},
		{"half a surrogate", `{"sport_id": 1, "notes": "a\ud83db"}`, "ab"},
		{"no UTF-8", "{\"sport_id\": 1, \"notes\": \"a\xffb\"}", "ab"},
		{"other alphabets", `{"sport_id": 1, "notes": "été 🚲 \ud83d\udeb2 дождь"}`, "été 🚲 🚲 дождь"},
		{"HTML", `{"sport_id": 1, "notes": "<b>&amp;</b>\u2028"}`, "<b>&amp;</b>\u2028"},
		{"500 characters", `{"sport_id": 1, "notes": "` + long[:500] + `"}`, long[:500]},
		{"600 characters", `{"sport_id": 1, "notes": "` + long + `"}`, long[:500]},
		{"600 characters of two bytes", `{"sport_id": 1, "notes": "` + strings.Repeat("é", 600) + `"}`, strings.Repeat("é", 500)},
		{"600 characters of four bytes", `{"sport_id": 1, "notes": "` + strings.Repeat("🚲", 600) + `"}`, strings.Repeat("🚲", 500)},
		{"the same key twice", `{"sport_id": 99, "sport_id": 1}`, nil},
	} {
		r := amelie.uploadTo("/api/workouts", "a.gpx", file, c.data)
		r.call = c.name
		if v := r.wants(201).workout(); v["notes"] != c.notes || v["sport_id"] != 1.0 {
			t.Errorf("%s: sport %v, notes %q; want 1 and %q", c.name, v["sport_id"], v["notes"], c.notes)
		}
	}
	before := s.files()
	for _, c := range []struct{ name, data string }{
		{"nothing", ``},
		{"a blank", ` `},
		{"null", `null`},
		{"a number", `1`},
		{"a text", `"{\"sport_id\": 1}"`},
		{"a list", `[{"sport_id": 1}]`},
		{"an empty object", `{}`},
		{"no sport", `{"notes": "x"}`},
		{"a null sport", `{"sport_id": null}`},
		{"an empty sport", `{"sport_id": ""}`},
		{"a label", `{"sport_id": "Running"}`},
		{"a fraction", `{"sport_id": 1.5}`},
		{"true", `{"sport_id": true}`},
		{"a list of sports", `{"sport_id": [1]}`},
		{"a sport beyond 64 bits", `{"sport_id": 99999999999999999999}`},
		{"notes as a number", `{"sport_id": 1, "notes": 1}`},
		{"notes as an object", `{"sport_id": 1, "notes": {}}`},
		{"half of it", `{"sport_id": 1`},
		{"a text without end", `{"sport_id": 1, "notes": "x}`},
		{"a raw line break outside of texts, escaped", `{"sport_id": 1,\n"notes": "x"}`},
		{"a comma too many", `{"sport_id": 1,}`},
		{"two objects", `{"sport_id": 1}{"sport_id": 1}`},
		{"single quotes", `{'sport_id': 1}`},
		{"no quotes", `{sport_id: 1}`},
		{"Python", `{"sport_id": 1, "notes": None}`},
		{"a bad escape", `{"sport_id": 1, "notes": "\x41"}`},
		{"NaN", `{"sport_id": NaN}`},
		{"a form", `sport_id=1`},
		{"XML", `<sport_id>1</sport_id>`},
		{"too deep", strings.Repeat(`{"a":`, 11_000) + `1` + strings.Repeat(`}`, 11_000)},
	} {
		r := amelie.uploadTo("/api/workouts", "a.gpx", file, c.data)
		r.call = "data: " + c.name
		r.wants(400).wantsJSON()
	}
	for _, id := range []string{"0", "-1", "30", "99", `"30"`, "9223372036854775807"} {
		want := "Sport id: " + strings.Trim(id, `"`) + " does not exist"
		amelie.uploadTo("/api/workouts", "a.gpx", file, `{"sport_id": `+id+`}`).wants(400, want)
	}
	s.wantsFiles("uploads with bad data", before)
}

// TestUnsupportedFiles shows that a program which tries one format after the other learns which one is taken (C6).
func TestUnsupportedFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	fit := "\x0e\x10\xd9\x07\x00\x00\x00\x00.FIT\x00\x00"
	s.unchanged("what is not supported", func() {
		for _, c := range []struct{ name, content, status, message string }{
			{"a.fit", fit, "fail", "file extension not allowed"},
			{"a.tcx", "<TrainingCenterDatabase/>", "fail", "file extension not allowed"},
			{"a.kml", "<kml/>", "fail", "file extension not allowed"},
			{"a.gpx.gz", "\x1f\x8b", "fail", "file extension not allowed"},
			{"a.gpx ", ride(morning, 3), "fail", "file extension not allowed"},
			{"gpx", ride(morning, 3), "fail", "file extension not allowed"},
			{"", ride(morning, 3), "fail", "no selected file"},
			{"a.gpx", fit, "error", badFile},
			{"a.gpx", "<TrainingCenterDatabase/>", "error", badFile},
			{"a.gpx", "", "error", badFile},
			{"a.gpx", "{}", "error", badFile},
			{"a.gpx", zipped(t, entry{"a.gpx", ride(morning, 3)}), "error", badFile},
			{"a.gpx", fixture(t, "malformed.gpx"), "error", badFile},
			{"a.gpx", fixture(t, "no-track.gpx"), "error", badContent},
			{"a.gpx", fixture(t, "no-time.gpx"), "error", badContent},
			{"a.gpx", fixture(t, "empty-track.gpx"), "error", badContent},
			{"a.zip", fit, "error", badArchive},
			{"a.zip", ride(morning, 3), "error", badArchive},
		} {
			r := amelie.upload(c.name, c.content)
			r.call = fmt.Sprintf("upload of %q as %s", c.content[:min(len(c.content), 20)], c.name)
			if r.wants(400, c.message); r.text("status") != c.status {
				t.Errorf("%s: %s; want status %s", r.call, r.body, c.status)
			}
		}
	})
}

// TestFormats shows how dates and durations look (C7), and that a deletion has no body (C15).
func TestFormats(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	amelie.settle("UTC")
	for _, c := range []struct {
		date, wantDate string
		duration       float64
		wantDuration   string
	}{
		{"2018-05-15 14:05", "Tue, 15 May 2018 14:05:00 GMT", 59, "0:00:59"},
		{"2018-01-01 00:00", "Mon, 01 Jan 2018 00:00:00 GMT", 60, "0:01:00"},
		{"1969-12-31 23:59", "Wed, 31 Dec 1969 23:59:00 GMT", 3599, "0:59:59"},
		{"2024-02-29 09:03", "Thu, 29 Feb 2024 09:03:00 GMT", 36000, "10:00:00"},
		{"0001-01-01 00:00", "Mon, 01 Jan 0001 00:00:00 GMT", 86399, "23:59:59"},
		{"9999-12-31 23:59", "Fri, 31 Dec 9999 23:59:00 GMT", 86400, "1 day, 0:00:00"},
		{"2018-05-15 14:06", "Tue, 15 May 2018 14:06:00 GMT", 86400 + 5039, "1 day, 1:23:59"},
		{"2018-05-15 14:07", "Tue, 15 May 2018 14:07:00 GMT", 172800, "2 days, 0:00:00"},
		{"2018-05-15 14:08", "Tue, 15 May 2018 14:08:00 GMT", 100 * 86400, "100 days, 0:00:00"},
	} {
		r := amelie.typed(object{"workout_date": c.date, "duration": c.duration}).wants(201)
		v := r.workout()
		if v["workout_date"] != c.wantDate || v["duration"] != c.wantDuration || v["moving"] != c.wantDuration {
			t.Errorf("%s, %v s: %v, %v, moving %v; want %s, %s", c.date, c.duration, v["workout_date"], v["duration"], v["moving"], c.wantDate, c.wantDuration)
		}
		if got := v["creation_date"]; got != "Mon, 15 Jun 2026 12:00:00 GMT" {
			t.Errorf("creation_date = %v; want now", got)
		}
		gone := s.sendRaw("DELETE of "+c.date, "DELETE /api/workouts/"+r.id()+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+amelie.token()+"\r\n\r\n")
		if gone.wants(204).wantsHeaders(every); len(gone.body) > 0 {
			t.Errorf("%s: body %q; want none", gone.call, gone.body)
		}
	}
}

// TestSportsOfClients shows the sports that programs send the ids of (C8), and that none has a colour before its user chose one (C9).
func TestSportsOfClients(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	labels := []string{
		"Cycling (Sport)", "Cycling (Transport)", "Hiking", "Mountain Biking", "Running", "Walking", "Mountain Biking (Electric)", "Trail",
		"Skiing (Alpine)", "Skiing (Cross Country)", "Rowing", "Snowshoes", "Cycling (Virtual)", "Mountaineering", "Paragliding",
		"Open Water Swimming", "Cycling (Trekking)", "Swimrun", "Kayaking", "Canoeing", "Halfbike", "Windsurfing", "Standup Paddleboarding",
		"Tennis (Outdoor)", "Padel (Outdoor)", "Canoeing (Whitewater)", "Kayaking (Whitewater)", "Ice Skating", "Inline Skating",
	}
	sports := objects(amelie.get("/api/sports").wants(200).data()["sports"])
	if len(sports) != len(labels) {
		t.Fatalf("%d sports; want %d", len(sports), len(labels))
	}
	for i, v := range sports {
		if v["id"] != float64(i+1) || v["label"] != labels[i] || v["color"] != nil {
			t.Errorf("sport %d = %v; want label %q and no colour", i+1, v, labels[i])
		}
		day := fmt.Sprintf("2018-05-%02d 12:00", i+1)
		w := amelie.typed(object{"sport_id": i + 1, "workout_date": day}).wants(201).workout()
		if w["sport_id"] != float64(i+1) || w["title"] != labels[i]+" - "+day+":00" {
			t.Errorf("workout of sport %d: sport %v, title %v; want %q", i+1, w["sport_id"], w["title"], labels[i]+" - "+day+":00")
		}
	}
	amelie.post("/api/auth/profile/edit/sports", object{"sport_id": 7, "color": "#ff0000"}).wants(200)
	if v := objects(amelie.get("/api/sports/7").data()["sports"])[0]; v["color"] != "#ff0000" {
		t.Errorf("colour of sport 7 = %v; want #ff0000", v["color"])
	}
}

// TestFirstSync shows how far somebody gets who brings thousands of workouts along (C14).
func TestFirstSync(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	amelie.typed(nil).wants(201)
	times(t, 2998, 200, func() response { return amelie.directly("GET", "/api/ping") })
	amelie.upload("a.gpx", ride(morning, 3)).wants(201)
	limited(t, amelie.upload("a.gpx", ride(morning, 3)), perUser, 5*time.Minute)
	limited(t, amelie.typed(nil), perUser, 5*time.Minute)
	boris.typed(nil).wants(201)
	s.clock.forward(5 * time.Minute)
	amelie.upload("a.gpx", ride(morning, 3)).wants(201)
	if n := amelie.get("/api/auth/profile").data()["nb_workouts"]; n != 3.0 {
		t.Errorf("workouts = %v; want 3, and nothing of what was put off", n)
	}
}

// TestListStatistics shows the sums of a list (C16): of all its pages, and of what its filters let through.
func TestListStatistics(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	statistics := func(query string) any { return amelie.get("/api/workouts?" + query).wants(200).data()["statistics"] }
	all := func(count, km float64, duration string, ascent, sports float64) any {
		return object{"all": object{
			"count": count, "total_distance": km, "total_duration": duration, "total_ascent": ascent, "total_sports": sports,
		}}
	}
	const with = "with_statistics=true&per_page=1"
	none := all(0, 0, "0:00:00", 0, 0)
	if diff := cmp.Diff(none, statistics(with)); diff != "" {
		t.Errorf("without workouts, - want, + got:\n%s", diff)
	}
	amelie.typed(object{"distance": 10.5, "duration": 3600, "workout_date": "2018-05-15 10:00", "title": "Été"}).wants(201)
	amelie.typed(object{"distance": 0.001, "duration": 86399, "workout_date": "2018-05-16 10:00"}).wants(201)
	amelie.typed(object{"distance": 0, "duration": 1, "workout_date": "2018-05-17 10:00", "sport_id": 24}).wants(201)
	amelie.uploadTo("/api/workouts", "ride.gpx", fixture(t, "ride.gpx"), `{"sport_id": 5}`).wants(201) // 4.995 km, 0:14:59, 89.19 m
	for query, want := range map[string]any{
		with:                                  all(4, 15.496, "1 day, 1:14:59", 89.19, 3),
		with + "&page=3":                      all(4, 15.496, "1 day, 1:14:59", 89.19, 3),
		with + "&page=99":                     all(4, 15.496, "1 day, 1:14:59", 89.19, 3),
		with + "&order_by=distance":           all(4, 15.496, "1 day, 1:14:59", 89.19, 3),
		"with_statistics=1&per_page=0":        all(4, 15.496, "1 day, 1:14:59", 89.19, 3),
		with + "&sport_id=1":                  all(2, 10.501, "1 day, 0:59:59", 0, 1),
		with + "&sport_id=24":                 all(1, 0, "0:00:01", 0, 1),
		with + "&sport_id=2":                  none,
		with + "&distance_from=1":             all(2, 15.495, "1:14:59", 89.19, 2),
		with + "&from=2018-05-16":             all(2, 0.001, "1 day, 0:00:00", 0, 2),
		with + "&to=2018-03-31":               all(1, 4.995, "0:14:59", 89.19, 1),
		with + "&title=t%C3%A9&sport_id=1":    all(1, 10.5, "1:00:00", 0, 1),
		with + "&duration_to=00:15&from=2018": nil,
	} {
		if want == nil {
			amelie.get("/api/workouts?"+query).wants(400, invalid)
			continue
		}
		if diff := cmp.Diff(want, statistics(query)); diff != "" {
			t.Errorf("?%s, - want, + got:\n%s", query, diff)
		}
	}
	for _, query := range []string{"", "with_statistics=", "with_statistics=false", "with_statistics=0", "with_statistics=x"} {
		if got := statistics(query); got != nil {
			t.Errorf("statistics of ?%s = %v; want none", query, got)
		}
	}
}
