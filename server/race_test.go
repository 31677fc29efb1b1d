//go:build race

package server_test

// raced tells that the race detector is on, under which a password's hash costs ten times as much.
const raced = true
