package backup

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"fittrackee/assets"
)

// An archive is a zip file with these entries:
//
//	fittrackee.db                 the database
//	tracks/<hex>.gpx              the files that rows name, by their paths
//	pictures/<hex>.jpg/512.jpg    below the folder of the uploads
//	manifest.jsonl                what the archive has to have, one JSON object a line
//
// The first line of the manifest is its head; each of the others is a file that is in the archive, or that
// was missing when the archive was made. Lines, so that neither side needs memory for all of them at once.
const (
	databaseName = "fittrackee.db"
	manifestName = "manifest.jsonl"

	format        = "fittrackee backup"
	formatVersion = 1

	// maxManifest is how many bytes a manifest may have: more than a million files take.
	maxManifest = 256 << 20
	// maxLine is how many bytes a line of it may have.
	maxLine = 4 << 10
)

// head is the first line of a manifest.
type head struct {
	Format   string    `json:"format"`
	Version  int       `json:"version"`
	MadeAt   time.Time `json:"made_at"`
	Instance string    `json:"instance"` // what tells the database from any other
	Schema   int64     `json:"schema"`   // of the database
	Workouts int64     `json:"workouts"`
	Files    int       `json:"files"`   // lines of files that are there, with the database
	Missing  int       `json:"missing"` // lines of files that were not
	Faults   int       `json:"faults"`  // of the database
}

// isWhole tells whether nothing was wrong with what the backup was made of.
func (h head) isWhole() bool { return h.Missing == 0 && h.Faults == 0 }

// line is one of the others.
type line struct {
	Name    string `json:"name"`
	Size    int64  `json:"size,omitempty"`   // in bytes
	SHA256  string `json:"sha256,omitempty"` // in lower-case hexadecimal digits
	Missing bool   `json:"missing,omitempty"`
}

// entry is a file in an archive.
type entry struct {
	name string
	size int64 // in bytes
	sum  [32]byte
}

// writeManifest writes the lines of a manifest.
func writeManifest(w io.Writer, h head, entries []entry, missing []string) error {
	h.Format, h.Version, h.Files, h.Missing = format, formatVersion, len(entries), len(missing)
	lines := json.NewEncoder(w)
	if err := lines.Encode(h); err != nil {
		return err
	}
	for _, e := range entries {
		if err := lines.Encode(line{Name: e.name, Size: e.size, SHA256: hex.EncodeToString(e.sum[:])}); err != nil {
			return err
		}
	}
	for _, name := range missing {
		if err := lines.Encode(line{Name: name, Missing: true}); err != nil {
			return err
		}
	}
	return nil
}

// readHead reads the first line of a manifest.
func readHead(lines *bufio.Scanner) (h head, err error) {
	if !lines.Scan() {
		return h, errors.Join(lines.Err(), errors.New("it is empty"))
	}
	if err := json.Unmarshal(lines.Bytes(), &h); err != nil || h.Format != format {
		return h, errors.New("it is not one of a backup")
	}
	if h.Version != formatVersion {
		return h, fmt.Errorf("it was made by a newer version of fittrackee (format %d; this one knows %d)", h.Version, formatVersion)
	}
	return h, nil
}

// readManifest reads a manifest, and calls visit for each file that is to be in the archive. Missing are the
// others. It fails when anything in it is not as writeManifest writes it.
func readManifest(r io.Reader, visit func(entry) error) (h head, missing []string, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, maxLine), maxLine)
	if h, err = readHead(lines); err != nil {
		return h, nil, err
	}
	files := 0
	for lines.Scan() {
		e, isMissing, err := parseLine(lines.Bytes())
		switch {
		case err != nil:
			return h, nil, fmt.Errorf("line %d: %w", files+len(missing)+2, err)
		case isMissing:
			missing = append(missing, e.name)
			continue
		}
		files++
		if err := visit(e); err != nil {
			return h, nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return h, nil, fmt.Errorf("read it: %w", err)
	}
	if files != h.Files || len(missing) != h.Missing {
		return h, nil, fmt.Errorf("it lists %d files and %d missing ones, where its head says %d and %d", files, len(missing), h.Files, h.Missing)
	}
	return h, missing, nil
}

func parseLine(text []byte) (e entry, isMissing bool, err error) {
	var v line
	if err := json.Unmarshal(text, &v); err != nil {
		return e, false, errors.New("not the JSON object of a file")
	}
	e = entry{name: v.Name, size: v.Size}
	if v.Missing {
		return e, true, nil // whatever a row has called it
	}
	if v.Name != databaseName && !assets.IsPath(v.Name) {
		return e, false, fmt.Errorf("%q is not the name of a file in a backup", v.Name)
	}
	if sum, err := hex.DecodeString(v.SHA256); err != nil || copy(e.sum[:], sum) != len(sum) || len(sum) != len(e.sum) {
		return e, false, fmt.Errorf("%q is not a SHA-256 sum", v.SHA256)
	}
	if v.Size < 0 {
		return e, false, fmt.Errorf("%s cannot have %d bytes", v.Name, v.Size)
	}
	return e, false, nil
}
