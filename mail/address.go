package mail

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// security says how a connection is encrypted.
type security int

const (
	// opportunistic uses STARTTLS when the server offers it.
	opportunistic security = iota
	// startTLS insists on STARTTLS.
	startTLS
	// implicitTLS is encrypted from the first byte.
	implicitTLS
)

// port is the usual one for s: RFC 5321 for mail in clear, RFC 8314 for implicit TLS, RFC 6409 for
// submission with STARTTLS.
func (s security) port() int {
	return map[security]int{opportunistic: 25, startTLS: 587, implicitTLS: 465}[s]
}

// server is what an SMTP URL says.
type server struct {
	host     string
	port     int
	security security
	user     string
	password string
}

// What is wrong is said without quoting the URL: a password with a slash or a number sign in it
// turns up in any of its parts.
var (
	errURL      = errors.New("this is no URL such as smtp://user:password@host:587?tls=True; special characters in the user name and the password have to be percent-encoded: @ is %40, / is %2F, # is %23, ? is %3F, % is %25")
	errScheme   = errors.New("the URL has to begin with smtp:// or smtps://")
	errPort     = errors.New("the port has to be a number from 1 to 65535")
	errLogin    = errors.New("the URL has to have both a user name and a password, or neither, without control characters")
	errOptions  = errors.New("the URL may end with ?ssl=True for TLS from the first byte, or with ?tls=True for STARTTLS, and nothing else")
	errBothTLS  = errors.New("ssl=True (TLS from the first byte) and tls=True (STARTTLS) exclude each other")
	errSSLFalse = errors.New("smtps:// means TLS from the first byte, and ssl=False or tls=True contradict it")
)

// parseServer reads smtp://user:password@host:port/?ssl=True or ?tls=True, as FitTrackee writes it.
func parseServer(raw string) (server, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return server{}, errURL
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return server{}, errScheme
	}
	if u.Hostname() == "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return server{}, errURL
	}
	s := server{host: u.Hostname()}
	if s.security, err = parseSecurity(u); err != nil {
		return server{}, err
	}
	if s.port, err = parsePort(u.Port(), s.security); err != nil {
		return server{}, err
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if (s.user == "") != (s.password == "") || hasControl(s.user+s.password) {
		return server{}, errLogin
	}
	return s, nil
}

func parsePort(s string, sec security) (int, error) {
	if s == "" {
		return sec.port(), nil
	}
	port, err := strconv.Atoi(s)
	if err != nil || port < 1 || port > 65535 {
		return 0, errPort
	}
	return port, nil
}

func parseSecurity(u *url.URL) (security, error) {
	ssl, sslGiven, err := parseSwitch(u, "ssl")
	if err != nil {
		return 0, err
	}
	tls, _, err := parseSwitch(u, "tls")
	if err != nil {
		return 0, err
	}
	for name := range u.Query() {
		if name != "ssl" && name != "tls" {
			return 0, errOptions
		}
	}
	switch {
	case u.Scheme == "smtps" && (tls || sslGiven && !ssl):
		return 0, errSSLFalse
	case ssl && tls:
		return 0, errBothTLS
	case ssl || u.Scheme == "smtps":
		return implicitTLS, nil
	case tls:
		return startTLS, nil
	}
	return opportunistic, nil
}

// parseSwitch reads True, true, 1, False, false or 0. An empty value is refused: whoever writes
// "?tls=" wanted something.
func parseSwitch(u *url.URL, name string) (on, given bool, err error) {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return false, false, errOptions
	}
	values, given := query[name]
	if !given {
		return false, false, nil
	}
	on, err = strconv.ParseBool(values[0])
	if err != nil || len(values) > 1 {
		return false, true, errOptions
	}
	return on, true, nil
}

// address returns host and port.
func (s server) address() string {
	return net.JoinHostPort(s.host, strconv.Itoa(s.port))
}

// parseFrom reads the sender: an address, or a name and an address in angle brackets.
func parseFrom(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil {
		return nil, fmt.Errorf("the sender %q is no address such as fit@example.org or Name <fit@example.org>", s)
	}
	for _, r := range a.Address {
		if r <= ' ' || r > '~' {
			return nil, fmt.Errorf("the address of the sender %q may have ASCII characters only; write a domain's xn-- form", s)
		}
	}
	if hasControl(a.Name) {
		return nil, fmt.Errorf("the name of the sender %q has control characters", s)
	}
	return a, nil
}

// domain returns what follows the last @ of an address.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// checkRecipient takes bare addresses only, so that nothing of it can become another header line,
// another SMTP command or a second recipient.
func checkRecipient(to string) error {
	a, err := mail.ParseAddress(to)
	if err != nil || a.Address != to || hasControl(to) {
		return fmt.Errorf("%q is no mail address", to)
	}
	return nil
}

func hasControl(s string) bool {
	return strings.ContainsFunc(s, unicode.IsControl)
}
