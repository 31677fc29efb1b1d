package contracttest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// script is a server that plays a case by heart: to each request it gives the answer that the case
// expects, with an example for each form, and it sends the mails between.
type script struct {
	mailbox
	t     *testing.T
	steps []Step
	saved values
	wrong bool // whether to spoil the last answer
}

// play replays the case c against its own script.
func play(t *testing.T, c Case, wrong bool) error {
	t.Helper()
	s := &script{t: t, steps: c.Steps, saved: values{}, wrong: wrong}
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		s.answer(w, r)
	}))
	defer server.Close()
	return replay(t.Context(), c, Target{
		URL: server.URL, Mail: s.take, CLI: func(...string) error { return nil },
		MailWait: time.Second, NoMailWait: time.Millisecond,
	})
}

func (s *script) answer(w http.ResponseWriter, r *http.Request) {
	s.checkFilled(r)
	for s.steps[0].Do != Request {
		s.steps = s.steps[1:]
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	s.sendMails()
	status := step.Expect.Status
	if s.wrong && len(s.steps) == 0 {
		status = http.StatusTeapot
	}
	w.Header().Set("Content-Type", step.Expect.ContentType)
	w.WriteHeader(status)
	if present(step.Expect.JSON) {
		_, _ = w.Write(s.example(step))
	}
}

// checkFilled checks that no reference is left in a request. In a file anything may stand.
func (s *script) checkFilled(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		body = nil
	}
	if text := r.URL.String() + r.Header.Get("Authorization") + string(body); reference.MatchString(text) {
		s.t.Errorf("%s %s holds a reference: %s", r.Method, r.URL, text)
	}
}

// sendMails sends the mails that are due before the next request, the last one first.
func (s *script) sendMails() {
	var due []Step
	for _, step := range s.steps {
		if step.Do == Request {
			break
		}
		if step.Do == Mail {
			due = append([]Step{step}, due...)
		}
	}
	for _, step := range due {
		l := letter{subject: "Something"}
		if step.Expect != nil {
			l.subject = step.Expect.Subject
		}
		for name, expr := range step.Save {
			before, _, _ := strings.Cut(expr, "(")
			s.saved[name] = "token-" + name
			l.text += "https://example.com" + strings.ReplaceAll(before, `\`, "") + "token-" + name + "\n"
		}
		s.put(step.To, l)
	}
}

// example returns an answer that the step expects, and remembers what the step saves of it.
func (s *script) example(step Step) []byte {
	for name, where := range step.Save {
		s.saved[name] = "a-new-" + name
		if where == "auth_token" {
			s.saved[name] = jwt(`{"sub":1}`)
		}
		if strings.HasPrefix(name, "w") {
			s.saved[name] = strings.Repeat("k", 22)
		}
	}
	tree, err := parseJSON(step.Expect.JSON)
	if err != nil {
		s.t.Error(err)
	}
	text, err := json.Marshal(s.examples(tree))
	if err != nil {
		s.t.Error(err)
	}
	return text
}

func (s *script) examples(tree any) any {
	switch tree := tree.(type) {
	case map[string]any:
		for key := range tree {
			tree[key] = s.examples(tree[key])
		}
	case []any:
		for i := range tree {
			tree[i] = s.examples(tree[i])
		}
	case string:
		if tree == "<int>" {
			return 7
		}
		text, err := s.saved.fill(strings.NewReplacer(
			"<string>", "text", "<jwt>", jwt("{}"), "<http-date>", "Sun, 14 Jul 2019 14:09:58 GMT", "<short-id>", strings.Repeat("k", 22),
		).Replace(tree))
		if err != nil {
			s.t.Error(err)
		}
		return text
	}
	return tree
}

// Every real case can be replayed: its values are saved before they are used, its forms and regular
// expressions can be met, and a wrong answer at its very end is noticed.
func TestEveryRealCaseCanBePlayed(t *testing.T) {
	t.Parallel()
	for _, c := range realCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if err := play(t, c, false); err != nil {
				t.Error(err)
			}
			if err := play(t, c, true); err == nil || !strings.Contains(err.Error(), "status: got 418") {
				t.Errorf("a wrong status at the end: error %v; want status: got 418", err)
			}
		})
	}
}
