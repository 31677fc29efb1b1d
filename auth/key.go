package auth

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"fittrackee/assets"
)

// keySize is the size of the secret, and of the keys made from it, in bytes.
const keySize = 32

// Key holds the keys made from an instance's secret, one for each use.
type Key struct {
	session []byte // signs session tokens
	mail    []byte // makes mailed tokens
}

// NewKey derives the keys from a secret of 32 bytes (RFC 5869).
func NewKey(secret []byte) (Key, error) {
	if len(secret) != keySize {
		return Key{}, fmt.Errorf("the secret has %d bytes instead of %d", len(secret), keySize)
	}
	session, err := hkdf.Key(sha256.New, secret, nil, "session tokens", keySize)
	if err != nil {
		return Key{}, err
	}
	mail, err := hkdf.Key(sha256.New, secret, nil, "mailed tokens", keySize)
	return Key{session: session, mail: mail}, err
}

// LoadKey reads the secret in the file at path, and makes one there if there is none. The file is for its
// owner alone; a wider mode is mended.
func LoadKey(path string) (Key, error) {
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret, err = makeSecret(path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("secret key: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return Key{}, fmt.Errorf("secret key: %w", err)
	}
	key, err := NewKey(secret)
	if err != nil {
		return Key{}, fmt.Errorf("%s is no secret key: %w", path, err)
	}
	return key, nil
}

// makeSecret writes a secret aside and links it into its place, so that a half-written one is never
// read, and two processes that start at once use the same one.
func makeSecret(path string) ([]byte, error) {
	secret := make([]byte, keySize)
	rand.Read(secret) // never fails
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".secret-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(secret)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	err = os.Link(f.Name(), path)
	if errors.Is(err, fs.ErrExist) {
		return os.ReadFile(path)
	}
	if err != nil {
		err = os.Rename(f.Name(), path) // there are file systems without links
	}
	if err != nil {
		return nil, err
	}
	return secret, assets.SyncDir(dir)
}
