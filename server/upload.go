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

// receive spools the part "file" of a multipart form to disk. Only a complete form counts. The caller
// closes what it returns.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, rules uploadRules) (*assets.Spooled, error) {
	atMost := rules.maxBytes + assets.CountMore + formSlack
	if r.ContentLength > atMost {
		return nil, rules.tooLarge(assets.FileSize(r.ContentLength))
	}
	r.Body = http.MaxBytesReader(w, r.Body, atMost)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, problem.Wrap(problem.BadUpload, "no file part", err)
	}
	var file *assets.Spooled
	for {
		part, err := form.NextRawPart()
		if err == io.EOF && file != nil {
			_, _ = io.CopyN(io.Discard, r.Body, formSlack) // what follows the form is nothing
			return file, nil
		}
		if err == io.EOF {
			return nil, problem.New(problem.BadUpload, "no file part")
		}
		if err == nil && file == nil && part.FormName() == "file" {
			file, err = s.spool(part, rules)
		}
		if err != nil {
			if file != nil {
				err = errors.Join(err, file.Close())
			}
			return nil, formError(err, rules)
		}
	}
}

// spool keeps the file of a form, if its name is of a kind that is taken. It returns nothing for a part that is
// no file.
func (s *Server) spool(part *multipart.Part, rules uploadRules) (*assets.Spooled, error) {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return nil, err
	}
	name, isFile := params["filename"]
	if !isFile {
		return nil, nil
	}
	if name == "" {
		return nil, problem.New(problem.BadUpload, "no selected file")
	}
	extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	if !slices.Contains(rules.extensions, extension) {
		return nil, problem.New(problem.BadUpload, "file extension not allowed")
	}
	return s.files.Spool(part, rules.maxBytes)
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
	return problem.Wrap(problem.BadUpload, errInvalidPayload.Text, err)
}

func (u uploadRules) tooLarge(size string) error {
	return problem.New(problem.TooLarge, fmt.Sprintf(
		"Error during %s upload, file size (%s) exceeds %s.", u.what, size, assets.FileSize(u.maxBytes)))
}
