package assets_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"fittrackee/assets"
)

// wantsMap checks what OpenMap gives.
func wantsMap(t *testing.T, files *assets.Files, name string, want []byte) {
	t.Helper()
	file, err := files.OpenMap(name)
	if err != nil {
		t.Errorf("OpenMap = %v", err)
		return
	}
	defer file.Close()
	if got, err := io.ReadAll(file); !bytes.Equal(got, want) || err != nil {
		t.Errorf("map has %d bytes, %v; want %d", len(got), err, len(want))
	}
}

func TestMaps(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	first, second := encodePNG(t, corners(9, 9)), encodePNG(t, corners(20, 20))
	name, other := assets.NewMapName(), assets.NewMapName()
	for _, png := range [][]byte{first, second} {
		if err := errors.Join(files.PutMap(name, png), files.PutMap(other, first)); err != nil {
			t.Fatal(err)
		}
		wantsMap(t, files, name, png)
	}
	wantsMode(t, filepath.Join(dir, "maps", name), 0o600)
	for range 2 { // the second time it is missing
		if err := files.RemoveMaps([]string{name}); err != nil {
			t.Errorf("RemoveMaps = %v", err)
		}
	}
	if _, err := files.OpenMap(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("OpenMap of a removed one = %v; want %v", err, fs.ErrNotExist)
	}
	wantsEntries(t, filepath.Join(dir, "maps"), other)
	wantsEntries(t, filepath.Join(dir, "tmp"))
}

func TestBrokenMapsAreMissing(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	whole := encodePNG(t, corners(50, 50))
	name := assets.NewMapName()
	for what, left := range map[string][]byte{
		"nothing": {}, "one byte": whole[:1], "only zeros": make([]byte, len(whole)), "the head": whole[:30],
		"all but the last byte": whole[:len(whole)-1],
		"zeros at the end":      append(bytes.Clone(whole[:100]), make([]byte, len(whole)-100)...),
		"zeros at the start":    append(make([]byte, 100), whole[100:]...),
	} {
		if err := files.PutMap(name, whole); err != nil {
			t.Fatal(err)
		}
		wantsMap(t, files, name, whole)
		if err := os.WriteFile(filepath.Join(dir, "maps", name), left, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := files.OpenMap(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("OpenMap with %s = %v; want %v", what, err, fs.ErrNotExist)
		}
	}
}

func TestNamesThatAreNotMaps(t *testing.T) {
	t.Parallel()
	files, dir := openFiles(t)
	kept := assets.NewMapName()
	if err := files.PutMap(kept, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range strangeNames(".png") {
		if _, err := files.OpenMap(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("OpenMap(%q) = %v; want %v", name, err, fs.ErrNotExist)
		}
		if err := files.PutMap(name, nil); err == nil {
			t.Errorf("PutMap(%q) succeeded", name)
		}
		if err := files.RemoveMaps([]string{kept, name}); err == nil {
			t.Errorf("RemoveMaps(%q) succeeded", name)
		}
	}
	wantsEntries(t, filepath.Join(dir, "maps"), kept)
}
