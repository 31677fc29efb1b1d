package track

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// clip cuts a text from a file so that it is short enough for a message.
func clip(s string) string {
	const long = 60
	if len(s) <= long {
		return s
	}
	cut := long
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// parseNumber reads a decimal number with an absolute value of at most limit. XML Schema's decimal
// has no exponent, but there are writers who use one.
func parseNumber(s string, limit float64) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	// Hexadecimal numbers are for Go only; NaN is not within any limit.
	if err != nil || !(math.Abs(v) <= limit) || strings.Contains(s, "x") || strings.Contains(s, "X") {
		return math.NaN(), false
	}
	return v, true
}

// parseTime reads a date and time as RFC 3339 and XML Schema have it, 2018-03-13T12:44:45.5+01:00,
// in Unix microseconds. Without a zone it is UTC; a space may stand for the T. What is smaller than
// a microsecond is cut off, a leap second is the next minute's first.
func parseTime(s string) (int64, bool) {
	if len(s) < len("2018-03-13T12:44:45") ||
		s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != ' ') || s[13] != ':' || s[16] != ':' {
		return NoTime, false
	}
	year, ok1 := digits(s[0:4], 9999)
	month, ok2 := digits(s[5:7], 12)
	day, ok3 := digits(s[8:10], 31)
	hour, ok4 := digits(s[11:13], 23)
	minute, ok5 := digits(s[14:16], 59)
	second, ok6 := digits(s[17:19], 60)
	micros, zone := cutFraction(s[19:])
	offset, ok7 := parseZone(zone)
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && ok7) {
		return NoTime, false
	}
	midnight := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if midnight.Day() != day || month == 0 {
		return NoTime, false
	}
	t := (midnight.Unix()+int64(hour*3600+minute*60+second-offset))*1e6 + micros
	return t, minTime <= t && t <= maxTime
}

// digits reads a number of digits only, up to limit.
func digits(s string, limit int) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, n <= limit
}

// cutFraction takes the fraction of a second, if there is one, off the front of s.
func cutFraction(s string) (micros int64, rest string) {
	if len(s) < 2 || (s[0] != '.' && s[0] != ',') || s[1] < '0' || s[1] > '9' {
		return 0, s
	}
	unit := int64(100_000)
	i := 1
	for ; i < len(s) && '0' <= s[i] && s[i] <= '9'; i++ {
		micros += int64(s[i]-'0') * unit
		unit /= 10
	}
	return micros, s[i:]
}

// parseZone reads Z, +01:00, +0100, +01 or nothing, in seconds east of UTC.
func parseZone(s string) (int, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	sign := 1
	switch s[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return 0, false
	}
	s = s[1:]
	if len(s) == len("01:00") && s[2] == ':' {
		s = s[:2] + s[3:]
	}
	if len(s) != len("01") && len(s) != len("0100") {
		return 0, false
	}
	hours, ok1 := digits(s[:2], 23)
	minutes, ok2 := digits(s[2:], 59)
	return sign * (hours*3600 + minutes*60), ok1 && ok2
}
