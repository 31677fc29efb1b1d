package server

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"
)

const (
	// stall is how long a client may take to send or accept the next piece of a body.
	stall = 30 * time.Second
	// piece is how many bytes of an answer a client has to accept in that time.
	piece = 64 << 10
	// slowest is how many bytes of a body a client has to send in a second, on the whole, after a first stall.
	slowest = 2 << 10

	apiPolicy  = "default-src 'none'; frame-ancestors 'none'"
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// observe is the outermost layer: headers that every answer has, deadlines, panics and the log. It logs
// no query and no header, because secrets are in them.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, control: http.NewResponseController(w)}
		setCommonHeaders(rec.Header(), isAPI(r))
		if r.Body != nil && r.Body != http.NoBody {
			r = r.WithContext(r.Context()) // a copy: the server below looks at the body that it made itself
			rec.body = newPatientBody(r.Body, rec.control)
			r.Body = rec.body
		}
		defer func() {
			if v := recover(); v != nil {
				s.recovered(rec, r, v)
			}
			if slog.Default().Enabled(r.Context(), slog.LevelDebug) {
				slog.Debug("request", "method", r.Method, "path", loggedPath(r), "status", rec.status,
					"duration", time.Since(start), "client", s.clientAddr(r))
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// secretInPath is where a secret begins in a path, or may begin in one that is meant as the address of an upload and is not quite: with
// a slash too many, say, or capitals. What auth makes tells itself by its prefix.
var secretInPath = regexp.MustCompile(`(?is)(upload/|fit(?:pat|oat|ort)_).*`)

// loggedPath returns the path of a request as it may stand in a log.
func loggedPath(r *http.Request) string { return secretInPath.ReplaceAllString(r.URL.Path, "${1}…") }

func setCommonHeaders(h http.Header, isAPI bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if isAPI {
		h.Set("Content-Security-Policy", apiPolicy)
	} else {
		h.Set("Content-Security-Policy", pagePolicy)
	}
}

// recovered answers a request whose handler panicked, and logs where.
func (s *Server) recovered(rec *recorder, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
	if rec.status != 0 {
		s.logFailure(r, err)
		panic(http.ErrAbortHandler) // the answer has begun; all that is left is to cut it off
	}
	s.sendError(rec, r, err)
}

// recorder notes the status of an answer, and gives a client that accepts nothing a deadline.
type recorder struct {
	http.ResponseWriter
	control *http.ResponseController
	body    *patientBody // nil: the request has none
	status  int
}

func (rec *recorder) WriteHeader(status int) {
	if rec.status == 0 {
		rec.status = status
		if rec.body != nil && !rec.body.isRead {
			// The answer does not wait for what is left of the body, so the connection has no further use.
			rec.Header().Set("Connection", "close")
		}
	}
	rec.ResponseWriter.WriteHeader(status)
}

func (rec *recorder) Write(b []byte) (int, error) {
	if rec.status == 0 {
		rec.WriteHeader(http.StatusOK)
	}
	written := 0
	for {
		_ = rec.control.SetWriteDeadline(time.Now().Add(stall)) // a test's recorder has none
		n, err := rec.ResponseWriter.Write(b[written:min(len(b), written+piece)])
		written += n
		if err != nil || written == len(b) {
			return written, err
		}
	}
}

// Unwrap lets http.ResponseController find the connection.
func (rec *recorder) Unwrap() http.ResponseWriter { return rec.ResponseWriter }

// patientBody is a request's body that may be long, but must neither stall nor drip.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	start   time.Time
	bytes   int64
	isRead  bool // to its end
}

// newPatientBody sets the first deadline, which also holds when nobody reads the body.
func newPatientBody(body io.ReadCloser, control *http.ResponseController) *patientBody {
	b := &patientBody{ReadCloser: body, control: control, start: time.Now()}
	b.extend()
	return b
}

// extend sets the deadline of the next piece: soon, and not later than a slow client would have sent it.
func (b *patientBody) extend() {
	next := time.Now().Add(stall)
	if last := b.start.Add(stall + time.Duration(b.bytes)*time.Second/slowest); last.Before(next) {
		next = last
	}
	_ = b.control.SetReadDeadline(next) // a test's recorder has none
}

func (b *patientBody) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	b.bytes += int64(n)
	if err == io.EOF {
		b.isRead = true
		// Whatever is read from here on is the next request, or the client hanging up.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
