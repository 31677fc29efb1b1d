package mailtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Mail is one mail as it arrived, for one recipient.
type Mail struct {
	// From and To are the addresses of the SMTP dialogue.
	From string
	To   string
	// Subject is decoded.
	Subject string
	// Text and HTML are the decoded parts, with plain line feeds; empty where there is no such part.
	Text string
	HTML string
	// Header holds all header lines, not decoded.
	Header mail.Header
	Raw    []byte
	// Encrypted tells whether the mail came over TLS.
	Encrypted bool
	// User is who was logged in; empty without a login.
	User string
}

// Parse reads a mail. It fails on what is no mail, and on encodings that no mail should have.
func Parse(raw []byte) (Mail, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, err
	}
	m := Mail{Header: msg.Header, Raw: raw}
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return Mail{}, fmt.Errorf("subject: %w", err)
	}
	if err := m.read(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body); err != nil {
		return Mail{}, err
	}
	return m, nil
}

// read takes in a part, or the parts inside it.
func (m *Mail) read(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain"
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.readParts(multipart.NewReader(body, params["boundary"]))
	}
	content, err := decode(encoding, body)
	if err != nil {
		return fmt.Errorf("part %s: %w", kind, err)
	}
	switch kind {
	case "text/plain":
		m.Text += content
	case "text/html":
		m.HTML += content
	}
	return nil
}

func (m *Mail) readParts(r *multipart.Reader) error {
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		err = m.read(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
	}
}

func decode(encoding string, body io.Reader) (string, error) {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit":
	default:
		return "", fmt.Errorf("unknown encoding %q", encoding)
	}
	content, err := io.ReadAll(body)
	return strings.ReplaceAll(string(content), "\r\n", "\n"), err
}
