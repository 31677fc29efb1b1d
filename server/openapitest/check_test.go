package openapitest

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a description of two operations.
const small = `
openapi: 3.1.0
info: {title: small, version: "1"}
paths:
  /api/things/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: thing
      description: Administrators only.
      security: [{session: []}, {oauth: ["things:read"]}]
      responses:
        "200":
          description: The thing.
          headers: {ETag: {required: true, schema: {type: string}}}
          content:
            application/json:
              schema:
                type: object
                required: [name]
                allOf: [{$ref: "#/components/schemas/Sized"}]
                unevaluatedProperties: false
                properties: {name: {type: [string, "null"]}}
            image/png: {}
        "404": {$ref: "#/components/responses/NotFound"}
    put:
      operationId: putThing
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [size], properties: {size: {type: integer}}}}}
      responses: {"204": {description: It is there.}}
components:
  securitySchemes:
    session: {type: http, scheme: bearer}
    oauth: {type: oauth2, flows: {authorizationCode: {authorizationUrl: /a, tokenUrl: /t, scopes: {"things:read": See things.}}}}
  schemas:
    Sized: {type: object, required: [size], properties: {size: {type: integer}}}
  responses:
    NotFound: {description: None., content: {application/json: {schema: {type: object, required: [message]}}}}
    MethodNotAllowed: {description: None., headers: {Allow: {required: true, schema: {type: string}}}}
    TooMany: {description: None.}
    Failure: {description: None.}
`

func load(t *testing.T, text string) (*Document, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "small.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file)
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	const fine = `{"size": 1, "name": null}`
	for _, tt := range []struct {
		method, path, request string
		status                int
		header, answer        string // header: of the answer, "Name: value", separated by ", "
		want                  string // part of the error; empty: none
	}{
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", fine, ""},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json; charset=utf-8, Etag: x", fine, ""},
		{"GET", "/api/things/1", "", 200, "Content-Type: image/png, Etag: x", "not looked at", ""},
		{"HEAD", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", "", ""},
		{"GET", "/elsewhere", "", 200, "", "a page", ""},
		{"GET", "/api/things/1", "", 404, "Content-Type: application/json", `{"message": "none"}`, ""},
		{"PUT", "/api/things/1", `{"size": 1, "more": 2}`, 204, "", "", ""},

		{"GET", "/api/things/1", "", 200, "Content-Type: application/json", fine, "no header ETag"},
		{"GET", "/api/things/1", "", 200, "Content-Type: text/html, Etag: x", fine, `content type "text/html"`},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", `{"size": 1}`, "missing property 'name'"},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", `{"name": ""}`, "missing property 'size'"},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", `{"size": 1, "name": "", "new": 1}`, "at '/new': is not described"},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", `{"size": "1", "name": ""}`, "at '/size': got string, want integer"},
		{"GET", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", fine + fine, "no JSON"},
		{"GET", "/api/things/1", "", 403, "Content-Type: application/json", `{}`, "the answer 403 is not as openapi.yaml has it: thing has only 200, 404"},
		{"HEAD", "/api/things/1", "", 403, "", "", "thing has only 200, 404"},
		{"PUT", "/api/things/1", `{"size": 1}`, 204, "", "x", "a body where there is to be none"},
		{"PUT", "/api/things/1", `{"size": "1"}`, 204, "", "", "PUT /api/things/1 was granted, but the request is not"},
		{"PUT", "/api/things/x", `{"size": 1}`, 204, "", "", "was granted, but the request is not"},
		{"PUT", "/api/things/1", "", 204, "", "", "was granted, but the request is not"},
		{"NONE", "/api/things/1", "", 200, "Content-Type: application/json, Etag: x", fine, "was granted, but the request is not"},

		{"GET", "/api/unknown", "", 404, "Content-Type: application/json", `{"message": "none"}`, ""},
		{"GET", "/api/unknown", "", 404, "Content-Type: application/json", `{}`, "missing property 'message'"},
		{"GET", "/api/unknown", "", 200, "Content-Type: application/json", `{}`, "no matching operation was found"},
		{"POST", "/api/things/1", "", 405, "Allow: GET", "", ""},
		{"POST", "/api/things/1", "", 405, "", "", "no header Allow"},
		{"POST", "/api/things/1", "", 200, "", "", "method not allowed"},
	} {
		token := "Bearer x"
		if tt.method == "NONE" {
			tt.method, token = "GET", ""
		}
		request, err := http.NewRequestWithContext(t.Context(), tt.method, "http://example.com"+tt.path, strings.NewReader(tt.request))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", token)
		request.Header.Set("Content-Type", "application/json")
		answer := &http.Response{StatusCode: tt.status, Header: http.Header{}, Request: request}
		for field := range strings.SplitSeq(tt.header, ", ") {
			name, value, _ := strings.Cut(field, ": ")
			answer.Header.Set(name, value)
		}
		err = d.Check(answer, []byte(tt.answer))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %s, %d with %s: %v; want …%s…", tt.method, tt.path, tt.status, tt.answer, err, tt.want)
		}
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	d, err := load(t, small)
	if err != nil {
		t.Fatal(err)
	}
	want := []Operation{{"GET", "/api/things/{id}", true, "things:read", true}, {"PUT", "/api/things/{id}", false, "", false}}
	if got := d.Operations(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("operations: %v; want %v", got, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"a schema that is not there":   {"schemas/Sized", "schemas/Unsized"},
		"an answer that is not there":  {"responses/NotFound", "responses/Nowhere"},
		"a parameter without its path": {"/api/things/{id}:", "/api/things:"},
		"a type that is none":          {"type: integer", "type: whole"},
		"a key that is none":           {"operationId: thing", "operationID: thing"},
	} {
		if _, err := load(t, strings.ReplaceAll(small, change[0], change[1])); err == nil {
			t.Errorf("a description with %s is taken", name)
		}
	}
}
