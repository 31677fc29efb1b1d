package cmd

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/mail/mailtest"
)

// vault collects what must not turn up in a log or a file, by what it is.
type vault map[string]string

// keep adds a secret and returns it.
func (s vault) keep(what, secret string) string {
	if len(secret) < 8 {
		panic(what + " is too short to be looked for")
	}
	s[what] = secret
	return secret
}

// keepToken adds a session token. Its parts before the signature are no secret: they open nothing.
func (s vault) keepToken(what, token string) string {
	s.keep(what+", signature", token[strings.LastIndexByte(token, '.')+1:])
	return token
}

// keepSecret adds a token that begins with what kind it is, which is no secret.
func (s vault) keepSecret(what, token string) string {
	s.keep(what, token[strings.IndexByte(token, '_')+1:])
	return token
}

// search tells where the secrets are found, as they are or encoded.
func (s vault) search(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, what := range slices.Sorted(maps.Keys(s)) {
		secret := s[what]
		for how, form := range map[string]string{
			"in clear":         secret,
			"in base64":        strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(secret)), "="),
			"in base64url":     strings.TrimRight(base64.URLEncoding.EncodeToString([]byte(secret)), "="),
			"in hexadecimal":   hex.EncodeToString([]byte(secret)),
			"percent-encoded":  url.QueryEscape(secret),
			"as in SMTP PLAIN": strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("\x00user\x00"+secret)), "="),
		} {
			if bytes.Contains(content, []byte(form)) {
				t.Errorf("%s holds the %s %s", where, what, how)
			}
		}
	}
}

// searchFolder looks into every file below dir, also through the file names.
func (s vault) searchFolder(t *testing.T, dir string) (files int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s.search(t, filepath.Base(path), content)
		s.search(t, "the name of "+path, []byte(path))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestSecretsStaySecret is A22: a conversation with marked secrets at the most talkative level, and a look
// at everything that it left behind.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			secrets := vault{}
			smtpPassword := secrets.keep("SMTP password", "MARK-smtp-f1e2d3c4")
			sink := mailtest.NewSink(t, mailtest.Auth("user", smtpPassword))
			folder := filepath.Join(t.TempDir(), "new", "data")
			db := filepath.Join(folder, "f.db")
			tileKey := secrets.keep("key for map tiles", "MARK-tiles-8a7b6c5d")
			tiles := startTiles(t, tileKey)
			flags := []string{
				"--smtp-url", "smtp://user:" + smtpPassword + "@" + sink.Addr(), "--mail-from", "fit@example.com",
				"--tile-url", tiles.URL + "/{z}/{x}/{y}.png?key=" + tileKey,
				"--ui-url", "http://fit.example.com", "--no-rate-limit", "--log-level", "debug", "--log-format", format,
			}
			p := startBinary(t, db, flags...)
			converse(t, p, sink, secrets)
			checkModes(t, folder)
			if n := secrets.searchFolder(t, folder); n < 5 {
				t.Errorf("%d files; want the database, its two companions, the key and a picture at least", n)
			}
			p.stop(t)
			wantsMapsDue(t, db)
			secrets.searchFolder(t, folder)
			secrets.search(t, "the log", []byte(p.log.String()))
			for _, path := range []string{"/api/auth/login", "/api/oauth/token", "/api/upload/…", "//api/upload/…", "/api/uploads/fitpat_…"} {
				if !strings.Contains(p.log.String(), path) {
					t.Errorf("the log does not tell of requests to %s; nothing is shown", path)
				}
			}

			// A mail server that wants another password, and a tile server that is gone.
			tiles.Close()
			other := mailtest.NewSink(t, mailtest.Auth("user", "another password"))
			flags[1] = "smtp://user:" + smtpPassword + "@" + other.Addr()
			p = startBinary(t, db, flags...)
			v := newVisitor(t, p)
			v.wants(t, http.StatusOK, "POST", "/api/auth/password/reset-request", object{"email": emailOf("amelie")})
			eventually(t, time.Minute, "the failure in the log", func() bool {
				return strings.Contains(p.log.String(), "mail not sent")
			})
			eventually(t, time.Minute, "the failure of the map in the log", func() bool {
				return strings.Contains(p.log.String(), "draw maps")
			})
			p.stop(t)
			secrets.search(t, "the log after failures of the mail server and the tile server", []byte(p.log.String()))
		})
	}
}

// converse does all that has to do with secrets.
func converse(t *testing.T, p *process, sink *mailtest.Sink, secrets vault) {
	t.Helper()
	v := newVisitor(t, p)
	password := secrets.keep("first password", "MARK-first-a9b8c7d6")
	amelie := func(password string) object { return object{"email": emailOf("amelie"), "password": password} }
	v.wants(t, http.StatusOK, "POST", "/api/auth/register", object{
		"username": "amelie", "email": emailOf("amelie"), "password": password,
	})
	token := secrets.keep("confirmation token", mailedToken(t, sink, "amelie", confirmation))
	v.wants(t, http.StatusOK, "GET", "/account-confirmation?token="+token, nil)
	r := v.wants(t, http.StatusOK, "POST", "/api/auth/account/confirm", object{"token": token})
	secrets.keepToken("token of the confirmation", r.field("auth_token"))
	v.wants(t, http.StatusBadRequest, "POST", "/api/auth/account/confirm", object{"token": token})

	wrong := secrets.keep("wrong password", "MARK-wrong-01234567")
	v.wants(t, http.StatusUnauthorized, "POST", "/api/auth/login", amelie(wrong))
	r = v.wants(t, http.StatusOK, "POST", "/api/auth/login", amelie(password))
	v.token = secrets.keepToken("token of the login", r.field("auth_token"))
	v.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	if r, err := v.setPicture(greyPicture(100)); err != nil || r.status != http.StatusOK {
		t.Fatalf("picture = %v, %v", r, err)
	}
	r, err := v.postWorkouts("ride.gpx", contractFile("ride.gpx"))
	if err != nil || r.status != http.StatusCreated {
		t.Fatalf("workout = %v, %v", r, err)
	}
	v.wants(t, http.StatusOK, "GET", "/api/workouts/map_tile/a/1/1/0.png", nil)
	letOthersIn(t, v, secrets)
	// Requests that fail because of what is in them.
	for _, body := range []string{
		`{"email": "amelie@example.com", "password": ["` + password + `"]}`,
		`{"email": "amelie@example.com", "password": "` + password + `"`,
		`{"email": "amelie@example.com", "password": ` + secrets.keep("number for a password", "998877665544332211") + `}`,
		`{"email": "amelie@example.com", "` + password + `": 1, "password": 2}`,
	} {
		r, err := v.send("POST", "/api/auth/login", "application/json", strings.NewReader(body))
		if err != nil || r.status != http.StatusBadRequest {
			t.Fatalf("login with %s = %v, %v; want status 400", body, r, err)
		}
	}
	stranger := newVisitor(t, p)
	stranger.token = v.token + "x"
	stranger.wants(t, http.StatusUnauthorized, "GET", "/api/auth/profile", nil)
	stranger.token = ""
	stranger.ask(t, "GET", "/api/auth/profile?access_token="+v.token, nil)

	v.wants(t, http.StatusOK, "POST", "/api/auth/password/reset-request", object{"email": emailOf("amelie")})
	token = secrets.keep("reset token", mailedToken(t, sink, "amelie", passwordMail))
	v.wants(t, http.StatusOK, "GET", "/password-reset?token="+token, nil)
	short := secrets.keep("password that is too long", "MARK-long-"+strings.Repeat("x", 1100))
	v.wants(t, http.StatusBadRequest, "POST", "/api/auth/password/update", object{"token": token, "password": short})
	password = secrets.keep("second password", "MARK-second-5f4e3d2c")
	v.wants(t, http.StatusOK, "POST", "/api/auth/password/update", object{"token": token, "password": password})
	v.wants(t, http.StatusUnauthorized, "POST", "/api/auth/password/update", object{"token": token, "password": password})

	r = v.wants(t, http.StatusOK, "POST", "/api/auth/login", amelie(password))
	v.token = secrets.keepToken("token of the second login", r.field("auth_token"))
	next := secrets.keep("third password", "MARK-third-77665544")
	v.wants(t, http.StatusOK, "PATCH", "/api/auth/profile/edit/account", object{
		"email": emailOf("amelie2"), "password": password, "new_password": next,
	})
	token = secrets.keep("address token", mailedToken(t, sink, "amelie2", addressMail))
	v.wants(t, http.StatusOK, "GET", "/email-update?token="+token, nil)
	v.wants(t, http.StatusBadRequest, "POST", "/api/auth/account/confirm", object{"token": token})
	v.wants(t, http.StatusOK, "POST", "/api/auth/email/update", object{"token": token})
	v.wants(t, http.StatusOK, "POST", "/api/auth/logout", nil)

	given := secrets.keep("password on the command line", "MARK-boris-10293847")
	if err := p.command("users", "create", "boris", "--email", emailOf("boris"), "--password", given); err != nil {
		t.Fatal(err)
	}
	out, err := run("users", "update", "boris", "--reset-password", "--db", p.db)
	if err != nil {
		t.Fatal(err)
	}
	secrets.keep("password that was made", printedPassword(t, out))
	// Back to the address that the test's other half writes to.
	if err := p.command("users", "update", "amelie", "--update-email", emailOf("amelie")); err != nil {
		t.Fatal(err)
	}
}

// letOthersIn does all that has to do with an application's secrets and with personal tokens, for somebody logged in.
func letOthersIn(t *testing.T, v *visitor, secrets vault) {
	t.Helper()
	const callback = "https://app.example.com/callback"
	r := v.wants(t, http.StatusCreated, "POST", "/api/oauth/apps", object{
		"client_name": "An app", "client_uri": "https://app.example.com", "redirect_uris": []string{callback}, "scope": "profile:read",
	})
	var in struct {
		Data struct {
			Client struct {
				ID     string `json:"client_id"`
				Secret string `json:"client_secret"`
			} `json:"client"`
			Token struct {
				Token string `json:"token"`
			} `json:"token"`
		} `json:"data"`
	}
	read := func(r reply) {
		t.Helper()
		if err := json.Unmarshal([]byte(r.body), &in); err != nil {
			t.Fatalf("%v: %v", r, err)
		}
	}
	read(r)
	id, secret := in.Data.Client.ID, secrets.keep("client secret", in.Data.Client.Secret)
	post := func(status int, path string, parameters ...string) reply {
		t.Helper()
		form := url.Values{}
		for i := 0; i < len(parameters); i += 2 {
			form.Set(parameters[i], parameters[i+1])
		}
		r, err := v.send("POST", path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
		if err != nil || r.status != status {
			t.Fatalf("POST %s = %v, %v; want status %d", path, r, err, status)
		}
		return r
	}
	code := func(what string, more ...string) string {
		t.Helper()
		r := post(http.StatusOK, "/api/oauth/authorize", append(more,
			"client_id", id, "response_type", "code", "scope", "profile:read", "confirm", "true", "state", secrets.keep("state", "MARK-state-4f5e6d7c"))...)
		u, err := url.Parse(r.field("redirect_url"))
		if err != nil {
			t.Fatal(err)
		}
		return secrets.keep(what, u.Query().Get("code"))
	}
	verifier := secrets.keep("code verifier", "MARK-verifier-"+strings.Repeat("v", 40))
	sum := sha256.Sum256([]byte(verifier))
	first := code("code", "code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256")
	exchange := []string{"client_id", id, "client_secret", secret, "grant_type", "authorization_code", "code", first}
	post(http.StatusBadRequest, "/api/oauth/token", append(exchange, "code_verifier", verifier+"x")...)
	keepPair := func(what string, r reply) (access, refresh string) {
		return secrets.keepSecret(what+" access token", r.field("access_token")), secrets.keepSecret(what+" refresh token", r.field("refresh_token"))
	}
	access, refresh := keepPair("first", post(http.StatusOK, "/api/oauth/token", append(exchange, "code_verifier", verifier)...))
	v.wants(t, http.StatusOK, "GET", "/profile/apps/authorize?code="+first+"&client_id="+id, nil)
	renewal := []string{"client_id", id, "client_secret", secret, "grant_type", "refresh_token", "refresh_token", refresh}
	next, _ := keepPair("second", post(http.StatusOK, "/api/oauth/token", renewal...))
	app := *v
	app.token = next
	app.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	app.wants(t, http.StatusForbidden, "GET", "/api/workouts", nil)
	app.token = access
	app.wants(t, http.StatusUnauthorized, "GET", "/api/auth/profile?access_token="+access, nil)
	post(http.StatusBadRequest, "/api/oauth/token", renewal...) // used again
	post(http.StatusBadRequest, "/api/oauth/token", exchange...)
	post(http.StatusBadRequest, "/api/oauth/revoke", "client_id", id, "client_secret", secret+"x", "token", next)
	post(http.StatusOK, "/api/oauth/revoke", "client_id", id, "client_secret", secret, "token", next)
	_ = code("code that is not used")
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "client_secret=" + secret + "&client_secret=" + secret + "&code=%zz" + first,
		"application/json":                  `{"client_secret": "` + secret + `"`,
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=\"" + secret,
		"text/plain; secret=" + secret:      secret,
	} {
		r, err := v.send("POST", "/api/oauth/token?client_secret="+secret, contentType, strings.NewReader(body))
		if err != nil || r.status != http.StatusBadRequest {
			t.Fatalf("token with %s = %v, %v; want status 400", body, r, err)
		}
	}

	add := func(what, scope string) string {
		t.Helper()
		read(v.wants(t, http.StatusCreated, "POST", "/api/auth/tokens", object{"name": "phone", "scope": scope}))
		return secrets.keepSecret(what, in.Data.Token.Token)
	}
	wide, upload := add("personal token", "profile:read workouts:write"), add("address for uploads", "workouts:write")
	app.token = wide
	app.wants(t, http.StatusOK, "GET", "/api/auth/profile", nil)
	app.wants(t, http.StatusForbidden, "GET", "/api/workouts", nil)
	app.token = ""
	for path, status := range map[string]int{
		"/api/upload/" + upload:                    http.StatusCreated,
		"/api/upload/" + upload + "?sport_id=x":    http.StatusBadRequest,
		"/api/upload/" + upload + "?sport_id=1000": http.StatusBadRequest,
		"/api/upload/" + upload + "x":              http.StatusUnauthorized,
		"/api/upload/" + wide:                      http.StatusForbidden,
		"/api/upload/" + v.token:                   http.StatusUnauthorized,
		"/api/upload/" + next:                      http.StatusUnauthorized,
		// As somebody types it, or a proxy passes it on, who means the address. What is not below /api is a page.
		"/api/upload/" + upload + "/":              http.StatusNotFound,
		"/api/upload/x/" + upload:                  http.StatusNotFound,
		"//api/upload/" + upload:                   http.StatusMethodNotAllowed,
		"/api//upload/" + upload:                   http.StatusNotFound,
		"/fittrackee/api/upload/" + upload:         http.StatusMethodNotAllowed,
		"/upload/" + upload:                        http.StatusMethodNotAllowed,
		"/Api/Upload/" + upload:                    http.StatusMethodNotAllowed,
		"/api/uploads/" + upload:                   http.StatusNotFound,
		"/api/workouts/" + upload:                  http.StatusMethodNotAllowed,
		"/api/" + upload:                           http.StatusNotFound,
		"/api/auth/tokens/" + upload:               http.StatusNotFound,
		"/api/upload/%66itpat_" + upload[7:] + "y": http.StatusUnauthorized,
	} {
		r, err := app.send("POST", path, "", bytes.NewReader(contractFile("ride.gpx")))
		if err != nil || r.status != status {
			t.Fatalf("POST %s = %v, %v; want status %d", path, r, err, status)
		}
	}
	for _, body := range []string{"", "no track", upload, "<gpx>" + upload, "PK" + upload} {
		r, err := app.send("POST", "/api/upload/"+upload, "text/plain", strings.NewReader(body))
		if err != nil || r.status != http.StatusBadRequest {
			t.Fatalf("POST of %q = %v, %v; want status 400", body, r, err)
		}
	}
	app.wants(t, http.StatusMethodNotAllowed, "GET", "/api/upload/"+upload, nil)
}

// startTiles starts a server of map tiles for those who have the key.
func startTiles(t *testing.T, key string) *httptest.Server {
	t.Helper()
	var tile bytes.Buffer
	if err := png.Encode(&tile, image.NewGray(image.Rect(0, 0, 256, 256))); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("key") != key {
			http.Error(w, "no key", http.StatusForbidden)
			return
		}
		_, _ = w.Write(tile.Bytes()) // a client that is gone wants no tile
	}))
	t.Cleanup(server.Close)
	return server
}

// wantsMapsDue has the maps of all workouts drawn at the next start, whether they have been drawn or not.
func wantsMapsDue(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.Exec(`update workouts set map_due_at = 1`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// checkModes wants a private folder with private files.
func checkModes(t *testing.T, folder string) {
	t.Helper()
	seen := make(map[string]bool) // files and folders, and which folders files are in
	err := filepath.WalkDir(filepath.Dir(folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s = %o; want %o", path, got, want)
		}
		seen[d.Name()] = true
		if !d.IsDir() {
			for dir := range strings.SplitSeq(filepath.ToSlash(filepath.Dir(path)), "/") {
				seen["a file in "+dir] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"f.db", "f.db-wal", "f.db-shm", "secret.key", "uploads", "pictures", "512.jpg", "64.jpg", "tmp",
		"a file in tracks", "a file in series", "a file in maps", "a file in tiles",
	} {
		if !seen[name] {
			t.Errorf("no %s in the folder; want its mode checked", name)
		}
	}
}

// TestBadSMTPURLShowsNoPassword checks the message at the start.
func TestBadSMTPURLShowsNoPassword(t *testing.T) {
	t.Parallel()
	for _, u := range []string{
		"smtp://user:MARK-secret@host:port",
		"smtp://user:MARK-secret@host:25?what=True",
		"smtp://user:MARK-secret/x@host:25",
		"smtp://user:MARK-secret#x@host:25",
		"smtp://user:MARK-secret%zz@host:25",
		"http://user:MARK-secret@host:25",
		"user:MARK-secret@host:25",
		"smtp://:MARK-secret@host",
		"smtp://user:MARK-secret@host:25/path",
		"smtp://user:MARK-secret@host?tls=True&ssl=True",
		"smtp://user:MARK-secret\x01@host",
	} {
		for how, serve := range map[string]func() outcome{
			"the flag": func() outcome { return startsNot(t, nil, "--smtp-url", u, "--mail-from", "a@example.com") },
			"the environment": func() outcome {
				return startsNot(t, []string{"FITTRACKEE_SMTP_URL=" + u, "FITTRACKEE_MAIL_FROM=a@example.com"})
			},
			"a file": func() outcome {
				path := filepath.Join(t.TempDir(), "config")
				write(t, path, "smtp-url = "+u+"\nmail-from = a@example.com\n")
				return startsNot(t, nil, "--config", path)
			},
			"a line of nonsense": func() outcome {
				path := filepath.Join(t.TempDir(), "config")
				write(t, path, "smtp-url: "+u+"\n")
				return startsNot(t, nil, "--config", path)
			},
		} {
			o := serve()
			if strings.Contains(o.stderr+o.stdout, "MARK") {
				t.Errorf("%q from %s: %q shows the password", u, how, o.stderr)
			}
		}
	}
}
