package auth

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fittrackee/assets"
	"fittrackee/store"
)

// rules are the rules over a new store, with a clock that stands still.
type rules struct {
	*Auth
	t   testing.TB
	mu  sync.Mutex
	now time.Time
}

func (r *rules) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rules) forward(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func newRules(t testing.TB) *rules {
	t.Helper()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), filepath.Join(dir, "f.db"), true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	files, err := assets.Open(filepath.Join(dir, "uploads"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := NewKey(make([]byte, keySize))
	if err != nil {
		t.Fatal(err)
	}
	r := &rules{t: t, now: time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)}
	s.Now = r.clock
	r.Auth = New(s, files, key, Options{SessionLife: time.Hour, MailOn: true})
	return r
}

const amelieEmail = "amelie@example.com"

// addAmelie makes an active account with the hash of a password.
func (r *rules) addAmelie(hash string) {
	r.t.Helper()
	err := r.store.AddUser(r.t.Context(), store.NewUser{
		Username: "amelie", Email: amelieEmail, PasswordHash: hash, IsActive: true,
		Preferences: store.Preferences{Timezone: "Europe/Paris", Language: "en"},
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ addr, want string }{
		{"203.0.113.1", "203.0.113.1"},
		{"::ffff:203.0.113.1", "203.0.113.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::1", "::/64"},
		{"::", "::/64"},
	} {
		if got := Place(netip.MustParseAddr(c.addr)); got != c.want {
			t.Errorf("Place(%s) = %s; want %s", c.addr, got, c.want)
		}
	}
	if got := Place(netip.Addr{}); got == "" {
		t.Error("Place of no address is empty; want something, for it is a key")
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"fr": "fr", "de": "de", "en": "en", "FR": "en", "": "en", "xx": "en", "../fr": "en"} {
		if got := Language(code); got != want {
			t.Errorf("Language(%q) = %s; want %s", code, got, want)
		}
	}
}

// TestMain keeps the expected failures' log out of the tests' output.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}
