package cmd

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestCommandsBesideUploads runs commands in processes of their own while clients keep the server busy with writing.
// Neither is disturbed by the other.
func TestCommandsBesideUploads(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "f.db")
	p := startBinary(t, db, "--no-rate-limit")
	all := newCrowd(t, p, 4)
	ends, stop := all.workAWhile(t, time.Millisecond)
	rounds := times(6, 60)
	for n := range rounds {
		name := fmt.Sprintf("extra_%d", n)
		for _, args := range [][]string{
			{"users", "create", name, "--email", emailOf(name), "--password", passwordOf(name)},
			{"users", "list"},
			{"db", "check"},
			{"users", "update", name, "--set-admin", "true"},
			{"db", "migrate"},
		} {
			if err := p.command(args...); err != nil {
				t.Error(err)
			}
		}
	}
	stop()
	for _, err := range <-ends {
		if err != nil {
			t.Error(err)
		}
	}
	all.check(t, p)
	wantsNoStrays(t, db)
	if strings.Contains(p.log.String(), "level=ERROR") {
		t.Errorf("the server's log tells of errors:\n%s", p.log)
	}
	t.Logf("%d times five commands beside %s", rounds, all.done())
}

// TestReadersBesideDeletions has people read about a workout while its owner deletes it. It is there, or it is not; no
// reader is told of a failure.
func TestReadersBesideDeletions(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie")
	var current atomic.Pointer[[]string] // the paths of the newest workout
	current.Store(&[]string{"/api/ping"})
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(times(3, 20))*time.Second)
	defer cancel()
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				for _, path := range *current.Load() {
					r, err := v.call("GET", path, nil)
					if err != nil || (r.status != http.StatusOK && r.status != http.StatusNotFound) {
						t.Errorf("GET %s = %v, %v; want status 200 or 404", path, r, err)
						return
					}
				}
			}
		})
	}
	for ctx.Err() == nil && !t.Failed() {
		r, err := v.postWorkouts(someArchive.name, someArchive.file)
		if err != nil || r.status != http.StatusCreated {
			t.Fatalf("archive = %v, %v; want status 201", r, err)
		}
		added, err := r.workouts()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range added {
			paths := pathsOf(w)[1:7] // what is read from files
			current.Store(&paths)
			v.wants(t, http.StatusNoContent, "DELETE", "/api/workouts/"+w.text("id"), nil)
		}
	}
}

// TestClientsThatLeave has clients give up in the middle of uploads. What they sent is whole or absent.
func TestClientsThatLeave(t *testing.T) {
	t.Parallel()
	p := startBinary(t, filepath.Join(t.TempDir(), "f.db"), "--no-rate-limit")
	v := p.signUp(t, "amelie")
	contentType, before, after := formAround(someArchive.name, `{"sport_id": 1}`)
	form := slices.Concat(before, someArchive.file, after)
	var answered atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range times(20, 200) {
				ctx, cancel := context.WithTimeout(t.Context(), rand.N(200*time.Millisecond))
				status, err := v.uploadUntil(ctx, contentType, form)
				cancel()
				switch {
				case err != nil:
				case status != http.StatusCreated:
					t.Errorf("upload = %d; want 201", status)
				default:
					answered.Add(1)
				}
			}
		})
	}
	all.Wait()
	wantsNoStrays(t, p.db)
	account := client{visitor: v, name: "amelie"}
	there, each := int64(len(account.listWorkouts(t))), int64(len(someArchive.makes))
	if there%each != 0 || there < answered.Load()*each {
		t.Errorf("%d workouts after %d answers; want %d for each, and as many for what had no answer, or none", there, answered.Load(), each)
	}
	if err := p.command("db", "check"); err != nil {
		t.Error(err)
	}
	t.Logf("%d uploads answered, %d kept", answered.Load(), there/each)
}

// uploadUntil uploads and waits for the answer until ctx ends.
func (v *visitor) uploadUntil(ctx context.Context, contentType string, form []byte) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, "POST", v.url+"/api/workouts", bytes.NewReader(form))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+v.token)
	answer, err := v.web.Do(req)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
