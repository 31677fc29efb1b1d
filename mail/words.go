package mail

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	fallback = "en"
	// lineWidth is how many characters a line of a text part has at most, longer words excepted.
	lineWidth = 72
	// maxForeign is how many characters of a name or an address are shown. Addresses have up to 254.
	maxForeign = 254
)

//go:embed locales
var localeFiles embed.FS

// catalog holds the messages of one language.
type catalog struct {
	language string
	messages map[string]string
}

var catalogs = readCatalogs()

// readCatalogs panics on broken files: they are part of the program.
func readCatalogs() map[string]catalog {
	files, err := localeFiles.ReadDir("locales")
	if err != nil {
		panic(err)
	}
	all := make(map[string]catalog, len(files))
	for _, f := range files {
		language := strings.TrimSuffix(f.Name(), ".json")
		all[language] = readCatalog(language)
	}
	return all
}

func readCatalog(language string) catalog {
	file := path.Join("locales", language+".json")
	content, err := localeFiles.ReadFile(file)
	if err != nil {
		panic(err)
	}
	c := catalog{language: language}
	if err := json.Unmarshal(content, &c.messages); err != nil {
		panic(fmt.Sprintf("%s: %v", file, err))
	}
	return c
}

// catalogFor returns the messages for a tag such as "de" or "fr-CA", else the English ones.
func catalogFor(tag string) catalog {
	language, _, _ := strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if c, ok := catalogs[strings.ToLower(language)]; ok {
		return c
	}
	return catalogs[fallback]
}

// duration says d in words, cut off to the largest unit that does not make it much shorter: "one
// hour", "90 minutes", "7 days".
func (c catalog) duration(d time.Duration) string {
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}} {
		switch {
		case d == unit.size:
			return c.messages[unit.name+".one"]
		case d >= 2*unit.size:
			return c.count(unit.name, int(d/unit.size))
		}
	}
	return c.count("minute", int(d/time.Minute))
}

func (c catalog) count(unit string, n int) string {
	if n == 1 {
		return c.messages[unit+".one"]
	}
	return strings.ReplaceAll(c.messages[unit+".other"], "{n}", strconv.Itoa(n))
}

// clean makes a foreign text fit for a sentence: one line, bounded, without characters that are not
// seen or that turn the direction of what follows.
func clean(s string) string {
	if len(s) > utf8.UTFMax*maxForeign {
		s = s[:utf8.UTFMax*maxForeign]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Cf, r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > maxForeign {
		return string(runes[:maxForeign]) + "…"
	}
	return s
}

// isBlank leaves out the no-break space, which French has before a colon.
func isBlank(r rune) bool { return r == ' ' }

// wrap breaks a paragraph between words. A word is never broken, so that addresses stay whole.
func wrap(paragraph string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.FieldsFunc(paragraph, isBlank) {
		width := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+width > lineWidth:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	return b.String()
}
