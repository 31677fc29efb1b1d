package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// TestSlowBodies begins requests while somebody may send them, and ends them when that is over (A06).
func TestSlowBodies(t *testing.T) {
	t.Parallel()
	jsonType, track := "application/json", fileForm("a.gpx", ride(morning, 3), `{"sport_id": 1}`)
	for _, c := range []struct {
		name, method, path, contentType, body string
		by                                    func(root, dan user) client // who sends it
		end                                   func(root, dan user, by client)
		status                                int
	}{
		{
			"an administrator who is one no more", "PATCH", "/api/users/dan", jsonType, `{"admin": true}`,
			func(_, dan user) client { return dan.client },
			func(root, _ user, _ client) { root.patch("/api/users/dan", object{"admin": false}).wants(200) },
			403,
		},
		{
			"an administrator who is locked out", "PATCH", "/api/users/dan", jsonType, `{"admin": true, "activate": true}`,
			func(_, dan user) client { return dan.client },
			func(root, _ user, _ client) {
				root.patch("/api/users/dan", object{"admin": false, "activate": false}).wants(200)
			},
			401,
		},
		{
			"a token that is deleted", "PATCH", "/api/users/amelie", jsonType, `{"admin": true}`,
			func(_, dan user) client { return dan.s.withToken(dan.personalToken("users:write")) },
			func(_, dan user, _ client) {
				dan.delete(fmt.Sprint("/api/auth/tokens/", dan.personalTokens()[0]["id"])).wants(204)
			},
			401,
		},
		{
			"settings of who was logged out", "PATCH", "/api/config", jsonType, `{"max_users": 1}`,
			func(_, dan user) client { return dan.client },
			func(_, _ user, by client) { by.post("/api/auth/logout", nil).wants(200) },
			401,
		},
		{
			"an upload of who was logged out", "POST", "/api/workouts", formType, track,
			func(_, dan user) client { return dan.client },
			func(_, _ user, by client) { by.post("/api/auth/logout", nil).wants(200) },
			401,
		},
		{
			"an application that is revoked", "POST", "/api/workouts/no_gpx", jsonType, encodeJSON(t, typedWorkout()),
			func(_, dan user) client { return dan.s.withToken(dan.accessToken("workouts:write")) },
			func(_, dan user, _ client) {
				clients := objects(dan.get("/api/oauth/apps").wants(200).data()["clients"])
				dan.delete(fmt.Sprint("/api/oauth/apps/", clients[0]["id"])).wants(204)
			},
			401,
		},
		{
			"nobody in between", "PATCH", "/api/users/amelie", jsonType, `{"activate": true}`,
			func(_, dan user) client { return dan.client }, func(user, user, client) {}, 200,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, withPeople)
			root, dan := s.person("root"), s.addAdmin("dan")
			by := c.by(root, dan)
			finish := s.beginRequest(c.method, c.path, by.token(), c.contentType, c.body)
			c.end(root, dan, by)
			before := s.everything()
			if status := finish(); status != c.status {
				t.Errorf("%s %s with a slow body = %d; want %d", c.method, c.path, status, c.status)
			}
			if after := s.everything(); c.status >= 400 && after != before {
				t.Error("it changed what is stored; want nothing")
			}
		})
	}
}

// beginRequest sends a request up to where its handler waits for the body. What it returns sends that, and returns the status of the
// answer.
func (s *site) beginRequest(method, path, token, contentType, body string) (finish func() int) {
	s.t.Helper()
	status, send := s.expecting(fmt.Sprintf("%s %s HTTP/1.1\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n",
		method, path, token, contentType, len(body)))
	if got := status(); got != http.StatusContinue {
		s.t.Fatalf("%s %s before its body: %d; want 100", method, path, got)
	}
	return func() int {
		send(body)
		return status()
	}
}

// wantsExpected sends a request, and its body when it may, and checks the statuses that come for it.
func (s *site) wantsExpected(name, head, body string, statuses []int) {
	s.t.Helper()
	status, send := s.expecting(head)
	for _, want := range statuses {
		if got := status(); got != want {
			s.t.Fatalf("%s: %d; want %d", name, got, want)
		}
		if want == http.StatusContinue {
			send(body)
		}
	}
}

// expecting sends the head of a request that waits until it may send its body (RFC 9110, 10.1.1). The functions that it returns read
// the next status, and send.
func (s *site) expecting(head string) (status func() int, send func(text string)) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.web.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	send = func(text string) {
		if _, err := io.WriteString(conn, text); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	send(head + "Host: x\r\nExpect: 100-continue\r\n\r\n")
	answers := bufio.NewReader(conn)
	return func() int {
		answer, err := http.ReadResponse(answers, nil)
		if err != nil {
			s.t.Fatalf("%s: %v", head, err)
		}
		return answer.StatusCode
	}, send
}
