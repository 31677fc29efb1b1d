package cmd

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// What the program says of itself. The build sets the commit, and for a release with another number the version.
var (
	// version is what clients compare: three numbers with dots.
	version = "0.8.0"
	commit  = "unknown"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "fittrackee %s (commit %s, %s, %s/%s)\n",
				version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
