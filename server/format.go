package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// httpDate formats a time as RFC 1123 does, in GMT.
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// dateOrNull formats a time, null when it is zero.
func dateOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	date := httpDate(t)
	return &date
}

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

// decimal returns units with a point before the last of them, such as 4995 m as 4.995 km: exact, without a detour
// over binary fractions, and with as many decimals as say something, but one at least.
func decimal(units int64, decimals int) json.Number {
	sign := ""
	if units < 0 {
		sign, units = "-", -units
	}
	text := strconv.FormatInt(units, 10)
	if short := decimals + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	point := len(text) - decimals
	fraction := strings.TrimRight(text[point:], "0")
	if fraction == "" {
		fraction = "0"
	}
	return json.Number(sign + text[:point] + "." + fraction)
}

// float returns a number with a decimal point even when it is whole, as FitTrackee writes it.
func float(v float64) json.Number {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return json.Number(text)
}

// decimalOrNull returns a number with a point before its last decimals, null for zero, as FitTrackee has it in workouts.
func decimalOrNull(units int64, decimals int) *json.Number {
	if units == 0 {
		return nil
	}
	n := decimal(units, decimals)
	return &n
}

// clockOrNull does the same for a duration.
func clockOrNull(seconds int64) *string {
	if seconds == 0 {
		return nil
	}
	text := clock(seconds)
	return &text
}
