package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"fittrackee/backup"
	"fittrackee/mail"
	"fittrackee/mail/mailtest"
)

// TestInstance shows what administrators are told of their instance.
func TestInstance(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, root := s.person("amelie"), s.person("root")
	amelie.upload("a.gpx", ride(morning, 3)).wants(201)
	s.clock.forward(time.Hour)
	got := root.get("/api/instance").wants(200).data()
	size := 0.0
	for _, name := range []string{s.dbFile(), s.dbFile() + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			size += float64(info.Size())
		}
	}
	want := object{
		"backups": nil, "database_size": size, "has_tiles": false, "is_mail_on": true, "nb_users": 4.0, "nb_workouts": 1.0,
		"started_at": "Mon, 15 Jun 2026 12:00:00 GMT", "version": "0.8.0",
		"uploads_size": root.get("/api/stats/all").data()["uploads_dir_size"],
	}
	if diff := gocmp.Diff(want, got); diff != "" || size == 0 {
		t.Errorf("instance, - want, + got:\n%s", diff)
	}
	off := newSite(t, withPeople, withoutMail)
	if v := off.person("root").get("/api/instance").wants(200).data(); v["is_mail_on"] != false {
		t.Errorf("is_mail_on is %v; want false", v["is_mail_on"])
	}
}

// TestInstanceBackups shows what administrators are told of backups: the newest, and what went wrong.
func TestInstanceBackups(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "backups")
	folder, err := backup.OpenFolder(dir, filepath.Join(t.TempDir(), "uploads"), 12*time.Hour, 3)
	if err != nil {
		t.Fatal(err)
	}
	folder.Now = func() time.Time { return time.Date(2026, 6, 15, 12, 0, 1, 0, time.UTC) }
	s := newSite(t, withPeople, func(o *options) { o.server.Backups = folder })
	root := s.person("root")
	wants := func(newest any, errors string) {
		t.Helper()
		backups, _ := root.get("/api/instance").wants(200).data()["backups"].(object)
		text, _ := backups["error"].(string)
		if errors == "" && text != "" || !strings.Contains(text, errors) {
			t.Errorf("error of backups is %v; want %q in it", backups["error"], errors)
		}
		delete(backups, "error")
		if diff := gocmp.Diff(object{"every_s": 43200.0, "keep": 3.0, "newest": newest}, backups); diff != "" {
			t.Errorf("backups, - want, + got:\n%s", diff)
		}
	}
	wants(nil, "")
	path, _, err := folder.Make(t.Context(), s.store, s.assets)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	made := object{"name": "fittrackee-20260615T120001Z.zip", "size": float64(info.Size()), "created_at": "Mon, 15 Jun 2026 12:00:01 GMT"}
	wants(made, "")
	if _, _, err := folder.Make(t.Context(), s.store, s.assets); err == nil {
		t.Fatal("a second backup in a second succeeded")
	}
	wants(made, "is there already")

	// What is missing from a backup is told, and forgotten with the next that is whole.
	folder.Now = func() time.Time { return time.Date(2026, 6, 15, 12, 0, 2, 0, time.UTC) }
	s.person("amelie").upload("a.gpx", ride(morning, 3)).wants(201)
	track := filepath.Join(s.dir, "uploads", "tracks", s.run(`select track_file from workouts`)[0])
	if err := os.Rename(track, track+".away"); err != nil {
		t.Fatal(err)
	}
	makeAnother := func() object {
		t.Helper()
		path, _, err := folder.Make(t.Context(), s.store, s.assets)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return object{
			"name": filepath.Base(path), "size": float64(info.Size()),
			"created_at": folder.Now().Format("Mon, 02 Jan 2006 15:04:05 GMT"),
		}
	}
	wants(makeAnother(), "are missing (1)")
	if err := os.Rename(track+".away", track); err != nil {
		t.Fatal(err)
	}
	folder.Now = func() time.Time { return time.Date(2026, 6, 15, 12, 0, 3, 0, time.UTC) }
	wants(makeAnother(), "")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	wants(nil, "no such file or directory")
}

// mailingBy lets test mails go to an SMTP server.
func mailingBy(t *testing.T, sink *mailtest.Sink) func(*options) {
	t.Helper()
	mailer, err := mail.NewSMTP(sink.URL(), "fit@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return func(o *options) { o.server.Mailer = mailer }
}

const testMail = "/api/instance/test-mail"

// wantsTestMail checks what came of a test mail; no reason: it was sent.
func (u user) wantsTestMail(reason string) {
	u.s.t.Helper()
	r := u.post(testMail, nil).wants(200).wantsHeaders(apiSet)
	text, _ := r.data()["error"].(string)
	if r.data()["is_sent"] != (reason == "") || (text == "") != (reason == "") || !strings.Contains(text, reason) {
		u.s.t.Errorf("%s: %s; want %q in the error", r.call, r.body, reason)
	}
	if strings.Contains(string(r.body), smtpPassword) {
		u.s.t.Errorf("%s: %s; want no password in it", r.call, r.body)
	}
}

const smtpPassword = "secret-of-smtp"

// TestTestMail sends test mails to servers that take them, refuse them and hang.
func TestTestMail(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t, mailtest.Auth("fit", smtpPassword))
	s := newSite(t, withPeople, mailingBy(t, sink))
	root := s.person("root")
	root.post("/api/auth/profile/edit/preferences", object{
		"display_ascent": true, "imperial_units": false, "language": "de", "timezone": "Europe/Berlin", "weekm": true,
	}).wants(200)
	root.wantsTestMail("")
	m, ok := sink.Wait(root.email, 5*time.Second)
	if !ok || m.Subject != "FitTrackee - Test-E-Mail" || !strings.Contains(m.Text, "http://fit.example.com") {
		t.Errorf("the test mail is %q\n%s; want it in German", m.Subject, m.Text)
	}
	for behaviour, reason := range map[mailtest.Behaviour]string{
		mailtest.RefuseForNow:    "Try again later",
		mailtest.RefuseRecipient: "No such mailbox",
		mailtest.RefuseContent:   "Content not wanted",
		mailtest.RefuseSender:    "Sender not known here",
		mailtest.DropAtData:      "EOF",
	} {
		sink.Set(behaviour)
		root.wantsTestMail(reason)
	}
	s.server.SetTestMailWait(300 * time.Millisecond)
	for _, behaviour := range []mailtest.Behaviour{mailtest.HangAtGreeting, mailtest.HangAtHello, mailtest.HangAtData} {
		sink.Set(behaviour)
		root.wantsTestMail("the mail server took longer than 300ms")
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
	root.wantsTestMail("refused")
	if n := len(sink.Mails()); n != 1 {
		t.Errorf("%d mails came; want the first", n)
	}
	s.wantsMails(root.email, 0) // by the queue

	wrong := mailtest.NewSink(t, mailtest.Auth("fit", "another"))
	there := newSite(t, withPeople, func(o *options) {
		mailer, err := mail.NewSMTP("smtp://fit:"+smtpPassword+"@"+wrong.Addr(), "fit@example.com")
		if err != nil {
			t.Fatal(err)
		}
		o.server.Mailer = mailer
	})
	there.person("root").wantsTestMail("535")
}

// TestTestMailsAreFew shows that one test mail is sent at a time, and few in all.
func TestTestMailsAreFew(t *testing.T) {
	t.Parallel()
	sink := mailtest.NewSink(t)
	sink.Set(mailtest.HangAtData)
	s := newSite(t, withPeople, withLimits, mailingBy(t, sink))
	root := s.person("root")
	const wait = 5 * time.Second
	s.server.SetTestMailWait(wait)
	first := make(chan response)
	go func() { first <- root.post(testMail, nil) }()
	for deadline := time.Now().Add(10 * time.Second); sink.Connections() == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	limited(t, root.post(testMail, nil), "rate limit exceeded (1 test mail at a time)", wait)
	if r := (<-first).wants(200); r.data()["is_sent"] != false {
		t.Errorf("%s: %s; want that it was not sent", r.call, r.body)
	}
	sink.Set(mailtest.Accept)
	for range 4 {
		root.wantsTestMail("")
	}
	limited(t, root.post(testMail, nil), "rate limit exceeded (5 per 5 minutes)", 5*time.Minute)
	s.clock.forward(5 * time.Minute)
	root.wantsTestMail("")
}

// TestTestMailOff shows that there is no such route without mail.
func TestTestMailOff(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople, withoutMail)
	s.person("root").post(testMail, nil).wants(404, "the requested URL was not found on the server")
	s.anybody().post(testMail, nil).wants(404, "the requested URL was not found on the server")
}
