package contracttest

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

// jwt makes a well-formed token, signed with nothing that matters.
func jwt(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + encode([]byte("signature"))
}

func parse(t *testing.T, text string) any {
	t.Helper()
	tree, err := parseJSON([]byte(text))
	if err != nil {
		t.Fatalf("parseJSON(%s): %v", text, err)
	}
	return tree
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const id = "kgKDnSdPxqyqzHtGVvYhQm"
	saved := values{
		"w1": id, "sam": jwt(`{"sub":1}`), "app": parse(t, "7"), "code": "a+b.c", "looks_like_form": "<string>",
	}
	token := `"` + jwt(`{"sub":2}`) + `"`
	noClaims := `"` + strings.Replace(jwt(`{}`), "e30", "bnVsbA", 1) + `"`
	for _, tt := range []struct{ got, want, differs string }{
		{`{"a": [1, null, true, "x"]}`, `{"a": [1, null, true, "x"]}`, ""},

		{`{"a": 1}`, `{"a": 1, "b": null}`, `b: missing; want null`},
		{`{"a": 1, "b": null}`, `{"a": 1}`, `b: got null; want no such key`},
		{`{"a": {"A": 1}}`, `{"a": {}}`, `a.A: got 1; want no such key`},
		{`[1, 2]`, `[1]`, `body: got 2 elements; want 1`},
		{`{"a": [{"b": 1}, {"b": 2}]}`, `{"a": [{"b": 1}, {"b": 3}]}`, `a.1.b: got 2; want 3`},
		{`[]`, `{}`, `body: got []; want {}`},
		{`{}`, `[]`, `body: got {}; want []`},
		{`"<b>"`, `null`, `body: got "<b>"; want null`},
		{`false`, `null`, `body: got false; want null`},
		{`0`, `false`, `body: got 0; want false`},
		{`"x"`, `"X"`, `body: got "x"; want "X"`},
		{`null`, `""`, `body: got null; want ""`},
		{`""`, `""`, ""},
		{`"18"`, `18`, `body: got "18"; want 18`},
		{`18`, `"18"`, `body: got 18; want "18"`},

		{`18.0`, `18`, ""},
		{`18.001`, `18`, `body: got 18.001; want 18`},
		{`9007199254740993`, `9007199254740992`, `body: got 9007199254740993; want 9007199254740992`},
		{`0`, `0.0`, ""},
		{`10.01`, `10.0`, ""},
		{`9.99`, `10.0`, ""},
		{`10.02`, `10.0`, `body: got 10.02; want 10.0`},
		{`0.30000000000000004`, `0.29`, ""},
		{`0.31`, `0.29`, `body: got 0.31; want 0.29`},
		{`4.996`, `4.995`, ""},
		{`4.997`, `4.995`, `body: got 4.997; want 4.995`},
		{`-4.996`, `-4.995`, ""},
		{`2.3235790000000001`, `2.323578`, ""},
		{`2.323580`, `2.323578`, `body: got 2.323580; want 2.323578`},
		{`1.1e-05`, `1e-05`, ""},
		{`3e-05`, `1e-05`, `body: got 3e-05; want 1e-05`},
		{`1e999999999`, `1.0`, `body: got 1e999999999; want 1.0`},
		{`null`, `0.0`, `body: got null; want 0.0`},

		{`5`, `"<int>"`, ""},
		{`-5`, `"<int>"`, ""},
		{`5.0`, `"<int>"`, `body: got 5.0; want "<int>"`},
		{`"5"`, `"<int>"`, `body: got "5"; want "<int>"`},
		{`"5 km"`, `"<int> km"`, ""},
		{`" "`, `"<string>"`, ""},
		{`""`, `"<string>"`, `body: got ""; want "<string>"`},
		{`5`, `"<string>"`, `body: got 5; want "<string>"`},
		{`"https://x/?code=1&state=2"`, `"https://x/?code=<string>&state=2"`, ""},
		{`"https://x/?code=&state=2"`, `"https://x/?code=<string>&state=2"`, `body: got "https://x/?code=&state=2"; want "https://x/?code=<string>&state=2"`},
		{`"<a href=\"x\">y</a>"`, `"<a href=\"x\">y</a>"`, ""},
		{token, `"<jwt>"`, ""},
		{`"a.b.c"`, `"<jwt>"`, `body: got "a.b.c"; want "<jwt>"`},
		{noClaims, `"<jwt>"`, `body: got ` + noClaims + `; want "<jwt>"`},
		{`"Sun, 14 Jul 2019 14:09:58 GMT"`, `"<http-date>"`, ""},
		{`"Mon, 14 Jul 2019 14:09:58 GMT"`, `"<http-date>"`, `body: got "Mon, 14 Jul 2019 14:09:58 GMT"; want "<http-date>"`},
		{`"Sun, 14 Jul 2019 14:09:58 UTC"`, `"<http-date>"`, `body: got "Sun, 14 Jul 2019 14:09:58 UTC"; want "<http-date>"`},
		{`"2019-07-14T14:09:58Z"`, `"<http-date>"`, `body: got "2019-07-14T14:09:58Z"; want "<http-date>"`},
		{`"` + id + `"`, `"<short-id>"`, ""},
		{`"lgKDnSdPxqyqzHtGVvYhQm"`, `"<short-id>"`, `body: got "lgKDnSdPxqyqzHtGVvYhQm"; want "<short-id>"`},
		{`"` + id[1:] + `"`, `"<short-id>"`, `body: got "` + id[1:] + `"; want "<short-id>"`},
		{`"` + id + `\n"`, `"<short-id>"`, `body: got "` + id + `\n"; want "<short-id>"`},

		{`"` + id + `"`, `"${w1}"`, ""},
		{`"other"`, `"${w1}"`, `body: got "other"; want "${w1}", which is "` + id + `"`},
		{`"not found (id: ` + id + `)"`, `"not found (id: ${w1})"`, ""},
		{`"not found (id: ` + id + `) "`, `"not found (id: ${w1})"`, `body: got "not found (id: ` + id + `) "; want "not found (id: ${w1})", which is "not found (id: ` + id + `)"`},
		{`"aab.c"`, `"${code}"`, `body: got "aab.c"; want "${code}", which is "a+b.c"`},
		{`"text"`, `"${looks_like_form}"`, `body: got "text"; want "${looks_like_form}", which is "<string>"`},
		{`7`, `"${app}"`, ""},
		{`8`, `"${app}"`, `body: got 8; want "${app}", which is "7"`},
		{`"7"`, `"${app}"`, `body: got "7"; want "${app}", which is "7"`},
		{`"app 7"`, `"app ${app}"`, ""},
		{token, `"${sam}"`, ""},
		{`"no token"`, `"${sam}"`, `body: got "no token"; want "${sam}", which is "` + jwt(`{"sub":1}`) + `"`},
		{`"x"`, `"${nobody}"`, `body: nothing was saved as "nobody"`},
		{`"x"`, `"an ${nobody}"`, `body: nothing was saved as "nobody"`},
	} {
		var want []string
		if tt.differs != "" {
			want = []string{tt.differs}
		}
		if found := compare(parse(t, tt.got), parse(t, tt.want), saved); !slices.Equal(found, want) {
			t.Errorf("compare(%s, %s) = %q; want %q", tt.got, tt.want, found, want)
		}
	}
}

func TestLookup(t *testing.T) {
	t.Parallel()
	answer := parse(t, `{
		"auth_token": "t", "empty": "", "none": null, "list": [{"id": "a"}, {"id": 2}], "by_sport": {"1": {"total": 3}},
		"redirect_url": "https://example.com/callback?code=a%2Bb&state=xyz"
	}`)
	for _, tt := range []struct{ where, want, fails string }{
		{where: "auth_token", want: `"t"`},
		{where: "list.0.id", want: `"a"`},
		{where: "list.1.id", want: `2`},
		{where: "by_sport.1.total", want: `3`},
		{where: "redirect_url?code", want: `"a+b"`},
		{where: "redirect_url?token", fails: `no parameter "token"`},
		{where: "list.2.id", fails: `no "2" in [`},
		{where: "list.-1", fails: `no "-1" in [`},
		{where: "auth_token.x", fails: `no "x" in "t"`},
		{where: "nothing", fails: `no "nothing" in {`},
		{where: "empty", fails: `got ""; want a number or a text that is not empty`},
		{where: "none", fails: `got null; want a number`},
		{where: "list", fails: `got [`},
	} {
		got, err := lookup(answer, tt.where)
		switch {
		case tt.fails != "":
			if err == nil || !strings.HasPrefix(err.Error(), tt.fails) {
				t.Errorf("lookup(%s): error %v; want %s…", tt.where, err, tt.fails)
			}
		case err != nil || show(got) != tt.want:
			t.Errorf("lookup(%s) = %s, %v; want %s", tt.where, show(got), err, tt.want)
		}
	}
}
