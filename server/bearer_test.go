package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	noToken      = "provide a valid auth token"
	badToken     = "invalid token, please log in again"
	expiredToken = "signature expired, please log in again"
)

// forger knows an instance's key and somebody's token, which is more than any attacker does: each forgery
// is wrong in one thing only.
type forger struct {
	t     testing.TB
	key   []byte
	token string
	head  object
	body  object
}

func newForger(t testing.TB, token string) forger {
	t.Helper()
	key, err := hkdf.Key(sha256.New, secret, nil, "session tokens", 32)
	if err != nil {
		t.Fatal(err)
	}
	f := forger{t: t, key: key, token: token}
	parts := strings.Split(token, ".")
	f.head, f.body = f.decode(parts[0]), f.decode(parts[1])
	return f
}

func (f forger) decode(part string) (v object) {
	f.t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := json.Unmarshal(text, &v); err != nil {
		f.t.Fatal(err)
	}
	return v
}

func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func mac(of func() hash.Hash, key []byte, text string) string {
	h := hmac.New(of, key)
	h.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// signed returns the token of a head and a body as they are.
func (f forger) signed(head, body string) string {
	return head + "." + body + "." + mac(sha256.New, f.key, head+"."+body)
}

// headed returns the token with headers changed; nil takes one away.
func (f forger) headed(changes object) string {
	return f.signed(encode(changed(f.head, changes)), encode(f.body))
}

// claiming returns the token with claims changed; nil takes one away.
func (f forger) claiming(changes object) string {
	return f.signed(encode(f.head), encode(changed(f.body, changes)))
}

func changed(v, changes object) object {
	v = maps.Clone(v)
	for name, value := range changes {
		if v[name] = value; value == nil {
			delete(v, name)
		}
	}
	return v
}

// raw returns the token with one claim written as it stands.
func (f forger) raw(name, value string) string {
	return f.claiming(object{name: json.RawMessage(value)})
}

func sha256Of(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func base64Of(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// TestForgedTokens shows what does not open a session (A05), and what does.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	amelie, boris := s.signUp("amelie"), s.signUp("boris")
	f := newForger(t, amelie.token())
	ofBoris := newForger(t, boris.token()).body
	parts := strings.Split(f.token, ".")
	head, body, signature := parts[0], parts[1], parts[2]
	now := s.clock.Now().Unix()

	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	withAlg := func(alg string) string { return encode(changed(f.head, object{"alg": alg})) + "." + body }
	rs256, es256 := withAlg("RS256"), withAlg("ES256")
	sum := sha256.Sum256([]byte(rs256))
	rsaSum, err := rsa.SignPKCS1v15(nil, rsaKey, 5, sum[:]) // 5: crypto.SHA256
	if err != nil {
		t.Fatal(err)
	}
	ecSum := sha256.Sum256([]byte(es256))
	ecSignature, err := ecdsa.SignASN1(rand.Reader, ecKey, ecSum[:])
	if err != nil {
		t.Fatal(err)
	}

	for _, c := range []struct{ name, authorization string }{
		{"as it was given", "Bearer " + f.token},
		{"signed again", "Bearer " + f.signed(head, body)},
		{"claims in another order, and one more", "Bearer " + f.claiming(object{"more": 1})},
		{"a kid, which nobody asks about", "Bearer " + f.headed(object{"kid": "../../dev/null"})},
		{"a jku, which nobody follows", "Bearer " + f.headed(object{"jku": "http://127.0.0.1:1/keys"})},
		{"lower case", "bearer " + f.token},
		{"upper case", "BEARER " + f.token},
		{"spaces around", "  Bearer   " + f.token + "  "},
		{"an exp in quotes, as the library has it", "Bearer " + f.claiming(object{"exp": "2000000000"})},
		{"an exp with a fraction (RFC 7519, 2)", "Bearer " + f.claiming(object{"exp": float64(now) + 60.5})},
	} {
		if got := s.anybody().with("Authorization", c.authorization).get("/api/auth/profile"); got.status != 200 {
			t.Errorf("%s: %d %s; want 200", c.name, got.status, got.body)
		}
	}

	for _, c := range []struct{ name, message, authorization string }{
		{"alg none", badToken, "Bearer " + withAlg("none") + "."},
		{"alg None", badToken, "Bearer " + withAlg("None") + "."},
		{"alg none with our signature", badToken, "Bearer " + withAlg("none") + "." + mac(sha256.New, f.key, withAlg("none"))},
		{"alg empty", badToken, "Bearer " + f.headed(object{"alg": ""})},
		{"alg missing", badToken, "Bearer " + f.headed(object{"alg": nil})},
		{"alg a number", badToken, "Bearer " + f.headed(object{"alg": 256})},
		{"alg a list", badToken, "Bearer " + f.headed(object{"alg": []string{"HS256"}})},
		{"alg hs256", badToken, "Bearer " + f.headed(object{"alg": "hs256"})},
		{"HS384", badToken, "Bearer " + withAlg("HS384") + "." + mac(sha512.New384, f.key, withAlg("HS384"))},
		{"HS512", badToken, "Bearer " + withAlg("HS512") + "." + mac(sha512.New, f.key, withAlg("HS512"))},
		{"RS256 with our key", badToken, "Bearer " + rs256 + "." + mac(sha256.New, f.key, rs256)},
		{"RS256 with a key of theirs", badToken, "Bearer " + rs256 + "." + base64.RawURLEncoding.EncodeToString(rsaSum)},
		{"ES256 with a key of theirs", badToken, "Bearer " + es256 + "." + base64.RawURLEncoding.EncodeToString(ecSignature)},
		{"PS256 with our key", badToken, "Bearer " + withAlg("PS256") + "." + mac(sha256.New, f.key, withAlg("PS256"))},

		{"signed with nothing", badToken, "Bearer " + head + "." + body + "." + mac(sha256.New, nil, head+"."+body)},
		{"signed with the secret itself", badToken, "Bearer " + head + "." + body + "." + mac(sha256.New, secret, head+"."+body)},
		{"signature missing", badToken, "Bearer " + head + "." + body + "."},
		{"signature of another", badToken, "Bearer " + head + "." + body + "." + strings.Split(boris.token(), ".")[2]},
		{"signature cut short", badToken, "Bearer " + f.token[:len(f.token)-1]},
		{"signature with a bit that is not looked at", badToken, "Bearer " + nextLastLetter(f.token)},
		{"signature with padding", badToken, "Bearer " + f.token + "="},
		{"body changed", badToken, "Bearer " + head + "." + encode(changed(f.body, object{"sub": "1000"})) + "." + signature},

		{"exp missing", badToken, "Bearer " + f.claiming(object{"exp": nil})},
		{"iat missing", badToken, "Bearer " + f.claiming(object{"iat": nil})},
		{"sub missing", badToken, "Bearer " + f.claiming(object{"sub": nil})},
		{"jti missing", badToken, "Bearer " + f.claiming(object{"jti": nil})},
		{"exp a text that is no number", badToken, "Bearer " + f.claiming(object{"exp": "soon"})},
		{"exp null", badToken, "Bearer " + f.raw("exp", "null")},
		{"exp true", badToken, "Bearer " + f.raw("exp", "true")},
		{"exp beyond any number", badToken, "Bearer " + f.raw("exp", "1e999")},
		{"exp a list", badToken, "Bearer " + f.raw("exp", "[2000000000]")},
		{"exp now", expiredToken, "Bearer " + f.claiming(object{"exp": now})},
		{"exp below zero", expiredToken, "Bearer " + f.claiming(object{"exp": -1})},
		{"iat a text", badToken, "Bearer " + f.claiming(object{"iat": "now"})},
		{"nbf in the future", badToken, "Bearer " + f.claiming(object{"nbf": now + 3600})},
		{"sub of another user", badToken, "Bearer " + f.claiming(object{"sub": ofBoris["sub"]})},
		{"sub a number", badToken, "Bearer " + f.claiming(object{"sub": 1})},
		{"sub with a zero before it", badToken, "Bearer " + f.claiming(object{"sub": "0" + f.body["sub"].(string)})},
		{"sub a list", badToken, "Bearer " + f.claiming(object{"sub": []string{"1"}})},
		{"jti of another user", badToken, "Bearer " + f.claiming(object{"jti": ofBoris["jti"]})},
		{"jti unknown", badToken, "Bearer " + f.claiming(object{"jti": strings.Repeat("A", 26)})},
		{"jti in lower case", badToken, "Bearer " + f.claiming(object{"jti": strings.ToLower(f.body["jti"].(string))})},
		{"jti a pattern", badToken, "Bearer " + f.claiming(object{"jti": "%"})},
		{"jti an injection", badToken, "Bearer " + f.claiming(object{"jti": "' or '1'='1"})},
		{"jti a number", badToken, "Bearer " + f.claiming(object{"jti": 1})},

		{"two segments", badToken, "Bearer " + head + "." + body},
		{"four segments", badToken, "Bearer " + f.token + "." + signature},
		{"five segments, as if encrypted", badToken, "Bearer " + f.token + "." + signature + "." + signature},
		{"a dot before", badToken, "Bearer ." + f.token},
		{"only dots", badToken, "Bearer .."},
		{"head not JSON", badToken, "Bearer " + f.signed("bm9uc2Vuc2U", body)},
		{"body not JSON", badToken, "Bearer " + f.signed(head, "bm9uc2Vuc2U")},
		{"body a list", badToken, "Bearer " + f.signed(head, encode([]int{1}))},
		{"body null", badToken, "Bearer " + f.signed(head, encode(nil))},
		{"body not base64", badToken, "Bearer " + f.signed(head, "{}")},
		{"body in the other base64", badToken, "Bearer " + f.signed(head, body+"+/")},
		{"body followed by more", badToken, "Bearer " + f.signed(head, base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"1"}{"sub":"1"}`)))},
		{"a space inside", badToken, "Bearer " + head + " ." + body + "." + signature},
		{"a tab inside", badToken, "Bearer " + head + "\t." + body + "." + signature},
		{"nonsense", badToken, "Bearer nonsense"},
		{"8 kB", badToken, "Bearer " + strings.Repeat("A", 8<<10)},
		{"8 kB of dots", badToken, "Bearer " + strings.Repeat(".", 8<<10)},
		{"8 kB in a claim", badToken, "Bearer " + f.claiming(object{"jti": strings.Repeat("A", 8<<10)})},
		{"not ASCII", badToken, "Bearer ключ.ключ.ключ"},
		{"not UTF-8", badToken, "Bearer \xff\xfe"},
		{"in quotes", badToken, `Bearer "` + f.token + `"`},
		{"two at once", badToken, "Bearer " + f.token + ", Bearer " + f.token},

		{"empty", noToken, ""},
		{"spaces", noToken, "   "},
		{"scheme only", badToken, "Bearer"},
		{"scheme and a space", badToken, "Bearer "},
		{"no scheme", noToken, f.token},
		{"Basic", noToken, "Basic YW1lbGllOmNvcnJlY3QgaG9yc2U="},
		{"Basic with the token", noToken, "Basic " + f.token},
		{"Token", noToken, "Token " + f.token},
		{"Bearer:", noToken, "Bearer: " + f.token},
		{"a tab after the scheme", noToken, "Bearer\t" + f.token},
	} {
		got := s.anybody().with("Authorization", c.authorization).get("/api/auth/profile")
		if got.status != 401 {
			t.Errorf("%s: %d %s; want 401 %s", c.name, got.status, got.body, c.message)
			continue
		}
		wantsRefusedToken(t, c.name, got, c.message)
	}

	for _, c := range []struct {
		name           string
		authorizations []string
	}{
		{"a good header, then a bad one", []string{"Bearer " + f.token, "Bearer nonsense"}},
		{"a bad header, then a good one", []string{"Bearer nonsense", "Bearer " + f.token}},
		{"two users", []string{"Bearer " + f.token, "Bearer " + boris.token()}},
	} {
		if got := s.anybody().with("Authorization", c.authorizations...).get("/api/auth/profile"); got.status != 401 {
			t.Errorf("%s: %d; want 401, for nobody can tell who calls", c.name, got.status)
		}
	}
	s.anybody().with("Cookie", "auth_token="+f.token).get("/api/auth/profile?access_token="+f.token).wants(401, noToken)

	amelie.get("/api/auth/profile").wants(200)
	s.clock.forward(30*24*time.Hour - time.Second)
	amelie.get("/api/auth/profile").wants(200)
	s.clock.forward(time.Second)
	wantsRefusedToken(t, "after its time", amelie.get("/api/auth/profile"), expiredToken)
}

// nextLastLetter changes a bit of the last letter that does not fit into the last byte of the signature.
func nextLastLetter(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + string(letters[last^1])
}

// wantsRefusedToken checks the double form of the answer to a token that opens nothing, or the simple one when
// there was none.
func wantsRefusedToken(t *testing.T, name string, got response, message string) {
	t.Helper()
	want := object{"status": "error", "message": message}
	challenge := `Bearer realm="fittrackee"`
	if message != noToken {
		const description = "The access token provided is expired, revoked, malformed, or invalid for other reasons."
		want["error"], want["error_description"] = "invalid_token", description
		challenge += `, error="invalid_token", error_description="` + description + `"`
	}
	if v := got.json(); !maps.Equal(v, want) {
		t.Errorf("%s: %v; want %v", name, v, want)
	}
	if h := got.header.Get("WWW-Authenticate"); h != challenge {
		t.Errorf("%s: WWW-Authenticate: %s; want %s", name, h, challenge)
	}
}

// TestForgedSecrets does so for the tokens that are no JWTs: in the header, and in the address of an upload (A05).
func TestForgedSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie, boris := s.person("amelie"), s.person("boris")
	access, refresh := amelie.newApp("profile:read").pair()
	othersAccess, _ := boris.newApp("profile:read").pair()
	upload := amelie.personalToken("workouts:write")
	othersUpload := boris.personalToken("workouts:write")

	profile := func(token string) response { return s.withToken(token).get("/api/auth/profile") }
	post := func(token string) response { return s.anybody().post("/api/upload/"+url.PathEscape(token), "") }
	personal, writing := amelie.personalToken("profile:read"), amelie.personalToken("profile:write")
	for _, c := range []struct {
		name, token, other string
		use                func(token string) response
		control            int
	}{
		{"access token", access, othersAccess, profile, 200},
		{"refresh token", refresh, othersAccess, profile, 401},
		{"personal token", personal, othersUpload, profile, 200},
		{"upload address", upload, othersUpload, post, 400}, // no file part
	} {
		c.use(c.token).wants(c.control)
		s.unchanged("a forged "+c.name, func() {
			for how, forged := range forgedTokens(t, c.token, c.other) {
				r := c.use(forged)
				r.call = c.name + " " + how
				r.wants(401)
				wantsRefusedToken(t, r.call, r, badToken)
			}
		})
		c.use(c.token).wants(c.control)
	}
	s.unchanged("a token where none is read", func() {
		for _, authorization := range []string{
			"Basic " + base64.StdEncoding.EncodeToString([]byte("amelie:"+personal)), "Token " + personal, personal, "Bearer: " + personal,
			"Bearer\t" + personal,
		} {
			s.anybody().with("Authorization", authorization).get("/api/auth/profile").wants(401, noToken)
		}
		for _, authorization := range []string{
			`Bearer "` + personal + `"`, "Bearer " + personal + " " + personal, "Bearer " + personal + ", Bearer " + access,
			"Bearer " + personal[:10] + " " + personal[10:], "Bearer Bearer " + personal, "Bearer " + url.QueryEscape(personal) + "%20",
		} {
			s.anybody().with("Authorization", authorization).get("/api/auth/profile").wants(401, badToken)
		}
		s.anybody().with("Authorization", "Bearer "+personal, "Bearer "+personal).get("/api/auth/profile").wants(401, noToken)
		s.anybody().get("/api/auth/profile?access_token="+personal+"&token="+personal).wants(401, noToken)
		s.anybody().with("Cookie", "auth_token="+personal).get("/api/auth/profile").wants(401, noToken)
		s.anybody().form("/api/auth/profile/edit", "access_token", writing).wants(401, noToken)
	})
	file := ride(morning, 3)
	s.unchanged("an address that is not quite the one", func() {
		for _, path := range []string{
			"/api/upload", "/api/upload/", "/api/upload//" + upload, "/api/upload/" + upload + "/", "/api/upload/" + upload + "/x",
			"/api/upload/x/" + upload, "/api/upload/../upload/" + upload, "/api//upload/" + upload, "/api/Upload/" + upload,
			"/api/uploads/" + upload, "/api/upload/" + upload + "%2f", "/upload/" + upload, "/api/workouts/" + upload,
		} {
			r := s.anybody().post(path, file)
			if r.status != 404 && r.status != 401 && r.status != 405 {
				t.Errorf("%s: %d %s; want 404, 405 or 401", r.call, r.status, r.body)
			}
		}
		for _, path := range []string{upload + "%00", upload + "%20", "%20" + upload, upload + ";x", upload + "%0a", "%ff" + upload} {
			s.anybody().post("/api/upload/"+path, file).wants(401, badToken)
		}
		s.anybody().post("/api/upload?secret="+upload, file).wants(404)
		// What is in the header opens nothing there.
		amelie.post("/api/upload/nonsense", file).wants(401, badToken)
		s.withToken(upload).post("/api/upload/nonsense", file).wants(401, badToken)
		for _, method := range []string{"GET", "PUT", "PATCH", "DELETE"} {
			s.anybody().do(method, "/api/upload/"+upload, nil).wants(405)
		}
	})
	s.withToken("nonsense").post("/api/upload/"+upload+"?x=y", file).wants(201)
}

// TestOpenRoutesIgnoreTokens shows that a bad token does not close what is open to everybody.
func TestOpenRoutesIgnoreTokens(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.withToken("nonsense").get("/api/ping").wants(200, "pong!")
	s.withToken("nonsense").get("/api/config").wants(200)
}
