package cmd

import (
	"os/exec"
	"strings"
	"testing"
)

// floors gives each folder its height; imports point down only. Folders of one height do not know each other.
var floors = map[string]int{
	"":       5, // main
	"cmd":    4,
	"server": 3,
	"auth":   2, "workout": 2, "backup": 2,
	"store": 1,
	"mail":  0, "assets": 0, "track": 0, "problem": 0, "web": 0,
	"mail/mailtest": 0, "server/contracttest": 0, "server/openapitest": 0, // for tests only, checked below
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "fittrackee/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		name, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		from := folder(name)
		height, ok := floors[from]
		if !ok {
			t.Errorf("package %s stands on no floor; give it one here and in ARCHITECTURE.md", name)
		}
		seen++
		for _, path := range strings.Fields(imports) {
			to := folder(path)
			if path != "fittrackee" && !strings.HasPrefix(path, "fittrackee/") {
				continue
			}
			if strings.HasSuffix(to, "test") {
				t.Errorf("%s imports %s, which is for tests", name, path)
			}
			if to != "problem" && floors[to] >= height {
				t.Errorf("%s imports %s, which is not below it", name, path)
			}
		}
	}
	if seen != len(floors) {
		t.Errorf("%d packages; want the %d of the table", seen, len(floors))
	}
}

// folder returns where a package of ours lies in the tree.
func folder(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, "fittrackee"), "/")
}
