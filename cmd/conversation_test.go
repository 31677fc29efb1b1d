package cmd

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A conversation is what a program says to a server, byte by byte, and what it reads in the answers. It is a text of steps with blank
// lines between them, in which lines with # are remarks. A step is:
//
//   - 40                   send it forty times; ${n} is the number of the time
//     > GET /api/ping HTTP/1.1
//     > Host: ${host}        a line that is sent, and CR LF after it
//     > last line\           a line without an end; \n, \r, \t, \xff and \\ are the bytes that they stand for
//     < 200                  the status that is wanted; "200 429" wants one of them
//     < empty                no body
//     < Retry-After: \d+     a header of the answer, as a regular expression
//     < keys status message  the names in the JSON of the answer, these and no others
//     < a.0.b = "text"       the value at a path, in JSON, or a text as it is; with * in the path the list of all values there
//     < a.*.b ~ \d+          the same as a regular expression of each value, which is a text or JSON
//     < a is jwt             or "text", "version 0.7.29" (or later)
//     < a -> name            saves the value for ${name}
//     < a -> name ?code      saves a parameter of the address that it is
//
// ${length} is the length of the body, ${file:ride.gpx} a file of the contract. Where a head says so, the body is sent in chunks.
type conversation struct {
	steps []step
}

type step struct {
	line    int
	times   int
	request string
	wants   []string
}

// readConversation reads a conversation, without what it refers to.
func readConversation(text string) (c conversation, err error) {
	var s step
	for i, line := range strings.Split(text+"\n\n", "\n") {
		switch content := strings.TrimPrefix(line[min(1, len(line)):], " "); {
		case line == "" && s.request != "":
			c.steps = append(c.steps, s)
			s = step{}
		case line == "", line[0] == '#':
		case line[0] == '*':
			s.times, err = strconv.Atoi(content)
		case line[0] == '>':
			if s.line == 0 {
				s.line = i + 1
			}
			content, err = unescape(content)
			s.request += content
		case line[0] == '<':
			s.wants = append(s.wants, content)
		default:
			err = fmt.Errorf("%q begins with none of # * > <", line)
		}
		if err != nil {
			return c, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return c, nil
}

var escape = regexp.MustCompile(`\\(\\|n|r|t|x[0-9a-f]{2}|$|.)`)

// unescape returns the bytes that a line stands for.
func unescape(line string) (bytes string, err error) {
	end := "\r\n"
	line = escape.ReplaceAllStringFunc(line, func(e string) string {
		switch {
		case e == `\`:
			end = ""
			return ""
		case e == `\x`, e[1] != 'x' && !strings.Contains(`\nrt`, e[1:]):
			err = fmt.Errorf("%s stands for nothing", e)
			return ""
		case e[1] == '\\':
			return `\`
		}
		c, _, _, unquoteErr := strconv.UnquoteChar(e, 0)
		if unquoteErr != nil {
			err = unquoteErr
		}
		return string([]byte{byte(c)})
	})
	return line + end, err
}

// talk is a conversation that takes place.
type talk struct {
	t      *testing.T
	name   string
	addr   string
	conn   net.Conn // nil: the next request opens one
	reader *bufio.Reader
	values map[string]string
	files  string // the folder of the files that it refers to
}

// hold holds a conversation with a server.
func (v *talk) hold(c conversation) {
	v.t.Helper()
	defer v.hangUp()
	for _, s := range c.steps {
		for n := range max(1, s.times) {
			v.values["n"] = strconv.Itoa(n + 1)
			v.take(s)
			if v.t.Failed() {
				return
			}
		}
	}
}

func (v *talk) hangUp() {
	if v.conn != nil {
		v.conn.Close()
		v.conn = nil
	}
}

// take sends the request of a step and checks the answer.
func (v *talk) take(s step) {
	v.t.Helper()
	head, body, _ := strings.Cut(s.request, "\r\n\r\n")
	body = v.fill(body)
	v.values["length"] = strconv.Itoa(len(body))
	head = v.fill(head)
	call, _, _ := strings.Cut(head, " HTTP/1.1")
	where := fmt.Sprintf("%s, line %d: %s", v.name, s.line, call)
	if strings.Contains(head, "Transfer-Encoding: chunked") {
		body = inChunks(body, 1000)
	}
	r, err := v.send(head+"\r\n\r\n"+body, strings.HasPrefix(head, "HEAD "))
	if err != nil {
		v.t.Errorf("%s: %v", where, err)
		return
	}
	for _, want := range s.wants {
		if err := v.check(r, v.fill(want)); err != nil {
			v.t.Errorf("%s: %d %.600s\nwanted %s: %v", where, r.status, r.body, want, err)
		}
	}
}

// inChunks cuts a body as Transfer-Encoding has it.
func inChunks(body string, size int) string {
	var chunks strings.Builder
	for body != "" {
		n := min(size, len(body))
		fmt.Fprintf(&chunks, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	return chunks.String() + "0\r\n\r\n"
}

// send sends bytes and reads the answer, on the connection that there is as long as both keep it.
func (v *talk) send(request string, isHead bool) (r reply, err error) {
	if v.conn == nil {
		if v.conn, err = net.Dial("tcp", v.addr); err != nil {
			return r, err
		}
		v.reader = bufio.NewReader(v.conn)
	}
	if err := v.conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return r, err
	}
	if _, err := io.WriteString(v.conn, request); err != nil {
		return r, err
	}
	method := http.MethodGet
	if isHead {
		method = http.MethodHead
	}
	answer, err := http.ReadResponse(v.reader, &http.Request{Method: method})
	if err != nil {
		return r, err
	}
	body, err := io.ReadAll(answer.Body)
	if answer.Close {
		v.hangUp()
	}
	return reply{answer.StatusCode, answer.Header, string(body)}, err
}

var placeholder = regexp.MustCompile(`\$\{([\w:.-]+)\}`)

// fill returns a text with what its placeholders stand for.
func (v *talk) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		name := p[len("${") : len(p)-len("}")]
		if file, ok := strings.CutPrefix(name, "file:"); ok {
			content, err := os.ReadFile(filepath.Join(v.files, file))
			if err != nil {
				v.t.Fatal(err)
			}
			return string(content)
		}
		value, ok := v.values[name]
		if !ok {
			v.t.Fatalf("%s: nothing was saved as %s", v.name, name)
		}
		return value
	})
}

var (
	statusWanted = regexp.MustCompile(`^\d{3}( \d{3})*$`)
	headerWanted = regexp.MustCompile(`^([A-Z][\w-]+): (.*)$`)
	valueWanted  = regexp.MustCompile(`^(\S+) (=|~|is|->) (.*)$`)
)

// check tells what is wrong with an answer, as far as one line wants something of it.
func (v *talk) check(r reply, want string) error {
	if want == "empty" {
		if r.body != "" {
			return fmt.Errorf("the body is %q", r.body)
		}
		return nil
	}
	if statusWanted.MatchString(want) {
		if !slices.Contains(strings.Fields(want), strconv.Itoa(r.status)) {
			return fmt.Errorf("the status is %d", r.status)
		}
		return nil
	}
	if m := headerWanted.FindStringSubmatch(want); m != nil {
		return matches(m[2], r.header.Get(m[1]))
	}
	tree, err := decodeTree(r.body)
	if err != nil {
		return err
	}
	if names, ok := strings.CutPrefix(want, "keys"); ok {
		object, _ := tree.(map[string]any)
		if got := sortedKeys(object); !slices.Equal(got, strings.Fields(names)) {
			return fmt.Errorf("the keys are %q", got)
		}
		return nil
	}
	m := valueWanted.FindStringSubmatch(want)
	if m == nil {
		return fmt.Errorf("%q wants nothing that is known", want)
	}
	found := valuesAt(tree, strings.Split(m[1], "."))
	if len(found) == 0 {
		return fmt.Errorf("there is no %s", m[1])
	}
	switch m[2] {
	case "=":
		return v.checkEqual(m[1], found, m[3])
	case "->":
		return v.save(found[0], m[3])
	}
	for _, value := range found {
		err := matches(m[3], textOf(value))
		if m[2] == "is" {
			err = isA(value, m[3])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (v *talk) checkEqual(path string, found []any, text string) error {
	want, err := decodeTree(text)
	if err != nil {
		want = text
	}
	var got any = found
	if !strings.Contains(path, "*") {
		got = found[0]
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Errorf("it is %s", textOf(got))
	}
	return nil
}

// save keeps a value for the steps to come.
func (v *talk) save(value any, as string) error {
	text := textOf(value)
	name, parameter, isParameter := strings.Cut(as, " ?")
	if isParameter {
		u, err := url.Parse(text)
		if err != nil {
			return err
		}
		text = u.Query().Get(parameter)
	}
	if text == "" || text == "null" {
		return fmt.Errorf("there is nothing to save as %s", name)
	}
	v.values[name] = text
	return nil
}

func decodeTree(text string) (tree any, err error) {
	err = json.Unmarshal([]byte(text), &tree)
	return tree, err
}

func sortedKeys(object map[string]any) []string {
	var keys []string
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// valuesAt returns what is at a path in a JSON value.
func valuesAt(tree any, path []string) (found []any) {
	if len(path) == 0 {
		return []any{tree}
	}
	switch tree := tree.(type) {
	case map[string]any:
		for _, key := range sortedKeys(tree) {
			if path[0] == key || path[0] == "*" {
				found = append(found, valuesAt(tree[key], path[1:])...)
			}
		}
	case []any:
		for i, value := range tree {
			if path[0] == strconv.Itoa(i) || path[0] == "*" {
				found = append(found, valuesAt(value, path[1:])...)
			}
		}
	}
	return found
}

// textOf returns a text as it is, and any other value as JSON.
func textOf(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // it has been JSON
	}
	return strings.TrimSpace(out.String())
}

// matches tells how a text differs from the whole of a regular expression.
func matches(expression, text string) error {
	e, err := regexp.Compile(`^(?s:` + expression + `)$`)
	if err == nil && !e.MatchString(text) {
		err = fmt.Errorf("it is %q", text)
	}
	return err
}

// isA tells why a value is not of a kind.
func isA(value any, kind string) error {
	text, isText := value.(string)
	if !isText {
		return fmt.Errorf("%s is no text", textOf(value))
	}
	if least, ok := strings.CutPrefix(kind, "version "); ok {
		var a, b [3]int
		_, err := fmt.Sscanf(text, "%d.%d.%d", &a[0], &a[1], &a[2])
		if err == nil {
			_, err = fmt.Sscanf(least, "%d.%d.%d", &b[0], &b[1], &b[2])
		}
		if err == nil && slices.Compare(a[:], b[:]) < 0 {
			err = fmt.Errorf("version %s is too old", text)
		}
		return err
	}
	switch kind {
	case "text":
		return nil
	case "jwt":
		return isJWT(text)
	}
	return fmt.Errorf("nobody knows what %q is", kind)
}

// isJWT tells why a text is no token whose expiry can be read.
func isJWT(text string) error {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return fmt.Errorf("%q is no JWT", text)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct {
		Expiry int64 `json:"exp"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		return err
	}
	if !time.Unix(claims.Expiry, 0).After(time.Now()) {
		return fmt.Errorf("payload %s expires in the past, or never", payload)
	}
	return nil
}

func TestReadConversation(t *testing.T) {
	t.Parallel()
	c, err := readConversation("# remark\n* 2\n> GET / HTTP/1.1\n> A: b\n>\n> x\\ny\\xff\\\\\\\n< 200\n< a = b\n\n\n> POST\n< 201")
	want := []step{
		{3, 2, "GET / HTTP/1.1\r\nA: b\r\n\r\nx\ny\xff\\", []string{"200", "a = b"}},
		{11, 0, "POST\r\n", []string{"201"}},
	}
	if err != nil || !reflect.DeepEqual(c.steps, want) {
		t.Errorf("readConversation = %v, %v; want %v", c.steps, err, want)
	}
	for _, bad := range []string{"x", "* many\n> GET", `> \q`, `> \x1`} {
		if c, err := readConversation(bad); err == nil {
			t.Errorf("readConversation(%q) = %v; want an error", bad, c.steps)
		}
	}
	v := &talk{t: t, values: make(map[string]string)}
	r := reply{201, http.Header{"Retry-After": {"17"}}, `{"a": [{"b": 1, "c": "x"}, {"b": 22, "c": "y"}], "u": "https://h/?code=z", "v": "0.8.0", "n": null}`}
	for _, good := range []string{
		"201", "429 201", `Retry-After: \d+`, "keys a n u v", "a.0.b = 1", "a.1.c = y", `a.1.c = "y"`, "a.*.b = [1, 22]", `a.*.b ~ \d+`, "n = null", "v is version 0.7.29",
		"v is text", "a.0.c -> saved", "u -> code ?code",
	} {
		if err := v.check(r, good); err != nil {
			t.Errorf("check %q: %v", good, err)
		}
	}
	if v.values["saved"] != "x" || v.values["code"] != "z" {
		t.Errorf("saved %q; want x and z", v.values)
	}
	for _, bad := range []string{
		"empty", "200", `Retry-After: \d`, "keys a", "a.0.b = 2", "a.2.b = 1", "a.*.b = [1]", `a.*.b ~ \d`, "n is text", "v is version 0.8.1", "v is jwt", "v is x", "n -> x",
		"u -> x ?state", "what", "a.0.b is text",
	} {
		if err := v.check(r, bad); err == nil {
			t.Errorf("check %q: nil; want an error", bad)
		}
	}
}
