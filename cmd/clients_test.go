package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestClients replays what known programs send, as it is, to the built binary with its limits at their defaults. Each file names the
// requirements (C1 to C17) that it covers.
func TestClients(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/clients/*.txt")
	if err != nil || len(files) < 11 {
		t.Fatalf("%d conversations, %v; want 11 at least", len(files), err)
	}
	covered := make(map[string]bool)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, requirement := range regexp.MustCompile(`\bC\d+\b`).FindAllString(string(text), -1) {
			covered[requirement] = true
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := readConversation(string(text))
			if err != nil {
				t.Fatalf("%s, %v", name, err)
			}
			p := startBinary(t, filepath.Join(t.TempDir(), "f.db"))
			p.addUser(t, "amelie")
			host := strings.TrimPrefix(p.url, "http://")
			v := &talk{
				t: t, name: name, addr: host, files: filepath.Join(contractDir, "fixtures"),
				values: map[string]string{"host": host, "email": emailOf("amelie"), "password": passwordOf("amelie")},
			}
			v.hold(c)
		})
	}
	for n := range 17 {
		if requirement := fmt.Sprintf("C%d", n+1); !covered[requirement] {
			t.Errorf("no conversation covers %s", requirement)
		}
	}
}
