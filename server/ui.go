package server

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// UI is the built user interface, looked through once. The zero value has nothing.
type UI struct {
	files fs.FS
	// known are the files by name, without those that are another one compressed.
	known map[string]uiFile
}

// uiFile is a file of the UI in all the forms that there are of it.
type uiFile struct {
	mediaType string
	caching   string            // as a header
	forms     map[string]uiForm // by coding; identity is always there
}

// uiForm is one of the forms of a file.
type uiForm struct {
	name string // of the file that has it
	// isInflated tells that the file has it in gzip: the plain form of what there is in compressed forms only.
	isInflated bool
	bytes      int64
	etag       string // empty: nobody asks whether a copy is still good
}

const (
	identity = "identity"

	indexName   = "index.html"
	assetPrefix = "assets/" // where names have a hash in them

	// Of the index no copy is kept, because it names files that are gone after an update.
	indexCaching = "no-store"
	assetCaching = "public, max-age=31536000, immutable"
	otherCaching = "public, max-age=3600"
)

// codings are the forms that a file may have (RFC 9110, 8.4.1), the best one first, and how the names of compressed ones end.
var codings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}, {identity, ""}}

// uiTypes does not depend on what the machine knows of media types.
var uiTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        htmlType,
	".js":          "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
}

// NewUI looks through the files that the build of the UI made. It fails when they cannot be read; that there are none is no failure.
func NewUI(files fs.FS) (*UI, error) {
	u := &UI{files: files, known: make(map[string]uiFile)}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".br"), ".gz")
		if _, ok := u.known[name]; !ok {
			u.known[name], err = u.look(name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look through the UI: %w", err)
	}
	return u, nil
}

// look finds the forms of a file.
func (u *UI) look(name string) (f uiFile, err error) {
	f.mediaType = uiTypes[path.Ext(name)]
	if f.mediaType == "" {
		f.mediaType = "application/octet-stream"
	}
	switch {
	case name == indexName:
		f.caching = indexCaching
	case strings.HasPrefix(name, assetPrefix):
		f.caching = assetCaching
	default:
		f.caching = otherCaching
	}
	f.forms = make(map[string]uiForm)
	for _, c := range codings {
		form := uiForm{name: name + c.suffix}
		info, err := fs.Stat(u.files, form.name)
		switch {
		case err == nil:
			form.bytes = info.Size()
		case c.name == identity:
			form = uiForm{name: name + ".gz", isInflated: true} // the build keeps no plain form of a text, which few ask for
		default:
			continue
		}
		if f.caching == otherCaching {
			if form.etag, err = u.hash(form); err != nil {
				return f, err
			}
		}
		f.forms[c.name] = form
	}
	return f, nil
}

// hash returns the ETag of a form.
func (u *UI) hash(form uiForm) (string, error) {
	sum := sha256.New()
	err := u.copy(sum, form)
	return fmt.Sprintf(`"%x"`, sum.Sum(nil)[:16]), err
}

// copy writes a form to w.
func (u *UI) copy(w io.Writer, form uiForm) error {
	file, err := u.files.Open(form.name)
	if err != nil {
		return err
	}
	defer file.Close()
	var content io.Reader = file
	if form.isInflated {
		if content, err = gzip.NewReader(file); err != nil {
			return err
		}
	}
	_, err = io.Copy(w, content)
	return err
}

// isBuilt tells whether there is a UI.
func (u *UI) isBuilt() bool {
	_, ok := u.known[indexName]
	return ok
}

// isPage tells whether a path is one of the UI's pages, and not one of its files.
func isPage(p string) bool {
	last := p[strings.LastIndex(p, "/")+1:]
	return !strings.HasPrefix(p, "/"+assetPrefix) && !strings.Contains(last, ".")
}

// sendIndex sends the page that all pages begin as.
func (u *UI) sendIndex(w http.ResponseWriter, r *http.Request) error {
	return u.send(w, r, u.known[indexName])
}

// sendFile sends what the pages are made of.
func (u *UI) sendFile(w http.ResponseWriter, r *http.Request) error {
	name := strings.TrimPrefix(r.URL.Path, "/")
	file, ok := u.known[name]
	if !ok || name == indexName {
		return errNoPage
	}
	return u.send(w, r, file)
}

// send sends a file in the form that the client takes best.
func (u *UI) send(w http.ResponseWriter, r *http.Request, f uiFile) error {
	h := w.Header()
	coding := bestCoding(strings.Join(r.Header.Values("Accept-Encoding"), ","), f.forms)
	form := f.forms[coding]
	h.Set("Cache-Control", f.caching)
	h.Set("Vary", "Accept-Encoding")
	if form.etag != "" {
		h.Set("ETag", form.etag)
		if isKnown(r, form.etag) {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	h.Set("Content-Type", f.mediaType)
	if coding != identity {
		h.Set("Content-Encoding", coding)
	}
	if !form.isInflated {
		h.Set("Content-Length", strconv.FormatInt(form.bytes, 10))
	}
	if r.Method != http.MethodHead {
		_ = u.copy(w, form) // a client that is gone has nobody to be told
	}
	return nil
}

// bestCoding returns which of the forms a client takes, by its Accept-Encoding (RFC 9110, 12.5.3): the one that it prefers, and of
// equal ones the smallest. A client that takes none gets the plain one.
func bestCoding(accept string, forms map[string]uiForm) string {
	weights := make(map[string]float64)
	for entry := range strings.SplitSeq(accept, ",") {
		name, parameter, _ := strings.Cut(entry, ";")
		weight := 1.0
		if text, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q="); ok {
			weight, _ = strconv.ParseFloat(text, 64) // what is no number is refused
		}
		weights[strings.ToLower(strings.TrimSpace(name))] = weight
	}
	best, most := identity, 0.0
	for _, c := range codings {
		weight, isNamed := weights[c.name]
		if !isNamed {
			weight, isNamed = weights["*"]
		}
		if !isNamed && c.name == identity {
			weight = 0.001 // taken, but after whatever is named
		}
		if _, ok := forms[c.name]; ok && weight > most {
			best, most = c.name, weight
		}
	}
	return best
}

// isKnown tells whether a client has what the ETag stands for.
func isKnown(r *http.Request, etag string) bool {
	known := strings.Join(r.Header.Values("If-None-Match"), ",")
	return known == "*" || strings.Contains(known, etag)
}
