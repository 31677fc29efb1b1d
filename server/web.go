package server

import (
	"embed"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"path"

	"github.com/gorilla/mux"
)

// The pages that mails lead to, and the one that says what runs here.
//
//go:embed pages
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// page answers with one of the embedded pages.
func (s *Server) page(name string) handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		return pageTemplates.ExecuteTemplate(w, name, map[string]string{"Version": s.options.Version})
	}
}

// sendErrorPage tells a person what went wrong.
func sendErrorPage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = pageTemplates.ExecuteTemplate(w, "error.html", map[string]string{
		"Title": http.StatusText(status), "Text": text,
	}) // a client that is gone has nobody to be told
}

// staticFile sends what the pages are made of. GET /static/{file}
func staticFile(w http.ResponseWriter, r *http.Request) error {
	name := mux.Vars(r)["file"]
	if path.Ext(name) == ".html" {
		return errNoPage
	}
	body, err := pageFiles.ReadFile("pages/" + name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", staticTypes[path.Ext(name)])
	_, _ = w.Write(body) // a client that is gone has nobody to be told
	return nil
}

// staticTypes does not depend on what the machine knows of media types.
var staticTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}
