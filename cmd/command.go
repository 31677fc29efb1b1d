package cmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"fittrackee/assets"
	"fittrackee/store"
	"fittrackee/workout"
)

// What commands share that run beside a server, on its database and its files.

// withStore opens the database that --db names for the time of f.
func withStore(c *cobra.Command, create bool, f func(s *store.Store) error) (err error) {
	path, err := databasePath(c)
	if err != nil {
		return err
	}
	s, err := store.Open(c.Context(), path, create)
	if err != nil {
		return fmt.Errorf("--db: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return f(s)
}

// withWorkouts opens the database that --db names, and the files beside it, for the time of f, with the rules over them.
func withWorkouts(c *cobra.Command, f func(s *store.Store, w *workout.Workouts) error) error {
	return withFiles(c, func(s *store.Store, files *assets.Files) error { return f(s, workout.New(s, files, nil)) })
}

// withFiles opens the database that --db names, and the files beside it, for the time of f. Both have to be this user's.
func withFiles(c *cobra.Command, f func(s *store.Store, files *assets.Files) error) error {
	path, err := databasePath(c)
	if err != nil {
		return err
	}
	if err := checkOwner(path); err != nil {
		return err
	}
	return withStore(c, false, func(s *store.Store) error {
		files, err := openFiles(c.Context(), s)
		if err != nil {
			return err
		}
		return f(s, files)
	})
}

// checkOwner fails when files that this process makes would not belong to the user whose server is to read them. That user has
// made the folder of the uploads, or at least the database. Root is the one who may otherwise go on unnoticed.
func checkOwner(db string) error {
	if file, err := filepath.EvalSymlinks(db); err == nil {
		db = file
	}
	for _, path := range []string{beside(db, uploadsName), db} {
		info, err := os.Stat(path)
		if err != nil {
			continue // to open it says why
		}
		if uid, isKnown := ownerOf(info); isKnown && uid != os.Geteuid() {
			return fmt.Errorf("%s belongs to another user (uid %d); run this as that user, such as with sudo -u '#%[2]d'", path, uid)
		}
		return nil
	}
	return nil
}

// addUserFlag declares --user, whose values the shell completes.
func addUserFlag(c *cobra.Command, username *string, usage string) {
	c.Flags().StringVar(username, "user", "", usage)
	err := c.RegisterFlagCompletionFunc("user", func(c *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return completeUsername(c, nil, typed)
	})
	if err != nil {
		panic(err) // the flag is declared above
	}
}

// account returns the account that --user names.
func account(ctx context.Context, s *store.Store, username string) (store.User, error) {
	u, err := s.UserByName(ctx, username)
	if errors.Is(err, store.ErrMissing) {
		return u, fmt.Errorf("--user %s: there is no such account", printable(username))
	}
	return u, err
}

// interruptible returns a context that ends when the command is asked to stop. A second signal ends the process at once.
func interruptible(parent context.Context) (ctx context.Context, stopped func()) {
	ctx, stopped = signal.NotifyContext(parent, syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stopped)
	return ctx, stopped
}

var errInterrupted = errors.New("interrupted; nothing is half done, and to run it again completes it")

// orInterrupted returns err, in words for who has asked the command to stop if that is what it comes from.
func orInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return errInterrupted
	}
	return err
}
