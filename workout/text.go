package workout

import (
	"strings"
	"time"
	"unicode"

	"fittrackee/problem"
	"fittrackee/store"
)

// Longest texts of a workout, in characters, as FitTrackee has them.
const (
	maxTitleChars = 255
	maxNotesChars = 500
)

// readable returns a text without control characters, except those that begin a line or jump in one, and cut
// after maxChars.
func readable(text string, maxChars int) string {
	text = strings.Map(func(c rune) rune {
		if c == unicode.ReplacementChar || unicode.IsControl(c) && c != '\n' && c != '\r' && c != '\t' {
			return -1
		}
		return c
	}, text)
	n := 0
	for i := range text {
		if n == maxChars {
			return text[:i]
		}
		n++
	}
	return text
}

// readableNotes returns notes as they are kept. Too long ones are cut, as FitTrackee's clients expect.
func readableNotes(notes *string) *string {
	if notes == nil {
		return nil
	}
	text := readable(*notes, maxNotesChars)
	return &text
}

// typedTitle returns a title that somebody typed; empty when it says nothing.
func typedTitle(text string) (string, error) {
	title := strings.TrimSpace(readable(text, maxTitleChars+1))
	if len([]rune(title)) > maxTitleChars {
		return "", problem.New(problem.Invalid, "title: 255 characters maximum")
	}
	return title, nil
}

// defaultTitle names a workout that has no name of its own.
func defaultTitle(sport store.Sport, startedAt time.Time, zone *time.Location) string {
	return sport.Label + " - " + startedAt.In(zone).Format(time.DateTime)
}
