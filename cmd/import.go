package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fittrackee/store"
	"fittrackee/workout"
)

func newImport() *cobra.Command {
	var username, sport string
	c := &cobra.Command{
		Use:   "import FILE|FOLDER... --user NAME",
		Short: "Add workouts from GPX files, also while the server runs",
		Long: `Add workouts from GPX files, zip archives of them, and folders with all that is in them, also while the
server runs. Run it as the user that the server runs as, because files that it makes belong to who runs it.

Each file is for itself: one that is no workout is named with the reason, and the others are added. A file whose
content the account has already is left out, so an import that was interrupted goes on when it is run again. Hidden
files, links in folders, and files that end neither in .gpx nor in .zip are passed over.

A signal (Ctrl-C) ends it once what has been begun is stored. A second signal ends the process at once.

The sport is the one that a file names (<type>cycling</type>), unless --sport says otherwise.`,
		Example: `  fittrackee import rides/ archive.zip --user amelie
  fittrackee import old-rides/ --user amelie --sport "Cycling (Sport)"`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("want files or folders; see %s --help", c.CommandPath())
			}
			return nil
		},
		RunE: func(c *cobra.Command, paths []string) error {
			return withWorkouts(c, func(s *store.Store, w *workout.Workouts) error {
				u, err := account(c.Context(), s, username)
				if err != nil {
					return err
				}
				var o workout.ImportOptions
				if sport != "" {
					v, err := w.SportNamed(c.Context(), u.ID, sport)
					if err != nil {
						return fmt.Errorf("--sport %q: %w", sport, err)
					}
					o.Sport = &v
				}
				return importPaths(c, w, u, paths, o)
			})
		},
	}
	addDBFlag(c.Flags())
	addUserFlag(c, &username, "account that the workouts are for (required)")
	if err := c.MarkFlagRequired("user"); err != nil {
		panic(err) // the flag is declared above
	}
	c.Flags().StringVar(&sport, "sport", "", "sport of all files, by its English name or its id")
	return c
}

// importPaths imports files and folders, and says what came of it.
func importPaths(c *cobra.Command, w *workout.Workouts, u store.User, paths []string, o workout.ImportOptions) error {
	shown := newProgress(c.ErrOrStderr(), "refused")
	o.Progress = shown.show
	o.Refused = func(name string, reason error) {
		text := name + ": " + reason.Error()
		if errors.Is(reason, workout.ErrNoSport) {
			text += "; give one with --sport"
		}
		shown.print(printable(text))
	}
	ctx, stopped := interruptible(c.Context())
	defer stopped()
	done, err := w.Import(ctx, u, paths, o)
	shown.clear()
	if err == nil || done != (workout.Imported{}) {
		fmt.Fprintf(c.OutOrStdout(), "%d added, %d already there, %d refused, %d passed over\n",
			done.Added, done.Known, done.Refused, done.PassedOver)
	}
	if err == nil && done.Refused > 0 {
		err = fmt.Errorf("%d of %d files refused", done.Refused, done.Added+done.Known+done.Refused)
	}
	return orInterrupted(ctx, err)
}
