package mail

import (
	"net"
	"strings"
	"testing"
)

func TestParseServer(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]server{
		"smtp://localhost":                                   {"localhost", 25, opportunistic, "", ""},
		"smtp://localhost:1025":                              {"localhost", 1025, opportunistic, "", ""},
		"smtp://localhost:1025/":                             {"localhost", 1025, opportunistic, "", ""},
		"SMTP://mail.example.org":                            {"mail.example.org", 25, opportunistic, "", ""},
		"smtp://[::1]:1025":                                  {"::1", 1025, opportunistic, "", ""},
		"smtp://user:password@host:465/?ssl=True":            {"host", 465, implicitTLS, "user", "password"},
		"smtp://user:password@host:587/?tls=True":            {"host", 587, startTLS, "user", "password"},
		"smtp://host?ssl=true":                               {"host", 465, implicitTLS, "", ""},
		"smtp://host?tls=1":                                  {"host", 587, startTLS, "", ""},
		"smtp://host?tls=False":                              {"host", 25, opportunistic, "", ""},
		"smtp://host?ssl=false&tls=0":                        {"host", 25, opportunistic, "", ""},
		"smtp://host/?ssl=False&tls=True":                    {"host", 587, startTLS, "", ""},
		"smtps://host":                                       {"host", 465, implicitTLS, "", ""},
		"smtps://host:2465?ssl=True":                         {"host", 2465, implicitTLS, "", ""},
		" smtp://host \n":                                    {"host", 25, opportunistic, "", ""},
		"smtp://sam%40example.org:p%2Fs%23%3F%25%3A@host:25": {"host", 25, opportunistic, "sam@example.org", "p/s#?%:"},
	} {
		got, err := parseServer(raw)
		if err != nil || got != want {
			t.Errorf("parseServer(%q) = %+v, %v; want %+v", raw, got, err, want)
		}
	}
}

func TestParseServerRefusesWithoutThePassword(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]error{
		"":                                       errScheme,
		"localhost:1025":                         errScheme,
		"http://host":                            errScheme,
		"smtp://":                                errURL,
		"smtp://:25":                             errURL,
		"smtp://host:0":                          errPort,
		"smtp://host:65536":                      errPort,
		"smtp://host:no":                         errURL,
		"smtp://user@host":                       errLogin,
		"smtp://:hunter2@host":                   errLogin,
		"smtp://us%0Aer:hunter2@host":            errLogin,
		"smtp://user:hunter2%00@host":            errLogin,
		"smtp://user:hun/ter2@host":              errURL,
		"smtp://user:1hunter2/x@host:25":         errURL,
		"smtp://user:1#hunter2@host:25":          errURL,
		"smtp://user:1/hunter2@host:25":          errURL,
		"smtp://user:1?hunter2@host:25":          errOptions,
		"smtp://user:hunter2%zz@host":            errURL,
		"smtp://host?ssl=yes":                    errOptions,
		"smtp://host?ssl=":                       errOptions,
		"smtp://host?ssl":                        errOptions,
		"smtp://host?ssl=True&ssl=False":         errOptions,
		"smtp://host?starttls=True":              errOptions,
		"smtp://user:hunter2@host?ssl=%zz":       errOptions,
		"smtp://user:hunter2@host?ssl=1&tls=1":   errBothTLS,
		"smtps://user:hunter2@host?ssl=False":    errSSLFalse,
		"smtps://user:hunter2@host?tls=True":     errSSLFalse,
		"smtp://user:hunter2@host/path?ssl=True": errURL,
	} {
		_, err := NewSMTP(raw, "fit@example.org")
		if err != want {
			t.Errorf("NewSMTP(%q) = %v; want %v", raw, err, want)
			continue
		}
		if text := err.Error(); strings.Contains(text, "hunter") || strings.Contains(text, "ter2") || strings.Contains(text, "\n") {
			t.Errorf("NewSMTP(%q) = %q; want one line without the password", raw, text)
		}
	}
}

func TestParseFrom(t *testing.T) {
	t.Parallel()
	for from, address := range map[string]string{
		"fit@example.org":                   "fit@example.org",
		"FitTrackee <fit@example.org>":      "fit@example.org",
		`"Vélo, Club" <fit@example.org>`:    "fit@example.org",
		"Zoë's Server <no-reply@localhost>": "no-reply@localhost",
	} {
		if got, err := parseFrom(from); err != nil || got.Address != address {
			t.Errorf("parseFrom(%q) = %v, %v; want %s", from, got, err, address)
		}
	}
	for _, from := range []string{
		"", "fit", "fit@", "@example.org", "Name", "a@example.org, b@example.org", "fit@exämple.org",
		"vélo@example.org", "fit@example.org\r\nBcc: all@example.org", "Name\r\nBcc: x <fit@example.org>",
		"=?utf-8?q?a=0D=0Ab?= <fit@example.org>",
	} {
		if _, err := NewSMTP("smtp://localhost", from); err == nil {
			t.Errorf("NewSMTP takes the sender %q", from)
		}
	}
}

func TestMayLogIn(t *testing.T) {
	t.Parallel()
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 25} }
	for _, c := range []struct {
		name     string
		verified bool
		remote   net.Addr
		want     bool
	}{
		{"clear text to the same machine", false, tcp("127.0.0.1"), true},
		{"clear text to the same machine, IPv6", false, tcp("::1"), true},
		{"clear text to the network", false, tcp("192.168.1.2"), false},
		{"clear text to the internet", false, tcp("203.0.113.7"), false},
		{"clear text to nowhere known", false, nil, false},
		{"TLS to the network", true, tcp("192.168.1.2"), true},
		{"TLS to the internet", true, tcp("2001:db8::1"), true},
	} {
		if got := mayLogIn(c.verified, c.remote); got != c.want {
			t.Errorf("%s: may log in = %t; want %t", c.name, got, c.want)
		}
	}
}
