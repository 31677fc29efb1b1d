package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fittrackee/assets"
	"fittrackee/backup"
	"fittrackee/store"
)

func newDB() *cobra.Command {
	c := &cobra.Command{
		Use:   "db",
		Short: "Look after the database, also while the server runs",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	addDBFlag(c.PersistentFlags())
	c.AddCommand(newDBMigrate(), newDBCheck(), newDBBackup(), newDBRestore())
	return c
}

func newDBMigrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database up to date, as serve does at its start",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withStore(c, true, func(s *store.Store) error {
				schema, err := s.SchemaVersion(c.Context())
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "the database is up to date (schema %d)\n", schema)
				return err
			})
		},
	}
}

func newDBCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Look for damage in the database and the files beside it",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return withStore(c, false, func(s *store.Store) error {
				found, err := backup.Check(c.Context(), s, assets.At(beside(s.Path(), uploadsName)))
				if err != nil {
					return err
				}
				return reportDamage(c, found)
			})
		},
	}
}

func reportDamage(c *cobra.Command, found backup.Report) error {
	lines := found.Lines()
	for _, line := range lines {
		if _, err := fmt.Fprintln(c.OutOrStdout(), line); err != nil {
			return err
		}
	}
	switch {
	case len(lines) > len(found.Unnamed):
		return errors.New("damage found: restore a backup, and keep these files for a closer look")
	case len(lines) > 0:
		return fmt.Errorf("%d files that nothing names: the server removes them within an hour; if they should be there, the database is older than its files: then do not start it", len(lines))
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), "no damage found")
	return err
}
