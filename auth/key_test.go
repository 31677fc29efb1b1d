package auth

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func (k Key) equal(other Key) bool {
	return bytes.Equal(k.session, other.session) && bytes.Equal(k.mail, other.mail)
}

func TestLoadKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "secret.key")
	first, err := LoadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(path)
	if err != nil || len(secret) != 32 || bytes.Equal(secret, make([]byte, 32)) {
		t.Fatalf("secret made: %d bytes, %v; want 32 random ones", len(secret), err)
	}
	if bytes.Equal(first.session, first.mail) || bytes.Equal(first.session, secret) || bytes.Equal(first.mail, secret) {
		t.Error("the keys made from a secret are alike, or the secret itself")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := LoadKey(path)
	if err != nil || !again.equal(first) {
		t.Errorf("LoadKey again: %v; want the same key", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("mode of the secret = %o; want 600", got)
	}
	another, err := LoadKey(filepath.Join(t.TempDir(), "secret.key"))
	if err != nil || another.equal(first) {
		t.Errorf("LoadKey elsewhere: %v; want another key", err)
	}
}

// TestLoadKeyAtOnce shows that of those who start at the same moment all use one secret.
func TestLoadKeyAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "secret.key")
	keys := make([]Key, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = LoadKey(path); err != nil {
				t.Errorf("LoadKey at once with others: %v", err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if !k.equal(keys[0]) {
			t.Fatal("LoadKey at once with others made different keys")
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files made: %v, %v; want only the secret", files, err)
	}
}

func TestLoadKeyRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "short": strings.Repeat("x", 31), "long": strings.Repeat("x", 33), "text": strings.Repeat("x", 64) + "\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadKey(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("LoadKey of a secret that is %s: %v; want an error with its path", name, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("LoadKey of a secret that is %s changed it to %q, %v", name, now, err)
		}
	}
	for _, path := range []string{dir, filepath.Join(dir, "missing", "secret.key"), filepath.Join(dir, "empty", "secret.key")} {
		if _, err := LoadKey(path); err == nil {
			t.Errorf("LoadKey(%s) succeeded; want an error", filepath.Base(path))
		}
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 16, 31, 33, 64} {
		if _, err := NewKey(make([]byte, n)); err == nil {
			t.Errorf("NewKey with %d bytes succeeded; want an error", n)
		}
	}
	a, err := NewKey(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewKey(bytes.Repeat([]byte{2}, 32))
	if err != nil || a.equal(b) {
		t.Errorf("NewKey of two secrets: %v; want two keys", err)
	}
}
