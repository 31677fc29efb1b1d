package auth

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// maxURLBytes is how long an address of an application may be.
const maxURLBytes = 2000

// isRedirectURI tells whether an application may register an address for its codes: of https; of http on this very machine (RFC 8252,
// 7.3); or of a scheme of its own, which has a point in it because it is a domain turned round (RFC 8252, 7.1). There is no
// fragment, no user, no wildcard, nothing that browsers read otherwise than we do, and no parameter that an answer has.
func isRedirectURI(text string) bool {
	u, ok := parsePlainURL(text)
	if !ok || hasAnswer(u) {
		return false
	}
	switch {
	case u.Scheme == "https":
		return isHost(u)
	case u.Scheme == "http":
		return isHost(u) && isLoopback(u.Hostname())
	}
	return strings.Contains(u.Scheme, ".") && u.Opaque == "" && (u.Host == "" || isHost(u))
}

// isWebsite tells whether an application may name an address as its home.
func isWebsite(text string) bool {
	u, ok := parsePlainURL(text)
	return ok && (u.Scheme == "https" || u.Scheme == "http") && isHost(u)
}

// parsePlainURL reads an address that means the same to everybody who reads it.
func parsePlainURL(text string) (u *url.URL, ok bool) {
	if len(text) > maxURLBytes || strings.ContainsFunc(text, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune("*#\\\"<>^`{|}", c)
	}) {
		return nil, false
	}
	u, err := url.Parse(text)
	return u, err == nil && u.User == nil && u.String() == text
}

// hasAnswer tells whether the query of an address can be mixed up with an answer to it (RFC 6749, 4.1.2), or is none.
func hasAnswer(u *url.URL) bool {
	q, err := url.ParseQuery(u.RawQuery)
	return err != nil || q.Has("code") || q.Has("state") || q.Has("error")
}

// isHost tells whether an address has a name or number of a machine, and a port if any.
func isHost(u *url.URL) bool {
	if _, port, err := net.SplitHostPort(u.Host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	host := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is6() && addr.Zone() == ""
	}
	if endsInNumber(host) {
		addr, err := netip.ParseAddr(host)
		return err == nil && addr.Is4()
	}
	return host != "" && !strings.ContainsFunc(host, func(c rune) bool {
		isPlain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
		return !isPlain
	})
}

// endsInNumber tells whether browsers take a host for an IPv4 address, in one of many notations, such as 127.1 and 0x7f000001
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.Trim(last, "0123456789") == "" {
		return last != ""
	}
	digits, isHex := strings.CutPrefix(strings.ToLower(last), "0x")
	return isHex && strings.Trim(digits, "0123456789abcdef") == ""
}

// isLoopback tells whether a host is the machine of whoever opens it.
func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// answerURL returns a registered address with a code or an error, as name says, and the state if there is one (RFC 6749, 4.1.2 and
// 4.1.2.1). What the address has already stays as it is.
func answerURL(redirectURI, name, value, state string) string {
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
	}
	answer := redirectURI + separator + name + "=" + url.QueryEscape(value)
	if state != "" {
		answer += "&state=" + url.QueryEscape(state)
	}
	return answer
}
