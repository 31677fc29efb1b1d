package assets

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"io"
	"runtime/debug"

	"fittrackee/problem"
)

// Limits of an upload, read from its head before its pixels are decoded. In pixels alone, 40
// megapixels are enough for a phone's photo; in memory they are 60 MB or 600 MB, by the kind of file.
// maxDecodedBytes leaves room for what comes after within 150 MB. It allows
//
//	40 megapixels   JPEG with subsampled colour (4:2:0, 4:2:2) or grey, GIF, PNG with a palette
//	34 megapixels   JPEG with full colour (4:4:4)
//	26 megapixels   PNG of 8 bits a channel; 13 of 16 bits; half of these when interlaced
//	13 megapixels   progressive JPEG (4:2:0; not quite 7 at 4:4:4); JPEG for print (CMYK)
//	14 megapixels   JPEG in RGB (19 when subsampled)
const (
	maxPixels       = 40_000_000
	maxSidePX       = 10_000
	maxDecodedBytes = 100 << 20
)

// atWork lets two pictures be worked on at a time in the process, and largeAtWork one of those that
// take over largeBytes, so that two hostile pictures cost little more than one.
var (
	atWork      = make(chan struct{}, 2)
	largeAtWork = make(chan struct{}, 1)
)

const largeBytes = 16 << 20

// Picture is what was made of an upload: an upright square without metadata, encoded anew.
type Picture struct {
	// Ext is the ending for its files: jpg, or png where something is transparent.
	Ext string
	// Sizes holds the files by size: 512 is always there, with 512 pixels a side or fewer when the
	// upload had fewer; 256, 128 and 64 are there when they are smaller than that.
	Sizes map[int][]byte
}

// MakePicture makes a picture of src, a jpg, png or gif file; its first bytes decide which. The middle
// square is kept, and of an animation the first frame. At most two pictures are worked on at a time;
// others wait, until ctx ends. What cannot be decoded is a problem.BadUpload, what would take too much
// memory a problem.TooLarge; an error of reading src is returned wrapped.
func MakePicture(ctx context.Context, src io.ReadSeeker) (*Picture, error) {
	if err := enter(ctx, atWork); err != nil {
		return nil, fmt.Errorf("make picture: %w", err)
	}
	defer leave(atWork)
	in := &source{src: src}
	picture, err := makePicture(ctx, in)
	if in.err != nil {
		return nil, fmt.Errorf("make picture: %w", in.err)
	}
	return picture, err
}

func enter(ctx context.Context, room chan struct{}) error {
	if err := ctx.Err(); err != nil {
		return err // select might take a free place all the same
	}
	select {
	case room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func leave(room chan struct{}) { <-room }

func makePicture(ctx context.Context, src *source) (*Picture, error) {
	head, err := readHead(src)
	if err != nil {
		return nil, badPicture(err)
	}
	if err := head.check(); err != nil {
		return nil, err
	}
	if head.decodedBytes > largeBytes {
		if err := enter(ctx, largeAtWork); err != nil {
			return nil, fmt.Errorf("make picture: %w", err)
		}
		defer leave(largeAtWork)
		// What was decoded is garbage by then; its memory must be free before the next one is decoded.
		defer debug.FreeOSMemory()
	}
	reduced, err := decodeReduced(src, head)
	if err != nil {
		return nil, badPicture(err)
	}
	return encodeSizes(turn(shrink(reduced), head.orientation))
}

func badPicture(err error) error {
	return problem.Wrap(problem.BadUpload, "invalid image file", err)
}

// decodeReduced decodes an upload and copies its middle. Both happen in this goroutine, under one
// recover: an image may be broken in such a way that not the decoder but the first access to its pixels
// panics, and in imaging's goroutines that could not be caught.
func decodeReduced(src *source, head *pictureHead) (reduced *image.NRGBA, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder panicked: %v", p)
		}
	}()
	if err := src.rewind(); err != nil {
		return nil, err
	}
	img, err := head.decode(bufio.NewReader(src))
	if err != nil {
		return nil, err
	}
	// A frame of a gif may lie anywhere in the picture, which is what the head measured.
	return reduce(img, image.Rect(0, 0, head.width, head.height)), nil
}
