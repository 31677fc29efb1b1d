package cmd

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// wantsPage checks an answer that a browser shows (SAFETY.md: a browser is told). It holds with a built UI as well as without one.
func wantsPage(t *testing.T, path string, r reply) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
		"Cache-Control":          "no-store",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("%s: %s is %q; want %q", path, name, got, want)
		}
	}
	policy := r.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("%s: Content-Security-Policy is %q; want %s in it", path, policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("%s: Content-Security-Policy is %q; want nothing unsafe", path, policy)
	}
	for _, bad := range []string{"Access-Control-Allow-Origin", "Set-Cookie", "Server", "X-Powered-By"} {
		if r.header.Get(bad) != "" {
			t.Errorf("%s: header %s is %q; want none", path, bad, r.header.Get(bad))
		}
	}
	// What the policy forbids would not work.
	for _, bad := range []string{"<script>", " style=", " onclick=", " onload=", "<style", "javascript:"} {
		if strings.Contains(strings.ToLower(r.body), bad) {
			t.Errorf("%s holds %q, which its policy forbids", path, bad)
		}
	}
	if !strings.HasPrefix(strings.ToLower(r.body), "<!doctype html>") {
		t.Errorf("%s begins with %.40q; want a whole page", path, r.body)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	p, _ := startMailing(t)
	v := newVisitor(t, p)
	for _, path := range []string{
		"/", "/nowhere", "/profile/apps/authorize", "/profile/apps/authorize?client_id=%3Cscript%3E&state=%22%3E%3Cscript%3E", "/account-confirmation?token=x",
		"/password-reset?token=%3Cscript%3E", "/email-update", "/account-confirmation",
	} {
		r := v.wants(t, http.StatusOK, "GET", path, nil)
		wantsPage(t, path, r)
		if strings.Contains(r.body, "<script>") {
			t.Errorf("%s repeats what it was sent", path)
		}
		if head := v.wants(t, http.StatusOK, "HEAD", path, nil); head.body != "" {
			t.Errorf("HEAD %s has a body", path)
		}
		for _, link := range links(r.body) {
			if !strings.HasPrefix(link, "/") {
				continue
			}
			v.wants(t, http.StatusOK, "GET", link, nil)
		}
	}
	for _, path := range []string{"/nothing.js", "/static/../server.go", "/assets/nothing", "/index.html", "/.gitkeep", "/index.php"} {
		wantsPage(t, path, v.wants(t, http.StatusNotFound, "GET", path, nil))
	}
	for _, path := range []string{"/api", "/api/", "/api/nowhere", "/api/../"} {
		r := v.wants(t, http.StatusNotFound, "GET", path, nil)
		if r.header.Get("Content-Type") != "application/json" || r.field("status") != "not found" {
			t.Errorf("GET %s = %v; want JSON", path, r)
		}
	}
}

// links returns what a page refers to.
func links(page string) []string {
	var all []string
	for _, attribute := range []string{`href="`, `src="`} {
		for _, rest := range strings.Split(page, attribute)[1:] {
			link, _, _ := strings.Cut(rest, `"`)
			all = append(all, link)
		}
	}
	return all
}

// TestMailOff checks that a server without mail can be used all the same.
func TestMailOff(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := newVisitor(t, p)
	for _, path := range []string{"/api/auth/password/reset-request", "/api/auth/account/resend-confirmation"} {
		r := v.wants(t, http.StatusNotFound, "POST", path, object{"email": emailOf("amelie")})
		if r.field("message") != "the requested URL was not found on the server" {
			t.Errorf("POST %s = %v; want what is said of unknown routes", path, r)
		}
	}
	if r := v.wants(t, http.StatusOK, "GET", "/api/config", nil); r.data("is_email_sending_enabled") != "false" {
		t.Errorf("config = %v; want mail off", r)
	}
	v.wants(t, http.StatusOK, "POST", "/api/auth/register", registration("amelie"))
	if r, err := v.tryLogin("amelie", passwordOf("amelie")); err != nil || r.status != http.StatusUnauthorized {
		t.Errorf("login before activation = %v, %v; want 401", r, err)
	}
	succeeds(t, p.db, "users", "update", "amelie", "--activate")
	v.login(t, "amelie")

	const next = "the next password"
	v.wants(t, http.StatusOK, "PATCH", "/api/auth/profile/edit/account", object{
		"email": emailOf("other"), "password": passwordOf("amelie"), "new_password": next,
	})
	r := v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	if r.data("email") != emailOf("other") || r.data("email_to_confirm") != "" {
		t.Errorf("profile = %v; want the new address at once", r)
	}
	if r, err := v.tryLogin("other", next); err != nil || r.status != http.StatusOK {
		t.Errorf("login with new address and password = %v, %v; want 200", r, err)
	}
}
