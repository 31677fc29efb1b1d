package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fittrackee/server"
	"fittrackee/store"
	"fittrackee/workout"
)

func newWorkouts() *cobra.Command {
	c := &cobra.Command{
		Use:   "workouts",
		Short: "Look after the workouts, also while the server runs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	addDBFlag(c.PersistentFlags())
	c.AddCommand(newWorkoutsRecompute())
	return c
}

func newWorkoutsRecompute() *cobra.Command {
	var username string
	c := &cobra.Command{
		Use:   "recompute",
		Short: "Measure all workouts with a file again",
		Long: `Measure all workouts with a file again, with the formulas of this version and with what their users now say is
stopped. Titles, sports and notes stay. A workout whose file is missing or broken is named, and stays as it is. An
interrupted run does no harm; the next one begins anew. A signal (Ctrl-C) ends it once what has been begun is stored.
A second signal ends the process at once.

Run it as the user that the server runs as, because files that it makes belong to who runs it.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withWorkouts(c, func(s *store.Store, w *workout.Workouts) error {
				var o workout.RecomputeOptions
				if username != "" {
					u, err := account(c.Context(), s, username)
					if err != nil {
						return err
					}
					o.UserID = u.ID
				}
				return recompute(c, w, o)
			})
		},
	}
	addUserFlag(c, &username, "only the workouts of this account")
	return c
}

// recompute measures workouts again, and says what came of it.
func recompute(c *cobra.Command, w *workout.Workouts, o workout.RecomputeOptions) error {
	shown := newProgress(c.ErrOrStderr(), "failed")
	o.Progress = shown.show
	o.Failed = func(v store.Workout, reason error) {
		shown.print(printable(fmt.Sprintf("%q of %s (%s): %v",
			v.Title, v.StartedAt.Format(time.DateOnly), server.ShortID(v.UUID), reason)))
	}
	ctx, stopped := interruptible(c.Context())
	defer stopped()
	done, err := w.Recompute(ctx, o)
	shown.clear()
	if err == nil || done != (workout.Recomputed{}) {
		fmt.Fprintf(c.OutOrStdout(), "%d measured again, %d changed, %d failed\n", done.Measured, done.Changed, done.Failed)
	}
	if err == nil && done.Failed > 0 {
		err = fmt.Errorf("%d of %d workouts left as they are", done.Failed, done.Measured+done.Failed)
	}
	return orInterrupted(ctx, err)
}
