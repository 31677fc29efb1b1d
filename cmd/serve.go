package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
	_ "time/tzdata" // so that time zones are known on machines without them

	"github.com/spf13/cobra"
	// The standard library has no bound on the connections that a server takes.
	"golang.org/x/net/netutil"

	"fittrackee/assets"
	"fittrackee/auth"
	"fittrackee/backup"
	"fittrackee/server"
	"fittrackee/store"
	"fittrackee/web"
	"fittrackee/workout"
)

const (
	// maxConnections are taken at once; more wait.
	maxConnections = 4096

	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10 // bytes
)

func newServe() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Start the server",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			v, err := readServeConfig(c)
			if err != nil {
				return err
			}
			ctx, stopped := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
			defer stopped()
			return serve(ctx, v, c.OutOrStdout(), stopped)
		},
	}
	addServeFlags(c.Flags())
	return c
}

// serve runs the server until ctx ends, then lets what is under way finish. Once it winds down, it calls
// stopped, so that a second signal ends the process at once.
func serve(ctx context.Context, v config, out io.Writer, stopped func()) (err error) {
	slog.SetDefault(slog.New(v.logHandler))
	listener, err := net.Listen("tcp", v.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", v.listen, err)
	}
	defer listener.Close()
	a, err := openApp(ctx, v)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, a.close())
		slog.Info("stopped")
	}()
	if err := a.greet(ctx, out, v); err != nil {
		return err
	}

	jobs, stopJobs := context.WithCancel(context.Background())
	running := a.startJobs(jobs, v)
	defer func() { stopJobs(); running.Wait() }() // before the database is closed

	open := newConnections()
	front := &http.Server{
		Handler:           open.lastAnswers(a.server),
		ConnState:         open.note,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(v.logHandler, slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- front.Serve(netutil.LimitListener(listener, maxConnections)) }()
	slog.Info("listening", "address", "http://"+listener.Addr().String(), "version", version, "db", v.db, "mail", v.mailer != nil)

	if !v.rateLimits {
		slog.Warn("callers who try too often are not refused; --no-rate-limit is for tests only")
	}

	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	stopped()
	slog.Info("stopping")
	if err := stop(front, listener, open); err != nil {
		slog.Warn("cut off requests that took too long", "error", errors.Join(err, front.Close()))
	}
	return nil
}

// What lies beside the database.
const (
	keyName     = "secret.key"
	uploadsName = "uploads"
)

func beside(db, name string) string { return filepath.Join(filepath.Dir(db), name) }

// app is the program's parts, wired together.
type app struct {
	store    *store.Store
	files    *assets.Files
	auth     *auth.Auth
	workouts *workout.Workouts
	server   *server.Server
	backups  *backup.Folder // nil: none are made
}

// newTiles returns where map tiles come from; nil: from nowhere.
func newTiles(files *assets.Files, v config) *assets.Tiles {
	if v.tileURL == "" {
		return nil
	}
	return files.NewTiles(assets.TilesOptions{
		URL:         v.tileURL,
		UserAgent:   "fittrackee/" + version,
		Attribution: v.attribution,
	})
}

// openApp opens the database, what lies beside it, and the floors above.
func openApp(ctx context.Context, v config) (*app, error) {
	s, err := store.Open(ctx, v.db, true)
	if err != nil {
		return nil, fmt.Errorf("--db: %w", err)
	}
	key, err := auth.LoadKey(beside(s.Path(), keyName))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	files, err := openFiles(ctx, s)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	backups, err := openBackups(s, v)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	ui, err := server.NewUI(web.Files())
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	workouts := workout.New(s, files, newTiles(files, v))
	rules := auth.New(s, files, key, auth.Options{SessionLife: v.sessionLife, MailOn: v.mailer != nil})
	options := server.Options{
		Version:         version,
		TrustedProxies:  v.trustedProxies,
		RateLimits:      v.rateLimits,
		UI:              ui,
		TileAttribution: v.attribution,
		UIURL:           v.uiURL,
		Backups:         backups,
		Mailer:          v.mailer,
	}
	return &app{
		store:    s,
		files:    files,
		auth:     rules,
		workouts: workouts,
		backups:  backups,
		server:   server.New(s, rules, workouts, files, options),
	}, nil
}

// openFiles opens the files beside a database. They are its own: whatever no row names there is removed some day, so files of
// another database are refused.
func openFiles(ctx context.Context, s *store.Store) (*assets.Files, error) {
	dir := beside(s.Path(), uploadsName)
	files, err := assets.Open(dir)
	if err != nil {
		return nil, err
	}
	id, err := s.InstanceID(ctx)
	if err != nil {
		return nil, err
	}
	if err := files.Claim(id); errors.Is(err, assets.ErrClaimed) {
		return nil, fmt.Errorf("%s belongs to another database than %s: put the two that belong together side by side, or move one of them away", dir, s.Path())
	} else if err != nil {
		return nil, err
	}
	return files, nil
}

// openBackups opens the folder for backups; nil: there is to be none.
func openBackups(s *store.Store, v config) (*backup.Folder, error) {
	if v.backupDir == "" {
		return nil, nil
	}
	folder, err := backup.OpenFolder(v.backupDir, beside(s.Path(), uploadsName), v.backupEvery, v.backupKeep)
	if err != nil {
		return nil, fmt.Errorf("--backup-dir: %w", err)
	}
	return folder, nil
}

// close stores what is only in memory and closes the database.
func (a *app) close() error {
	return errors.Join(a.auth.StoreUse(context.Background()), a.store.Close())
}

// greet tells whoever starts an instance without an administrator how to go on.
func (a *app) greet(ctx context.Context, out io.Writer, v config) error {
	isNeeded, err := a.auth.IsSetupNeeded(ctx)
	if err != nil || !isNeeded {
		return err
	}
	_, err = fmt.Fprintf(out, `
There is no administrator yet. Open %s and enter this code: %s

Or make one in another terminal:

    %s users create NAME --email ADDRESS --admin --db %q

`, v.uiURL, a.auth.NewSetupCode(), os.Args[0], v.db)
	return err
}

// startJobs starts what goes by the clock; the group waits for its end after ctx has ended.
func (a *app) startJobs(ctx context.Context, v config) *sync.WaitGroup {
	var running sync.WaitGroup
	running.Go(func() { every(ctx, time.Minute, "store when sessions were used", a.auth.StoreUse) })
	running.Go(func() { every(ctx, time.Hour, "drop what has expired", a.auth.DropExpired) })
	running.Go(func() { every(ctx, backup.SweepPause, "sweep files", a.sweep) })
	if a.backups != nil {
		running.Go(func() { a.backUp(ctx) })
	}
	if v.tileURL != "" {
		running.Go(func() { every(ctx, mapPoll, "draw maps", a.workouts.DrawMaps) })
	}
	if v.mailer != nil {
		running.Go(func() { deliver(ctx, a.auth, v.mailer, v.uiURL) })
	}
	return &running
}

// sweep removes files that no row names, once they are old enough not to be waiting for theirs.
func (a *app) sweep(ctx context.Context) error {
	names, err := a.store.NamedFiles(ctx)
	if err != nil {
		return err
	}
	removed, err := a.files.Sweep(ctx, time.Now().Add(-backup.SweepAge), assets.Named(names))
	if removed > 0 {
		slog.Info("swept files that nothing names", "removed", removed)
	}
	return err
}
