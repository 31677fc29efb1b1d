package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// dialogue is the connection of one mail. It is made and closed here and not by go-mail, which
// keeps connections open whose login has failed, and looks at the context while dialling only.
type dialogue struct {
	smtp *SMTP
	ctx  context.Context

	conn     net.Conn    // the TCP connection; nil before there is one
	stop     func() bool // ends the watch on ctx
	verified bool        // encrypted, to a server with a valid certificate
}

func (d *dialogue) send(msg *gomail.Msg) error {
	client, err := d.newClient()
	if err != nil {
		return err
	}
	c, err := client.DialToSMTPClientWithContext(d.ctx)
	if err != nil {
		return err
	}
	if err := client.SendWithSMTPClient(c, msg); err != nil && !msg.IsDelivered() {
		return err
	}
	// The server has the mail. An error now would have it sent again.
	_ = d.conn.SetDeadline(time.Now().Add(d.smtp.quitTimeout))
	_ = c.Quit()
	return nil
}

func (d *dialogue) newClient() (*gomail.Client, error) {
	s := d.smtp
	options := []gomail.Option{
		gomail.WithPort(s.server.port),
		// The context ends first, and says so.
		gomail.WithTimeout(2 * s.sendTimeout),
		gomail.WithDialContextFunc(d.dial),
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
		gomail.WithTLSConfig(d.tlsConfig()),
		gomail.WithTLSPolicy(policies[s.server.security]),
	}
	if s.server.user != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&login{
			user: s.server.user, password: s.server.password, mayLogIn: d.mayLogIn,
		}))
	}
	return gomail.NewClient(s.server.host, options...)
}

// policies are go-mail's words. It is handed connections with implicit TLS ready-made.
var policies = map[security]gomail.TLSPolicy{
	opportunistic: gomail.TLSOpportunistic,
	startTLS:      gomail.TLSMandatory,
	implicitTLS:   gomail.NoTLS,
}

// dial connects, and shakes hands where TLS comes first.
func (d *dialogue) dial(_ context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: d.smtp.dialTimeout}
	conn, err := dialer.DialContext(d.ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.conn = conn
	d.stop = context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	bounded := &boundedConn{Conn: conn, left: maxAnswer}
	if d.smtp.server.security != implicitTLS {
		return bounded, nil
	}
	encrypted := tls.Client(bounded, d.tlsConfig())
	if err := encrypted.HandshakeContext(d.ctx); err != nil {
		return nil, err
	}
	return encrypted, nil
}

// tlsConfig insists on a valid certificate where the operator asked for TLS. Opportunistic
// encryption goes on without: the alternative is clear text, which any certificate beats. But then
// the connection is not good enough for a password.
func (d *dialogue) tlsConfig() *tls.Config {
	config := &tls.Config{
		RootCAs:    d.smtp.roots,
		ServerName: d.smtp.server.host,
		MinVersion: tls.VersionTLS12,
	}
	config.VerifyConnection = func(state tls.ConnectionState) error {
		d.verified = d.verify(state) == nil
		return nil
	}
	config.InsecureSkipVerify = d.smtp.server.security == opportunistic
	return config
}

// verify checks the certificate as crypto/tls does.
func (d *dialogue) verify(state tls.ConnectionState) error {
	options := x509.VerifyOptions{
		Roots:         d.smtp.roots,
		DNSName:       d.smtp.server.host,
		Intermediates: x509.NewCertPool(),
	}
	for _, certificate := range state.PeerCertificates[1:] {
		options.Intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(options)
	return err
}

func (d *dialogue) mayLogIn() bool {
	return mayLogIn(d.verified, d.conn.RemoteAddr())
}

// hangUp closes the connection, however far it got.
func (d *dialogue) hangUp() {
	if d.conn != nil {
		d.stop()
		_ = d.conn.Close()
	}
}

// boundedConn gives up on a server that talks without end, whose lines would be kept in memory.
type boundedConn struct {
	net.Conn
	left int
}

var errTooMuch = errors.New("the mail server says too much")

func (c *boundedConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}
