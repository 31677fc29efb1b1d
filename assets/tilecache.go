package assets

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// The tiles of all servers together take at most maxTileBytes once they are trimmed. That is done by
// Sweep, and whenever a server's tiles have grown by tileSlack.
const (
	maxTileBytes = 256 << 20
	tileSlack    = 16 << 20
)

// tilesOf returns the folder for the tiles of a server. Those of different servers never mix.
func (f *Files) tilesOf(url string) string {
	hash := sha256.Sum256([]byte(url))
	return filepath.Join(f.tiles, fmt.Sprintf("%x", hash[:4]))
}

// path returns where a tile is kept. A kept tile ends with its CRC-32, big-endian, since it is not safely
// on the disk. Its time of modification is when it stops being fresh.
func (t *Tiles) path(at tile) string {
	return filepath.Join(t.dir, strconv.Itoa(at.z), strconv.Itoa(at.x), strconv.Itoa(at.y))
}

// kept returns a kept tile, nil when there is none, and whether it is fresh.
func (t *Tiles) kept(at tile) (data []byte, isFresh bool) {
	path := t.path(at)
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	data, ok := unseal(sealed)
	if !ok {
		return nil, false
	}
	info, err := os.Stat(path)
	return data, err == nil && t.now().Before(info.ModTime())
}

// keep keeps a tile, which is fresh for that long; old ones go when the tiles are trimmed. A failure is
// logged only: who asked for the tile has it all the same.
func (t *Tiles) keep(ctx context.Context, at tile, data []byte, life time.Duration) {
	path, until := t.path(at), t.now().Add(life)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = t.files.putCache(path, seal(data))
	}
	if err == nil {
		err = os.Chtimes(path, until, until)
	}
	if err == nil && t.hasGrown(diskBytes(int64(len(data)))) {
		err = t.files.trimTiles(ctx)
	}
	if err != nil {
		slog.Warn("keep a map tile", "tile", at, "error", err)
	}
}

// diskBytes returns about how many bytes of a disk a file takes: whole blocks, and its share of the folders. Tiles of
// the sea have a hundred bytes only, and there are very many of them.
func diskBytes(bytes int64) int64 {
	const block, share = 4096, 1024
	return (bytes+block-1)/block*block + share
}

// hasGrown tells whether it is time to trim the tiles, once n more bytes are kept.
func (t *Tiles) hasGrown(n int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.grown += n
	if t.grown < tileSlack {
		return false
	}
	t.grown = 0
	return true
}

// forget removes a kept tile.
func (t *Tiles) forget(at tile) error { return removeFile(t.path(at)) }

func seal(data []byte) []byte {
	return binary.BigEndian.AppendUint32(slices.Clone(data), crc32.ChecksumIEEE(data))
}

// unseal returns what was sealed. It is not ok when that has been damaged.
func unseal(sealed []byte) (data []byte, ok bool) {
	n := len(sealed) - crc32.Size
	if n <= 0 {
		return nil, false
	}
	return sealed[:n], binary.BigEndian.Uint32(sealed[n:]) == crc32.ChecksumIEEE(sealed[:n])
}

// trimTiles removes the tiles that have been out of date for the longest time, or will be first, until
// the others take at most maxTileBytes. Folders that become empty go too.
func (f *Files) trimTiles(ctx context.Context) error {
	type keptTile struct {
		path  string
		size  int64
		until time.Time
	}
	var all []keptTile
	var total int64
	err := walkFiles(ctx, f.tiles, func(path string, info fs.FileInfo) {
		size := diskBytes(info.Size())
		all = append(all, keptTile{path, size, info.ModTime()})
		total += size
	})
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b keptTile) int {
		return cmp.Or(a.until.Compare(b.until), cmp.Compare(a.path, b.path))
	})
	var failed []error
	for _, t := range all {
		if total <= f.maxTileBytes || ctx.Err() != nil {
			break
		}
		total -= t.size
		if err := removeFile(t.path); err != nil {
			failed = append(failed, err)
		}
		f.removeEmpty(filepath.Dir(t.path))
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// removeEmpty removes a folder of tiles, and those above it, as far as they are empty.
func (f *Files) removeEmpty(dir string) {
	for dir != f.tiles && os.Remove(dir) == nil {
		dir = filepath.Dir(dir)
	}
}
