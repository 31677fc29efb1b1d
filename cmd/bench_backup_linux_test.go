package cmd

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkBackup measures a backup of 20,000 workouts with tracks, while a client types workouts in, and what that
// client waits for its answers. Then it restores the backup.
func BenchmarkBackup(b *testing.B) {
	const workouts = 20000
	p, r := startShipped(b, func(db string) error { return manyTracks(db, workouts) })
	took := make([]time.Duration, 0, 1000)
	alone := repeat(b, 1, 200, r, typedCall)
	reportAs(b, percentile(alone, 50), "write-alone-p50-ms")
	reportAs(b, percentile(alone, 99), "write-alone-p99-ms")

	file := filepath.Join(b.TempDir(), "backup.zip")
	var writing sync.WaitGroup
	done := make(chan struct{})
	writing.Go(func() {
		for n := len(alone); ; n++ {
			select {
			case <-done:
				return
			default:
			}
			start := time.Now()
			if _, err := r.send(typedCall(n)); err != nil {
				b.Error(err)
				return
			}
			took = append(took, time.Since(start))
		}
	})
	seconds, memory := measure(b, "db", "backup", file, "--db", p.db)
	close(done)
	writing.Wait()
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	slices.Sort(took)
	reportAs(b, seconds, "backup-s")
	reportAs(b, memory, "backup-MB")
	reportAs(b, float64(info.Size())/1e6, "archive-MB")
	reportAs(b, percentile(took, 50), "write-p50-ms")
	reportAs(b, percentile(took, 99), "write-p99-ms")
	reportAs(b, percentile(took, 100), "write-max-ms")
	reportAs(b, float64(len(took))/seconds, "writes/s")

	seconds, memory = measure(b, "db", "restore", file, "--db", filepath.Join(b.TempDir(), "restored", "f.db"))
	reportAs(b, seconds, "restore-s")
	reportAs(b, memory, "restore-MB")
	hideMean(b)
}

// measure runs a command to its end, and returns how long that took and how much memory it had at most.
func measure(b *testing.B, args ...string) (seconds, megabytes float64) {
	b.Helper()
	c := exec.Command(binary, args...)
	c.Env = cleanEnvironment()
	begun := time.Now()
	if out, err := c.CombinedOutput(); err != nil {
		b.Fatalf("fittrackee %s: %v: %s", strings.Join(args, " "), err, out)
	}
	seconds = time.Since(begun).Seconds()
	if usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage); ok {
		megabytes = float64(usage.Maxrss) * 1024 / 1e6 // Linux counts in KiB
	}
	return seconds, megabytes
}

// manyTracks makes n workouts, as manyWorkouts does, and a track for each, with 150 points or so.
func manyTracks(db string, n int) error {
	if err := manyWorkouts(n)(db); err != nil {
		return err
	}
	tracks := filepath.Join(uploadsOf(db), "tracks")
	if err := os.MkdirAll(tracks, 0o700); err != nil {
		return err
	}
	names, err := selectNames(db, `select track_file from workouts`)
	for i, name := range names {
		content := importedRide(i, 150, "cycling")
		err = cmp.Or(err, os.WriteFile(filepath.Join(tracks, name), []byte(content), 0o600))
	}
	if err == nil && len(names) != n {
		err = fmt.Errorf("%d tracks; want %d", len(names), n)
	}
	return err
}
