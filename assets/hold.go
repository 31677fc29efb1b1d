package assets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// holdLife is how long a hold lasts after it was last renewed. It bounds how long one whose process was
	// killed keeps files from being removed.
	holdLife = time.Minute
	// holdRenewal is how often a hold is renewed.
	holdRenewal = 5 * time.Second
)

// ErrHoldLost is returned when a hold was not renewed in time, such as on a machine that was asleep.
// Files that were to stay may be gone.
var ErrHoldLost = errors.New("held up for too long to be sure that no file was removed meanwhile")

// Hold keeps the files of pictures and tracks where they are, until release is called: what other
// processes are to remove meanwhile, they leave to a later Sweep. Whoever lists what rows name after
// Hold has returned finds all of these files. A row is removed before its files, so one that is listed
// was removed after the marker of the hold was there for all to see.
//
// The context that it returns ends with ctx, and with ErrHoldLost as its cause when the hold is lost.
// release fails with that error too.
func (f *Files) Hold(ctx context.Context) (held context.Context, release func() error, err error) {
	if err := makePrivate(f.holds); err != nil {
		return nil, nil, fmt.Errorf("hold the kept files: %w", err)
	}
	h := &hold{marker: filepath.Join(f.holds, NewName())}
	if err := os.WriteFile(h.marker, nil, 0o600); err != nil {
		return nil, nil, fmt.Errorf("hold the kept files: %w", err)
	}
	h.renewed = wallTime()
	if err := h.renew(); err != nil {
		return nil, nil, errors.Join(err, removeFile(h.marker))
	}
	held, lose := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.renewUntilDone(held, lose)
	}()
	return held, func() error {
		lose(nil)
		<-ended
		return errors.Join(h.check(), removeFile(h.marker))
	}, nil
}

// hold is the marker of a hold, a file whose time of modification says how young it is.
type hold struct {
	marker  string
	renewed time.Time // the time of modification
	lost    bool
}

// wallTime returns the time of day, which goes on while the machine sleeps, and is what other processes
// compare the marker's with.
func wallTime() time.Time { return time.Now().Round(0) }

// check fails when others may have taken the hold for one that is over.
func (h *hold) check() error {
	h.lost = h.lost || !isFresh(h.renewed)
	if h.lost {
		return ErrHoldLost
	}
	return nil
}

// renew makes the marker young. It fails when it had become too old by then.
func (h *hold) renew() error {
	now := wallTime()
	if err := os.Chtimes(h.marker, now, now); err != nil {
		h.lost = true
		return fmt.Errorf("%w: %w", ErrHoldLost, err)
	}
	err := h.check() // of what the others saw until now
	h.renewed = now
	return err
}

func (h *hold) renewUntilDone(ctx context.Context, lose func(cause error)) {
	tick := time.NewTicker(holdRenewal)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := h.renew(); err != nil {
				lose(err)
				return
			}
		}
	}
}

// isFresh tells whether a marker with that time still counts. One from the future does not: the clock
// was wrong then, or is now.
func isFresh(renewed time.Time) bool { return wallTime().Sub(renewed).Abs() < holdLife }

// isHeld tells whether a hold is on. It reads one folder, which is all but always empty.
func (f *Files) isHeld() (bool, error) {
	markers, err := os.ReadDir(f.holds)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether files are held: %w", err)
	}
	for _, marker := range markers {
		if info, err := marker.Info(); err == nil && isFresh(info.ModTime()) {
			return true, nil
		}
	}
	return false, nil
}

// leaveHeld tells whether a hold is on. If so, the files that were to be removed become young, so that a
// Sweep knows since when nothing names them.
func (f *Files) leaveHeld(paths ...string) (bool, error) {
	isHeld, err := f.isHeld()
	if err != nil || !isHeld {
		return false, err
	}
	now := time.Now()
	var failed []error
	for _, path := range paths {
		if err := os.Chtimes(path, now, now); !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return true, errors.Join(failed...)
}
