package server_test

import (
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fittrackee/server/openapitest"
)

// description is the API as openapi.yaml has it.
var description = sync.OnceValues(func() (*openapitest.Document, error) { return openapitest.Load("openapi.yaml") })

// wantsDescribed checks that openapi.yaml describes an answer.
func wantsDescribed(t testing.TB, answer *http.Response, body []byte) {
	t.Helper()
	document, err := description()
	if err == nil {
		err = document.CheckAnswer(answer, body)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestDescriptionOfRoutes shows that routes and description are the same, and say the same of who may call.
func TestDescriptionOfRoutes(t *testing.T) {
	t.Parallel()
	document, err := description()
	if err != nil {
		t.Fatal(err)
	}
	described := make(map[string]openapitest.Operation)
	for _, v := range document.Operations() {
		described[v.Method+" "+v.Path] = v
	}
	s := newSite(t)
	routes := make(map[string]openapitest.Operation)
	for _, v := range s.server.Routes() {
		path := pathRule.ReplaceAllString(v.Path, "}")
		switch {
		case path == "/api/upload/{secret}": // whose token stands in its address
			routes[v.Method+" "+path] = openapitest.Operation{Method: v.Method, Path: path}
		case isAPI(path):
			routes[v.Method+" "+path] = openapitest.Operation{
				Method: v.Method, Path: path, NeedsToken: v.ForUsers, Scope: v.Scope, ForAdmins: v.ForAdmins,
			}
		}
	}
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("- routes, + openapi.yaml:\n%s", diff)
	}
}

// TestDescriptionIsServed shows that everybody is given the description.
func TestDescriptionIsServed(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	r := s.anybody().get("/api/openapi.yaml").wants(200)
	if string(r.body) != string(want) || !strings.HasPrefix(r.header.Get("Content-Type"), "application/yaml") {
		t.Errorf("%s: %s, %d bytes; want application/yaml, the %d bytes of the file", r.call, r.header.Get("Content-Type"), len(r.body), len(want))
	}
	if head := s.anybody().do("HEAD", "/api/openapi.yaml", nil).wants(200); len(head.body) > 0 {
		t.Errorf("%s has a body", head.call)
	}
}
