package contracttest

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// form is a set of texts: those that a regular expression describes and that are valid besides.
type form struct {
	expr  string
	valid func(string) bool
}

// forms are the texts that a placeholder stands for. Alone, <int> is a number and no text.
var forms = map[string]form{
	"<int>":       {`-?[0-9]+`, always},
	"<string>":    {`.+`, always},
	"<jwt>":       {`[\w-]+\.[\w-]+\.[\w-]+`, isJWT},
	"<http-date>": {`\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT`, isHTTPDate},
	// 22 characters of the alphabet of Python's shortuuid, which leaves out 0, 1, I, O and l.
	"<short-id>": {`[23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz]{22}`, always},
}

// placeholder is a form or a reference in a text. Other angle brackets are text: <a href="…">.
var placeholder = regexp.MustCompile(`<(?:int|string|jwt|http-date|short-id)>|` + reference.String())

var integer = regexp.MustCompile(`\A-?[0-9]+\z`)

// fitsTemplate tells whether got is a value of the template. It fails when the template refers to a
// value that has not been saved.
func fitsTemplate(got any, template string, saved values) (bool, error) {
	number, isNumber := got.(json.Number)
	if template == "<int>" {
		return isNumber && integer.MatchString(number.String()), nil
	}
	if template != "" && reference.FindString(template) == template {
		want, err := saved.get(template)
		if err != nil {
			return false, err
		}
		if want, ok := want.(json.Number); ok {
			return isNumber && number == want, nil
		}
	}
	text, ok := got.(string)
	if !placeholder.MatchString(template) {
		return ok && text == template, nil
	}
	fits, err := matcher(template, saved)
	return err == nil && ok && fits(text), err
}

// matcher returns what tells whether a text is one of the template.
func matcher(template string, saved values) (func(text string) bool, error) {
	var expr strings.Builder
	var checks []func(string) bool
	end := 0
	for _, at := range placeholder.FindAllStringIndex(template, -1) {
		expr.WriteString(regexp.QuoteMeta(template[end:at[0]]))
		end = at[1]
		f, err := formOf(template[at[0]:at[1]], saved)
		if err != nil {
			return nil, err
		}
		expr.WriteString("(" + f.expr + ")")
		checks = append(checks, f.valid)
	}
	expr.WriteString(regexp.QuoteMeta(template[end:]))
	whole := regexp.MustCompile(`(?s)\A` + expr.String() + `\z`)
	return func(text string) bool {
		groups := whole.FindStringSubmatch(text)
		for i, valid := range checks {
			if groups == nil || !valid(groups[i+1]) {
				return false
			}
		}
		return true
	}, nil
}

// formOf returns what a placeholder stands for. A saved value stands for itself, but a saved JWT for
// any: the cases were recorded on a server whose tokens of one second are equal, while a token may
// as well name its session.
func formOf(placeholder string, saved values) (form, error) {
	if f, ok := forms[placeholder]; ok {
		return f, nil
	}
	value, err := saved.fill(placeholder)
	if err != nil {
		return form{}, err
	}
	if isJWT(value) {
		return forms["<jwt>"], nil
	}
	return form{regexp.QuoteMeta(value), always}, nil
}

func always(string) bool { return true }

// isJWT tells whether a text is a signed JWT in its compact form (RFC 7519, section 3).
func isJWT(text string) bool {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return false
	}
	var header struct{ Alg string }
	var claims map[string]any
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	return err == nil && len(signature) > 0 &&
		decodePart(parts[0], &header) && header.Alg != "" &&
		decodePart(parts[1], &claims) && claims != nil
}

func decodePart(part string, into any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, into) == nil
}

// isHTTPDate tells whether a text is a date as HTTP writes it (RFC 1123, GMT). Reading it does not
// look at the weekday; writing it again does.
func isHTTPDate(text string) bool {
	date, err := time.Parse(http.TimeFormat, text)
	return err == nil && date.Format(http.TimeFormat) == text
}
