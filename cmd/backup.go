package cmd

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"fittrackee/assets"
	"fittrackee/backup"
	"fittrackee/store"
	"fittrackee/workout"
)

func newDBBackup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the database and its files into one archive, also while the server runs",
		Long: `Copy the database and the files that it names, tracks and pictures, into one archive, also while the server
runs. All that the server has acknowledged before is in it. Run it as the user that the server runs as.

FILE is a zip archive that "fittrackee db restore" makes an instance of again. It must not be there yet. Maps are
left out, for the server draws them again. The key beside the database is left out too: whoever comes by a backup
is not to be able to log in to the server.

Files that are missing do not keep the others from being saved: the archive is written, and the command ends with 1.
A signal (Ctrl-C) ends it and leaves nothing.`,
		Example: `  fittrackee db backup /mnt/usb/fittrackee-monday.zip`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			return withFiles(c, func(s *store.Store, files *assets.Files) error { return makeBackup(c, s, files, args[0]) })
		},
	}
}

// makeBackup makes a backup, and says what came of it.
func makeBackup(c *cobra.Command, s *store.Store, files *assets.Files, path string) error {
	shown := newProgress(c.ErrOrStderr(), "")
	ctx, stopped := interruptible(c.Context())
	defer stopped()
	made, err := backup.Make(ctx, s, files, path, shown.showCount)
	shown.clear()
	if err != nil {
		return orInterrupted(ctx, err)
	}
	if _, err := fmt.Fprintf(c.OutOrStdout(), "%s written: %s, %s, %s\n",
		path, count(made.Workouts, "workout"), count(int64(made.Files), "file"), assets.FileSize(made.Bytes)); err != nil {
		return err
	}
	return made.Err()
}

func newDBRestore() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Make the database and its files again of a backup",
		Long: `Make the database, where --db says, and the uploads folder beside it again of an archive that
"fittrackee db backup" has written. Run it as the user that the server is to run as.

Nothing is overwritten: a database or files that are there have to be moved away before. Every byte of the archive
and the soundness of the database are checked before anything gets its name. A signal (Ctrl-C) ends it and leaves
all as it was.

The key beside the database is not in a backup: where there is none, the server makes a new one, and everybody has
to log in again.`,
		Example: `  fittrackee db restore /mnt/usb/fittrackee-monday.zip --db /var/lib/fittrackee/fittrackee.db`,
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			db, err := databasePath(c)
			if err != nil {
				return err
			}
			if err := checkFolderOwner(filepath.Dir(db)); err != nil {
				return err
			}
			return restore(c, args[0], db)
		},
	}
}

// restore restores a backup, and says what came of it.
func restore(c *cobra.Command, path, db string) error {
	shown := newProgress(c.ErrOrStderr(), "")
	ctx, stopped := interruptible(c.Context())
	defer stopped()
	done, err := backup.Restore(ctx, path, db, shown.showCount)
	shown.clear()
	if err != nil {
		return orInterrupted(ctx, err)
	}
	out := c.OutOrStdout()
	_, err = fmt.Fprintf(out, "%s restored: %s, %s\n",
		db, count(done.Workouts, "workout"), count(int64(done.Files), "file"))
	if len(done.Missing) > 0 && err == nil {
		_, err = fmt.Fprintf(out, "Files that were missing when the backup was made, and are missing now: %d\n", len(done.Missing))
	}
	for _, name := range done.Missing {
		if err == nil {
			_, err = fmt.Fprintln(out, printable(name))
		}
	}
	return err
}

// count tells how many things there are.
func count(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// oneFile is what a command wants that is about one file.
func oneFile(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one file; see %s --help", c.CommandPath())
	}
	return nil
}

// checkFolderOwner fails when root is to make files in a folder of somebody else, whose server could not read them.
func checkFolderOwner(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return nil // it is to be made, or what is wrong with it shows
	}
	if uid, isKnown := ownerOf(info); isKnown && uid != 0 {
		return fmt.Errorf("%s belongs to another user (uid %d); run this as that user, such as with sudo -u '#%[2]d'", dir, uid)
	}
	return nil
}

// showCount shows how far a command is of which nothing can fail alone.
func (p *progress) showCount(done, total int) { p.show(workout.Progress{Done: done, Total: total}) }

const (
	// backupLook is how often a server looks at least whether a backup is due: the clock may have been set, or the
	// machine asleep.
	backupLook = 10 * time.Minute
	// backupRest is how long it lets a failed one rest.
	backupRest = 10 * time.Minute
)

// backUp makes backups, whenever one is due, until ctx ends.
func (a *app) backUp(ctx context.Context) {
	for ctx.Err() == nil {
		wait, err := a.backups.Wait()
		if err == nil && wait <= 0 {
			err = a.backUpNow(ctx)
		}
		if err != nil && ctx.Err() == nil {
			wait = min(backupRest, a.backups.Every)
			slog.Error("no backup was made", "dir", a.backups.Dir, "again_in", wait, "error", err)
		}
		pause(ctx, min(wait, backupLook))
	}
}

func (a *app) backUpNow(ctx context.Context) error {
	defer debug.FreeOSMemory() // the names and sums of all files were in it
	begun := time.Now()
	path, made, err := a.backups.Make(ctx, a.store, a.files)
	if err != nil {
		return err
	}
	slog.Info("backup made", "path", path, "took", time.Since(begun).Round(time.Millisecond),
		"workouts", made.Workouts, "files", made.Files, "size", assets.FileSize(made.Bytes))
	if err := made.Err(); err != nil {
		slog.Error("backup is not whole", "path", path, "error", err)
	}
	if err := a.backups.RemoveOld(path, made); err != nil {
		slog.Error("remove old backups", "dir", a.backups.Dir, "error", err)
	}
	return nil
}
