package auth

import (
	"slices"
	"strings"
)

// Scopes are the permissions that a third-party application may have.
var Scopes = []string{
	"application:write", "profile:read", "profile:write", "users:read", "users:write", "workouts:read", "workouts:write",
}

// HasScope tells whether a scope has a permission in it.
func HasScope(scope, permission string) bool {
	return slices.Contains(permissions(scope), permission)
}

// permissions returns what a scope is made of, separated by blanks and by nothing else (RFC 6749, 3.3).
func permissions(scope string) []string {
	return slices.DeleteFunc(strings.Split(scope, " "), func(p string) bool { return p == "" })
}

// narrowScope returns those permissions of a scope that are among the allowed ones, each once, in the order of the scope.
func narrowScope(scope string, allowed []string) string {
	var kept []string
	for _, permission := range permissions(scope) {
		if slices.Contains(allowed, permission) && !slices.Contains(kept, permission) {
			kept = append(kept, permission)
		}
	}
	return strings.Join(kept, " ")
}
