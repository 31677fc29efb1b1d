package workout

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
)

const (
	// maxWorkers is how many files are analysed at once at most, for their points take memory.
	maxWorkers = 8
	// largeBytes is from where on a file is analysed alone. Points may take twice the memory of their file, or more.
	largeBytes = 4 << 20
	// batchSize is how many workouts are stored at once. Each batch waits for the disk.
	batchSize = 32
)

// Progress is how far a long run is.
type Progress struct {
	Done, Total int // Total is what there was when the run began
	Failed      int // of those that are done
}

// run is a long run under way. It belongs to the goroutine that collects.
type run struct {
	progress Progress
	failed   error  // why it cannot go on
	stop     func() // ends it
}

func (r *run) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
	r.stop()
}

// refusal says why one file comes to nothing, while the run goes on.
type refusal struct{ reason error }

func (r refusal) Error() string { return r.reason.Error() }

func (r refusal) Unwrap() error { return r.reason }

// inParallel hands what feed gives to a goroutine for each processor, and what work makes of it to collect, one at a
// time. Once ctx ends, give returns its error and takes no more; what it has taken by then is worked on and collected. The
// error is that of feed.
func inParallel[In, Out any](
	ctx context.Context, feed func(give func(In) error) error, work func(In) Out, collect func(Out),
) (err error) {
	in, out := make(chan In), make(chan Out, batchSize)
	go func() {
		defer close(in)
		err = feed(func(v In) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			select {
			case in <- v:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		workers.Go(func() {
			for v := range in {
				out <- work(v)
			}
		})
	}
	go func() {
		workers.Wait()
		close(out)
	}()
	for v := range out {
		collect(v)
	}
	return err
}

// turns lets one large file be analysed at a time, and none but small ones beside it.
type turns struct{ large sync.Mutex }

// enter waits for the turn of a file that has so many bytes. What it returns ends the turn.
func (t *turns) enter(bytes int64) (leave func()) {
	if bytes <= largeBytes {
		return func() {}
	}
	t.large.Lock()
	return func() {
		debug.FreeOSMemory() // or the next one's points take their place beside those of this one
		t.large.Unlock()
	}
}
