package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// What the tokens begin with that are no JWTs. It tells them apart, and whoever finds one in a log or a file knows what it is.
const (
	accessPrefix   = "fitoat_" // access token of an application
	refreshPrefix  = "fitort_" // refresh token
	personalPrefix = "fitpat_" // personal access token
)

// newSecret returns 256 random bits after a prefix, in characters that may stand in a URL.
func newSecret(prefix string) string {
	bits := make([]byte, 32)
	rand.Read(bits) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(bits)
}

// hashSecret returns what is stored of a token (mailed ones too), a code or a client's secret. They are random, so that
// nobody can guess what has a plain hash.
func hashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
