// Package mailtest is an SMTP server for tests. It speaks the real protocol on a loopback address,
// keeps what it takes, and can be told at any moment to refuse, to hang, to hang up or to be slow.
// It needs no *testing.T, so that programs which test the built binary can use it as well.
package mailtest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// Option sets how a Sink is reached. Without one it speaks in clear and wants no password.
type Option func(*Sink)

// ImplicitTLS encrypts from the first byte, with a certificate made on the fly.
func ImplicitTLS() Option {
	return func(s *Sink) { s.implicitTLS = true }
}

// StartTLS offers STARTTLS, with a certificate made on the fly.
func StartTLS() Option {
	return func(s *Sink) { s.startTLS = true }
}

// Auth takes mails only after a login. Mechanisms are PLAIN, LOGIN and CRAM-MD5; none means the
// first two. They are offered on unencrypted connections, too.
func Auth(user, password string, mechanisms ...string) Option {
	if len(mechanisms) == 0 {
		mechanisms = []string{"PLAIN", "LOGIN"}
	}
	return func(s *Sink) { s.user, s.password, s.mechanisms = user, password, mechanisms }
}

// Sink is a running SMTP server that keeps its mails. All its methods may be used by many
// goroutines at a time.
type Sink struct {
	addr        string
	implicitTLS bool
	startTLS    bool
	user        string
	password    string
	mechanisms  []string
	certificate *tls.Certificate // nil without TLS
	listener    net.Listener
	server      *smtp.Server

	mu          sync.Mutex
	behaviour   Behaviour
	delay       time.Duration
	released    chan struct{} // closed when those who hang may go on
	closed      bool
	connections int
	mails       []Mail
	taken       []bool        // as long as mails: what Wait has returned
	arrived     chan struct{} // closed and replaced at each mail
}

// NewSink starts a sink on a free loopback port and closes it when the test ends. It fails the test
// when it cannot.
func NewSink(t testing.TB, options ...Option) *Sink {
	t.Helper()
	s, err := Start("127.0.0.1:0", options...)
	if err != nil {
		t.Fatalf("start an SMTP sink: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Start starts a sink at addr, such as "127.0.0.1:0" for any free port, or the Addr of a closed
// sink to have it back. The caller closes it.
func Start(addr string, options ...Option) (*Sink, error) {
	s := &Sink{released: make(chan struct{}), arrived: make(chan struct{})}
	for _, option := range options {
		option(s)
	}
	if s.implicitTLS || s.startTLS {
		certificate, err := selfSigned()
		if err != nil {
			return nil, fmt.Errorf("make a certificate: %w", err)
		}
		s.certificate = certificate
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	s.addr = listener.Addr().String()
	s.listener = listener
	s.serve(listener)
	return s, nil
}

func (s *Sink) serve(listener net.Listener) {
	s.server = smtp.NewServer(backend{s})
	s.server.Domain = "sink.test"
	s.server.AllowInsecureAuth = true
	s.server.EnableSMTPUTF8 = true
	s.server.MaxMessageBytes = 1 << 20
	s.server.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are part of the tests
	listener = gate{listener, s}
	if s.startTLS {
		s.server.TLSConfig = s.tlsConfig()
	}
	if s.implicitTLS {
		listener = tls.NewListener(listener, s.tlsConfig())
	}
	go func() { _ = s.server.Serve(listener) }() // ends with Close
}

func (s *Sink) tlsConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{*s.certificate}, MinVersion: tls.VersionTLS12}
}

// Addr returns host and port.
func (s *Sink) Addr() string { return s.addr }

// URL returns what to configure: smtp://127.0.0.1:port, with user, password and TLS if there are any.
func (s *Sink) URL() string {
	u := url.URL{Scheme: "smtp", Host: s.addr}
	if s.user != "" {
		u.User = url.UserPassword(s.user, s.password)
	}
	switch {
	case s.implicitTLS:
		u.RawQuery = "ssl=True"
	case s.startTLS:
		u.RawQuery = "tls=True"
	}
	return u.String()
}

// Roots returns the pool with which a client trusts the sink; empty without TLS.
func (s *Sink) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CertificatePEM())
	return pool
}

// Close ends the server and its connections at once, and may be called again. The mails can still be
// read.
func (s *Sink) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.released)
	}
	s.mu.Unlock()
	// The server closes listeners that it has begun to serve only, which it does a moment after Start.
	_ = s.listener.Close()
	err := s.server.Close()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Connections counts the connections so far: how often somebody has tried.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Mails returns all mails so far, oldest first.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails)
}

// Left returns the mails for the address that Wait has not returned yet, oldest first.
func (s *Sink) Left(to string) []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []Mail
	for i, m := range s.mails {
		if !s.taken[i] && strings.EqualFold(m.To, to) {
			left = append(left, m)
		}
	}
	return left
}

// Wait returns the oldest mail for the address that it has not returned before. It waits for one at
// most as long as told, and says whether there was one. Letter case does not matter.
func (s *Sink) Wait(to string, atMost time.Duration) (Mail, bool) {
	deadline := time.After(atMost)
	for {
		m, arrived, ok := s.take(to)
		if ok {
			return m, true
		}
		select {
		case <-arrived:
		case <-deadline:
			return Mail{}, false
		}
	}
}

// take returns the oldest mail not taken yet, or else a channel that closes at the next mail.
func (s *Sink) take(to string) (Mail, <-chan struct{}, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, m := range s.mails {
		if !s.taken[i] && strings.EqualFold(m.To, to) {
			s.taken[i] = true
			return m, nil, true
		}
	}
	return Mail{}, s.arrived, false
}

// keep adds the mails of one transaction.
func (s *Sink) keep(mails []Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, mails...)
	s.taken = append(s.taken, make([]bool, len(mails))...)
	close(s.arrived)
	s.arrived = make(chan struct{})
}
