package server_test

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
)

// part is a part of a form: its Content-Disposition, and what is in it.
func part(disposition, content string) string {
	return "--b\r\nContent-Disposition: " + disposition + "\r\n\r\n" + content + "\r\n"
}

// TestBadUploads sends forms that are none, and looks that nothing is kept of them.
func TestBadUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	form, good := pictureForm(t)
	picture := strings.TrimSuffix(strings.SplitN(good, "\r\n\r\n", 2)[1], "\r\n--b--\r\n")
	const (
		file    = `form-data; name="file"; filename="a.png"`
		end     = "--b--\r\n"
		invalid = "invalid payload"
		noFile  = "no file part"
		noName  = "no selected file"
		badName = "file extension not allowed"
		badFile = "invalid image file"
	)
	s.unchanged("what is no picture", func() {
		for _, c := range []struct{ name, contentType, body, message string }{
			{"no type", "", good, noFile},
			{"JSON", "application/json", `{"file": "x"}`, noFile},
			{"an image without a form", "image/png", picture, noFile},
			{"another form", "application/x-www-form-urlencoded", "file=x", noFile},
			{"no boundary", "multipart/form-data", good, noFile},
			{"an empty boundary", "multipart/form-data; boundary=", good, noFile},
			{"another boundary", "multipart/form-data; boundary=c", good, ""},
			{"a long boundary", "multipart/form-data; boundary=" + strings.Repeat("b", 5000), good, ""},
			{"nothing", form, "", ""},
			{"no part", form, end, ""},
			{"nonsense", form, "nonsense", ""},
			{"cut off in the header", form, good[:20], ""},
			{"cut off in the file", form, good[:len(good)/2], ""},
			{"cut off before the end", form, strings.TrimSuffix(good, end), ""},
			{"cut off within the end", form, strings.TrimSuffix(good, "--\r\n"), ""},
			{"another part cut off after the file", form, strings.TrimSuffix(good, end) + part(`form-data; name="x"`, "y"), ""},
			{"no part called file", form, part(`form-data; name="picture"; filename="a.png"`, picture) + end, noFile},
			{"a part without name", form, part(`form-data; filename="a.png"`, picture) + end, noFile},
			{"a part without disposition", form, "--b\r\n\r\n" + picture + "\r\n" + end, noFile},
			{"a field instead of a file", form, part(`form-data; name="file"`, picture) + end, noFile},
			{"an empty name", form, part(`form-data; name="file"; filename=""`, picture) + end, noName},
			{"no extension", form, part(`form-data; name="file"; filename="png"`, picture) + end, badName},
			{"another extension", form, part(`form-data; name="file"; filename="a.svg"`, picture) + end, badName},
			{"two extensions", form, part(`form-data; name="file"; filename="a.png.exe"`, picture) + end, badName},
			{"an extension and a dot", form, part(`form-data; name="file"; filename="a.png."`, picture) + end, badName},
			{"an extension and a NUL", form, part("form-data; name=\"file\"; filename=\"a.png\x00\"", picture) + end, ""},
			{"a name not closed", form, part(`form-data; name="file"; filename="a.png`, picture) + end, ""},
			{"an empty file", form, part(file, "") + end, badFile},
			{"a text", form, part(file, "this is no picture") + end, badFile},
			{"a page", form, part(file, "<script>alert(1)</script>") + end, badFile},
			{"a vector picture", form, part(file, `<svg xmlns="http://www.w3.org/2000/svg"/>`) + end, badFile},
			{"a picture cut short", form, part(file, picture[:len(picture)/2]) + end, badFile},
			{"only the first bytes of one", form, part(file, "\x89PNG\r\n\x1a\n") + end, badFile},
			{"the first bytes of one in base64", form, "--b\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: " + file +
				"\r\n\r\niVBORw0KGgo=\r\n" + end, badFile},
			{"a header without end", form, "--b\r\nX: " + strings.Repeat("x", 2<<20), ""},
			{"many headers", form, "--b\r\n" + strings.Repeat("X: x\r\n", 20_000) + "\r\n\r\n" + end, ""},
			{"parts within parts", form, part(`form-data; name="file"; filename="a.png"`, strings.ReplaceAll(good, "--b", "--c")) + end, badFile},
		} {
			client := amelie.with("Content-Type", c.contentType)
			if c.contentType == "" {
				client = amelie.with("Content-Type")
			}
			r := client.post("/api/auth/picture", c.body).wantsHeaders(apiSet)
			message := r.text("message")
			if r.status != 400 || r.text("status") != "fail" || c.message != "" && message != c.message {
				t.Errorf("%s: %d %s; want 400 fail %s", c.name, r.status, r.body, c.message)
			}
			if message == "" {
				t.Errorf("%s: %s; want a message", c.name, r.body)
			}
		}
		amelie.with("Content-Type", form).post("/api/auth/picture", part(file, strings.Repeat("x", 1<<20+1))+end).
			wants(413, "Error during picture upload, file size (1.0MB) exceeds 1.0MB.")
		s.anybody().with("Content-Type", form).post("/api/auth/picture", good).wants(401, noToken)
	})
}

// TestGoodUploads shows forms that are odd, and taken.
func TestGoodUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	form, good := pictureForm(t)
	picture := strings.TrimSuffix(strings.SplitN(good, "\r\n\r\n", 2)[1], "\r\n--b--\r\n")
	for _, c := range []struct{ name, contentType, body string }{
		{"as it is", form, good},
		{"a path for a name", form, part(`form-data; name="file"; filename="../../../../etc/a.PNG"`, picture) + "--b--\r\n"},
		{"another picture's extension", form, part(`form-data; name="file"; filename="a.jpg"`, picture) + "--b--\r\n"},
		{"a name in UTF-8", form, part(`form-data; name="file"; filename="été.png"`, picture) + "--b--\r\n"},
		{"a name as RFC 5987 has it", form, part(`form-data; name="file"; filename*=UTF-8''%C3%A9.png`, picture) + "--b--\r\n"},
		{"fields around it", form, part(`form-data; name="x"`, "y") + part(`form-data; name="file"; filename="a.png"`, picture) +
			part(`form-data; name="z"; filename="z.exe"`, "z") + "--b--\r\n"},
		{"two files, of which the first counts", form, part(`form-data; name="file"; filename="a.png"`, picture) +
			part(`form-data; name="file"; filename="b.png"`, "no picture") + "--b--\r\n"},
		{"something before and after", form, "before\r\n" + good + "after"},
		{"a type that is not true", form, strings.Replace(good, "\r\n\r\n", "\r\nContent-Type: text/html\r\n\r\n", 1)},
		{"another subtype", "multipart/mixed; boundary=b", good},
	} {
		amelie.with("Content-Type", c.contentType).post("/api/auth/picture", c.body).wants(200, "user picture updated")
		got := s.anybody().get("/api/users/AMELIE/picture").wants(200).wantsHeaders(pictureSet)
		if !strings.HasPrefix(string(got.body), "\xff\xd8\xff") {
			t.Errorf("%s: the picture kept begins with %q; want a JPEG", c.name, got.body[:min(8, len(got.body))])
		}
		amelie.delete("/api/auth/picture").wants(204)
		if files := s.files(); len(files) > 0 {
			t.Errorf("%s: left after the picture's deletion: %q; want nothing", c.name, files)
		}
	}
}

// TestPicturesAtOnce shows that of many uploads at once one is kept, and no file of another.
func TestPicturesAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	contentType, body := pictureForm(t)
	amelie.givePicture()
	one := len(s.files())
	wantsOf(t, atOnce(10, func(int) response {
		return amelie.with("Content-Type", contentType).post("/api/auth/picture", body)
	}), 200, 10)
	if files := s.files(); len(files) != one {
		t.Errorf("files after ten uploads at once: %q; want those of one picture, %d", files, one)
	}
	s.anybody().get("/api/users/amelie/picture").wants(200).wantsHeaders(pictureSet)
	wantsOf(t, atOnce(10, func(int) response { return amelie.delete("/api/auth/picture") }), 204, 10)
	if files := s.files(); len(files) > 0 {
		t.Errorf("files after ten deletions at once: %q; want none", files)
	}
}

// TestBadForms sends forms of workouts that are cut off or make no sense, and looks that nothing is kept of them.
func TestBadForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	track := ride(morning, 3)
	const (
		end      = "--b--\r\n"
		file     = `form-data; name="file"; filename="a.gpx"`
		noFile   = "no file part"
		longForm = "the form around the file exceeds 64 kB"
	)
	data := part(`form-data; name="data"`, `{"sport_id": 1}`)
	good := data + part(file, track) + end
	s.unchanged("what is no form", func() {
		for _, c := range []struct{ name, contentType, body, message string }{
			{"a track without a form", "application/gpx+xml", track, noFile},
			{"JSON", "application/json", `{"sport_id": 1}`, noFile},
			{"no boundary", "multipart/form-data", good, noFile},
			{"another boundary", "multipart/form-data; boundary=c", good, ""},
			{"an endless boundary", "multipart/form-data; boundary=" + strings.Repeat("b", 100_000), good, ""},
			{"nothing", formType, "", ""},
			{"no part", formType, end, ""},
			{"no file", formType, data + end, noFile},
			{"no data", formType, part(file, track) + end, invalid},
			{"no data before the end is cut off", formType, part(file, track), ""},
			{"data under another name", formType, part(`form-data; name="Data"`, `{"sport_id": 1}`) + part(file, track) + end, invalid},
			{"the file under another name", formType, data + part(`form-data; name="gpx"; filename="a.gpx"`, track) + end, noFile},
			{"the file as a field", formType, data + part(`form-data; name="file"`, track) + end, noFile},
			{"a disposition that is none", formType, data + part(`form-data; name="file"; filename=my ride.gpx`, track) + end, noFile},
			{"a name twice in a disposition", formType, data + part(`form-data; name="file"; filename="a.gpx"; filename="b.gpx"`, track) + end, noFile},
			{"cut off in the data", formType, good[:60], ""},
			{"cut off in the file", formType, good[:len(good)-100], ""},
			{"cut off before the end", formType, strings.TrimSuffix(good, end), ""},
			{"cut off within the end", formType, strings.TrimSuffix(good, "--\r\n"), ""},
			{"cut off behind the first dash of the end", formType, strings.TrimSuffix(good, "-\r\n"), ""},
			{"a part behind the file cut off", formType, strings.TrimSuffix(good, end) + "--b\r\nContent-Disp", ""},
			{"a header without end", formType, "--b\r\nX: " + strings.Repeat("x", 1<<20), ""},
			{"a header without end behind the file", formType, strings.TrimSuffix(good, end) + "--b\r\nX: " + strings.Repeat("x", 1<<20), ""},
			{"many headers", formType, "--b\r\n" + strings.Repeat("X: x\r\n", 20_000) + "\r\n\r\n" + end, ""},
			{"many parts", formType, strings.Repeat(part(`form-data; name="x"`, "y"), 20_000) + good, ""},
			{"long data", formType, part(`form-data; name="data"`, `{"sport_id": 1, "notes": "`+strings.Repeat("x", 70<<10)+`"}`) + good, longForm},
			{"a long other part", formType, part(`form-data; name="x"; filename="a.gpx"`, strings.Repeat("x", 70<<10)) + good, longForm},
			{"no separator in it", formType, strings.Repeat("x", 70<<10), ""},
		} {
			r := amelie.with("Content-Type", c.contentType).post("/api/workouts", c.body)
			r.call = "form: " + c.name
			r.wants(400).wantsHeaders(apiSet).wantsJSON()
			if c.message != "" {
				r.wants(400, c.message)
			}
			s.wantsFiles(r.call, nil)
		}
		s.anybody().with("Content-Type", formType).post("/api/workouts", good).wants(401, noToken)
	})
	amelie.with("Content-Type", formType).post("/api/workouts", good).wants(201)
}

// TestGivenUpUploads hangs up in the middle of uploads, and looks that nothing is kept of them.
func TestGivenUpUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	body := fileForm("a.gpx", ride(morning, 50), `{"sport_id": 1}`)
	whole := "POST /api/workouts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + amelie.token() + "\r\nContent-Type: " + formType +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	for _, n := range []int{1, 50, len(body) / 2, len(body) - 5} {
		conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, whole[:len(whole)-n]); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s.web.Close() // waits for the requests under way
	s.wantsFiles("uploads that were given up", nil)
	if rows := s.run(`select count(*) from workouts`); rows[0] != "0" {
		t.Errorf("workouts after uploads that were given up: %s; want none", rows[0])
	}
}

// TestExpectedUploads shows that a client which asks before it sends a body is told to, or is told at once that it need not.
func TestExpectedUploads(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	body := fileForm("a.gpx", ride(morning, 3), `{"sport_id": 1}`)
	for _, c := range []struct {
		name, token string
		length      int
		statuses    []int
	}{
		{"somebody", s.person("amelie").token(), len(body), []int{100, 201}},
		{"nobody", "nonsense", len(body), []int{401}},
		{"somebody with too much", s.person("amelie").token(), 1 << 40, []int{413}},
	} {
		head := "POST /api/workouts HTTP/1.1\r\nAuthorization: Bearer " + c.token +
			"\r\nContent-Type: " + formType + "\r\nContent-Length: " + strconv.Itoa(c.length) + "\r\n"
		s.wantsExpected(c.name, head, body, c.statuses)
	}
}
