package cmd

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// The benchmarks measure the binary as "make build" makes it, over HTTP on the loopback. Client and server
// share the machine's cores, so with many clients the rates are lower than a server of its own has.

// idle is how long a server is left alone before its memory is read: enough for what gives memory back when
// it is quiet, too little to wait for the collection that Go forces every two minutes.
const idle = 4 * time.Second

// asShipped makes the binary of the Makefile's "build" the one that launch and run use, until tb ends. The
// environment says what it is built for; wrapper is what runs it, empty for nothing.
func asShipped(tb testing.TB, environment []string, wrapper ...string) (path string) {
	tb.Helper()
	// Only the Makefile knows the flags; asked for what it would do, it tells.
	dry := exec.Command("make", "--no-print-directory", "--dry-run", "-C", "..", "build")
	dry.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") })
	line, err := dry.Output()
	if err != nil {
		tb.Fatalf("ask make how to build: %v", err)
	}
	build, _, ok := strings.Cut(strings.TrimSpace(string(line)), " -o ")
	if !ok || strings.Contains(build, "\n") {
		tb.Fatalf("make build does %q; want one line with -o", line)
	}
	dir := tb.TempDir()
	path = filepath.Join(dir, "fittrackee")
	c := exec.Command("sh", "-c", build+` -o "$0" .`, path)
	c.Dir = ".."
	c.Env = append(append(os.Environ(), "CGO_ENABLED=0"), environment...)
	if out, err := c.CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", build, err, out)
	}
	before := binary
	tb.Cleanup(func() { binary = before })
	binary = path
	if len(wrapper) > 0 {
		binary = filepath.Join(dir, "wrapped")
		script := fmt.Sprintf("#!/bin/sh\nexec %s '%s' \"$@\"\n", strings.Join(wrapper, " "), path)
		if err := os.WriteFile(binary, []byte(script), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	return path
}

const (
	riderName     = "amelie"
	riderEmail    = "amelie@example.com"
	riderPassword = "a bicycle in the rain"
)

// rider is somebody with an account, who calls a running server and keeps the connections.
type rider struct {
	url    string
	client *http.Client
	token  string // empty: not logged in
}

// newRider returns somebody who calls p and has not logged in.
func newRider(p *process) *rider {
	return &rider{url: p.url, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		Timeout:   2 * time.Minute, // argon2 in an emulator takes its time
	}}
}

// call is a request, and the status that is to answer it.
type call struct {
	method, path string
	contentType  string
	body         []byte
	etag         string // of the copy that the caller has
	status       int
}

// send sends a request and returns the body of the answer. It fails when the status is another.
func (r *rider) send(c call) ([]byte, error) {
	_, body, err := r.exchange(c)
	return body, err
}

func (r *rider) exchange(c call) (http.Header, []byte, error) {
	request, err := http.NewRequest(c.method, r.url+c.path, bytes.NewReader(c.body))
	if err != nil {
		return nil, nil, err
	}
	for name, value := range map[string]string{"Content-Type": c.contentType, "If-None-Match": c.etag} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != c.status {
		err = fmt.Errorf("%s %s: %s: %.500s; want %d", c.method, c.path, response.Status, body, c.status)
	}
	return response.Header, body, err
}

var (
	pingCall    = call{method: "GET", path: "/api/ping", status: 200}
	configCall  = call{method: "GET", path: "/api/config", status: 200}
	profileCall = call{method: "GET", path: "/api/auth/profile", status: 200}
	pictureCall = call{method: "GET", path: "/api/users/" + riderName + "/picture", status: 200}
	loginCall   = call{
		method: "POST", path: "/api/auth/login", contentType: "application/json",
		body: []byte(`{"email": "` + riderEmail + `", "password": "` + riderPassword + `"}`), status: 200,
	}
)

// editCall returns the n-th edit of a profile. Each is another one: SQLite does not write what is there already.
func editCall(n int) call {
	return call{
		method: "POST", path: "/api/auth/profile/edit", contentType: "application/json", status: 200,
		body: fmt.Appendf(nil, `{"first_name": "Amélie", "last_name": "Poulain", "location": "Montmartre",
			"bio": "has been out in the rain %d times", "birth_date": "1974-09-03"}`, n),
	}
}

// always returns what calls the same again and again.
func always(c call) func(n int) call { return func(int) call { return c } }

// uploadCall returns the upload of a picture among the contract's fixtures.
func uploadCall(tb testing.TB, name string) call {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join(contractDir, "fixtures", name))
	if err != nil {
		tb.Fatal(err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`},
	})
	if err == nil {
		_, err = part.Write(content)
	}
	if err := cmp.Or(err, form.Close()); err != nil {
		tb.Fatal(err)
	}
	return call{method: "POST", path: "/api/auth/picture", contentType: form.FormDataContentType(), body: body.Bytes(), status: 200}
}

// login logs in, and calls with the token from then on.
func (r *rider) login() error {
	body, err := r.send(loginCall)
	if err != nil {
		return err
	}
	var in struct {
		Token string `json:"auth_token"`
	}
	err = json.Unmarshal(body, &in)
	r.token = in.Token
	return err
}

// addRider makes the account in a database.
func addRider(db string) error {
	_, err := run("users", "create", riderName, "--email", riderEmail, "--password", riderPassword, "--db", db)
	return err
}

// startShipped starts the shipped binary on a new database with one account, which fill fills, and logs in.
func startShipped(b *testing.B, fill func(db string) error) (*process, *rider) {
	b.Helper()
	asShipped(b, nil)
	db := filepath.Join(b.TempDir(), "f.db")
	err := addRider(db)
	if err == nil && fill != nil {
		err = fill(db)
	}
	if err != nil {
		b.Fatal(err)
	}
	p := startBinary(b, db, "--no-rate-limit")
	r := newRider(p)
	if err := r.login(); err != nil {
		b.Fatal(err)
	}
	return p, r
}

// BenchmarkBinary measures what somebody with a small machine asks first: how large, how soon, how much memory.
func BenchmarkBinary(b *testing.B) {
	b.Run("footprint", benchmarkFootprint)
	b.Run("first-start", func(b *testing.B) {
		asShipped(b, nil)
		folder := b.TempDir()
		benchmarkStart(b, func(i int) string { return filepath.Join(folder, strconv.Itoa(i), "f.db") })
	})
	b.Run("next-start", func(b *testing.B) {
		asShipped(b, nil)
		db := filepath.Join(b.TempDir(), "f.db")
		if _, err := run("db", "migrate", "--db", db); err != nil {
			b.Fatal(err)
		}
		benchmarkStart(b, func(int) string { return db })
	})
}

// benchmarkStart measures the time from the start of the process to the first answer.
func benchmarkStart(b *testing.B, db func(i int) string) {
	took := make([]time.Duration, max(b.N, 7)) // one start says little, and a slow one is not repeated
	b.ResetTimer()
	for i := range took {
		start := time.Now()
		p, err := launch(db(i))
		if err != nil {
			b.Fatal(err)
		}
		r := newRider(p)
		_, err = r.send(pingCall)
		took[i] = time.Since(start)
		b.StopTimer()
		r.client.CloseIdleConnections()
		if err == nil {
			err = p.cmd.Process.Signal(os.Interrupt)
		}
		if err := cmp.Or(err, p.wait(b, time.Minute)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	slices.Sort(took)
	reportAs(b, percentile(took, 50), "p50-ms")
	reportAs(b, percentile(took, 99), "p99-ms")
	hideMean(b)
}

func benchmarkFootprint(b *testing.B) {
	info, err := os.Stat(asShipped(b, nil))
	if err != nil {
		b.Fatal(err)
	}
	reportAs(b, float64(info.Size())/1e6, "size-MB")
	hideMean(b)
	if runtime.GOOS != "linux" {
		return // only Linux tells a process's memory in a file
	}
	db := filepath.Join(b.TempDir(), "f.db")
	if err := addRider(db); err != nil {
		b.Fatal(err)
	}
	p := startBinary(b, db, "--no-rate-limit")
	r := newRider(p)
	reportMemory(b, p, "idle-MB")
	repeat(b, 16, 64, r, always(loginCall))
	reportMemory(b, p, "logins-MB")
	err = r.login()
	for _, name := range []string{"photo.png", "photo-exif.jpg"} {
		if err == nil {
			_, err = r.send(uploadCall(b, name))
		}
	}
	if err != nil {
		b.Fatal(err)
	}
	reportMemory(b, p, "pictures-MB")
}

// reportMemory lets the server rest, then reads how much memory it has.
func reportMemory(b *testing.B, p *process, unit string) {
	b.Helper()
	time.Sleep(idle) // nothing is awaited; being left alone is what is measured
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kiB float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kiB); n == 1 {
			reportAs(b, kiB*1024/1e6, unit)
			return
		}
	}
	b.Fatalf("no VmRSS in\n%s", status)
}

func BenchmarkLogin(b *testing.B) {
	p, r := startShipped(b, nil)
	benchmarkCall(b, p, r, always(loginCall))
}

func BenchmarkProfile(b *testing.B) {
	p, r := startShipped(b, nil)
	benchmarkCall(b, p, r, always(profileCall))
}

func BenchmarkProfile5000Workouts(b *testing.B) {
	p, r := startShipped(b, manyWorkouts(5000))
	benchmarkCall(b, p, r, always(profileCall))
}

func BenchmarkProfileEdit(b *testing.B) {
	p, r := startShipped(b, nil)
	benchmarkCall(b, p, r, editCall)
}

func BenchmarkPictureUpload(b *testing.B) {
	for _, name := range []string{"photo.png", "photo-exif.jpg"} {
		b.Run(name, func(b *testing.B) {
			p, r := startShipped(b, nil)
			benchmarkCall(b, p, r, always(uploadCall(b, name)))
		})
	}
}

func BenchmarkPicture(b *testing.B) {
	p, r := startShipped(b, nil)
	if _, err := r.send(uploadCall(b, "photo-exif.jpg")); err != nil {
		b.Fatal(err)
	}
	header, _, err := r.exchange(pictureCall)
	if err != nil {
		b.Fatal(err)
	}
	same := pictureCall
	same.etag, same.status = header.Get("ETag"), 304
	b.Run("200", func(b *testing.B) { benchmarkCall(b, p, r, always(pictureCall)) })
	b.Run("304", func(b *testing.B) { benchmarkCall(b, p, r, always(same)) })
}

func BenchmarkConfig(b *testing.B) {
	p, r := startShipped(b, nil)
	benchmarkCall(b, p, r, always(configCall))
}

// benchmarkCall measures a request of one client after the other, of 2 and of 16 at once.
func benchmarkCall(b *testing.B, p *process, r *rider, next func(n int) call) {
	for _, clients := range []int{1, 2, 16} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			if _, err := r.send(next(-1)); err != nil { // statements are prepared, pages read
				b.Fatal(err)
			}
			before := cpuSeconds(b, p)
			b.ResetTimer()
			took := repeat(b, clients, b.N, r, next)
			b.StopTimer()
			reportAs(b, percentile(took, 50), "p50-ms")
			reportAs(b, percentile(took, 99), "p99-ms")
			reportAs(b, float64(b.N)/b.Elapsed().Seconds(), "requests/s")
			if before >= 0 {
				reportAs(b, (cpuSeconds(b, p)-before)*1000/float64(b.N), "server-cpu-ms")
			}
			hideMean(b)
		})
	}
}

// repeat sends n requests, by several clients at once, and returns the times that answers took, the shortest
// first.
func repeat(b *testing.B, clients, n int, r *rider, call func(n int) call) []time.Duration {
	b.Helper()
	took := make([]time.Duration, n)
	var begun atomic.Int64
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for i := int(begun.Add(1)) - 1; i < n && !b.Failed(); i = int(begun.Add(1)) - 1 {
				start := time.Now()
				if _, err := r.send(call(i)); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	running.Wait()
	if b.Failed() {
		b.FailNow()
	}
	slices.Sort(took)
	return took
}

// cpuSeconds returns how long the process has been computing, negative where that is not known.
func cpuSeconds(b *testing.B, p *process) float64 {
	b.Helper()
	if runtime.GOOS != "linux" {
		return -1
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	// proc_pid_stat(5): utime and stime are the 14th and 15th fields, 12th and 13th after the name in
	// brackets, in units of 10 ms.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, userErr := strconv.ParseFloat(fields[11], 64)
	system, systemErr := strconv.ParseFloat(fields[12], 64)
	if err := cmp.Or(userErr, systemErr); err != nil {
		b.Fatal(err)
	}
	return (user + system) / 100
}

// percentile returns the duration, in ms, under which so many hundredths of the sorted ones are.
func percentile(sorted []time.Duration, hundredths int) float64 {
	return float64(sorted[(len(sorted)-1)*hundredths/100].Microseconds()) / 1000
}

// hideMean leaves out the mean time, which hides more than it tells.
func hideMean(b *testing.B) { b.ReportMetric(0, "ns/op") }

// reportAs reports a figure of a benchmark, and keeps it for the table.
func reportAs(b *testing.B, value float64, unit string) {
	b.ReportMetric(value, unit)
	results.keep(strings.TrimPrefix(b.Name(), "Benchmark"), unit, value)
}

// figures are the results by benchmark and unit.
type figures struct {
	names  []string // in the order in which they came
	values map[string]map[string]float64
}

var results = figures{values: make(map[string]map[string]float64)}

func (f *figures) keep(name, unit string, value float64) {
	if f.values[name] == nil {
		f.values[name] = make(map[string]float64)
		f.names = append(f.names, name)
	}
	f.values[name][unit] = value
}

// print writes one line for each figure of the binary, then one line for each request.
func (f *figures) print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\nThe binary (%s/%s, %d cores)\tmeasured\taim\t\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	for _, v := range []struct{ text, name, unit, aim string }{
		{"size, MB", "Binary/footprint", "size-MB", "20"},
		{"memory at rest, MB", "Binary/footprint", "idle-MB", "25"},
		{"… after 64 logins of 16 clients", "Binary/footprint", "logins-MB", "25"},
		{"… after two picture uploads more", "Binary/footprint", "pictures-MB", "25"},
		{"first answer, new database, ms", "Binary/first-start", "p50-ms", "50"},
		{"first answer, database there, ms", "Binary/next-start", "p50-ms", "50"},
		{"profile, ms", "Profile/clients=1", "p50-ms", "0.3"},
		{"profile with 5000 workouts, ms", "Profile5000Workouts/clients=1", "p50-ms", "0.3"},
		{"backup of 20000 workouts, s", "Backup", "backup-s", "10"},
		{"… its memory, MB", "Backup", "backup-MB", "65"},
		{"… a typed workout meanwhile, p99 ms", "Backup", "write-p99-ms", "20"},
		{"… restored, s", "Backup", "restore-s", "20"},
	} {
		if value, ok := f.values[v.name][v.unit]; ok {
			fmt.Fprintf(table, "%s\t%.3g\t%s\t\n", v.text, value, v.aim)
		}
	}
	for _, n := range []string{"2000", "20000"} {
		if value, ok := f.values["Workouts/"+n+"/memory"]["after-MB"]; ok {
			fmt.Fprintf(table, "memory after all this with %s workouts, MB\t%.3g\t37.5\t\n", n, value)
		}
	}
	fmt.Fprint(table, "\nRequests\tp50 ms\tp99 ms\tserver CPU ms\t2 clients, per s\t16 clients, per s\t\n")
	for _, name := range f.names {
		request, ok := strings.CutSuffix(name, "/clients=1")
		if !ok {
			continue
		}
		one, two, many := f.values[name], f.values[request+"/clients=2"], f.values[request+"/clients=16"]
		fmt.Fprintf(table, "%s\t%.3f\t%.3f\t%.3f\t%.0f\t%.0f\t\n",
			request, one["p50-ms"], one["p99-ms"], one["server-cpu-ms"], two["requests/s"], many["requests/s"])
	}
	fmt.Fprint(table, "\nWith 2000 workouts\tp50 ms\tFitTrackee, ms\ttimes faster\twith 20000, p50 ms\t\n")
	for _, v := range fitTrackee {
		small, ok := f.values["Workouts/2000/"+v.name+"/clients=1"]
		if !ok {
			continue
		}
		large := f.values["Workouts/20000/"+v.name+"/clients=1"]
		fmt.Fprintf(table, "%s\t%.2f\t%.1f\t%.0f\t%.2f\t\n",
			v.name, small["p50-ms"], v.ms, v.ms/small["p50-ms"], large["p50-ms"])
	}
	fmt.Fprintln(table)
	return table.Flush()
}
