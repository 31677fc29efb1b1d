// Package cmd is the command line: it reads flags and configuration, wires the floors below together, and
// runs what goes by the clock.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"fittrackee/problem"
)

// Execute runs the command that the arguments name, and ends the process with 0, or with 1 after one line
// that says what went wrong.
func Execute() {
	if err := newRoot().ExecuteContext(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "fittrackee: "+message(err))
		os.Exit(1)
	}
}

// message returns an error in one line, without the cause where there is a sentence for a person.
func message(err error) string {
	text := err.Error()
	var p *problem.Error
	if errors.As(err, &p) && p.Text != "" {
		text = p.Text
	}
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' }), "; ")
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "fittrackee",
		Short: "A self-hosted workout tracker in one binary",
		Long: `A self-hosted workout tracker in one binary: the API that FitTrackee's clients speak, over a database in one file.

"fittrackee serve" starts it. Every flag of serve can also be set in the environment (FITTRACKEE_SMTP_URL for
--smtp-url) or in a file given with --config.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see %s --help", plainFlagError(err), c.CommandPath())
	})
	root.PersistentFlags().String("config", "", "file with the flags of serve, one \"name = value\" a line")
	root.AddCommand(newServe(), newUsers(), newImport(), newWorkouts(), newOAuth2(), newDB(), newVersion())
	return root
}

// plainFlagError says what a flag wants, where the library would name a function of Go.
func plainFlagError(err error) error {
	wants := map[string]string{"int": "a whole number", "bool": "true or false", "duration": "a length of time such as 24h or 90m"}
	var bad *pflag.InvalidValueError
	if errors.As(err, &bad) && wants[bad.GetFlag().Value.Type()] != "" {
		return fmt.Errorf("--%s %q: want %s", bad.GetFlag().Name, bad.GetValue(), wants[bad.GetFlag().Value.Type()])
	}
	return err
}

// oneName is what a command wants that is about one account.
func oneName(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one username; see %s --help", c.CommandPath())
	}
	return nil
}
