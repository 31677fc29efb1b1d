package contracttest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// values are those that a conversation has saved: not empty texts, and numbers as json.Number.
type values map[string]any

// reference is a ${name} in a text.
var reference = regexp.MustCompile(`\$\{\w+\}`)

// get returns the value of a reference. It fails when nothing has been saved under the name.
func (v values) get(ref string) (any, error) {
	name := ref[len("${") : len(ref)-len("}")]
	value, ok := v[name]
	if !ok {
		return nil, fmt.Errorf("nothing was saved as %q", name)
	}
	return value, nil
}

// fill returns the text with its references replaced.
func (v values) fill(text string) (string, error) {
	var missing error
	filled := reference.ReplaceAllStringFunc(text, func(ref string) string {
		value, err := v.get(ref)
		missing = errors.Join(missing, err)
		return fmt.Sprint(value)
	})
	return filled, missing
}

// fillTree returns the JSON value with the references in its texts replaced. A text that is nothing
// but the reference becomes the saved value, so that a number stays one.
func (v values) fillTree(tree any) (any, error) {
	var err error
	switch tree := tree.(type) {
	case map[string]any:
		for key := range tree {
			if tree[key], err = v.fillTree(tree[key]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range tree {
			if tree[i], err = v.fillTree(tree[i]); err != nil {
				return nil, err
			}
		}
	case string:
		if reference.FindString(tree) == tree && tree != "" {
			return v.get(tree)
		}
		return v.fill(tree)
	}
	return tree, nil
}

// lookup finds a value to save in a JSON value: "data.workouts.0.id" is a path, and
// "redirect_url?code" the query parameter of the URL at the path.
func lookup(tree any, where string) (any, error) {
	path, parameter, isURL := strings.Cut(where, "?")
	for key := range strings.SplitSeq(path, ".") {
		var err error
		if tree, err = child(tree, key); err != nil {
			return nil, err
		}
	}
	switch value := tree.(type) {
	case json.Number:
		return value, nil
	case string:
		if isURL {
			return queryParameter(value, parameter)
		}
		if value != "" {
			return value, nil
		}
	}
	return nil, fmt.Errorf("got %s; want a number or a text that is not empty", show(tree))
}

func child(tree any, key string) (any, error) {
	switch tree := tree.(type) {
	case map[string]any:
		if value, ok := tree[key]; ok {
			return value, nil
		}
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(tree) {
			return tree[i], nil
		}
	}
	return nil, fmt.Errorf("no %q in %s", key, show(tree))
}

func queryParameter(rawURL, name string) (any, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	if value := u.Query().Get(name); value != "" {
		return value, nil
	}
	return nil, fmt.Errorf("no parameter %q in %s", name, rawURL)
}

// parseJSON reads one JSON value, its numbers as they are written.
func parseJSON(text []byte) (any, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var tree any
	if err := in.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON value")
	}
	return tree, nil
}

// show writes a JSON value for a reader.
func show(tree any) string {
	var text strings.Builder
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(tree); err != nil {
		panic(err) // what was read as JSON can be written
	}
	return shorten(strings.TrimSuffix(text.String(), "\n"))
}

// shorten cuts a text to what a reader of a failure wants to see.
func shorten(text string) string {
	const most = 500
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
