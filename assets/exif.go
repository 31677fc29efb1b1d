package assets

import (
	"bytes"
	"encoding/binary"
)

// Orientations of a picture as the Exif standard numbers them (CIPA DC-008, tag 0x0112): 1 is
// upright, 2 mirrored, 3 upside down, 4 upside down and mirrored, 5 to 8 on a side.
const (
	upright         = 1
	lastOrientation = 8
)

const (
	tagOrientation = 0x0112
	typeShort      = 3
	ifdEntrySize   = 12
)

// exifOrientation returns the orientation in the payload of a JPEG's APP1 segment, upright when it finds
// none. Every offset and count in it comes from the upload, and is checked against the length of the
// payload before it is used.
func exifOrientation(app1 []byte) int {
	tiff, ok := bytes.CutPrefix(app1, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return upright
	}
	start := uint64(order.Uint32(tiff[4:]))
	if start+2 > uint64(len(tiff)) {
		return upright
	}
	directory := tiff[start:]
	count := int(order.Uint16(directory))
	return orientationEntry(directory[2:], count, order)
}

// orientationEntry looks for the orientation among the count entries of a TIFF directory.
func orientationEntry(entries []byte, count int, order binary.ByteOrder) int {
	for range count {
		if len(entries) < ifdEntrySize {
			break
		}
		// An entry is tag (2 bytes), type (2), number of values (4), the value itself (4).
		isOrientation := order.Uint16(entries) == tagOrientation &&
			order.Uint16(entries[2:]) == typeShort && order.Uint32(entries[4:]) == 1
		if value := int(order.Uint16(entries[8:])); isOrientation && value >= upright && value <= lastOrientation {
			return value
		}
		entries = entries[ifdEntrySize:]
	}
	return upright
}
