package mail

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the goldens")

// example is a mail that uses everything.
func example(language string) Data {
	return Data{
		Username: "amelie",
		UIURL:    "https://fit.example.org",
		Token:    "Zm9vYmFyLWJhei1xdXV4LWNvcmdlLWdyYXVsdC1nYXJwbHk",
		ValidFor: time.Hour,
		NewEmail: "amelie@new.example.org",
		Device:   "iPhone",
		Browser:  "Safari",
		Language: language,
	}
}

func render(t *testing.T, k Kind, d Data) Message {
	t.Helper()
	m, err := Render(k, "amelie@example.org", d)
	if err != nil {
		t.Fatalf("Render(%q): %v", k, err)
	}
	return m
}

func TestRenderGoldens(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "fr", "de"} {
		for _, k := range Kinds() {
			d := example(language)
			if k == Confirm {
				d.ValidFor = 7 * 24 * time.Hour
			}
			m := render(t, k, d)
			name := filepath.Join("testdata", string(k)+"."+language)
			golden(t, name+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
			golden(t, name+".html", m.HTML)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// The subjects and the links are part of the contract with FitTrackee's clients.
func TestEnglishSubjectsAndLinks(t *testing.T) {
	t.Parallel()
	d := example("en")
	for _, c := range []struct {
		kind    Kind
		subject string
		link    string
	}{
		{Confirm, "FitTrackee - Confirm your account", "https://fit.example.org/account-confirmation?token=" + d.Token},
		{Reset, "FitTrackee - Password reset request", "https://fit.example.org/password-reset?token=" + d.Token},
		{PasswordChanged, "FitTrackee - Password changed", ""},
		{EmailChanged, "FitTrackee - Email changed", ""},
		{EmailConfirm, "FitTrackee - Confirm email change", "https://fit.example.org/email-update?token=" + d.Token},
		{Test, "FitTrackee - Test e-mail", ""},
	} {
		m := render(t, c.kind, d)
		if m.Subject != c.subject {
			t.Errorf("subject of %q = %q; want %q", c.kind, m.Subject, c.subject)
		}
		if c.link == "" {
			if strings.Contains(m.Text+m.HTML, "token") {
				t.Errorf("%q has a token; want none", c.kind)
			}
			continue
		}
		if !slices.Contains(strings.Split(m.Text, "\n"), c.link) {
			t.Errorf("the text of %q has no line %q:\n%s", c.kind, c.link, m.Text)
		}
		if n := strings.Count(m.HTML, `href="`+c.link+`"`); n != 2 {
			t.Errorf("the HTML of %q links %d times to %q; want 2", c.kind, n, c.link)
		}
		if !strings.Contains(m.HTML, ">"+c.link+"</a>") {
			t.Errorf("the HTML of %q does not write out %q", c.kind, c.link)
		}
	}
}

func TestLinkStartsWithUIURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"https://fit.example.org":       "https://fit.example.org/password-reset?token=t",
		"https://fit.example.org/":      "https://fit.example.org/password-reset?token=t",
		"https://example.org/fit":       "https://example.org/fit/password-reset?token=t",
		"https://example.org/fit/":      "https://example.org/fit/password-reset?token=t",
		"http://192.168.1.20:5000":      "http://192.168.1.20:5000/password-reset?token=t",
		"http://[fd00::20]:5000/":       "http://[fd00::20]:5000/password-reset?token=t",
		"https://example.org/a%20b/fit": "https://example.org/a%20b/fit/password-reset?token=t",
	} {
		d := example("en")
		d.UIURL, d.Token = given, "t"
		m := render(t, Reset, d)
		if !strings.Contains(m.Text, "\n"+want+"\n") || !strings.Contains(m.HTML, `href="`+want+`"`) {
			t.Errorf("with the UI at %s, no link %s in\n%s\n%s", given, want, m.Text, m.HTML)
		}
	}
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   Kind
		change func(*Data)
	}{
		"unknown kind":        {"greetings", func(*Data) {}},
		"no user name":        {Reset, func(d *Data) { d.Username = "" }},
		"no token":            {Reset, func(d *Data) { d.Token = "" }},
		"no life":             {Confirm, func(d *Data) { d.ValidFor = 0 }},
		"no new address":      {EmailChanged, func(d *Data) { d.NewEmail = "" }},
		"no UI":               {PasswordChanged, func(d *Data) { d.UIURL = "" }},
		"UI without a scheme": {Reset, func(d *Data) { d.UIURL = "fit.example.org" }},
		"UI that is a script": {Reset, func(d *Data) { d.UIURL = "javascript:alert(1)" }},
		"UI with a query":     {Reset, func(d *Data) { d.UIURL = "https://fit.example.org/?a=b" }},
	} {
		d := example("en")
		c.change(&d)
		if m, err := Render(c.kind, "amelie@example.org", d); err == nil {
			t.Errorf("%s: rendered %q; want an error", name, m.Subject)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"en": "Hello", "fr": "Bonjour", "de": "Hallo", "": "Hello", "xx": "Hello", "it": "Hello",
		"FR": "Bonjour", "fr-CA": "Bonjour", "de_AT": "Hallo", "../de": "Hello", "french": "Hello",
	} {
		m := render(t, Reset, example(tag))
		if !strings.HasPrefix(m.Text, want+" amelie,\n") {
			t.Errorf("mail in %q begins with %q; want %q", tag, firstLine(m.Text), want)
		}
	}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		device, browser, want string
	}{
		{"iPhone", "Safari", "The request was made with Safari on iPhone."},
		{"Windows", "", "The request was made on Windows."},
		{"", "curl", "The request was made with curl."},
		{"", "", ""},
		{"\x00 \u202e", "\r\n", ""},
	} {
		d := example("en")
		d.Device, d.Browser = c.device, c.browser
		m := render(t, Reset, d)
		if c.want == "" && strings.Contains(m.Text, "The request was made") {
			t.Errorf("from nowhere: %s; want no word about it", m.Text)
		}
		if !strings.Contains(m.Text, c.want) || !strings.Contains(m.HTML, c.want) {
			t.Errorf("from %q, %q: no %q in\n%s", c.device, c.browser, c.want, m.Text)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for _, c := range []struct {
		d          time.Duration
		en, fr, de string
	}{
		{time.Minute, "one minute", "une minute", "eine Minute"},
		{59*time.Minute + 59*time.Second, "59 minutes", "59 minutes", "59 Minuten"},
		{time.Hour, "one hour", "une heure", "eine Stunde"},
		{90 * time.Minute, "90 minutes", "90 minutes", "90 Minuten"},
		{2 * time.Hour, "2 hours", "2 heures", "2 Stunden"},
		{day, "one day", "un jour", "einen Tag"},
		{36 * time.Hour, "36 hours", "36 heures", "36 Stunden"},
		{7 * day, "7 days", "7 jours", "7 Tage"},
		{7*day + 5*time.Hour, "7 days", "7 jours", "7 Tage"},
	} {
		for language, want := range map[string]string{"en": c.en, "fr": c.fr, "de": c.de} {
			if got := catalogFor(language).duration(c.d); got != want {
				t.Errorf("%v in %s = %q; want %q", c.d, language, got, want)
			}
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestLocalesAreEqual(t *testing.T) {
	t.Parallel()
	english := catalogs["en"].messages
	if len(catalogs) != 3 || len(english) == 0 {
		t.Fatalf("%d languages, %d English messages", len(catalogs), len(english))
	}
	for language, c := range catalogs {
		if diff := cmp.Diff(keys(english), keys(c.messages)); diff != "" {
			t.Errorf("keys of %s (-en +%s):\n%s", language, language, diff)
		}
		for key, message := range c.messages {
			if strings.TrimSpace(message) != message || message == "" {
				t.Errorf("%s: %q = %q; want words without space around them", language, key, message)
			}
			want, got := placeholders(english[key]), placeholders(message)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %q has %v; want %v", language, key, got, want)
			}
		}
	}
}

// A key that is written twice in a file would hide a message.
func TestLocalesHaveNoKeyTwice(t *testing.T) {
	t.Parallel()
	for language, c := range catalogs {
		content, err := localeFiles.ReadFile("locales/" + language + ".json")
		if err != nil {
			t.Fatal(err)
		}
		tokens := 0
		for decoder := json.NewDecoder(strings.NewReader(string(content))); ; tokens++ {
			if _, err := decoder.Token(); err != nil {
				break
			}
		}
		if want := 2*len(c.messages) + 2; tokens != want {
			t.Errorf("%s.json has %d tokens; want %d", language, tokens, want)
		}
	}
}

func TestEveryMessageIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{
		"greeting": true, "footer": true, "link_text": true, "link_hint": true, "valid_for": true,
		"minute.one": true, "minute.other": true, "hour.one": true, "hour.other": true, "day.one": true, "day.other": true,
		"asked.both": true, "asked.device": true, "asked.browser": true,
		"changed.both": true, "changed.device": true, "changed.browser": true,
	}
	for _, k := range Kinds() {
		for _, part := range []string{".subject", ".heading", ".what", ".not_you"} {
			used[string(k)+part] = true
		}
		if paths[k] != "" {
			used[string(k)+".button"] = true
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(used)), keys(catalogs["en"].messages)); diff != "" {
		t.Errorf("keys (-used +written):\n%s", diff)
	}
}

func keys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func placeholders(s string) []string {
	return slices.Sorted(slices.Values(placeholder.FindAllString(s, -1)))
}

func TestNothingIsLeftToFill(t *testing.T) {
	t.Parallel()
	for language := range catalogs {
		for _, k := range Kinds() {
			m := render(t, k, example(language))
			if left := regexp.MustCompile(`\{[a-z]`).FindString(m.Subject + m.Text); left != "" {
				t.Errorf("%q in %s still has %q:\n%s", k, language, left, m.Text)
			}
			if strings.Contains(m.HTML, "ZgotmplZ") {
				t.Errorf("%q in %s: html/template has refused a value:\n%s", k, language, m.HTML)
			}
		}
	}
}

func TestTextLinesAreShort(t *testing.T) {
	t.Parallel()
	for language := range catalogs {
		for _, k := range Kinds() {
			m := render(t, k, example(language))
			for line := range strings.Lines(m.Text) {
				line = strings.TrimSuffix(line, "\n")
				if utf8.RuneCountInString(line) > lineWidth && strings.Contains(line, " ") {
					t.Errorf("%q in %s: line of %d characters: %s", k, language, utf8.RuneCountInString(line), line)
				}
			}
			if strings.Contains(m.Text, "\n\n\n") {
				t.Errorf("%q in %s has more than one empty line:\n%s", k, language, m.Text)
			}
		}
	}
}

func TestHTMLLoadsNothing(t *testing.T) {
	t.Parallel()
	fetches := regexp.MustCompile(`(?i)<(img|link|script|iframe|object|base)|src=|url\(|@import|@font-face`)
	for _, k := range Kinds() {
		m := render(t, k, example("de"))
		if found := fetches.FindString(m.HTML); found != "" {
			t.Errorf("%q has %q; want a page that loads nothing", k, found)
		}
		for _, want := range []string{
			`<html lang="de">`, `<meta name="color-scheme" content="light dark">`, "prefers-color-scheme: dark",
		} {
			if !strings.Contains(m.HTML, want) {
				t.Errorf("%q lacks %s", k, want)
			}
		}
	}
}

func TestHostileValues(t *testing.T) {
	t.Parallel()
	hostile := "</p><script>alert('x')</script>\r\nBcc: all@example.org\r\n\r\nhello \u202etxt\x00{url}{n}\"'&"
	for _, k := range Kinds() {
		d := example("en")
		d.Username, d.NewEmail, d.Device, d.Browser = hostile, hostile, hostile, hostile
		m := render(t, k, d)
		if strings.Contains(m.HTML, "<script") || strings.Count(m.HTML, "</p>") != strings.Count(m.HTML, "<p") {
			t.Errorf("%q lets tags through:\n%s", k, m.HTML)
		}
		for _, bad := range []string{"\r", "\x00", "\u202e"} {
			if strings.Contains(m.Text+m.HTML+m.Subject, bad) {
				t.Errorf("%q has %q:\n%s", k, bad, m.Text)
			}
		}
		if !strings.Contains(m.Text, "{url}{n}") {
			t.Errorf("%q fills in what a user has written:\n%s", k, m.Text)
		}
	}
}

func TestTokenIsEscaped(t *testing.T) {
	t.Parallel()
	d := example("en")
	d.Token = "a b\"><x>&y=\n"
	m := render(t, Reset, d)
	want := "https://fit.example.org/password-reset?token=a+b%22%3E%3Cx%3E%26y%3D%0A"
	if !strings.Contains(m.Text, "\n"+want+"\n") {
		t.Errorf("no %s in\n%s", want, m.Text)
	}
	if strings.Contains(m.HTML, "<x>") {
		t.Errorf("a tag in\n%s", m.HTML)
	}
}

func TestLongValuesAreBounded(t *testing.T) {
	t.Parallel()
	d := example("en")
	d.Username = strings.Repeat("é", 100_000)
	m := render(t, PasswordChanged, d)
	if len(m.Text) > 5000 || !utf8.ValidString(m.Text) {
		t.Errorf("text of %d bytes, valid %t; want at most 5000", len(m.Text), utf8.ValidString(m.Text))
	}
}

func TestIDsDiffer(t *testing.T) {
	t.Parallel()
	a, b := render(t, Reset, example("en")), render(t, Reset, example("en"))
	if a.ID == b.ID || strings.ContainsFunc(a.ID, notInID) {
		t.Errorf("ids %q and %q; want two that fit into a header", a.ID, b.ID)
	}
	if a.To != "amelie@example.org" {
		t.Errorf("to %q", a.To)
	}
}
