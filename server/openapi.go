package server

import (
	_ "embed"
	"net/http"
)

// description is the API in OpenAPI 3.1. Tests hold it and the server to each other.
//
//go:embed openapi.yaml
var description []byte

// openAPI gives the description of the API. GET /api/openapi.yaml
func openAPI(w http.ResponseWriter, _ *http.Request) error {
	sendBytes(w, http.StatusOK, "application/yaml", description)
	return nil
}
