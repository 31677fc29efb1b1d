package mail

import (
	"errors"
	"net"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

var (
	errNoLogin   = errors.New("the mail server offers no way to log in that is known here")
	errNotSecure = errors.New("the password is not sent: the connection is not encrypted to a server with a valid certificate (append ?tls=True or ?ssl=True to the URL)")
)

// mayLogIn tells whether credentials may be sent: verified is a connection encrypted to a server
// with a valid certificate. Otherwise they must not leave this machine.
func mayLogIn(verified bool, remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	return verified || ok && tcp.IP.IsLoopback()
}

// login is an smtp.Auth that uses the best way to log in that the server offers.
type login struct {
	user     string
	password string
	mayLogIn func() bool
	smtp.Auth
}

// Start is called when the server has said what it offers.
func (l *login) Start(info *smtp.ServerInfo) (mechanism string, toServer []byte, err error) {
	if !l.mayLogIn() {
		return "", nil, errNotSecure
	}
	if l.Auth = l.choose(info); l.Auth == nil {
		return "", nil, errNoLogin
	}
	return l.Auth.Start(info)
}

// choose returns nil when nothing fits. CRAM-MD5 comes last: servers offer it also for accounts for
// which they have only a hash of the password, with which it cannot work.
func (l *login) choose(info *smtp.ServerInfo) smtp.Auth {
	offers := func(mechanism string) bool { return slices.Contains(info.Auth, mechanism) }
	switch {
	case offers("SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(l.user, l.password)
	case offers("SCRAM-SHA-1"):
		return smtp.ScramSHA1Auth(l.user, l.password)
	case offers("PLAIN"):
		return smtp.PlainAuth("", l.user, l.password, info.Name, true)
	case offers("LOGIN"):
		return smtp.LoginAuth(l.user, l.password, info.Name, true)
	case offers("CRAM-MD5"):
		return smtp.CRAMMD5Auth(l.user, l.password)
	}
	return nil
}
