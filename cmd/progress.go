package cmd

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"golang.org/x/term"

	"fittrackee/workout"
)

// progress shows how far a long command is: on a terminal by a bar that is drawn again and again, elsewhere by a line now and
// then. What else the command has to say goes through it.
type progress struct {
	out        io.Writer
	isTerminal bool
	failed     string // what things are that failed, such as "refused"
	interval   time.Duration
	shown      time.Time // when it was shown last
	now        func() time.Time
	bar        string // on the terminal now
}

// How often progress is shown.
const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 10 * time.Second
)

// newProgress returns the progress that is shown on out.
func newProgress(out io.Writer, failed string) *progress {
	p := &progress{out: out, failed: failed, interval: lineInterval, now: time.Now}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.isTerminal, p.interval = true, barInterval
	} else {
		p.shown = p.now() // a short run says nothing
	}
	return p
}

// show shows how far the command is, unless it has just been shown.
func (p *progress) show(v workout.Progress) {
	if p.now().Sub(p.shown) < p.interval {
		return
	}
	p.shown = p.now()
	text := fmt.Sprintf("%d/%d", v.Done, max(v.Done, v.Total))
	if v.Failed > 0 {
		text += fmt.Sprintf("  %d %s", v.Failed, p.failed)
	}
	if !p.isTerminal {
		fmt.Fprintln(p.out, text)
		return
	}
	const width = 20
	full := width * v.Done / max(1, v.Done, v.Total)
	p.clear()
	p.bar = "[" + strings.Repeat("#", full) + strings.Repeat(" ", width-full) + "] " + text
	fmt.Fprint(p.out, p.bar)
}

// print prints a line.
func (p *progress) print(line string) {
	p.clear()
	fmt.Fprintln(p.out, line)
	if p.isTerminal {
		p.shown = time.Time{} // so that the bar comes back
	}
}

// clear takes the bar off the terminal.
func (p *progress) clear() {
	if p.bar != "" {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", len(p.bar)))
	}
	p.bar = ""
}

// printable returns a text from elsewhere, such as the name of a file, in one line and without what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, strings.ReplaceAll(text, "\n", "; "))
}
