package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fittrackee/store"
)

func newOAuth2() *cobra.Command {
	c := &cobra.Command{
		Use:   "oauth2",
		Short: "Look after what third-party applications were allowed, also while the server runs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	addDBFlag(c.PersistentFlags())
	c.AddCommand(newOAuth2Clean())
	return c
}

// maxCleanDays is the largest --days. No token is as old.
const maxCleanDays = 36_500

func newOAuth2Clean() *cobra.Command {
	var days int
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove codes and tokens of applications that have expired",
		Long: `Remove codes and tokens of third-party applications that expired so many days ago. Expired ones are good for
nothing. A running server removes them by itself, every hour.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if days < 0 || days > maxCleanDays {
				return fmt.Errorf("--days %d: want 0 to %d", days, maxCleanDays)
			}
			return withStore(c, false, func(s *store.Store) error {
				grants, tokens, err := s.DropExpiredGrants(c.Context(), s.Now().Add(-time.Duration(days)*24*time.Hour))
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "removed what expired %d days ago or earlier: grants: %d, pairs of tokens: %d\n", days, grants, tokens)
				return err
			})
		},
	}
	c.Flags().IntVar(&days, "days", 0, "how many days ago at least")
	return c
}
