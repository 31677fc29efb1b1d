//go:build !race

package assets_test

const raceDetector = false
