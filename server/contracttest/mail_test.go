package contracttest

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

// mailbox holds unread mails by address. All of them are there when somebody asks, or will not be.
type mailbox struct {
	mu     sync.Mutex
	unread map[string][]letter
}

func (m *mailbox) put(to string, l letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.unread == nil {
		m.unread = map[string][]letter{}
	}
	m.unread[to] = append(m.unread[to], l)
}

func (m *mailbox) take(to string, _ time.Duration) (subject, text string, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.unread[to]) == 0 {
		return "", "", false
	}
	l := m.unread[to][0]
	m.unread[to] = m.unread[to][1:]
	return l.subject, l.text, true
}

// The steps of TestMail.
const (
	noneForSam   = `{"do": "no_mail", "to": "sam@x.org"}`
	anyForSam    = `{"do": "mail", "to": "sam@x.org", "expect": null}`
	hello        = `{"do": "mail", "to": "sam@x.org", "expect": {"subject": "Hello"}}`
	confirmation = `{"do": "mail", "to": "sam@x.org", "expect": {"subject": "Confirm"}, "save": {"t": "/confirm\\?token=([\\w.~-]+)"}}`
	useToken     = `{"do": "request", "method": "GET", "path": "/?token=${t}", "expect": {"status": 200}}`
)

func TestMail(t *testing.T) {
	t.Parallel()
	confirm := letter{"Confirm", "Open https://x.org/confirm?token=a.b-c~d\nSoon."}
	for _, tt := range []struct {
		name  string
		mails []letter // to sam@x.org
		steps []string
		want  []string // parts of the failure
	}{
		{"none came", nil, []string{noneForSam}, nil},
		{"one came", []letter{{"Hello", ""}}, []string{noneForSam}, []string{`talk: step 1, no_mail to sam@x.org:`, `got mail ["Hello"]; want none`}},
		{"an unclaimed one is one too", []letter{{"Bye", ""}, {"Hello", ""}}, []string{hello, noneForSam}, []string{`step 2`, `got mail ["Bye"]; want none`}},
		{"any subject", []letter{{"Bye", ""}}, []string{anyForSam, noneForSam}, nil},
		{"the subject", []letter{{"Hello", ""}}, []string{hello}, nil},
		{"other subject", []letter{{"hello", ""}}, []string{hello}, []string{`step 1, mail to sam@x.org:`, `got no mail within 50ms; want one with subject "Hello"; unclaimed mails: ["hello"]`}},
		{"no mail, then on", nil, []string{anyForSam, noneForSam}, []string{`got no mail within 50ms; want one`}},
		{"saves", []letter{confirm}, []string{confirmation, useToken}, nil},
		{"nothing to save", []letter{{"Confirm", "no link"}}, []string{confirmation, useToken}, []string{`with "/confirm\\?token=([\\w.~-]+)" in its text`, "steps not taken after this: 1"}},
		{"any order by subject", []letter{{"Hello", ""}, confirm}, []string{confirmation, useToken, hello, noneForSam}, nil},
		{"any order by text", []letter{{"Confirm", "no link"}, confirm}, []string{confirmation, useToken, anyForSam, noneForSam}, nil},
		{"the oldest first", []letter{confirm, {"Confirm", "/confirm?token=new"}}, []string{confirmation, useToken}, nil},
		{"the kept before the new", []letter{{"A", ""}, {"Hello", ""}, {"B", ""}}, []string{hello, `{"do": "mail", "to": "sam@x.org", "expect": {"subject": "A"}}`, anyForSam, noneForSam}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			target := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.FormValue("token"); got != "a.b-c~d" {
					http.Error(w, got, http.StatusTeapot)
				}
			})
			box := &mailbox{}
			box.put("eve@x.org", letter{"Hello", "for eve"})
			for _, l := range tt.mails {
				box.put("sam@x.org", l)
			}
			target.Mail = box.take
			wantReplay(t, conversation(t, tt.steps...), target, tt.want...)
		})
	}
	wantReplay(t, conversation(t, anyForSam), Target{}, "the target has no Mail")
	wantReplay(t, conversation(t, noneForSam), Target{}, "the target has no Mail")
}

// A mailbox that never runs out of other mails does not hold the test up for ever.
func TestMailDeadline(t *testing.T) {
	t.Parallel()
	var waits []time.Duration
	target := Target{MailWait: 20 * time.Millisecond, NoMailWait: 7 * time.Millisecond}
	target.Mail = func(_ string, wait time.Duration) (subject, text string, ok bool) {
		waits = append(waits, wait)
		<-time.After(time.Millisecond)
		return "Other", "", true
	}
	wantReplay(t, conversation(t, hello), target, "got no mail within 20ms")
	if waits[0] != target.MailWait || waits[len(waits)-1] >= target.MailWait {
		t.Errorf("waited %v at first and %v at last; want 20ms and less", waits[0], waits[len(waits)-1])
	}
	waits = nil
	wantReplay(t, conversation(t, noneForSam), target, "want none")
	if len(waits) != 1 || waits[0] != target.NoMailWait {
		t.Errorf("waited %v for no mail; want 7ms once", waits)
	}
}

func TestDefaultPatience(t *testing.T) {
	t.Parallel()
	r := newRun(Case{}, Target{})
	if r.target.MailWait != 10*time.Second || r.target.NoMailWait != 300*time.Millisecond || r.client.Timeout == 0 {
		t.Errorf("waits %v for a mail, %v for none, %v for an answer; want 10s, 300ms, a limit",
			r.target.MailWait, r.target.NoMailWait, r.client.Timeout)
	}
}
