package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

const (
	minPasswordChars = 8
	// maxPasswordBytes bounds the work of hashing a password.
	maxPasswordBytes = 1024

	argonSaltBytes = 16
	argonHashBytes = 32
)

// argonCost is the argon2id parameters of new hashes, as OWASP's password storage cheat sheet gives them
// for little memory.
var argonCost = cost{passes: 2, memoryKiB: 19 * 1024, lanes: 1}

type cost struct {
	passes, memoryKiB uint32
	lanes             uint8
}

// hashing has room for as many computations as there are cores: more would not be faster, and each takes 19 MiB.
var hashing = make(chan struct{}, runtime.GOMAXPROCS(0))

// rest gives the memory of the hashes back to the system when there has been none for a second. Left to
// itself, the runtime keeps 100 MB for hours after a few logins.
var rest = time.AfterFunc(math.MaxInt64, debug.FreeOSMemory)

// limited runs f when its turn has come, unless the request ends first.
func limited(ctx context.Context, f func()) error {
	select {
	case hashing <- struct{}{}:
		rest.Stop()
		defer func() {
			runtime.GC() // some 3 ms, so that the next hash takes the memory of this one
			rest.Reset(time.Second)
			<-hashing
		}()
		f()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a turn to hash: %w", ctx.Err())
	}
}

// hashPassword returns the argon2id hash of a password as a PHC string.
func hashPassword(ctx context.Context, password string) (hash string, err error) {
	salt := make([]byte, argonSaltBytes)
	rand.Read(salt) // never fails
	err = limited(ctx, func() { hash = argonHash(password, salt, argonCost) })
	return hash, err
}

func argonHash(password string, salt []byte, c cost) string {
	return formatArgon(salt, argon2.IDKey([]byte(password), salt, c.passes, c.memoryKiB, c.lanes, argonHashBytes), c)
}

func formatArgon(salt, sum []byte, c cost) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.memoryKiB, c.passes, c.lanes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// checkPassword tells whether a password has the hash, and whether the hash is of a kind to be replaced.
func checkPassword(ctx context.Context, hash, password string) (ok, old bool, err error) {
	if len(password) > maxPasswordBytes {
		password = "" // cannot have been set, and is not worth its time
	}
	if strings.HasPrefix(hash, "$2") {
		var checkErr error
		err = limited(ctx, func() { ok, checkErr = checkBcrypt(hash, password) })
		return ok, true, errors.Join(err, checkErr)
	}
	salt, c, err := parseArgon(hash)
	if err != nil {
		return false, false, err
	}
	err = limited(ctx, func() {
		ok = subtle.ConstantTimeCompare([]byte(argonHash(password, salt, c)), []byte(hash)) == 1
	})
	return ok, c != argonCost, err
}

func checkBcrypt(hash, password string) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password))
	switch {
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("stored password: %w", err)
	}
	return true, nil
}

func parseArgon(hash string) (salt []byte, c cost, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, c, errors.New("stored password: unknown hash")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memoryKiB, &c.passes, &c.lanes); err != nil {
		return nil, c, fmt.Errorf("stored password: %w", err)
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return nil, c, fmt.Errorf("stored password: %w", err)
	}
	return salt, c, nil
}

// nobodysHash is what a password is compared with when nobody has the address, so that it takes the same time.
// No password is known that has it.
var nobodysHash = formatArgon(make([]byte, argonSaltBytes), make([]byte, argonHashBytes), argonCost)

// passwordFault returns what is wrong with a password that is to be set, empty if nothing is.
func passwordFault(password string) string {
	switch {
	case utf8.RuneCountInString(password) < minPasswordChars:
		return "password: 8 characters required\n"
	case len(password) > maxPasswordBytes:
		return "password: 1024 bytes at most\n"
	}
	return ""
}

// MakePassword returns a random password of 24 characters, over 120 bits.
func MakePassword() string { return rand.Text()[:24] }
