package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strings"

	"fittrackee/assets"
	"fittrackee/problem"
)

// uploadRules say what is taken as the file of a form.
type uploadRules struct {
	what     string           // for messages: "picture"
	maxBytes map[string]int64 // by extension, without the dot, lower case; others are not taken
	// isBare tells that the file may be the whole body, or in any field of a form. Its content says then what it is, not its name.
	isBare bool
}

// formSlack is what the rest of a form may add to its file, in bytes.
const formSlack = 64 << 10

var errNoFilePart = problem.New(problem.BadUpload, "no file part")

// upload is a form with a file.
type upload struct {
	file      *assets.Spooled
	extension string // of the name that the client gave the file, lower case
	data      []byte // the part "data"; nil: there is none
}

// receive reads a multipart form, and spools its part "file" to disk. Only a complete form counts. As far as the rules are for
// bare files, it reads those too. The caller closes the file.
func (s *Server) receive(w http.ResponseWriter, r *http.Request, rules uploadRules) (*upload, error) {
	var largest int64
	for _, n := range rules.maxBytes {
		largest = max(largest, n)
	}
	atMost := largest + assets.CountMore + formSlack
	if r.ContentLength > atMost {
		return nil, rules.tooLarge(assets.FileSize(r.ContentLength), largest)
	}
	body := &formBody{ReadCloser: http.MaxBytesReader(w, r.Body, atMost), left: formSlack}
	v := new(upload)
	err := s.readUpload(r, body, rules, v)
	if err == nil {
		_, _ = io.CopyN(io.Discard, r.Body, formSlack) // anything after the form is ignored
		err = stillMay(r)
	}
	if err == nil {
		return v, nil
	}
	if v.file != nil {
		err = errors.Join(err, v.file.Close())
	}
	return nil, rules.formError(err)
}

// readUpload reads a body to its end.
func (s *Server) readUpload(r *http.Request, body *formBody, rules uploadRules, v *upload) error {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); rules.isBare && media != "multipart/form-data" {
		content := bufio.NewReader(body)
		if v.extension = contentExtension(content); v.extension == "" {
			return errNoFilePart
		}
		return s.spool(content, body, rules, v)
	}
	r.Body = mendClosing(body, r.Header.Get("Content-Type"))
	form, err := r.MultipartReader()
	if err != nil {
		return errNoFilePart.With(err)
	}
	return s.readUploadForm(form, body, rules, v)
}

// contentExtension returns the ending that fits the content of a file, empty if there is no content.
func contentExtension(content *bufio.Reader) string {
	begin, _ := content.Peek(2)
	switch string(begin) {
	case "":
		return ""
	case "PK": // the names of all records in a zip archive begin so
		return "zip"
	}
	return "gpx" // the parser will tell
}

// spool copies the file of an upload to disk.
func (s *Server) spool(content io.Reader, body *formBody, rules uploadRules, v *upload) (err error) {
	body.isFile = true
	v.file, err = s.files.Spool(content, rules.maxBytes[v.extension])
	body.isFile = false
	return err
}

// readUploadForm reads a form to its end. Of several parts of one name, the first counts.
func (s *Server) readUploadForm(form *multipart.Reader, body *formBody, rules uploadRules, v *upload) error {
	for {
		part, err := form.NextRawPart()
		switch {
		case err == io.EOF && v.file == nil:
			return errNoFilePart
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		if err != nil {
			continue
		}
		fileName, isFile := params["filename"]
		switch {
		case rules.isBare:
			err = s.spoolField(part, isFile, body, rules, v)
		case params["name"] == "file" && isFile && v.file == nil:
			if v.extension, err = rules.extension(fileName); err == nil {
				err = s.spool(part, body, rules, v)
			}
		case params["name"] == "data" && v.data == nil:
			v.data, err = io.ReadAll(part)
		}
		if err != nil {
			return err
		}
	}
}

// spoolField copies a field to disk if it is the first that is a file: by its file name, or else by its content.
func (s *Server) spoolField(part io.Reader, isFile bool, body *formBody, rules uploadRules, v *upload) error {
	content := bufio.NewReader(part)
	extension := contentExtension(content)
	if v.file != nil || extension == "" || !isFile && !looksLikeTrack(content) {
		return nil
	}
	v.extension = extension
	return s.spool(content, body, rules, v)
}

// looksLikeTrack tells whether a field that has no file name is an archive or an XML file all the same.
func looksLikeTrack(content *bufio.Reader) bool {
	begin, _ := content.Peek(64)
	begin = bytes.TrimLeft(bytes.TrimPrefix(begin, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(begin, []byte("<")) || bytes.HasPrefix(begin, []byte("PK"))
}

// extension returns the ending of a file's name, if such files are taken.
func (u uploadRules) extension(fileName string) (string, error) {
	if fileName == "" {
		return "", problem.New(problem.BadUpload, "no selected file")
	}
	extension := strings.ToLower(strings.TrimPrefix(filepath.Ext(fileName), "."))
	if _, ok := u.maxBytes[extension]; !ok {
		return "", problem.New(problem.BadUpload, "file extension not allowed")
	}
	return extension, nil
}

// decodeData reads the JSON object in the part "data". Line breaks within its texts may stand there as they are: so
// FitTrackee's own page sends them.
func (u *upload) decodeData(in any) error {
	return decodeObject(escapeControls(u.data), in)
}

// escapeControls escapes control characters within the texts of a JSON document.
func escapeControls(data []byte) []byte {
	var out []byte
	isText, isEscaped := false, false
	for _, c := range data {
		if isText && c < ' ' {
			out = fmt.Appendf(out, `\u%04x`, c)
			isEscaped = false
			continue
		}
		out = append(out, c)
		switch {
		case isEscaped:
			isEscaped = false
		case c == '\\':
			isEscaped = isText
		case c == '"':
			isText = !isText
		}
	}
	return out
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

// formError tells what was wrong with a form. What is not a problem yet is the client's fault, unless our
// disk failed.
func (u uploadRules) formError(err error) error {
	var p *problem.Error
	var tooLarge *assets.SizeError
	var overLimit *http.MaxBytesError
	var disk *fs.PathError // reading a request has no path
	switch {
	case errors.As(err, &p), errors.As(err, &disk):
		return err
	case errors.As(err, &tooLarge):
		if !tooLarge.Exact {
			return u.tooLarge("over "+assets.FileSize(tooLarge.Size), tooLarge.Limit)
		}
		return u.tooLarge(assets.FileSize(tooLarge.Size), tooLarge.Limit)
	case errors.As(err, &overLimit):
		return u.tooLarge("over "+assets.FileSize(overLimit.Limit), overLimit.Limit-assets.CountMore-formSlack)
	}
	return problem.Wrap(problem.BadUpload, problem.ErrInvalidPayload.Text, err)
}

func (u uploadRules) tooLarge(size string, limit int64) error {
	return problem.New(problem.TooLarge, fmt.Sprintf(
		"Error during %s upload, file size (%s) exceeds %s.", u.what, size, assets.FileSize(limit)))
}
