// Fittrackee is a self-hosted workout tracker in one binary.
package main

import "fittrackee/cmd"

func main() { cmd.Execute() }
