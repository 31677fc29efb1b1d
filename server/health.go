package server

import "net/http"

// ping answers as long as the server runs. GET /api/ping
func (s *Server) ping(w http.ResponseWriter, _ *http.Request) error {
	return sendMessage(w, "pong!")
}
