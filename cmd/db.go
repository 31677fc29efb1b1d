package cmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fittrackee/assets"
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
	c.AddCommand(newDBMigrate(), newDBCheck())
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
				faults, err := s.Check(c.Context())
				if err != nil {
					return err
				}
				missing, err := missingPictures(c, s)
				if err != nil {
					return err
				}
				return reportFaults(c, append(faults, missing...))
			})
		},
	}
}

// missingPictures names the accounts whose picture is not among the files.
func missingPictures(c *cobra.Command, s *store.Store) ([]string, error) {
	files := assets.At(beside(s.Path(), uploadsName))
	users, err := s.Users(c.Context())
	if err != nil {
		return nil, err
	}
	var faults []string
	for _, u := range users {
		if u.Picture == "" {
			continue
		}
		f, err := files.OpenPicture(u.Picture, 0)
		if err != nil {
			faults = append(faults, fmt.Sprintf("the picture of %s: %v", u.Username, err))
			continue
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return faults, nil
}

func reportFaults(c *cobra.Command, faults []string) error {
	for _, f := range faults {
		if _, err := fmt.Fprintln(c.OutOrStdout(), f); err != nil {
			return err
		}
	}
	if len(faults) > 0 {
		return errors.New("damage found: restore a backup, and keep these files for a closer look")
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), "no damage found")
	return err
}
