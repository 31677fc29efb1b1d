//go:build race

package track_test

// raced tells that the race detector is on, under which time and memory say nothing.
const raced = true
