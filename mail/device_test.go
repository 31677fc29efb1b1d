package mail

import (
	"strings"
	"testing"
	"unicode"
)

func TestDevice(t *testing.T) {
	t.Parallel()
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)"
	for _, c := range []struct {
		name, userAgent, device, browser string
	}{
		{
			"Safari on an iPhone",
			"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
			"iPhone", "Safari",
		},
		{
			"Chrome on an iPad",
			"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0.6478.35 Mobile/15E148 Safari/604.1",
			"iPad", "Chrome",
		},
		{"Chrome on Android", "Mozilla/5.0 (Linux; Android 14; Pixel 7) " + webkit + " Chrome/126.0.0.0 Mobile Safari/537.36", "Android", "Chrome"},
		{"Samsung's on Android", "Mozilla/5.0 (Linux; Android 13; SM-G991B) " + webkit + " SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36", "Android", "Samsung Browser"},
		{"Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0", "Windows", "Firefox"},
		{"Edge on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + " Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Windows", "Edge"},
		{"Chrome on Linux", "Mozilla/5.0 (X11; Linux x86_64) " + webkit + " Chrome/126.0.0.0 Safari/537.36", "Linux", "Chrome"},
		{"Safari on a Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "macOS", "Safari"},
		{"curl", "curl/8.5.0", "", "curl"},
		{"a client app", "MyTracker/2.1", "", "MyTracker"},
		{"nothing", "", "", ""},
		{"Mozilla alone", "Mozilla/5.0", "", ""},
		{"junk", strings.Repeat("\xff(;/ ", 2000), "", ""},
		{"10 kB of letters", strings.Repeat("a", 10_000), "", ""},
		{"control characters", "\x00\x1b[31m\r\nBcc: all@example.org", "", ""},
		{"a link for a browser", "https://evil.example/1.0", "", ""},
		{"a host for a browser", "evil.example/1.0", "", ""},
		{"a sentence for a browser", "call 0800 123456 now", "", ""},
		{"a sentence for a phone", "Mozilla/5.0 (Linux; Android 14; visit evil.example now) Chrome/126.0 Mobile Safari/537.36", "Android", "Chrome"},
	} {
		device, browser := Device(c.userAgent)
		if device != c.device || browser != c.browser {
			t.Errorf("%s: Device = %q, %q; want %q, %q", c.name, device, browser, c.device, c.browser)
		}
	}
}

func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; CrOS x86_64 15.0) Chrome/126.0 Safari/537.36")
	f.Add("Mozilla/5.0 (Linux; Android 14; K Build/x) [FBAN/FB4A;FBAV/1]")
	f.Add("(([;/:http://")
	f.Fuzz(func(t *testing.T, userAgent string) {
		device, browser := Device(userAgent)
		for _, s := range []string{device, browser} {
			if len(s) > 32 || strings.ContainsFunc(s, unicode.IsControl) || strings.ContainsAny(s, "./:@<>") {
				t.Errorf("Device(%q) = %q, %q; want short plain names", userAgent, device, browser)
			}
		}
	})
}
