package server

import (
	"maps"
	"strconv"
	"testing"
	"time"

	"fittrackee/problem"
)

// TestLimiterIsBounded shows that callers with ever new keys do not fill the memory.
func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	l := newLimiter(func() time.Time { return now }, rate{1, time.Hour})
	for i := range maxKeys + 5 {
		if _, err := l.take(strconv.Itoa(i)); err != nil {
			t.Fatalf("take of key %d: %v", i, err)
		}
		if len(l.events) > maxKeys {
			t.Fatalf("keys after %d = %d; want %d at most", i+1, len(l.events), maxKeys)
		}
	}
	if _, err := l.take(strconv.Itoa(maxKeys + 4)); err == nil {
		t.Error("the newest key is allowed again; want it remembered")
	}
	now = now.Add(time.Hour)
	if _, err := l.take("another"); err != nil || len(l.events) != 1 {
		t.Errorf("keys after an hour = %d, %v; want only the new one", len(l.events), err)
	}
}

// TestLimiterUndo shows that an event that is taken back counts no more, and others do.
func TestLimiterUndo(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	l := newLimiter(func() time.Time { return now }, rate{2, time.Minute})
	undo, err := l.take("a")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(10 * time.Second)
	if _, err := l.take("a"); err != nil {
		t.Fatal(err)
	}
	undo()
	undo() // again is nothing
	if _, err := l.take("a"); err != nil {
		t.Errorf("take after one of two was taken back: %v; want it allowed", err)
	}
	if _, err := l.take("a"); err == nil {
		t.Error("a third take is allowed; want two")
	}
}

// TestCounter begins more than one user may have at a time.
func TestCounter(t *testing.T) {
	t.Parallel()
	c := &counter{running: make(map[int64]int)}
	var ends []func()
	for i := range mostLongAnswers {
		end, err := c.begin(1)
		if err != nil {
			t.Fatalf("begin %d: %v", i, err)
		}
		ends = append(ends, end)
	}
	if _, err := c.begin(1); !problem.Is(err, problem.TooMany) {
		t.Errorf("one too many: %v; want a refusal", err)
	}
	if _, err := c.begin(2); err != nil {
		t.Errorf("another user: %v", err)
	}
	ends[0]()
	if _, err := c.begin(1); err != nil {
		t.Errorf("after one has ended: %v", err)
	}
	for _, end := range ends[1:] {
		end()
	}
	if want := map[int64]int{1: 1, 2: 1}; !maps.Equal(c.running, want) {
		t.Errorf("running: %v; want %v", c.running, want)
	}
}
