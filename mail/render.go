package mail

import (
	"bytes"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
)

// Kind is one of the mails that this server writes. Its messages in locales/ begin with its name.
type Kind string

const (
	// Confirm asks a new user to confirm the address of the account.
	Confirm Kind = "confirm"
	// Reset gives whoever forgot the password a link to set another.
	Reset Kind = "reset"
	// PasswordChanged tells the user that the password is another one now.
	PasswordChanged Kind = "password-changed"
	// EmailChanged tells the old address that the account is moving to a new one.
	EmailChanged Kind = "email-changed"
	// EmailConfirm asks the new address to confirm the move.
	EmailConfirm Kind = "email-confirm"
	// Test shows an administrator that mails arrive.
	Test Kind = "test"
)

// paths are the pages of the UI that use the tokens, for the kinds that carry one.
var paths = map[Kind]string{
	Confirm:      "/account-confirmation",
	Reset:        "/password-reset",
	EmailConfirm: "/email-update",
}

// Kinds returns all kinds of mail.
func Kinds() []Kind {
	return []Kind{Confirm, Reset, PasswordChanged, EmailChanged, EmailConfirm, Test}
}

// Data is what a mail is about. Its texts may come from anybody.
type Data struct {
	Username string
	// UIURL is the public address of the web UI, with or without a slash at its end.
	UIURL string
	// Token is what the link carries; only for kinds with a link.
	Token string
	// ValidFor is how long the token lives; only for kinds with a link.
	ValidFor time.Duration
	// NewEmail is the address that the account is moving to; only for EmailChanged.
	NewEmail string
	// Device and Browser are what asked, as Device returns them; each may be empty.
	Device  string
	Browser string
	// Language is a tag such as "fr" or "de-AT". A language without messages becomes English.
	Language string
}

//go:embed templates
var templateFiles embed.FS

var (
	textPart = texttemplate.Must(texttemplate.New("mail.txt").
			Funcs(texttemplate.FuncMap{"wrap": wrap}).ParseFS(templateFiles, "templates/mail.txt"))
	htmlPart = htmltemplate.Must(htmltemplate.ParseFS(templateFiles, "templates/mail.html"))
)

// letter is what the two templates lay out: the same words for both parts.
type letter struct {
	Language string
	Subject  string
	Heading  string
	Greeting string
	Before   []string // paragraphs above the link
	Link     string   // empty: no link
	Button   string   // what the link says in HTML
	LinkText string   // introduces the link in the text part
	LinkHint string   // introduces the link below the button
	After    []string // paragraphs below it
	Footer   string
}

// Render writes the mail of kind k to the address, with an ID of its own. It fails when k is
// unknown, or when d lacks what the mail is about.
func Render(k Kind, to string, d Data) (Message, error) {
	if err := check(k, d); err != nil {
		return Message{}, fmt.Errorf("mail %q: %w", k, err)
	}
	l := compose(k, d)
	var text, html bytes.Buffer
	if err := textPart.Execute(&text, l); err != nil {
		return Message{}, fmt.Errorf("mail %q: text part: %w", k, err)
	}
	if err := htmlPart.Execute(&html, l); err != nil {
		return Message{}, fmt.Errorf("mail %q: HTML part: %w", k, err)
	}
	return Message{ID: rand.Text(), To: to, Subject: l.Subject, Text: text.String(), HTML: html.String()}, nil
}

// check refuses mails that would reach their reader with a hole in them.
func check(k Kind, d Data) error {
	path, linked := paths[k]
	switch {
	case !slices.Contains(Kinds(), k):
		return errors.New("no such kind of mail")
	case d.Username == "":
		return errors.New("no user name")
	case k == EmailChanged && d.NewEmail == "":
		return errors.New("no new address")
	case linked && (d.Token == "" || d.ValidFor < time.Minute):
		return fmt.Errorf("no token for the link to %s, or one that lives less than a minute", path)
	}
	return checkUIURL(d.UIURL)
}

func checkUIURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not the address of a web page", s)
	}
	return nil
}

// compose finds the words.
func compose(k Kind, d Data) letter {
	c := catalogFor(d.Language)
	base := strings.TrimRight(d.UIURL, "/")
	say := func(key string) string {
		return strings.NewReplacer(
			"{username}", clean(d.Username),
			"{new_email}", clean(d.NewEmail),
			"{device}", clean(d.Device),
			"{browser}", clean(d.Browser),
			"{url}", base,
			"{duration}", c.duration(d.ValidFor),
		).Replace(c.messages[key])
	}
	name := string(k)
	l := letter{
		Language: c.language,
		Subject:  say(name + ".subject"),
		Heading:  say(name + ".heading"),
		Greeting: say("greeting"),
		Before:   []string{say(name + ".what")},
		Footer:   say("footer"),
	}
	if path, ok := paths[k]; ok {
		l.Link = base + path + "?token=" + url.QueryEscape(d.Token)
		l.Button = say(name + ".button")
		l.LinkText = say("link_text")
		l.LinkHint = say("link_hint")
		l.After = []string{say("valid_for")}
	}
	if key := originKey(k, d); key != "" {
		l.After = append(l.After, say(key))
	}
	l.After = append(l.After, say(name+".not_you"))
	return l
}

// originKey names the sentence on where a request or a change came from; empty when nobody knows.
func originKey(k Kind, d Data) string {
	about := "asked"
	if k == PasswordChanged || k == EmailChanged {
		about = "changed"
	}
	switch device, browser := clean(d.Device) != "", clean(d.Browser) != ""; {
	case device && browser:
		return about + ".both"
	case device:
		return about + ".device"
	case browser:
		return about + ".browser"
	}
	return ""
}
