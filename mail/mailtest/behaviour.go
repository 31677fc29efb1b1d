package mailtest

import (
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Behaviour is what a Sink does with a mail.
type Behaviour int

const (
	// Accept takes every mail. A sink begins with it.
	Accept Behaviour = iota
	// RefuseForNow answers each recipient with 451: try again later.
	RefuseForNow
	// RefuseRecipient answers each recipient with 550: there is no such mailbox.
	RefuseRecipient
	// RefuseRelay answers each recipient with 554: mails for others are not relayed.
	RefuseRelay
	// RefuseSender answers MAIL FROM with 550.
	RefuseSender
	// RefuseContent takes the content and then answers 554.
	RefuseContent
	// HangAtGreeting accepts connections and says nothing. With implicit TLS the handshake hangs.
	HangAtGreeting
	// HangAtHello greets and never answers EHLO.
	HangAtHello
	// HangAtRecipient never answers RCPT TO.
	HangAtRecipient
	// HangAtData takes the content and never answers, nor keeps it.
	HangAtData
	// DropAtData hangs up after the content, without keeping it.
	DropAtData
	// DropAfterData keeps the mail and hangs up before it says so.
	DropAfterData
)

// Set changes what happens from now on. Connections that hang go on, with an error for their mail.
func (s *Sink) Set(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
	if !s.closed {
		close(s.released)
		s.released = make(chan struct{})
	}
}

// SetDelay makes the sink slow: it lets d pass before it answers EHLO, MAIL, RCPT and the content.
func (s *Sink) SetDelay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// now returns the behaviour, after the delay.
func (s *Sink) now() Behaviour {
	s.mu.Lock()
	delay, released := s.delay, s.released
	s.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-released:
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}

// hang returns when the behaviour changes or the sink closes.
func (s *Sink) hang() {
	s.mu.Lock()
	released := s.released
	s.mu.Unlock()
	<-released
}

var (
	errForNow    = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	errRecipient = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox"}
	errRelay     = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Relay access denied"}
	errSender    = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 8}, Message: "Sender not known here"}
	errContent   = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "Content not wanted"}
	errNoLogin   = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Log in first"}
)

// gate counts connections and holds back what the server says first.
type gate struct {
	net.Listener
	sink *Sink
}

func (g gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g.sink.mu.Lock()
	g.sink.connections++
	g.sink.mu.Unlock()
	return &gatedConn{Conn: c, sink: g.sink}, nil
}

type gatedConn struct {
	net.Conn
	sink  *Sink
	first sync.Once
}

func (c *gatedConn) Write(p []byte) (int, error) {
	c.first.Do(func() {
		if c.sink.current() == HangAtGreeting {
			c.sink.hang()
			_ = c.Close()
		}
	})
	return c.Conn.Write(p)
}

// current returns the behaviour without delay.
func (s *Sink) current() Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.behaviour
}
