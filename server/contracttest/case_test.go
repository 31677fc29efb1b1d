package contracttest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// contract is the folder of the real cases.
const contract = "../testdata/contract"

// realCases loads every case of the contract.
func realCases(t *testing.T) []Case {
	t.Helper()
	names, err := Names(contract)
	if err != nil {
		t.Fatal(err)
	}
	cases := make([]Case, len(names))
	for i, name := range names {
		if cases[i], err = Load(contract, name); err != nil {
			t.Error(err)
		}
	}
	return cases
}

func TestEveryRealCaseLoads(t *testing.T) {
	t.Parallel()
	known := []Kind{Request, Mail, NoMail, CLI}
	used := map[Kind]bool{}
	for _, c := range realCases(t) {
		if len(c.Steps) == 0 {
			t.Errorf("%s has no steps", c.Name)
		}
		for i, s := range c.Steps {
			used[s.Do] = true
			if !slices.Contains(known, s.Do) {
				t.Errorf("%s: step %d is of the kind %q", c.Name, i+1, s.Do)
			}
		}
	}
	for _, kind := range known {
		if !used[kind] {
			t.Errorf("no case has a step of the kind %q", kind)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	names, err := Names(contract)
	if err != nil || !slices.IsSorted(names) || !slices.Contains(names, "workout-zip") {
		t.Errorf("Names = %q, %v; want a sorted list with workout-zip", names, err)
	}
	if names, err := Names(t.TempDir()); err == nil {
		t.Errorf("Names of an empty folder = %q; want an error", names)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{`{`, "unexpected EOF"},
		{`{"name": "other"}`, `it calls itself "other"`},
		{`{"name": "c", "stpes": []}`, `unknown field "stpes"`},
		{`{"name": "c", "steps": [{"do": "wait"}]}`, `step 1: unknown kind of step "wait"`},
		{`{"name": "c", "steps": [{"do": "request", "path": "/"}]}`, "without a method or a path"},
		{`{"name": "c", "steps": [{"do": "request", "method": "GET", "path": "/"}]}`, "without a status to expect"},
		{`{"name": "c", "steps": [{"do": "request", "method": "GET", "path": "/", "json": {}, "form": {}, "expect": {"status": 200}}]}`, "2 bodies"},
		{`{"name": "c", "steps": [{"do": "request", "method": "GET", "path": "/", "multipart": [{"file": "none.gpx"}], "expect": {"status": 200}}]}`, "none.gpx"},
		{`{"name": "c", "steps": [{"do": "mail"}]}`, "mail without an address"},
		{`{"name": "c", "steps": [{"do": "mail", "to": "a@b.c", "save": {"x": "("}}]}`, "missing closing )"},
		{`{"name": "c", "steps": [{"do": "mail", "to": "a@b.c", "save": {"x": "token"}}]}`, `no group in "token"`},
		{`{"name": "c", "steps": [{"do": "no_mail"}]}`, "no_mail without an address"},
		{`{"name": "c", "steps": [{"do": "cli"}]}`, "cli without arguments"},
	} {
		files := fstest.MapFS{"cases/c.json": {Data: []byte(tt.text)}, "fixtures/a.gpx": {}}
		if _, err := load(files, "c"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("load(%s): error %v; want …%s…", tt.text, err, tt.want)
		}
	}
	if _, err := Load(contract, "../README"); err == nil {
		t.Error("Load of a file outside of cases succeeded; want an error")
	}
}
