package assets

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"fittrackee/problem"
)

// source reads an upload. It remembers a failure to read, which decoders report as a bad file.
type source struct {
	src io.ReadSeeker
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// rewind goes back to the first byte.
func (s *source) rewind() error {
	_, err := s.src.Seek(0, io.SeekStart)
	if err != nil {
		s.err = err
	}
	return err
}

// pictureHead is what an upload declares before its pixels.
type pictureHead struct {
	width, height int
	// decodedBytes is the most memory that its decoder will take.
	decodedBytes int64
	orientation  int
	decode       func(io.Reader) (image.Image, error)
}

// check refuses what could not be decoded in bounded memory.
func (h *pictureHead) check() error {
	tooLarge := h.width > maxSidePX || h.height > maxSidePX ||
		int64(h.width)*int64(h.height) > maxPixels || h.decodedBytes > maxDecodedBytes
	switch {
	case h.width <= 0 || h.height <= 0:
		return badPicture(errors.New("no pixels"))
	case tooLarge:
		text := fmt.Sprintf("image is too large (%d x %d pixels)", h.width, h.height)
		return problem.Wrap(problem.TooLarge, text, fmt.Errorf("%d bytes once decoded", h.decodedBytes))
	}
	return nil
}

// formats are the kinds of picture that are read, each with the bytes that it begins with. The
// decoders are called by name and never through image.Decode, which would offer the upload to every
// decoder that any package has registered.
var formats = []struct {
	magic    string
	readHead func(*source) (*pictureHead, error)
}{
	{"\xff\xd8\xff", readHeadOfJPEG},
	{pngMagic, readHeadOfPNG},
	{"GIF87a", readHeadOfGIF},
	{"GIF89a", readHeadOfGIF},
}

// longestMagic is how many bytes are enough to recognize any of the formats.
const longestMagic = 8

func readHead(src *source) (*pictureHead, error) {
	if err := src.rewind(); err != nil {
		return nil, err
	}
	var first [longestMagic]byte
	n, err := io.ReadFull(src, first[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	for _, format := range formats {
		if bytes.HasPrefix(first[:n], []byte(format.magic)) {
			return format.readHead(src)
		}
	}
	return nil, errors.New("neither jpg nor png nor gif")
}

func readHeadOfJPEG(src *source) (*pictureHead, error) {
	config, err := readConfig(src, jpeg.DecodeConfig)
	if err != nil {
		return nil, err
	}
	if err := src.rewind(); err != nil {
		return nil, err
	}
	head, err := readJPEGHead(src)
	if err != nil {
		return nil, err
	}
	if head.width != config.Width || head.height != config.Height {
		return nil, errors.New("jpeg: two sizes")
	}
	return &pictureHead{
		width: head.width, height: head.height,
		decodedBytes: head.decodedBytes(),
		orientation:  head.orientation,
		decode:       func(r io.Reader) (image.Image, error) { return jpeg.Decode(newJPEGGuard(r, head)) },
	}, nil
}

func readHeadOfPNG(src *source) (*pictureHead, error) {
	config, err := readConfig(src, png.DecodeConfig)
	if err != nil {
		return nil, err
	}
	perPixel := int64(4) // also of grey ones, since one shade may be transparent
	switch config.ColorModel {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		perPixel = 8
	}
	if _, ok := config.ColorModel.(color.Palette); ok {
		perPixel = 1
	}
	interlaced, err := interlacedPNG(src)
	if err != nil {
		return nil, err
	}
	if interlaced {
		perPixel *= 2 // each of the passes is an image of its own
	}
	return &pictureHead{
		width: config.Width, height: config.Height,
		decodedBytes: perPixel * int64(config.Width) * int64(config.Height),
		orientation:  upright,
		decode:       png.Decode,
	}, nil
}

// interlacedPNG reads the last byte of the header chunk: after the signature (8 bytes), the length and
// the name of the chunk (8), width (4), height (4), depth, colour type, compression and filter (4).
func interlacedPNG(src *source) (bool, error) {
	if err := src.rewind(); err != nil {
		return false, err
	}
	var header [29]byte
	_, err := io.ReadFull(src, header[:])
	return header[28] != 0, err
}

func readHeadOfGIF(src *source) (*pictureHead, error) {
	config, err := readConfig(src, gif.DecodeConfig)
	if err != nil {
		return nil, err
	}
	return &pictureHead{
		width: config.Width, height: config.Height,
		decodedBytes: 2 * int64(config.Width) * int64(config.Height), // twice while lines are put in order
		orientation:  upright,
		decode:       gif.Decode, // the first frame; it does not read on
	}, nil
}

func readConfig(src *source, decodeConfig func(io.Reader) (image.Config, error)) (image.Config, error) {
	if err := src.rewind(); err != nil {
		return image.Config{}, err
	}
	return decodeConfig(bufio.NewReader(src))
}
