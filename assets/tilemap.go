package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"time"
)

// DrawMap is like the function DrawMap, but draws over map tiles, and with their attribution. Where the
// server has no tile, the ground stays plain. The picture is not complete when tiles are missing that
// may be had later. It fails when it got none of them; a server that has none here is no failure. All
// pictures together ask for two tiles a second at most.
func (t *Tiles) DrawMap(ctx context.Context, lines [][]LatLon) (png []byte, complete bool, err error) {
	frame, ok := frameOf(lines)
	if !ok {
		return nil, false, errNoPoints
	}
	zoom := frame.snap()
	ground := image.NewRGBA(image.Rect(0, 0, MapWidthPX, MapHeightPX))
	drawn, err := t.drawGround(ctx, ground, tilesIn(&frame, zoom))
	switch {
	case ctx.Err() != nil:
		return nil, false, fmt.Errorf("draw map: %w", ctx.Err())
	case drawn == 0 && err != nil:
		return nil, false, fmt.Errorf("draw map: %w", err)
	case drawn == 0:
		png, err = DrawMap(lines)
		return png, true, err
	}
	complete = err == nil
	layTrack(ground, drawTrack(frame, lines))
	drawAttribution(ground, t.attribution)
	png, err = encodeMap(quantize(ground))
	return png, complete, err
}

// placedTile is a tile with its upper left corner in a picture.
type placedTile struct {
	tile
	corner image.Point
}

// tilesIn returns the tiles that a frame shows at its zoom.
func tilesIn(frame *mapFrame, zoom int) (all []placedTile) {
	n := 1 << zoom // tiles around the world
	left, top := int(frame.left), int(frame.top)
	for y := max(0, top/tilePX); y < n && y*tilePX < top+MapHeightPX; y++ {
		for x := int(math.Floor(frame.left / tilePX)); x*tilePX < left+MapWidthPX; x++ {
			all = append(all, placedTile{
				tile:   tile{zoom, (x%n + n) % n, y},
				corner: image.Pt(x*tilePX-left, y*tilePX-top),
			})
		}
	}
	return all
}

// drawGround draws tiles and returns how many. The error tells why the others are missing, except for
// those that the server does not have.
func (t *Tiles) drawGround(ctx context.Context, ground *image.RGBA, tiles []placedTile) (drawn int, err error) {
	draw.Draw(ground, ground.Rect, image.NewUniform(inks[groundInk]), image.Point{}, draw.Src)
	var failed []error
	for _, p := range tiles {
		switch err := t.drawPlaced(ctx, ground, p); {
		case err == nil:
			drawn++
		case !errors.Is(err, ErrNoTile):
			failed = append(failed, err)
		}
	}
	return drawn, errors.Join(failed...)
}

// drawPlaced gets a tile and draws it.
func (t *Tiles) drawPlaced(ctx context.Context, ground *image.RGBA, p placedTile) error {
	data, err := t.tileInTurn(ctx, p.tile)
	if err != nil {
		return err
	}
	if err := drawTile(ground, p.corner, data); err != nil {
		// Only its head was looked at before. Next time there may be a better one.
		return errors.Join(fmt.Errorf("tile %v: %w", p.tile, err), t.forget(p.tile))
	}
	return nil
}

// tileInTurn is Tile for pictures, which are in no hurry.
func (t *Tiles) tileInTurn(ctx context.Context, at tile) ([]byte, error) {
	if kept, isFresh := t.kept(at); isFresh {
		return kept, nil
	}
	if err := t.awaitTurn(ctx); err != nil {
		return nil, err
	}
	return t.Tile(ctx, at.z, at.x, at.y)
}

// awaitTurn waits until a request for a picture is due, unless the server would not be asked anyway. It
// goes by the real clock, as its timer does.
func (t *Tiles) awaitTurn(ctx context.Context) error {
	if t.resting() != nil {
		return ctx.Err()
	}
	t.mu.Lock()
	wait := max(0, time.Until(t.nextTurn))
	t.nextTurn = time.Now().Add(wait + t.pace)
	t.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// drawTile draws a tile with its upper left corner at a point. It decodes bytes from elsewhere, with the
// same precautions as an upload's.
func drawTile(ground *image.RGBA, corner image.Point, data []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder panicked: %v", p)
		}
	}()
	head, err := readTileHead(data)
	if err != nil {
		return err
	}
	img, err := head.decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if head.width > tilePX {
		img = halve(img)
	}
	place := image.Rectangle{Min: corner, Max: corner.Add(image.Pt(tilePX, tilePX))}
	draw.Draw(ground, place, img, img.Bounds().Min, draw.Over)
	return nil
}

// halve returns img at half its width and height.
func halve(img image.Image) image.Image {
	average := averageOf(img)
	from := img.Bounds()
	half := image.NewNRGBA(image.Rect(0, 0, from.Dx()/2, from.Dy()/2))
	for y := range half.Rect.Dy() {
		for x := range half.Rect.Dx() {
			corner := from.Min.Add(image.Pt(2*x, 2*y))
			half.SetNRGBA(x, y, average(image.Rectangle{Min: corner, Max: corner.Add(image.Pt(2, 2))}))
		}
	}
	return half
}

// layTrack draws a track over a map, which replaces the track's plain ground.
func layTrack(ground *image.RGBA, track *image.Paletted) {
	for i, pixel := range track.Pix {
		x, y := i%MapWidthPX, i/MapWidthPX
		c, level := ink(pixel/mixes), pixel%mixes
		switch {
		case c != groundInk && c != gridInk:
			ground.SetRGBA(x, y, track.Palette[pixel].(color.RGBA))
		case level < mixes-1:
			ground.SetRGBA(x, y, mixWithWhite(ground.RGBAAt(x, y), level))
		}
	}
}
