package auth

import (
	"context"
	"strings"
	"testing"

	"fittrackee/store"
)

func hashOf(t testing.TB, password string) string {
	t.Helper()
	hash, err := hashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestHashPassword(t *testing.T) {
	t.Parallel()
	first, second := hashOf(t, "correct horse"), hashOf(t, "correct horse")
	if want := "$argon2id$v=19$m=19456,t=2,p=1$"; !strings.HasPrefix(first, want) {
		t.Errorf("hashPassword = %s; want %s…", first, want)
	}
	if first == second {
		t.Errorf("hashPassword twice = %s; want another salt each time", first)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range cap(hashing) {
		hashing <- struct{}{} // all cores are busy
	}
	_, err := hashPassword(ctx, "correct horse")
	for range cap(hashing) {
		<-hashing
	}
	if err == nil {
		t.Error("hashPassword of a request that has ended waits for its turn; want an error")
	}
}

// Hashes that others have made.
const (
	// argon2Vector is from the tests of the reference implementation (github.com/P-H-C/phc-winner-argon2, src/test.c).
	argon2Vector = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	// bcryptVector is from the tests of Python's bcrypt (github.com/pyca/bcrypt), which FitTrackee hashes with.
	bcryptVector         = "$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm"
	bcryptVectorPassword = "Kk4DQuMMfZL9o"
)

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	own := hashOf(t, "correct horse")
	for _, c := range []struct {
		name, hash, password string
		ok, old              bool
	}{
		{"own", own, "correct horse", true, false},
		{"own, wrong", own, "wrong horse", false, false},
		{"own, longer", own, "correct horse ", false, false},
		{"own, shorter", own, "correct hors", false, false},
		{"own, upper case", own, "CORRECT HORSE", false, false},
		{"own, empty", own, "", false, false},
		{"own, too long", own, strings.Repeat("x", 2000), false, false},
		{"the longest", hashOf(t, strings.Repeat("x", 1024)), strings.Repeat("x", 1024), true, false},
		{"the longest, and one more", hashOf(t, strings.Repeat("x", 1024)), strings.Repeat("x", 1025), false, false},
		{"with NUL", hashOf(t, "a\x00b"), "a\x00b", true, false},
		{"with NUL, and another after it", hashOf(t, "a\x00b"), "a\x00c", false, false},
		{"reference", argon2Vector, "password", true, true},
		{"reference, wrong", argon2Vector, "Password", false, true},
		{"bcrypt", bcryptVector, bcryptVectorPassword, true, true},
		{"bcrypt, wrong", bcryptVector, "Kk4DQuMMfZL9p", false, true},
		{"bcrypt, empty", bcryptVector, "", false, true},
		{"bcrypt, too long for it", bcryptVector, strings.Repeat("x", 73), false, true},
		{"bcrypt, too long", bcryptVector, strings.Repeat("x", 2000), false, true},
		{"nobody's", nobodysHash, "", false, false},
		{"nobody's, too long", nobodysHash, strings.Repeat("x", 2000), false, false},
	} {
		ok, old, err := checkPassword(t.Context(), c.hash, c.password)
		if ok != c.ok || old != c.old || err != nil {
			t.Errorf("%s: checkPassword = %v, %v, %v; want %v, %v", c.name, ok, old, err, c.ok, c.old)
		}
	}
	for _, hash := range []string{
		"", "x", "$argon2id$", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$x", "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$x",
		"$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$x", "$argon2id$v=19$m=x,t=2,p=1$c29tZXNhbHQ$x", "$argon2id$v=19$m=256,t=2,p=1$!$x", "$2b$", "$2x$04$x",
	} {
		if ok, _, err := checkPassword(t.Context(), hash, "password"); ok || err == nil {
			t.Errorf("checkPassword with the stored hash %q = %v, %v; want an error", hash, ok, err)
		}
	}
}

// TestOldHashes shows that hashes of other kinds log in, and are replaced when they do.
func TestOldHashes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hash, password string
	}{
		"bcrypt of FitTrackee": {bcryptVector, bcryptVectorPassword},
		"argon2id that is too cheap": {
			argonHash("correct horse", make([]byte, argonSaltBytes), cost{passes: 1, memoryKiB: 64, lanes: 1}), "correct horse",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRules(t)
			r.addAmelie(c.hash)
			hash := func() string {
				u, err := r.store.UserByEmail(t.Context(), amelieEmail)
				if err != nil {
					t.Fatal(err)
				}
				return u.PasswordHash
			}
			if _, err := r.Login(t.Context(), amelieEmail, "wrong horse", Client{}); err == nil || hash() != c.hash {
				t.Errorf("Login with a wrong password = %v, hash %s; want an error, and the hash as it was", err, hash())
			}
			for i := range 2 {
				before := hash()
				token, err := r.Login(t.Context(), amelieEmail, c.password, Client{})
				if err != nil {
					t.Fatalf("Login number %d: %v", i+1, err)
				}
				if _, err := r.Authenticate(t.Context(), token); err != nil {
					t.Errorf("Authenticate after login number %d: %v", i+1, err)
				}
				if isNew := hash() != before; isNew != (i == 0) {
					t.Errorf("after login number %d the hash is a new one: %v; want %v", i+1, isNew, i == 0)
				}
			}
			if !strings.HasPrefix(hash(), "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("hash after a login = %s; want one of ours", hash())
			}
		})
	}
}

// TestLoginOfOtherTime shows that what was found out about a password does not outlive it.
func TestLoginOfOtherTime(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	hash := hashOf(t, "correct horse")
	r.addAmelie(hash)
	u, err := r.store.UserByEmail(t.Context(), amelieEmail)
	if err != nil {
		t.Fatal(err)
	}
	another := hashOf(t, "another horse")
	if err := r.store.ReplaceHash(t.Context(), u.ID, "not the hash before", another); err != nil {
		t.Fatal(err)
	}
	if u, _ = r.store.UserByEmail(t.Context(), amelieEmail); u.PasswordHash != hash {
		t.Error("ReplaceHash replaced a hash that was another one meanwhile")
	}
	v := r.newSession(Client{})
	v.UserID = u.ID
	if err := r.store.AddSession(t.Context(), v, another, "x"); err == nil {
		t.Error("AddSession with the hash of another password succeeded; want store.ErrMissing")
	}
}

func TestMakePassword(t *testing.T) {
	t.Parallel()
	a, b := MakePassword(), MakePassword()
	if len(a) != 24 || a == b || passwordFault(a) != "" {
		t.Errorf("MakePassword twice = %s, %s; want two of 24 characters", a, b)
	}
}

// TestUpdateUser shows what an administrator's command does to an account.
func TestUpdateUser(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie(hashOf(t, "correct horse"))
	token, err := r.Login(t.Context(), amelieEmail, "correct horse", Client{})
	if err != nil {
		t.Fatal(err)
	}
	isAdmin := true
	for _, c := range []struct {
		name string
		up   UserUpdate
		ok   bool
	}{
		{"admin rights", UserUpdate{IsAdmin: &isAdmin}, true},
		{"no address", UserUpdate{Email: "x"}, false},
		{"an address with more after it", UserUpdate{Email: "a@example.com\r\nBcc: b@example.com"}, false},
		{"the same address", UserUpdate{Email: strings.ToUpper(amelieEmail)}, true},
	} {
		if err := UpdateUser(t.Context(), r.store, "AMELIE", c.up); (err == nil) != c.ok {
			t.Errorf("UpdateUser with %s: %v; want success: %v", c.name, err, c.ok)
		}
	}
	if c, err := r.Authenticate(t.Context(), token); err != nil || !c.User.IsAdmin {
		t.Errorf("Authenticate after UpdateUser = %+v, %v; want an administrator", c.User, err)
	}
	if err := UpdateUser(t.Context(), r.store, "amelie", UserUpdate{Password: "another horse"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Authenticate(t.Context(), token); err == nil {
		t.Error("Authenticate after an administrator set another password succeeded; want the session ended")
	}
	if err := UpdateUser(t.Context(), r.store, "nobody", UserUpdate{Activate: true}); err == nil {
		t.Error("UpdateUser of nobody succeeded; want an error")
	}
}

// TestUse shows that sessions remember when they were used, to within a few minutes, and only once it is stored.
func TestUse(t *testing.T) {
	t.Parallel()
	r := newRules(t)
	r.addAmelie(hashOf(t, "correct horse"))
	token, err := r.Login(t.Context(), amelieEmail, "correct horse", Client{})
	if err != nil {
		t.Fatal(err)
	}
	start := r.clock()
	lastUsed := func() store.Caller {
		t.Helper()
		c, err := r.Authenticate(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	r.forward(touchEvery - 1)
	lastUsed()
	if err := r.StoreUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := lastUsed().LastUsedAt; !got.Equal(start) {
		t.Errorf("last use after %v = %v; want %v, as before", touchEvery-1, got, start)
	}
	r.forward(1)
	lastUsed()
	if err := r.StoreUse(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := lastUsed().LastUsedAt, start.Add(touchEvery); !got.Equal(want) {
		t.Errorf("last use = %v; want %v", got, want)
	}
}
