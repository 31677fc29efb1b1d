//go:build race

package assets_test

// raceDetector tells that the tests are watched, which makes work on pixels some fifteen times slower.
const raceDetector = true
