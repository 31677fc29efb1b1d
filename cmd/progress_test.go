package cmd

import (
	"bytes"
	"testing"
	"time"

	"fittrackee/workout"
)

// TestProgress shows progress in steps of a second, with a failure at the fifth.
func TestProgress(t *testing.T) {
	t.Parallel()
	steps := func(p *progress, out *bytes.Buffer) string {
		clock := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		p.now = func() time.Time { return clock }
		if !p.isTerminal {
			p.shown = clock
		}
		for i := range 30 {
			clock = clock.Add(time.Second)
			v := workout.Progress{Done: i + 1, Total: 29} // one more came meanwhile
			if i >= 4 {
				v.Failed = 1
			}
			if i == 4 {
				p.print("five: it is odd")
			}
			p.show(v)
			p.show(v) // at once, which is too often
		}
		p.clear()
		return out.String()
	}
	var out bytes.Buffer
	p := newProgress(&out, "refused")
	if p.isTerminal {
		t.Error("a buffer is taken for a terminal")
	}
	want := "five: it is odd\n10/29  1 refused\n20/29  1 refused\n30/30  1 refused\n"
	if got := steps(p, &out); got != want {
		t.Errorf("progress = %q; want %q", got, want)
	}

	out.Reset()
	p = &progress{out: &out, isTerminal: true, failed: "refused", interval: barInterval}
	got := steps(p, &out)
	for _, want := range []string{
		"[                    ] 1/29\r                           \r[#                   ] 2/29\r",
		"[##                  ] 4/29\r                           \rfive: it is odd\n[###                 ] 5/29  1 refused\r",
		"[####################] 30/30  1 refused\r                                       \r",
	} {
		if !bytes.Contains([]byte(got), []byte(want)) {
			t.Errorf("progress on a terminal = %q; want %q in it", got, want)
		}
	}
	if n := bytes.Count([]byte(got), []byte("[")); n != 30 {
		t.Errorf("the bar is drawn %d times in 30 seconds; want 30", n)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"rides/été 日本.gpx": "rides/été 日本.gpx",
		"a\nb":             "a; b",
		"\x1b[31mred\r\a":  "�[31mred��",
		"latin\xe9.gpx":    "latin�.gpx",
		"\u202egpx.txt":    "�gpx.txt",
	} {
		if got := printable(text); got != want {
			t.Errorf("printable(%q) = %q; want %q", text, got, want)
		}
	}
}
