package server

import (
	"embed"
	"html/template"
	"net/http"
)

// The pages of a program that was built without the UI, and of errors.
//
//go:embed pages
var pageFiles embed.FS

var pageTemplates = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

const htmlType = "text/html; charset=utf-8"

// page sends a page of the UI, or a file that the pages are made of. Which page it is to be is for the UI to see.
// GET /{page}
func (s *Server) page(w http.ResponseWriter, r *http.Request) error {
	if !isPage(r.URL.Path) {
		return s.options.UI.sendFile(w, r)
	}
	if s.options.UI.isBuilt() {
		return s.options.UI.sendIndex(w, r)
	}
	w.Header().Set("Content-Type", htmlType)
	return pageTemplates.ExecuteTemplate(w, "no-ui.html", map[string]string{"Version": s.options.Version})
}

// sendErrorPage tells a person what went wrong.
func sendErrorPage(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", htmlType)
	w.WriteHeader(status)
	_ = pageTemplates.ExecuteTemplate(w, "error.html", map[string]string{
		"Title": http.StatusText(status), "Text": text,
	}) // a client that is gone has nobody to be told
}
