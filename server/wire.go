package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/mux"

	"fittrackee/problem"
)

// maxBodyBytes is the largest body that is read, uploads aside. None of the API's comes near it.
const maxBodyBytes = 64 << 10

// decode reads the JSON object in the body of a request into in.
func decode(w http.ResponseWriter, r *http.Request, in any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return problem.ErrInvalidPayload
	}
	body, err := readBounded(w, r)
	if err != nil {
		return err
	}
	return decodeObject(body, in)
}

// readBounded reads a body that is not an upload.
func readBounded(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := problem.New(problem.TooLarge, fmt.Sprintf("the body exceeds %d kB", maxBodyBytes>>10))
	if r.ContentLength > maxBodyBytes {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	var overLimit *http.MaxBytesError
	switch {
	case errors.As(err, &overLimit):
		return nil, tooLarge
	case err != nil:
		return nil, problem.ErrInvalidPayload.With(err)
	}
	return body, stillMay(r)
}

// decodeObject reads a JSON object into in.
func decodeObject(data []byte, in any) error {
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return problem.ErrInvalidPayload
	}
	if err := json.Unmarshal(data, in); err != nil {
		return problem.ErrInvalidPayload.With(err)
	}
	return nil
}

// field is a value in a request that may be absent, or null.
type field[T any] struct {
	isSet, isNull bool
	value         T
}

// UnmarshalJSON is called for present fields only, null included.
func (f *field[T]) UnmarshalJSON(b []byte) error {
	f.isSet = true
	f.isNull = string(b) == "null"
	return json.Unmarshal(b, &f.value)
}

// pointer returns the value, nil when it is absent or null.
func (f *field[T]) pointer() *T {
	if !f.isSet || f.isNull {
		return nil
	}
	return &f.value
}

// pathNumber returns a number in a request's path, which has digits there. One that is too large is the largest that there is,
// and nothing has that number.
func pathNumber(r *http.Request, name string) int {
	n, _ := strconv.Atoi(mux.Vars(r)[name])
	return n
}

// pathID returns the id in a request's path.
func pathID(r *http.Request) int64 { return int64(pathNumber(r, "id")) }

// answer is the envelope of every reply of the API.
type answer struct {
	Status  string `json:"status"`
	Message any    `json:"message,omitempty"`
	Data    any    `json:"data,omitempty"`
}

// send writes v as JSON.
func send(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	sendBytes(w, status, "application/json", body.Bytes())
	return nil
}

// sendBytes writes an answer that is complete.
func sendBytes(w http.ResponseWriter, status int, mediaType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone has nobody to be told
}

// sendData writes a successful answer with data.
func sendData(w http.ResponseWriter, data any) error {
	return send(w, http.StatusOK, answer{Status: "success", Data: data})
}

// sendPage writes a successful answer with a part of a list.
func sendPage(w http.ResponseWriter, data any, p paginationShape) error {
	return send(w, http.StatusOK, struct {
		answer
		Pagination paginationShape `json:"pagination"`
	}{answer{Status: "success", Data: data}, p})
}

// sendMessage writes a successful answer with a message.
func sendMessage(w http.ResponseWriter, message string) error {
	return send(w, http.StatusOK, answer{Status: "success", Message: message})
}

// sendNothing writes a successful answer without a body.
func sendNothing(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// statuses give each kind of problem its HTTP status and the word in the envelope.
var statuses = map[problem.Kind]struct {
	code int
	word string
}{
	problem.Invalid:        {http.StatusBadRequest, "error"},
	problem.BadUpload:      {http.StatusBadRequest, "fail"},
	problem.TooLarge:       {http.StatusRequestEntityTooLarge, "fail"},
	problem.NoToken:        {http.StatusUnauthorized, "error"},
	problem.BadToken:       {http.StatusUnauthorized, "error"},
	problem.BadCredentials: {http.StatusUnauthorized, "error"},
	problem.Forbidden:      {http.StatusForbidden, "error"},
	problem.NoScope:        {http.StatusForbidden, "error"},
	problem.Missing:        {http.StatusNotFound, "not found"},
	problem.Conflict:       {http.StatusConflict, "error"},
	problem.BadMethod:      {http.StatusMethodNotAllowed, "error"},
	problem.Failed:         {http.StatusInternalServerError, "fail"},
	problem.Unavailable:    {http.StatusServiceUnavailable, "error"},
	problem.TooMany:        {http.StatusTooManyRequests, "error"},
}

// doubleRefusal says why something is refused in our words and in OAuth's.
type doubleRefusal struct {
	answer
	oauthRefusal
}

// tokenRefusals are OAuth's words for what is wrong with a token (RFC 6750, 3.1).
var tokenRefusals = map[problem.Kind]oauthRefusal{
	problem.BadToken: {
		"invalid_token", "The access token provided is expired, revoked, malformed, or invalid for other reasons.",
	},
	problem.NoScope: {
		"insufficient_scope", "The request requires higher privileges than provided by the access token.",
	},
}

// sendError writes what a client may know of an error, and logs the rest.
func (s *Server) sendError(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem.Error
	if !errors.As(err, &p) {
		p = problem.Wrap(0, "error, please try again or contact the administrator", err)
	}
	status, ok := statuses[p.Kind]
	if !ok {
		status.code, status.word = http.StatusInternalServerError, "error"
	}
	if status.code == http.StatusInternalServerError {
		s.logFailure(r, p.Err)
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if !isAPI(r) {
		sendErrorPage(w, status.code, p.Text)
		return
	}
	var body any = answer{Status: status.word, Message: p.Text}
	switch {
	case len(p.List) > 0:
		body = answer{Status: status.word, Message: p.List}
	case p.Kind == problem.NoToken:
		w.Header().Set("WWW-Authenticate", `Bearer realm="fittrackee"`)
	default:
		if refusal, ok := tokenRefusals[p.Kind]; ok {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(
				`Bearer realm="fittrackee", error="%s", error_description="%s"`, refusal.Error, refusal.Description))
			body = doubleRefusal{answer{Status: status.word, Message: p.Text}, refusal}
		}
	}
	if err := send(w, status.code, body); err != nil {
		s.logFailure(r, err)
	}
}

// failed gives a failure of ours words of its own for the client. A problem has them already.
func failed(text string, err error) error {
	var p *problem.Error
	if errors.As(err, &p) {
		return err
	}
	return problem.Wrap(problem.Failed, text, err)
}

// logFailure logs an error that is ours, not the client's. A client that went away is none.
func (s *Server) logFailure(r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		slog.Debug("request given up", "method", r.Method, "path", loggedPath(r))
		return
	}
	slog.Error("request failed", "method", r.Method, "path", loggedPath(r), "error", err)
}

// stream writes an answer in JSON that may be long, a piece at a time. If it fails midway, the connection is cut off, so that
// nobody takes the answer for whole.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, write func(out *bufio.Writer) error) error {
	w.Header().Set("Content-Type", "application/json")
	sent := &countingWriter{Writer: w}
	out := bufio.NewWriterSize(sent, 32<<10)
	err := write(out)
	if err == nil && sent.bytes == 0 { // it is not that long
		w.Header().Set("Content-Length", strconv.Itoa(out.Buffered()))
	}
	if flushErr := out.Flush(); err == nil && flushErr == nil {
		return nil
	} else if err != nil && flushErr == nil { // else the client is gone
		s.logFailure(r, err)
	}
	panic(http.ErrAbortHandler)
}

// countingWriter counts what is written.
type countingWriter struct {
	io.Writer
	bytes int
}

func (w *countingWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.bytes += n
	return n, err
}

// jsonText writes text in UTF-8 as the inside of a JSON string.
type jsonText struct{ out *bufio.Writer }

// Write is called with any part of the text.
func (t jsonText) Write(text []byte) (int, error) {
	const digits = "0123456789abcdef"
	begin := 0 // of what is not written yet
	for i, c := range text {
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		_, _ = t.out.Write(text[begin:i]) // the last call tells
		begin = i + 1
		switch c {
		case '"', '\\':
			_, _ = t.out.Write([]byte{'\\', c})
		case '\n':
			_, _ = t.out.WriteString(`\n`)
		default:
			_, _ = t.out.Write([]byte{'\\', 'u', '0', '0', digits[c>>4], digits[c&15]})
		}
	}
	_, err := t.out.Write(text[begin:])
	return len(text), err
}
