package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

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
				missing, err := missingFiles(c.Context(), s)
				if err != nil {
					return err
				}
				return reportFaults(c, append(faults, missing...))
			})
		},
	}
}

// missingFiles tells of the pictures and the tracks that rows name and nobody can open. Maps and the points of tracks can be
// made again.
func missingFiles(ctx context.Context, s *store.Store) (faults []string, err error) {
	named, err := s.NamedFiles(ctx)
	if err != nil {
		return nil, err
	}
	files := assets.At(beside(s.Path(), uploadsName))
	failures := make(map[string]error)
	for _, name := range named.Pictures {
		failures[name] = tryOpen(name, func(name string) (*os.File, error) { return files.OpenPicture(name, 0) })
	}
	for _, name := range named.Tracks {
		failures[name] = tryOpen(name, files.OpenTrack)
	}
	// What has been deleted meanwhile is to be missing.
	if named, err = s.NamedFiles(ctx); err != nil {
		return nil, err
	}
	for _, name := range slices.Concat(named.Pictures, named.Tracks) {
		if err := failures[name]; err != nil {
			faults = append(faults, fmt.Sprintf("a file that the database names: %v", err))
		}
	}
	return faults, nil
}

func tryOpen(name string, open func(name string) (*os.File, error)) error {
	file, err := open(name)
	if err != nil {
		return err
	}
	return file.Close()
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
