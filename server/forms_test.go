package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// formRoute is a route that takes a form without files, with one that it takes.
type formRoute struct {
	path   string
	good   url.Values
	status int    // of what is no such form
	reason string // what is answered to that
}

// formRoutes are all of them, for an application and a refresh token of its own.
func formRoutes(a application, refresh string) []formRoute {
	const noForm = `{"error":"invalid_request","error_description":"a form is required, in which no parameter comes twice"}`
	client := func(more ...string) url.Values {
		v := url.Values{"client_id": {a.id}, "client_secret": {a.secret}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	return []formRoute{
		{"/api/oauth/authorize", url.Values{
			"client_id": {a.id}, "response_type": {"code"}, "scope": {a.scope}, "confirm": {"true"}, "state": {"x y"},
		}, 400, `{"status":"error","message":"invalid payload"}`},
		{"/api/oauth/token", client("grant_type", "refresh_token", "refresh_token", refresh), 400, noForm},
		{"/api/oauth/revoke", client("token", refresh, "token_type_hint", "refresh_token"), 400, noForm},
	}
}

// multipartOf is a multipart form of the same parameters; its boundary is b.
func multipartOf(v url.Values) string {
	var form strings.Builder
	for name, values := range v {
		for _, value := range values {
			form.WriteString(part(`form-data; name="`+name+`"`, value))
		}
	}
	return form.String() + "--b--\r\n"
}

// TestFormsThatAreNone sends every route that takes a form what is none, and looks that nothing changes.
func TestFormsThatAreNone(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	a := amelie.newApp("profile:read")
	_, refresh := a.pair()
	for _, route := range formRoutes(a, refresh) {
		good := route.good.Encode()
		parts := multipartOf(route.good)
		twice := func(name string) string { return good + "&" + url.Values{name: route.good[name]}.Encode() }
		s.unchanged("POST "+route.path+" with what is no form", func() {
			for _, c := range []struct{ name, contentType, body string }{
				{"no media type", "", good},
				{"JSON", "application/json", encodeJSON(t, route.good)},
				{"a form called JSON", "application/json", good},
				{"a text", "text/plain", good},
				{"a form called bytes", "application/octet-stream", good},
				{"nonsense for a media type", ";;", good},
				{"a media type with a broken parameter", formMedia + "; charset", good},
				{"two media types", formMedia + ", " + formMedia, good},
				{"something like it", formMedia + "x", good},
				{"multipart of another kind", "multipart/mixed; boundary=b", parts},
				{"broken percent", formMedia, good + "&x=%zz"},
				{"half a percent", formMedia, good + "&x=%"},
				{"half a percent in a name", formMedia, "%a=1&" + good},
				{"a semicolon", formMedia, good + ";x=y"},
				{"semicolons only", formMedia, strings.ReplaceAll(good, "&", ";")},
				{"a parameter twice", formMedia, twice("client_id")},
				{"another parameter twice", formMedia, good + "&x=1&x=2"},
				{"a parameter twice, once empty", formMedia, good + "&client_id="},
				{"a parameter twice, once without a value", formMedia, good + "&client_id"},
				{"a parameter twice, once encoded", formMedia, good + "&client%5Fid=" + url.QueryEscape(a.id)},
				{"an empty parameter twice", formMedia, good + "&x&x"},
				{"multipart without boundary", "multipart/form-data", parts},
				{"multipart with another boundary", "multipart/form-data; boundary=c", parts},
				{"multipart with an endless boundary", "multipart/form-data; boundary=" + strings.Repeat("b", 5000), parts},
				{"multipart that is none", formType, good},
				{"multipart without parts", formType, ""},
				{"multipart cut off", formType, parts[:len(parts)-6]},
				{"multipart cut off in a part", formType, parts[:len(parts)/2]},
				{"multipart with a parameter twice", formType, part(`form-data; name="client_id"`, a.id) + parts},
				{"multipart with another parameter twice", formType, part(`form-data; name="x"`, "1") + part(`form-data; name="x"`, "2") + parts},
				{"multipart with many parts", formType, strings.Repeat("--b\r\n\r\n\r\n", 5000) + parts},
				{"a form as multipart", formMedia, parts},
			} {
				for _, isChunked := range []bool{false, true} {
					r := s.sendRaw(fmt.Sprintf("POST %s with %s, in chunks: %v", route.path, c.name, isChunked),
						rawPost(route.path, amelie.token(), c.contentType, c.body, isChunked))
					r.wantsBody(route.status, route.reason).wantsHeaders(apiSet)
				}
			}
			// The parameters count in the body only, and in no file.
			for _, c := range []struct{ name, path, contentType, body string }{
				{"nothing", route.path, formMedia, ""},
				{"JSON for a form", route.path, formMedia, encodeJSON(t, route.good)},
				{"parameters in the address", route.path + "?" + good, formMedia, ""},
				{"names in capitals", route.path, formMedia, strings.ToUpper(good)},
				{"parameters of other names", route.path, formMedia, strings.ReplaceAll(good, "_", "-")},
				{"parameters in files", route.path, formType, strings.ReplaceAll(parts, `name="`, `filename="x"; name="`)},
				{"parts without names", route.path, formType, strings.ReplaceAll(parts, `name="`, `nome="`)},
			} {
				r := amelie.with("Content-Type", c.contentType).post(c.path, c.body)
				r.call = "POST " + route.path + " with " + c.name
				r.wants(400)
				if route.path == "/api/oauth/authorize" {
					r.wantsBody(route.status, route.reason)
				} else if r.text("error") == "" {
					t.Errorf("%s: %s; want an error of OAuth's", r.call, r.body)
				}
			}
			large := good + "&x=" + strings.Repeat("x", 64<<10)
			for _, isChunked := range []bool{false, true} {
				for contentType, body := range map[string]string{
					formMedia: large, "application/json": large, formType: part(`form-data; name="x"; filename="x"`, strings.Repeat("x", 64<<10)) + parts,
				} {
					s.sendRaw(fmt.Sprintf("POST %s, too large, in chunks: %v", route.path, isChunked),
						rawPost(route.path, amelie.token(), contentType, body, isChunked)).wants(413, "the body exceeds 64 kB").wantsHeaders(apiSet)
				}
			}
		})
	}
}

// TestGoodForms shows forms that are odd, and taken.
func TestGoodForms(t *testing.T) {
	t.Parallel()
	s := newSite(t, withPeople)
	amelie := s.person("amelie")
	a := amelie.newApp("profile:read")
	_, refresh := a.pair()
	for _, c := range []struct {
		name, contentType string
		encode            func(url.Values) string
	}{
		{"a form", formMedia, url.Values.Encode},
		{"a form with a charset", formMedia + "; charset=UTF-8", url.Values.Encode},
		{"a form in capitals", "Application/X-WWW-Form-Urlencoded", url.Values.Encode},
		{"a form with parameters that nobody knows", formMedia, func(v url.Values) string { return "x=1&y&" + v.Encode() + "&z=&" }},
		{"a form all encoded", formMedia, func(v url.Values) string {
			all := v.Encode()
			for _, letter := range []string{"_", "o", "e"} {
				all = strings.ReplaceAll(all, letter, fmt.Sprintf("%%%02x", letter))
			}
			return all
		}},
		{"multipart", formType, multipartOf},
		{"multipart with a boundary in quotes", `multipart/form-data; charset=utf-8; boundary="b"`, multipartOf},
		{"multipart with a file that nobody wants", formType, func(v url.Values) string {
			return part(`form-data; name="x"; filename="x.exe"`, "MZ") + multipartOf(v)
		}},
		{"64 kB", formMedia, func(v url.Values) string {
			all := v.Encode() + "&x="
			return all + strings.Repeat("x", 64<<10-len(all))
		}},
	} {
		for _, route := range formRoutes(a, refresh) {
			body := c.encode(route.good)
			r := amelie.with("Content-Type", c.contentType).post(route.path, body)
			r.call = "POST " + route.path + " with " + c.name
			r.wants(200).wantsHeaders(apiSet)
			if location := r.text("redirect_url"); location != "" && !strings.HasSuffix(location, "&state=x+y") {
				t.Errorf("%s: redirect_url %s; want the state at its end", r.call, location)
			}
			if next := r.text("refresh_token"); next != "" {
				refresh = next
			}
		}
		_, refresh = a.pair() // the one before was revoked
	}
}

// FuzzForm sends anything as a form to every route that takes one.
func FuzzForm(f *testing.F) {
	s := newSite(f, withPeople)
	amelie := s.person("amelie")
	a := amelie.newApp("profile:read")
	_, refresh := a.pair()
	routes := formRoutes(a, refresh)
	for i, route := range routes {
		f.Add(uint8(i), formMedia, route.good.Encode())
		f.Add(uint8(i), formType, multipartOf(route.good))
		f.Add(uint8(i), "application/json", encodeJSON(f, route.good))
		f.Add(uint8(i), formMedia, route.good.Encode()+"&x=%zz;y&x")
	}
	f.Fuzz(func(t *testing.T, i uint8, contentType, body string) {
		route := routes[int(i)%len(routes)]
		r := httptest.NewRequestWithContext(t.Context(), "POST", route.path, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Authorization", "Bearer "+amelie.token())
		switch w := fuzzed(t, s, r); w.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		default:
			t.Errorf("POST %s with %q: %d; want 200, 400 or 413", route.path, body, w.Code)
		}
		r = httptest.NewRequestWithContext(t.Context(), "GET", "/api/oauth/apps", nil)
		r.Header.Set("Authorization", "Bearer "+amelie.token())
		if w := fuzzed(t, s, r); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), a.id) {
			t.Errorf("GET /api/oauth/apps after POST %s with %q: %d %s; want the application", route.path, body, w.Code, w.Body)
		}
	})
}
