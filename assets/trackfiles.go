package assets

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// KeepTracks keeps spooled uploads as tracks, each under its TrackName: all of them, safely on the
// disk, or none. It takes the uploads over, also when it fails: they are closed, and closing them again
// does nothing.
func (f *Files) KeepTracks(uploads []*Spooled) error {
	var err error
	for _, upload := range uploads {
		err = errors.Join(err, upload.settle())
	}
	if err == nil {
		err = f.nameTracks(uploads)
	}
	if err == nil {
		return nil
	}
	var names []string
	for _, upload := range uploads {
		names = append(names, upload.TrackName())
		err = errors.Join(err, removeFile(upload.file.Name()))
	}
	return fmt.Errorf("keep tracks: %w", errors.Join(err, f.unlinkTracks(names)))
}

// trackExt is what a track's name ends in, after a point.
const trackExt = "gpx"

// settle puts the upload safely on the disk and closes it.
func (s *Spooled) settle() error {
	// To the sweeper it is young again, however long the others of its archive took.
	now := time.Now()
	err := os.Chtimes(s.file.Name(), now, now)
	return errors.Join(err, s.file.Sync(), s.file.Close())
}

// nameTracks moves uploads out of tmp.
func (f *Files) nameTracks(uploads []*Spooled) error {
	for _, upload := range uploads {
		if err := os.Rename(upload.file.Name(), filepath.Join(f.tracks, upload.TrackName())); err != nil {
			return err
		}
	}
	return SyncDir(f.tracks)
}

// OpenTrack opens a kept track. A name that KeepTracks did not give, or that was removed, is an error
// that errors.Is(err, fs.ErrNotExist).
func (f *Files) OpenTrack(name string) (*os.File, error) {
	if _, ok := trackStem(name); !ok {
		return nil, fmt.Errorf("open track %q: %w", name, fs.ErrNotExist)
	}
	return os.Open(filepath.Join(f.tracks, name))
}

// RemoveTracks removes tracks and their series; what is missing is no error. When one cannot be
// removed it goes on, and reports it. It removes nothing when one of the names is not a track's. During a
// Hold, the tracks stay until they are swept.
func (f *Files) RemoveTracks(names []string) error {
	var paths []string
	for _, name := range names {
		if _, ok := trackStem(name); !ok {
			return fmt.Errorf("remove tracks: %q is not the name of a track", name)
		}
		paths = append(paths, filepath.Join(f.tracks, name))
	}
	if len(paths) == 0 {
		return nil
	}
	isHeld, err := f.leaveHeld(paths...)
	if isHeld || err != nil {
		err = errors.Join(err, f.unlinkSeries(names))
	} else {
		err = f.unlinkTracks(names)
	}
	if err != nil {
		return fmt.Errorf("remove tracks: %w", err)
	}
	return nil
}

// unlinkTracks removes tracks that no row has ever named, or that nothing holds, and their series.
func (f *Files) unlinkTracks(names []string) error {
	var failed []error
	for _, name := range names {
		failed = append(failed, removeFile(filepath.Join(f.tracks, name)))
	}
	return errors.Join(append(failed, f.unlinkSeries(names), SyncDir(f.tracks))...)
}

func (f *Files) unlinkSeries(names []string) error {
	var failed []error
	for _, series := range seriesOf(names) {
		failed = append(failed, removeFile(filepath.Join(f.series, series)))
	}
	return errors.Join(failed...)
}

// PutSeries stores what was derived from the track of that name, and replaces what was there. The
// track itself may be kept before or after: TrackName tells its name in advance. It fails on a name that
// is not a track's.
func (f *Files) PutSeries(track string, data []byte) error {
	stem, ok := trackStem(track)
	if !ok {
		return fmt.Errorf("put series: %q is not the name of a track", track)
	}
	if err := f.putCache(filepath.Join(f.series, stem), data); err != nil {
		return fmt.Errorf("put series: %w", err)
	}
	return nil
}

// Series returns what PutSeries stored for a track. What is missing is an error that
// errors.Is(err, fs.ErrNotExist). The caller checks that the data is whole: a power cut may have
// emptied it or filled it with zeros.
func (f *Files) Series(track string) ([]byte, error) {
	stem, ok := trackStem(track)
	if !ok {
		return nil, fmt.Errorf("read series of %q: %w", track, fs.ErrNotExist)
	}
	return os.ReadFile(filepath.Join(f.series, stem))
}

// trackStem returns a track's name without its ending. It is not ok for any other string.
func trackStem(name string) (stem string, ok bool) {
	stem, ext, ok := splitName(name)
	return stem, ok && ext == trackExt
}
