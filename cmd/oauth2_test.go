package cmd

import (
	"database/sql"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// TestOAuth2Clean removes what expired long enough ago, while the server runs, and tells how much that was.
func TestOAuth2Clean(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
	v := p.signUp(t, "amelie")
	r := v.wants(t, http.StatusCreated, "POST", "/api/oauth/apps", object{
		"client_name": "Watch sync", "client_uri": "https://example.com",
		"redirect_uris": []string{"https://localhost/"}, "scope": "profile:read",
	})
	_, id, _ := strings.Cut(r.body, `"client_id":"`)
	id, _, _ = strings.Cut(id, `"`)
	consent := url.Values{"client_id": {id}, "response_type": {"code"}, "scope": {"profile:read"}, "confirm": {"true"}}
	for range 2 {
		r, err := v.send("POST", "/api/oauth/authorize", "application/x-www-form-urlencoded", strings.NewReader(consent.Encode()))
		if err != nil || r.status != http.StatusOK {
			t.Fatalf("authorize = %v, %v; want 200", r, err)
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(p.db)+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`update grants set expires_at = expires_at - 10 * 86400 where id = (select min(id) from grants)`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ days, want string }{
		{"30", "removed what expired 30 days ago or earlier: grants: 0, pairs of tokens: 0\n"},
		{"3", "removed what expired 3 days ago or earlier: grants: 1, pairs of tokens: 0\n"},
		{"0", "removed what expired 0 days ago or earlier: grants: 0, pairs of tokens: 0\n"}, // the other code is good still
	} {
		if got := succeeds(t, p.db, "oauth2", "clean", "--days", c.days); got != c.want {
			t.Errorf("oauth2 clean --days %s prints %q; want %q", c.days, got, c.want)
		}
	}
	for days, want := range map[string]string{
		"-1": "--days -1: want 0 to 36500", "36501": "--days 36501: want 0 to 36500", "x": `--days "x": want a whole number`,
	} {
		o := runWith(t, nil, "oauth2", "clean", "--days", days, "--db", p.db)
		if o.code != 1 || !strings.Contains(o.stderr, want) {
			t.Errorf("oauth2 clean --days %s: exit %d, %q; want 1 and %q", days, o.code, o.stderr, want)
		}
	}
}
