package server

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"slices"
	"strings"

	"fittrackee/assets"
	"fittrackee/problem"
)

// uploadRules say what is taken as the file of a form.
type uploadRules struct {
	what       string   // for messages: "picture"
	extensions []string // without the dot, lower case
	maxBytes   int64
}

// formSlack is what the rest of a form may add to its file, in bytes.
const formSlack = 64 << 10

var errNoFilePart = problem.New(problem.BadUpload, "no file part")

// receive spools the part "file" of a multipart form to disk. Only a complete form counts. The caller
// closes what it returns.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, rules uploadRules) (*assets.Spooled, error) {
	atMost := rules.maxBytes + assets.CountMore + formSlack
	if r.ContentLength > atMost {
		return nil, rules.tooLarge(assets.FileSize(r.ContentLength))
	}
	body := &formBody{ReadCloser: http.MaxBytesReader(w, r.Body, atMost), left: formSlack}
	r.Body = body
	form, err := r.MultipartReader()
	if err != nil {
		return nil, errNoFilePart.With(err)
	}
	part, err := filePart(form, rules)
	if err != nil {
		return nil, formError(err, rules)
	}
	body.isFile = true
	file, err := s.files.Spool(part, rules.maxBytes)
	body.isFile = false
	if err != nil {
		return nil, formError(err, rules)
	}
	if err := readToEnd(form); err != nil {
		return nil, formError(errors.Join(err, file.Close()), rules)
	}
	_, _ = io.CopyN(io.Discard, r.Body, formSlack) // anything after the form is ignored
	return file, nil
}

// formBody is the body of a form in which all but the file has to fit into formSlack: mime/multipart keeps the
// header of a part in memory, and takes 10 MB of it.
type formBody struct {
	io.ReadCloser
	left   int64 // bytes for what is not the file
	isFile bool  // what is being read
}

var errLongForm = problem.New(problem.BadUpload, fmt.Sprintf("the form around the file exceeds %d kB", formSlack>>10))

// Read fails when the form is too long around its file.
func (b *formBody) Read(p []byte) (int, error) {
	if b.isFile {
		return b.ReadCloser.Read(p)
	}
	if b.left <= 0 {
		return 0, errLongForm
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// filePart returns the first part "file" of a form that is a file, if its name is of a kind that is taken.
func filePart(form *multipart.Reader, rules uploadRules) (*multipart.Part, error) {
	for {
		part, err := form.NextRawPart()
		if err == io.EOF {
			return nil, errNoFilePart
		}
		if err != nil {
			return nil, err
		}
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		name, isFile := params["filename"]
		if err != nil || params["name"] != "file" || !isFile {
			continue
		}
		extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
		switch {
		case name == "":
			return nil, problem.New(problem.BadUpload, "no selected file")
		case !slices.Contains(rules.extensions, extension):
			return nil, problem.New(problem.BadUpload, "file extension not allowed")
		}
		return part, nil
	}
}

// readToEnd reads the parts of a form that nobody wants.
func readToEnd(form *multipart.Reader) error {
	for {
		if _, err := form.NextRawPart(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// formError tells what was wrong with a form. What is not a problem yet is the client's fault, unless our
// disk failed.
func formError(err error, rules uploadRules) error {
	var p *problem.Error
	var tooLarge *assets.SizeError
	var overLimit *http.MaxBytesError
	var disk *fs.PathError // reading a request has no path
	switch {
	case errors.As(err, &p), errors.As(err, &disk):
		return err
	case errors.As(err, &tooLarge):
		if !tooLarge.Exact {
			return rules.tooLarge("over " + assets.FileSize(tooLarge.Size))
		}
		return rules.tooLarge(assets.FileSize(tooLarge.Size))
	case errors.As(err, &overLimit):
		return rules.tooLarge("over " + assets.FileSize(overLimit.Limit))
	}
	return problem.Wrap(problem.BadUpload, problem.ErrInvalidPayload.Text, err)
}

func (u uploadRules) tooLarge(size string) error {
	return problem.New(problem.TooLarge, fmt.Sprintf(
		"Error during %s upload, file size (%s) exceeds %s.", u.what, size, assets.FileSize(u.maxBytes)))
}
