package auth

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	x := strings.Repeat
	for _, c := range []struct{ text, want string }{
		{"amelie@example.com", "amelie@example.com"},
		{"  amelie@example.com\n", "amelie@example.com"},
		{"Amelie@Example.COM", "Amelie@Example.COM"},
		{"a.b+c-d_e@sub.example.co.uk", "a.b+c-d_e@sub.example.co.uk"},
		{"!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"},
		{"a@b.cd", "a@b.cd"},
		{"a@xn--bcher-kva.example", "a@xn--bcher-kva.example"},
		{"a@example.xn--p1ai", "a@example.xn--p1ai"},
		{"a@1.2.example", "a@1.2.example"},
		{x("x", 64) + "@example.com", x("x", 64) + "@example.com"},
		{"a@" + x("x", 63) + ".com", "a@" + x("x", 63) + ".com"},
		{x("x", 60) + "@" + x("x.", 95) + "com", x("x", 60) + "@" + x("x.", 95) + "com"}, // 254
	} {
		if got, err := ParseEmail(c.text); err != nil || string(got) != c.want {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{
		"", " ", "x", "@", "a@", "@example.com", "a@b", "a@b.c", "a@@example.com", "a@b@example.com", "a b@example.com", "a@exa mple.com",
		".a@example.com", "a.@example.com", "a..b@example.com", "a@.example.com", "a@example.com.", "a@example..com", "a@-example.com",
		"a@example-.com", "a@exam_ple.com", "a@example.123", "a@127.0.0.1", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@localhost", "\"a b\"@example.com",
		"\"a\"@example.com", "Amelie <a@example.com>", "<a@example.com>", "a@example.com,b@example.com", "a@example.com;b@example.com",
		"a@example.com b@example.com", "mailto:a@example.com", "a(x)@example.com", "a\\@b@example.com", "a@example.com(x)", "é@example.com",
		"a@exämple.com", "а@example.com", "a@example.com\u200b", "a\x00@example.com", "a@example.com\x00", "a@example.com\r\nBcc: b@example.com",
		"a@example.com\nBcc: b@example.com", "a@example.com\rx", "a\r\n@example.com", "a@example.com\r\n.\r\nQUIT", "a@example.com>\r\nRCPT TO:<b@example.com",
		"a@example.com%0d%0ax", "a@example.com\vx", "a@example.com\u2028x", "a\t@example.com", "a@example.com?bcc=b@example.com",
		x("x", 65) + "@example.com", "a@" + x("x", 64) + ".com", x("x", 61) + "@" + x("x.", 95) + "com", x("x", 100_000) + "@example.com",
	} {
		if got, err := ParseEmail(text); err == nil {
			t.Errorf("ParseEmail(%.100q) = %.100q; want it refused", text, got)
		}
	}
}
