package mailtest

import (
	"crypto/hmac"
	"crypto/md5" // CRAM-MD5 is defined with it
	"encoding/hex"
	"io"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

type backend struct{ sink *Sink }

// NewSession is called at EHLO.
func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	if b.sink.now() == HangAtHello {
		b.sink.hang()
		return nil, errForNow
	}
	_, encrypted := c.TLSConnectionState()
	return &session{sink: b.sink, conn: c, encrypted: encrypted}, nil
}

// session is one client's dialogue.
type session struct {
	sink      *Sink
	conn      *smtp.Conn
	encrypted bool
	user      string
	from      string
	to        []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.now() == RefuseSender {
		return errSender
	}
	if s.sink.user != "" && s.user == "" {
		return errNoLogin
	}
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch s.sink.now() {
	case RefuseForNow:
		return errForNow
	case RefuseRecipient:
		return errRecipient
	case RefuseRelay:
		return errRelay
	case HangAtRecipient:
		s.sink.hang()
		return errForNow
	}
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	behaviour := s.sink.now()
	switch behaviour {
	case RefuseContent:
		return errContent
	case HangAtData:
		s.sink.hang()
		return errForNow
	case DropAtData:
		return s.conn.Conn().Close()
	}
	mails, err := s.parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Not a mail: " + err.Error()}
	}
	s.sink.keep(mails)
	if behaviour == DropAfterData {
		return s.conn.Conn().Close()
	}
	return nil
}

// parse makes a Mail for each recipient.
func (s *session) parse(raw []byte) ([]Mail, error) {
	m, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	m.From, m.Encrypted, m.User = s.from, s.encrypted, s.user
	mails := make([]Mail, 0, len(s.to))
	for _, to := range s.to {
		m.To = to
		mails = append(mails, m)
	}
	return mails, nil
}

// AuthMechanisms is asked for at EHLO.
func (s *session) AuthMechanisms() []string { return s.sink.mechanisms }

// Auth begins a login.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	switch mechanism {
	case "PLAIN":
		return sasl.NewPlainServer(func(_, user, password string) error { return s.login(user, password) }), nil
	case "LOGIN":
		return &loginServer{session: s}, nil
	case "CRAM-MD5":
		return &cramServer{session: s}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (s *session) login(user, password string) error {
	if user != s.sink.user || password != s.sink.password {
		return smtp.ErrAuthFailed
	}
	s.user = user
	return nil
}

// loginServer asks for the user name, then for the password.
type loginServer struct {
	session *session
	user    *string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.session.login(*l.user, string(response))
}

// cramServer is CRAM-MD5, RFC 2195: the answer is the user name and the challenge's keyed digest.
type cramServer struct {
	session *session
}

const cramChallenge = "<1896.697170952@sink.test>"

func (c *cramServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return []byte(cramChallenge), false, nil
	}
	digest := hmac.New(md5.New, []byte(c.session.sink.password))
	digest.Write([]byte(cramChallenge))
	wanted := c.session.sink.user + " " + hex.EncodeToString(digest.Sum(nil))
	if string(response) != wanted {
		return nil, true, smtp.ErrAuthFailed
	}
	c.session.user = c.session.sink.user
	return nil, true, nil
}
