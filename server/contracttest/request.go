package contracttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// jsonType is the media type of JSON.
const jsonType = "application/json"

// request sends the request of s, saves what s saves and compares the answer. Saving comes first,
// because a case may expect the very value that it saves.
func (r *run) request(ctx context.Context, s Step) (differences []string, err error) {
	req, err := r.build(ctx, s)
	if err != nil {
		return nil, err
	}
	a, err := send(r.client, req)
	if err != nil {
		return nil, err
	}
	err = r.save(a, s.Save)
	differences = a.compare(s.Expect, r.saved)
	if r.target.Check != nil {
		if wrong := r.target.Check(a.Response, a.body); wrong != nil {
			differences = append(differences, wrong.Error())
		}
	}
	return differences, err
}

// build makes the request that s describes. Its own headers win over those that follow from its body.
func (r *run) build(ctx context.Context, s Step) (*http.Request, error) {
	path, err := r.saved.fill(s.Path)
	if err != nil {
		return nil, err
	}
	body, contentType, err := r.body(s)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, s.Method, r.target.URL+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for name, value := range s.Headers {
		text, err := r.saved.fill(value)
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, text)
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host // net/http takes it from nowhere else
	}
	return req, nil
}

// body returns the body of s and its content type. A raw body has no type but what the headers say;
// without any body the reader is nil.
func (r *run) body(s Step) (body io.Reader, contentType string, err error) {
	switch {
	case present(s.JSON):
		body, err = r.jsonBody(s.JSON)
		return body, jsonType, err
	case s.Form != nil:
		body, err = r.formBody(s.Form)
		return body, "application/x-www-form-urlencoded", err
	case s.Multipart != nil:
		return r.multipartBody(s.Multipart)
	case s.Body != nil:
		text, err := r.saved.fill(*s.Body)
		return strings.NewReader(text), "", err
	default:
		return nil, "", nil
	}
}

func (r *run) jsonBody(template json.RawMessage) (io.Reader, error) {
	tree, err := parseJSON(template)
	if err != nil {
		return nil, fmt.Errorf("the case's json: %w", err)
	}
	if tree, err = r.saved.fillTree(tree); err != nil {
		return nil, err
	}
	text, err := json.Marshal(tree)
	return bytes.NewReader(text), err
}

func (r *run) formBody(fields map[string]string) (io.Reader, error) {
	form := url.Values{}
	for name, value := range fields {
		text, err := r.saved.fill(value)
		if err != nil {
			return nil, err
		}
		form.Set(name, text)
	}
	return strings.NewReader(form.Encode()), nil
}

func (r *run) multipartBody(parts []Part) (body io.Reader, contentType string, err error) {
	var text bytes.Buffer
	out := multipart.NewWriter(&text)
	for _, p := range parts {
		if err := r.writePart(out, p); err != nil {
			return nil, "", fmt.Errorf("part %s: %w", p.Name, err)
		}
	}
	return &text, out.FormDataContentType(), out.Close()
}

func (r *run) writePart(out *multipart.Writer, p Part) error {
	if p.File == "" {
		text, err := r.saved.fill(p.Value)
		if err != nil {
			return err
		}
		return out.WriteField(p.Name, text)
	}
	content, err := fs.ReadFile(r.fixtures, p.File)
	if err != nil {
		return err
	}
	if p.Filename == "" {
		p.Filename = p.File
	}
	// A form file has the type application/octet-stream.
	w, err := out.CreateFormFile(p.Name, p.Filename)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// answer is what the server sent back.
type answer struct {
	*http.Response // its body has been read
	status         int
	mediaType      string // without parameters; the whole header where it cannot be read
	body           []byte
}

func send(client *http.Client, req *http.Request) (answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return answer{resp, resp.StatusCode, mediaType(resp.Header.Get("Content-Type")), body}, nil
}

func mediaType(contentType string) string {
	short, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return contentType
	}
	return short
}

// save keeps the values that want finds in the answer. It fails when one is not there.
func (r *run) save(a answer, want map[string]string) error {
	if len(want) == 0 {
		return nil
	}
	tree, err := parseJSON(a.body)
	if err != nil {
		return fmt.Errorf("cannot save from an answer that is no JSON: %w", err)
	}
	var missing []error
	for _, name := range sortedKeys(want) {
		value, err := lookup(tree, want[name])
		if err != nil {
			missing = append(missing, fmt.Errorf("save %s: %s: %w", name, want[name], err))
			continue
		}
		r.saved[name] = value
	}
	return errors.Join(missing...)
}

// compare lists where a differs from what is due. After a wrong status the body is shown as it is.
func (a answer) compare(want *Expect, saved values) []string {
	if a.status != want.Status {
		return []string{fmt.Sprintf("status: got %d; want %d", a.status, want.Status), "the answer: " + shorten(string(a.body))}
	}
	var found []string
	if want.Status == http.StatusNoContent && len(a.body) > 0 {
		found = append(found, "body: got "+shorten(string(a.body))+"; want none")
	}
	if want.ContentType != "" && a.mediaType != mediaType(want.ContentType) {
		found = append(found, fmt.Sprintf("content type: got %q; want %q", a.mediaType, want.ContentType))
	}
	return slices.Concat(found, a.compareJSON(want, saved))
}

// compareJSON compares the body where the case has one. A null is one only of an answer that the case
// declares to be JSON.
func (a answer) compareJSON(want *Expect, saved values) []string {
	if len(want.JSON) == 0 || !present(want.JSON) && mediaType(want.ContentType) != jsonType {
		return nil
	}
	wanted, err := parseJSON(want.JSON)
	if err != nil {
		return []string{"the case's json: " + err.Error()}
	}
	got, err := parseJSON(a.body)
	if err != nil {
		return []string{"body is no JSON: " + err.Error(), "the answer: " + shorten(string(a.body))}
	}
	return compare(got, wanted, saved)
}
