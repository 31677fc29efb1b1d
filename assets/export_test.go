package assets

import (
	"image"
	"time"
)

// SetMaxTileBytes sets how many bytes of tiles are left when they are trimmed.
func (f *Files) SetMaxTileBytes(n int64) { f.maxTileBytes = n }

// SetClock sets what tells the time, for the age of tiles and the rest of their server.
func (t *Tiles) SetClock(now func() time.Time) { t.now = now }

// SetTimeout sets how long a request for a tile may take.
func (t *Tiles) SetTimeout(d time.Duration) { t.client.Timeout = d }

// SetPace sets how much time there is between requests for pictures.
func (t *Tiles) SetPace(d time.Duration) { t.pace = d }

// PlainText is plainText.
func PlainText(line string) string { return plainText(line) }

// Wrap is wrap.
func Wrap(text string, n int) []string { return wrap(text, n) }

// Quantize is quantize.
func Quantize(img *image.RGBA) *image.Paletted { return quantize(img) }

// DrawTile draws a tile onto a map that nobody sees.
func DrawTile(data []byte) error {
	return drawTile(image.NewRGBA(image.Rect(0, 0, MapWidthPX, MapHeightPX)), image.Pt(-100, -100), data)
}

// DiskBytes is diskBytes.
func DiskBytes(bytes int64) int64 { return diskBytes(bytes) }

// HoldLife is how long a hold lasts after it was last renewed.
const HoldLife = holdLife
