package assets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// AddPicture makes a picture of the upload src, keeps it in all its sizes and returns its new name.
// It fails as MakePicture does; a failure keeps nothing.
func (f *Files) AddPicture(ctx context.Context, src io.ReadSeeker) (name string, err error) {
	picture, err := MakePicture(ctx, src)
	if err != nil {
		return "", err
	}
	files := make(map[string][]byte, len(picture.Sizes))
	for size, data := range picture.Sizes {
		files[pictureFile(size, picture.Ext)] = data
	}
	name = NewName() + "." + picture.Ext
	if err := f.addFolder(filepath.Join(f.pictures, name), files); err != nil {
		return "", fmt.Errorf("keep picture: %w", err)
	}
	return name, nil
}

// OpenPicture opens the smallest kept file of a picture that is at least size pixels wide, or the
// largest one when none is, or when size is 0. A name that AddPicture did not give, or that was
// removed, is an error that errors.Is(err, fs.ErrNotExist).
func (f *Files) OpenPicture(name string, size int) (*os.File, error) {
	ext, ok := pictureExt(name)
	if !ok {
		return nil, fmt.Errorf("open picture %q: %w", name, fs.ErrNotExist)
	}
	for _, smaller := range smallerSizesPX {
		if size <= 0 || smaller < size {
			continue
		}
		file, err := os.Open(filepath.Join(f.pictures, name, pictureFile(smaller, ext)))
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return os.Open(filepath.Join(f.pictures, name, pictureFile(pictureSizePX, ext)))
}

// RemovePicture removes a picture; one that is missing is no error. It is there or not, never in
// part, also after a power cut. It fails on a name that is not a picture's. During a Hold, the picture
// stays until it is swept.
func (f *Files) RemovePicture(name string) error {
	if _, ok := pictureExt(name); !ok {
		return fmt.Errorf("remove picture: %q is not the name of a picture", name)
	}
	path := filepath.Join(f.pictures, name)
	isHeld, err := f.leaveHeld(path)
	if err == nil && !isHeld {
		err = f.discard(path)
	}
	if err != nil {
		return fmt.Errorf("remove picture: %w", err)
	}
	return nil
}

// PictureType returns the media type of the picture called name, "" for a name that is not a
// picture's.
func PictureType(name string) string {
	ext, _ := pictureExt(name)
	return map[string]string{"jpg": "image/jpeg", "png": "image/png"}[ext]
}

// pictureFile names the file of one size inside the folder of a picture.
func pictureFile(sizePX int, ext string) string {
	return strconv.Itoa(sizePX) + "." + ext
}

// pictureExt returns the ending of a picture's name. It is not ok for any other string.
func pictureExt(name string) (ext string, ok bool) {
	_, ext, ok = splitName(name)
	if !ok || ext != "jpg" && ext != "png" {
		return "", false
	}
	return ext, true
}
