package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// httpDate formats a time as RFC 1123 does, in GMT.
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// clock formats seconds as H:MM:SS, with the days before it from the first on: "1 day, 1:23:59".
func clock(seconds int64) string {
	text := fmt.Sprintf("%d:%02d:%02d", seconds%86400/3600, seconds%3600/60, seconds%60)
	switch days := seconds / 86400; days {
	case 0:
		return text
	case 1:
		return "1 day, " + text
	default:
		return fmt.Sprintf("%d days, %s", days, text)
	}
}

// decimal is a number with a fixed count of decimals, such as 4995 m as 4.995 km. In JSON it has as many of
// them as say something, and one at least.
type decimal struct {
	units    int64
	decimals int
}

// MarshalJSON writes the exact number, without a detour over binary fractions.
func (d decimal) MarshalJSON() ([]byte, error) {
	text := fmt.Sprintf("%0*d", d.decimals+1, max(d.units, -d.units))
	whole, fraction := text[:len(text)-d.decimals], text[len(text)-d.decimals:]
	fraction = strings.TrimRight(fraction, "0")
	if fraction == "" {
		fraction = "0"
	}
	if d.units < 0 {
		whole = "-" + whole
	}
	return []byte(whole + "." + fraction), nil
}

// float is a number that has a decimal point in JSON even when it is whole, as FitTrackee writes it.
type float float64

// MarshalJSON writes the shortest text that reads back as the same number.
func (f float) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(f), 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}
