package server

import (
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
	"time"

	"github.com/gorilla/mux"

	"fittrackee/problem"
)

// maxJSONBytes is the largest JSON body that is read. None of the API's comes near it.
const maxJSONBytes = 64 << 10

var errInvalidPayload = problem.New(problem.Invalid, "invalid payload")

// decode reads the JSON object in the body of a request into in.
func decode(w http.ResponseWriter, r *http.Request, in any) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return errInvalidPayload
	}
	tooLarge := problem.New(problem.TooLarge, fmt.Sprintf("the body exceeds %d kB", maxJSONBytes>>10))
	if r.ContentLength > maxJSONBytes {
		return tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBytes))
	var overLimit *http.MaxBytesError
	switch {
	case errors.As(err, &overLimit):
		return tooLarge
	case err != nil:
		return problem.Wrap(problem.Invalid, errInvalidPayload.Text, err)
	case !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		return errInvalidPayload
	}
	if err := json.Unmarshal(body, in); err != nil {
		return problem.Wrap(problem.Invalid, errInvalidPayload.Text, err)
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

// pathID returns the id in a request's path. One too large to be given is like one that was never given.
func pathID(r *http.Request) int64 {
	id, err := strconv.ParseInt(mux.Vars(r)["id"], 10, 64)
	if err != nil {
		return math.MaxInt64
	}
	return id
}

// answer is the envelope of every reply of the API.
type answer struct {
	Status  string `json:"status"`
	Message any    `json:"message,omitempty"`
	Data    any    `json:"data,omitempty"`
}

// object is a JSON object made on the spot.
type object = map[string]any

// send writes v as JSON.
func send(w http.ResponseWriter, status int, v any) error {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // a client that is gone has nobody to be told
	return nil
}

// sendData writes a successful answer with data.
func sendData(w http.ResponseWriter, data any) error {
	return send(w, http.StatusOK, answer{Status: "success", Data: data})
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
	problem.Missing:        {http.StatusNotFound, "not found"},
	problem.BadMethod:      {http.StatusMethodNotAllowed, "error"},
	problem.TooMany:        {http.StatusTooManyRequests, "error"},
}

// refusedToken is an answer to a token that opens nothing, in our words and in OAuth's (RFC 6750, 3.1).
type refusedToken struct {
	answer
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
}

// sendError writes what a client may know of an error, and logs the rest.
func (s *Server) sendError(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem.Error
	if !errors.As(err, &p) {
		s.logFailure(r, err)
		p = problem.New(0, "error, please try again or contact the administrator")
	}
	status, ok := statuses[p.Kind]
	if !ok {
		status.code, status.word = http.StatusInternalServerError, "error"
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
	case p.Kind == problem.BadToken:
		const description = "The access token provided is expired, revoked, malformed, or invalid for other reasons."
		w.Header().Set("WWW-Authenticate",
			`Bearer realm="fittrackee", error="invalid_token", error_description="`+description+`"`)
		body = refusedToken{answer{Status: status.word, Message: p.Text}, "invalid_token", description}
	}
	if err := send(w, status.code, body); err != nil {
		s.logFailure(r, err)
	}
}

// logFailure logs an error that is ours, not the client's. A client that went away is none.
func (s *Server) logFailure(r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		slog.Debug("request given up", "method", r.Method, "path", r.URL.Path)
		return
	}
	slog.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
}

// httpDate formats a time as RFC 1123 does, in GMT.
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// clock formats seconds as H:MM:SS, with the days before it from the first on: "1 day, 1:23:59".
func clock(seconds int64) string {
	text := fmt.Sprintf("%d:%02d:%02d", seconds%86400/3600, seconds%3600/60, seconds%60)
	switch days := seconds / 86400; days {
	case 0:
		return text
	case 1:
		return "1 day, " + text
	default:
		return fmt.Sprintf("%d days, %s", days, text)
	}
}

// decimal is a number with a fixed count of decimals, such as 4995 m as 4.995 km. In JSON it has as many of
// them as say something, and one at least.
type decimal struct {
	units    int64
	decimals int
}

// MarshalJSON writes the exact number, without a detour over binary fractions.
func (d decimal) MarshalJSON() ([]byte, error) {
	text := fmt.Sprintf("%0*d", d.decimals+1, max(d.units, -d.units))
	whole, fraction := text[:len(text)-d.decimals], text[len(text)-d.decimals:]
	fraction = strings.TrimRight(fraction, "0")
	if fraction == "" {
		fraction = "0"
	}
	if d.units < 0 {
		whole = "-" + whole
	}
	return []byte(whole + "." + fraction), nil
}

// float is a number that has a decimal point in JSON even when it is whole, as FitTrackee writes it.
type float float64

// MarshalJSON writes the shortest text that reads back as the same number.
func (f float) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(f), 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return []byte(text), nil
}
