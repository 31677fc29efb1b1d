// Package contracttest replays the cases of the API contract against a server, over HTTP. A case is a
// whole conversation, kept as JSON: requests with the answers that are due, mails that must or must
// not arrive, administrator's commands. The package reads cases, sends what they say, and tells in
// readable words where the server differs. Starting the server, its mail sink and its commands is
// left to the test that calls it.
package contracttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Case is one conversation. Load returns it complete and checked.
type Case struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Steps []Step `json:"steps"`

	fixtures fs.FS
}

// Kind says what a step does.
type Kind string

// The kinds of steps.
const (
	Request Kind = "request" // send a request and compare the answer
	Mail    Kind = "mail"    // a mail must arrive
	NoMail  Kind = "no_mail" // no mail may arrive
	CLI     Kind = "cli"     // run an administrator's command
)

// Step is one line of a conversation. In its texts ${name} stands for a value that an earlier step
// saved.
type Step struct {
	Do Kind `json:"do"`

	// Of a request. At most one of the four bodies is set; an empty form is a body too.
	Method    string            `json:"method"`
	Path      string            `json:"path"`
	Headers   map[string]string `json:"headers"`
	JSON      json.RawMessage   `json:"json"`
	Form      map[string]string `json:"form"`
	Multipart []Part            `json:"multipart"`
	Body      *string           `json:"body"`

	To   string   `json:"to"`   // of mail and no_mail: the address
	Args []string `json:"args"` // of cli: the command's arguments

	// Save maps a name to where its value is found: a path in the answer's JSON such as
	// data.workouts.0.id, with ?code at its end the parameter of the URL that stands there, or of a
	// mail the regular expression whose first group is the value.
	Save   map[string]string `json:"save"`
	Expect *Expect           `json:"expect"`
}

// Part is one field of a multipart form: a fixture's bytes, or a value.
type Part struct {
	Name     string `json:"name"`
	File     string `json:"file"`
	Value    string `json:"value"`
	Filename string `json:"filename"`
}

// Expect is what must come back. Empty fields are not compared.
type Expect struct {
	Status      int             `json:"status"`
	ContentType string          `json:"content_type"`
	JSON        json.RawMessage `json:"json"`
	Subject     string          `json:"subject"`
}

// Names returns the names of the cases in dir/cases, sorted. It fails when there are none.
func Names(dir string) ([]string, error) {
	files, err := fs.Glob(os.DirFS(dir), "cases/*.json")
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("list cases: no cases in %s", dir)
	}
	for i, file := range files {
		files[i] = strings.TrimSuffix(path.Base(file), ".json")
	}
	slices.Sort(files)
	return files, nil
}

// Load reads the case dir/cases/name.json, whose fixtures are in dir/fixtures. It fails when the case
// says anything that Replay does not understand, or names a fixture that does not exist.
func Load(dir, name string) (Case, error) {
	return load(os.DirFS(dir), name)
}

func load(files fs.FS, name string) (Case, error) {
	text, err := fs.ReadFile(files, "cases/"+name+".json")
	if err != nil {
		return Case{}, fmt.Errorf("load case: %w", err)
	}
	fixtures, err := fs.Sub(files, "fixtures")
	if err != nil {
		return Case{}, fmt.Errorf("load case %s: %w", name, err)
	}
	c := Case{fixtures: fixtures}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(&c); err != nil {
		return Case{}, fmt.Errorf("load case %s: %w", name, err)
	}
	if c.Name != name {
		return Case{}, fmt.Errorf("load case %s: it calls itself %q", name, c.Name)
	}
	for i, s := range c.Steps {
		if err := s.check(fixtures); err != nil {
			return Case{}, fmt.Errorf("load case %s: step %d: %w", name, i+1, err)
		}
	}
	return c, nil
}

// String names the step for a reader of the case: its method and path, or its kind and object.
func (s Step) String() string {
	switch s.Do {
	case Request:
		return s.Method + " " + s.Path
	case CLI:
		return "cli " + strings.Join(s.Args, " ")
	default:
		return string(s.Do) + " to " + s.To
	}
}

func (s Step) check(fixtures fs.FS) error {
	switch s.Do {
	case Request:
		return s.checkRequest(fixtures)
	case Mail:
		return s.checkMail()
	case NoMail:
		if s.To == "" {
			return errors.New("no_mail without an address")
		}
	case CLI:
		if len(s.Args) == 0 {
			return errors.New("cli without arguments")
		}
	default:
		return fmt.Errorf("unknown kind of step %q", s.Do)
	}
	return nil
}

func (s Step) checkRequest(fixtures fs.FS) error {
	if s.Method == "" || !strings.HasPrefix(s.Path, "/") {
		return fmt.Errorf("request without a method or a path: %q", s)
	}
	if s.Expect == nil || s.Expect.Status == 0 {
		return errors.New("request without a status to expect")
	}
	bodies := 0
	for _, set := range []bool{present(s.JSON), s.Form != nil, s.Multipart != nil, s.Body != nil} {
		if set {
			bodies++
		}
	}
	if bodies > 1 {
		return fmt.Errorf("request with %d bodies", bodies)
	}
	for _, p := range s.Multipart {
		if p.File == "" {
			continue
		}
		if _, err := fs.Stat(fixtures, p.File); err != nil {
			return fmt.Errorf("fixture: %w", err)
		}
	}
	return nil
}

func (s Step) checkMail() error {
	if s.To == "" {
		return errors.New("mail without an address")
	}
	for name, expr := range s.Save {
		re, err := regexp.Compile(expr)
		if err != nil {
			return fmt.Errorf("save %s: %w", name, err)
		}
		if re.NumSubexp() == 0 {
			return fmt.Errorf("save %s: no group in %q", name, expr)
		}
	}
	return nil
}

// present tells whether a JSON field is there and is not null.
func present(field json.RawMessage) bool {
	return len(field) > 0 && string(field) != "null"
}
