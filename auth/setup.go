package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"math/big"
	"strings"
	"unicode"

	"fittrackee/problem"
	"fittrackee/store"
)

var (
	errIsSetUp   = problem.New(problem.Conflict, "there is an administrator already, please log in")
	errWrongCode = problem.New(problem.Forbidden, "this is not the code that the server has printed at its start; a restart prints a new one")
)

// A code for the setup has over 73 bits, in characters of which no two look alike.
const (
	codeCharacters = "ACDEFGHJKMNPQRTVWXY34679"
	codeGroups     = 4
	groupLength    = 4
)

// makeCode returns a random code in groups, to be typed by a person.
func makeCode() string {
	var code strings.Builder
	for i := range codeGroups * groupLength {
		if i > 0 && i%groupLength == 0 {
			code.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeCharacters))))
		if err != nil {
			panic(err) // the reader never fails
		}
		code.WriteByte(codeCharacters[n.Int64()])
	}
	return code.String()
}

// hashCode returns what is kept of a code. It is the same however the code is typed.
func hashCode(code string) []byte {
	return hashSecret(strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) || unicode.Is(unicode.Pd, c) {
			return -1
		}
		return unicode.ToUpper(c)
	}, code))
}

// IsSetupNeeded tells whether there is no administrator yet.
func (a *Auth) IsSetupNeeded(ctx context.Context) (bool, error) {
	hasAdmin, err := a.store.HasAdmin(ctx)
	return !hasAdmin, err
}

// NewSetupCode returns the code with which whoever reads it may make the first administrator. It is kept in memory only, takes the
// place of the one before, and is forgotten once it has been used.
func (a *Auth) NewSetupCode() string {
	code := makeCode()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.setupCode = hashCode(code)
	return code
}

func (a *Auth) isSetupCode(code string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return subtle.ConstantTimeCompare(a.setupCode, hashCode(code)) == 1
}

// SetUp makes the first administrator for whoever has the code, opens a session and returns its token. Without the code nothing is told
// but that, or that there is an administrator. Of several at once, one succeeds.
func (a *Auth) SetUp(ctx context.Context, code string, r Registration, c Client) (token string, err error) {
	isRight := a.isSetupCode(code) // before the database is asked, for the code is forgotten after it has changed
	if isNeeded, err := a.IsSetupNeeded(ctx); err != nil {
		return "", err
	} else if !isNeeded {
		return "", errIsSetUp
	}
	if !isRight {
		return "", errWrongCode
	}
	u, err := r.hashed(ctx)
	if err != nil {
		return "", err
	}
	u.IsAdmin, u.IsActive = true, true
	v := a.newSession(c)
	v.UserID, err = a.store.AddFirstAdmin(ctx, u, v, Place(c.Addr))
	if errors.Is(err, store.ErrHasAdmin) {
		return "", errIsSetUp
	}
	if err != nil {
		return "", registrationFault(err)
	}
	a.mu.Lock()
	a.setupCode = nil
	a.mu.Unlock()
	return a.sign(v)
}
