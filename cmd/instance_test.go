package cmd

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fittrackee/mail/mailtest"
)

// TestInstance checks that administrators are told of what the flags asked for: backups, tiles and mail.
func TestInstance(t *testing.T) {
	t.Parallel()
	const secret = "mark-of-the-mail-server"
	sink := mailtest.NewSink(t, mailtest.Auth("fit", secret))
	dir := filepath.Join(t.TempDir(), "backups")
	p := startBinary(
		t, filepath.Join(t.TempDir(), "f.db"), "--smtp-url", sink.URL(), "--mail-from", "fit@example.com", "--ui-url", "http://fit.example.com", "--log-level", "debug",
		"--backup-dir", dir, "--backup-every", "36h", "--backup-keep", "3", "--tile-url", "http://127.0.0.1:1/{z}/{x}/{y}.png",
	)
	v := newVisitor(t, p)
	if r := v.wants(t, http.StatusOK, "GET", "/api/start", nil); r.data("has_tiles") != "true" || r.data("is_setup_needed") != "true" {
		t.Errorf("start = %v; want tiles, and a setup", r)
	}
	p.addUser(t, "amelie", "--admin")
	v.login(t, "amelie")
	var r reply
	eventually(t, time.Minute, "a backup", func() bool {
		r = v.wants(t, http.StatusOK, "GET", "/api/instance", nil)
		return !strings.Contains(r.body, `"newest":null`)
	})
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("backups: %v, %v; want one", entries, err)
	}
	for _, want := range []string{
		`"error":null,"every_s":129600,"keep":3,"newest":{"created_at":"`, `"name":"` + entries[0].Name() + `"`,
		`"has_tiles":true,"is_mail_on":true,"nb_users":1,"nb_workouts":0,"started_at":"`,
	} {
		if !strings.Contains(r.body, want) {
			t.Errorf("instance = %s; want %s in it", r.body, want)
		}
	}

	r = v.wants(t, http.StatusOK, "POST", "/api/instance/test-mail", nil)
	if r.data("is_sent") != "true" {
		t.Errorf("test mail = %v; want it sent", r)
	}
	if m, ok := sink.Wait(emailOf("amelie"), 10*time.Second); !ok || m.Subject != "FitTrackee - Test e-mail" || !strings.Contains(m.Text, "http://fit.example.com") {
		t.Errorf("the test mail is %q\n%s; want one with the address of the server", m.Subject, m.Text)
	}
	sink.Set(mailtest.RefuseRecipient)
	r = v.wants(t, http.StatusOK, "POST", "/api/instance/test-mail", nil)
	if r.data("is_sent") != "false" || !strings.Contains(r.data("error"), "No such mailbox") {
		t.Errorf("test mail = %v; want what the mail server said", r)
	}
	if strings.Contains(p.log.String()+r.body, secret) {
		t.Errorf("the password of the mail server is in the answer or the log:\n%v\n%s", r, p.log)
	}
}
