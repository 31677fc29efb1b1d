package contracttest

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// compare lists where the JSON value got differs from want, each line with the path of the place.
// Texts of want may hold forms such as <int>, and references to saved values.
func compare(got, want any, saved values) []string {
	d := &differences{saved: saved}
	d.value("", got, want)
	return d.found
}

type differences struct {
	saved values
	found []string
}

func (d *differences) add(path, format string, args ...any) {
	if path == "" {
		path = "body"
	}
	d.found = append(d.found, path+": "+fmt.Sprintf(format, args...))
}

func (d *differences) differ(path string, got, want any) {
	d.add(path, "got %s; want %s", show(got), show(want))
}

func (d *differences) value(path string, got, want any) {
	switch want := want.(type) {
	case map[string]any:
		if object, ok := got.(map[string]any); ok {
			d.object(path, object, want)
			return
		}
	case []any:
		if array, ok := got.([]any); ok {
			d.array(path, array, want)
			return
		}
	case json.Number:
		if number, ok := got.(json.Number); ok && near(number, want) {
			return
		}
	case string:
		d.text(path, got, want)
		return
	default: // a truth value or null
		if got == want {
			return
		}
	}
	d.differ(path, got, want)
}

func (d *differences) object(path string, got, want map[string]any) {
	for _, key := range sortedKeys(want) {
		if value, ok := got[key]; ok {
			d.value(join(path, key), value, want[key])
		} else {
			d.add(join(path, key), "missing; want %s", show(want[key]))
		}
	}
	for _, key := range sortedKeys(got) {
		if _, ok := want[key]; !ok {
			d.add(join(path, key), "got %s; want no such key", show(got[key]))
		}
	}
}

func (d *differences) array(path string, got, want []any) {
	if len(got) != len(want) {
		d.add(path, "got %d elements; want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		d.value(join(path, strconv.Itoa(i)), got[i], want[i])
	}
}

func (d *differences) text(path string, got any, want string) {
	fits, err := fitsTemplate(got, want, d.saved)
	switch {
	case err != nil:
		d.add(path, "%v", err)
	case fits:
	case reference.MatchString(want):
		filled, _ := d.saved.fill(want)
		d.add(path, "got %s; want %s, which is %s", show(got), show(want), show(filled))
	default:
		d.differ(path, got, want)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// near tells whether got has the value of want. If want is written as a fraction they may differ by
// one unit of its last decimal, the second at least, and by a thousandth of that for what binary
// fractions lose.
func near(got, want json.Number) bool {
	g, ok := new(big.Rat).SetString(got.String())
	if !ok {
		return false
	}
	w, ok := new(big.Rat).SetString(want.String())
	if !ok {
		return false
	}
	if !strings.ContainsAny(want.String(), ".eE") {
		return g.Cmp(w) == 0
	}
	limit := big.NewRat(1001, 1000)
	for range max(2, decimals(want.String())) {
		limit.Quo(limit, big.NewRat(10, 1))
	}
	distance := g.Sub(g, w)
	return distance.Abs(distance).Cmp(limit) <= 0
}

// decimals counts the decimals of a number: 3 in 1.250, and 5 in 1e-05.
func decimals(number string) int {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(number), "e")
	shift, _ := strconv.Atoi(exponent) // 0 where there is none
	_, fraction, _ := strings.Cut(mantissa, ".")
	return len(fraction) - shift
}
