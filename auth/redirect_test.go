package auth

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// browserURL is what a browser makes of an address, as far as it matters to whom that leads.
type browserURL struct {
	scheme, host string
	hasUser      bool
}

// readAsBrowser reads an address as browsers do, written from their standard and not from our rules (https://url.spec.whatwg.org/#url-parsing).
func readAsBrowser(text string) (u browserURL, ok bool) {
	text = strings.TrimFunc(text, func(c rune) bool { return c <= ' ' })
	text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || scheme == "" {
		return u, false
	}
	u.scheme = strings.ToLower(scheme)
	isSpecial := slices.Contains([]string{"http", "https", "ws", "wss", "ftp"}, u.scheme)
	ends := "/?#"
	switch {
	case isSpecial:
		rest = strings.TrimLeft(rest, `/\`) // however many there are
		ends = `/?#\`
	case strings.HasPrefix(rest, "//"):
		rest = rest[2:]
	default:
		return u, true // there is no host
	}
	if end := strings.IndexAny(rest, ends); end >= 0 {
		rest = rest[:end]
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		u.hasUser = true
		rest = rest[at+1:]
	}
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, ']') {
		rest = rest[:colon]
	}
	if u.host = rest; isSpecial && rest == "" {
		return u, false
	}
	if !isSpecial {
		return u, true
	}
	if decoded, err := url.PathUnescape(rest); err == nil {
		u.host = decoded
	}
	u.host = strings.ToLower(u.host)
	if number, isNumber := browserIPv4(u.host); isNumber {
		u.host = number
	}
	return u, u.host != ""
}

// browserIPv4 reads a host as an IPv4 address in any of the notations that browsers know. The number of one that is none is empty.
func browserIPv4(host string) (number string, isNumber bool) {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	values := make([]uint64, len(parts))
	var err error
	for i, part := range parts {
		base, digits := 10, part
		if hex, isHex := strings.CutPrefix(part, "0x"); isHex {
			base, digits = 16, "0"+hex
		} else if len(part) > 1 && part[0] == '0' {
			base = 8
		}
		v, partErr := strconv.ParseUint(digits, base, 40)
		if i == len(parts)-1 {
			isDecimal := part != "" && strings.Trim(part, "0123456789") == ""
			if partErr != nil && !isDecimal {
				return "", false
			}
		}
		if partErr != nil || i < len(parts)-1 && v > 255 {
			err = strconv.ErrRange
		}
		values[i] = v
	}
	if err != nil || len(parts) > 4 {
		return "", true
	}
	last := values[len(values)-1]
	if last >= 1<<(8*(5-len(values))) {
		return "", true
	}
	var four [4]byte
	for i := range four {
		if i < len(values)-1 {
			four[i] = byte(values[i])
		} else {
			four[i] = byte(last >> (8 * (3 - i)))
		}
	}
	return netip.AddrFrom4(four).String(), true
}

func TestReadAsBrowser(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]browserURL{
		"https://Example.com/a":                {"https", "example.com", false},
		"\x00 ht\ntps://exa\tmple.com ":        {"https", "example.com", false},
		`https:\\example.com\@evil.example`:    {"https", "example.com", false},
		"https:example.com":                    {"https", "example.com", false},
		"https:///example.com":                 {"https", "example.com", false},
		"https://example.com@evil.example:1/@": {"https", "evil.example", true},
		"https://%65xample.com?@":              {"https", "example.com", false},
		"http://2130706433":                    {"http", "127.0.0.1", false},
		"http://0x7f.1:80":                     {"http", "127.0.0.1", false},
		"http://0177.0.0.1.":                   {"http", "127.0.0.1", false},
		"http://[::1]:80/":                     {"http", "[::1]", false},
		`a.b://x\y@z/`:                         {"a.b", "z", true},
		"a.b:/x":                               {"a.b", "", false},
	} {
		if got, ok := readAsBrowser(text); got != want || !ok {
			t.Errorf("readAsBrowser(%q) = %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "x", ":x", "https://", "https:///?", "http://1.2.3.4.5", "http://999999999999", "http://1.2.3.256"} {
		if got, ok := readAsBrowser(text); ok {
			t.Errorf("readAsBrowser(%q) = %v; want nothing", text, got)
		}
	}
}

// FuzzRedirectURI looks for an address that may be registered and leads a browser with a code to somebody else.
func FuzzRedirectURI(f *testing.F) {
	f.Add("https://example.com/callback", "xyz")
	f.Fuzz(func(t *testing.T, address, state string) {
		if !isRedirectURI(address) {
			return
		}
		u, err := url.Parse(address)
		if err != nil || u.String() != address || u.User != nil || u.Fragment != "" || strings.Contains(address, "#") || len(address) > maxURLBytes {
			t.Fatalf("%q is taken, and read as %#v, %v; want it to read as it is, without user and fragment", address, u, err)
		}
		browser, ok := readAsBrowser(address)
		if !ok || browser.hasUser || browser.scheme != u.Scheme || !strings.EqualFold(u.Host, hostAndPort(browser.host, u)) {
			t.Errorf("%q leads to %s; a browser goes to %+v, %v", address, u.Host, browser, ok)
		}
		addr, err := netip.ParseAddr(strings.Trim(browser.host, "[]"))
		isHere := browser.host == "localhost" || err == nil && addr.Unmap().IsLoopback()
		if u.Scheme != "https" && (u.Scheme != "http" || !isHere) && !strings.Contains(u.Scheme, ".") {
			t.Errorf("%q is taken; want https, http on this machine, or a scheme with a dot", address)
		}

		answer := answerURL(address, "code", "the-code", state)
		if strings.ContainsFunc(answer, func(c rune) bool { return c <= ' ' || c > '~' }) {
			t.Errorf("answer %q; want what can stand in a header", answer)
		}
		to, err := url.Parse(answer)
		if err != nil {
			t.Fatalf("answer %q at %q: %v", answer, address, err)
		}
		if to.Scheme != u.Scheme || to.Host != u.Host || to.EscapedPath() != u.EscapedPath() || to.Opaque != "" || to.User != nil || to.Fragment != "" {
			t.Errorf("answer %q at %q; want it at the same place", answer, address)
		}
		if after, ok := readAsBrowser(answer); !ok || after != browser {
			t.Errorf("a browser takes answer %q to %+v; want %+v", answer, after, browser)
		}
		got, err := url.ParseQuery(to.RawQuery)
		before := u.Query()
		for name, values := range before {
			if !slices.Equal(values, got[name]) {
				t.Errorf("answer %q changes parameter %q", answer, name)
			}
		}
		parameters := 1
		if state != "" {
			parameters++
		}
		if err != nil || len(got) != len(before)+parameters || !slices.Equal(got["code"], []string{"the-code"}) ||
			state != "" && !slices.Equal(got["state"], []string{state}) {
			t.Errorf("answer %q has %q, %v; want one code and state %q beside %q", answer, got, err, state, before)
		}
	})
}

// hostAndPort returns a host with the port of an address, if that has one.
func hostAndPort(host string, u *url.URL) string {
	if u.Port() == "" {
		return host
	}
	return host + ":" + u.Port()
}
