package server

// Scopes returns what each route needs of the token of a third party, by method and path.
func (s *Server) Scopes() map[string]string {
	scopes := make(map[string]string)
	for _, v := range s.routes() {
		scopes[v.method+" "+v.path] = v.access.scope
	}
	return scopes
}
