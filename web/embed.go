// Package web holds the user interface: its sources, and what the build made of them, which becomes a part of the program. How it is
// sent to browsers is left to package server.
package web

import (
	"embed"
	"io/fs"
)

// dist is a folder with one hidden file if the program was built without npm.
//
//go:embed all:dist
var dist embed.FS

// Files returns what the build wrote: index.html and what that refers to. Of a text NAME there are NAME.br and NAME.gz only,
// the same compressed. Without a build there is nothing to serve in it.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the path is a constant
	}
	return files
}
