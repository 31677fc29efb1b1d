package cmd

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fittrackee/mail/mailtest"
)

// long is for the numbers that SAFETY.md asks for; without it the same checks run shorter.
var long = flag.Bool("long", false, "run the long checks at their full length")

// times returns how often something is done.
func times(short, atLength int) int {
	if *long {
		return atLength
	}
	return short
}

// visitor speaks to a server over the wire, as one client does.
type visitor struct {
	url   string
	web   *http.Client
	token string // of its session; empty: not logged in
	via   string // X-Forwarded-For, as a proxy would send it
}

// newVisitor returns a visitor that keeps its connections to itself.
func newVisitor(t testing.TB, p *process) *visitor { return visitorFrom(t, p, "") }

// visitorFrom returns a visitor whose connections come from a loopback address.
func visitorFrom(t testing.TB, p *process, address string) *visitor {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	if address != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(address)}
	}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	return &visitor{url: p.url, web: &http.Client{Transport: transport, Timeout: time.Minute}}
}

// reply is an answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

// field returns a text of the answer's outermost JSON object, empty when there is none.
func (r reply) field(name string) string {
	var object map[string]any
	if json.Unmarshal([]byte(r.body), &object) != nil {
		return ""
	}
	text, _ := object[name].(string)
	return text
}

// data returns a value in the answer's data as text, empty when there is none.
func (r reply) data(name string) string {
	var in struct {
		Data map[string]any `json:"data"`
	}
	if json.Unmarshal([]byte(r.body), &in) != nil || in.Data[name] == nil {
		return ""
	}
	return fmt.Sprint(in.Data[name])
}

func (v *visitor) send(method, path, contentType string, body io.Reader) (reply, error) {
	req, err := http.NewRequest(method, v.url+path, body)
	if err != nil {
		return reply{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if v.token != "" {
		req.Header.Set("Authorization", "Bearer "+v.token)
	}
	if v.via != "" {
		req.Header.Set("X-Forwarded-For", v.via)
	}
	resp, err := v.web.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text)}, err
}

// object is a JSON object to be sent.
type object map[string]any

// call sends a request with a JSON body, or with none.
func (v *visitor) call(method, path string, body object) (reply, error) {
	if body == nil {
		return v.send(method, path, "", nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	return v.send(method, path, "application/json", bytes.NewReader(text))
}

// ask calls, and ends the test when there is no answer.
func (v *visitor) ask(t testing.TB, method, path string, body object) reply {
	t.Helper()
	r, err := v.call(method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// wants calls, and ends the test when the answer has another status.
func (v *visitor) wants(t testing.TB, status int, method, path string, body object) reply {
	t.Helper()
	r := v.ask(t, method, path, body)
	if r.status != status {
		t.Fatalf("%s %s = %v; want status %d", method, path, r, status)
	}
	return r
}

func emailOf(name string) string    { return name + "@example.com" }
func passwordOf(name string) string { return "password of " + name }

// tryLogin logs in with a password, and keeps the token when that succeeds.
func (v *visitor) tryLogin(name, password string) (reply, error) {
	r, err := v.call("POST", "/api/auth/login", object{"email": emailOf(name), "password": password})
	if err == nil && r.status == http.StatusOK {
		v.token = r.field("auth_token")
	}
	return r, err
}

func (v *visitor) login(t testing.TB, name string) {
	t.Helper()
	r, err := v.tryLogin(name, passwordOf(name))
	if err != nil || r.status != http.StatusOK {
		t.Fatalf("login of %s = %v, %v; want status 200", name, r, err)
	}
}

// addUser makes an account on the command line.
func (p *process) addUser(t testing.TB, name string, flags ...string) {
	t.Helper()
	args := append([]string{"users", "create", name, "--email", emailOf(name), "--password", passwordOf(name)}, flags...)
	if err := p.command(args...); err != nil {
		t.Fatal(err)
	}
}

// signUp makes an account and returns a visitor who is logged in to it.
func (p *process) signUp(t testing.TB, name string, flags ...string) *visitor {
	t.Helper()
	p.addUser(t, name, flags...)
	v := newVisitor(t, p)
	v.login(t, name)
	return v
}

// registration returns what somebody sends who wants an account.
func registration(name string) object {
	return object{"username": name, "email": emailOf(name), "password": passwordOf(name)}
}

// formAround returns what a form has before and after the content of its file. The data comes first, if there is any.
func formAround(fileName, data string) (contentType string, before, after []byte) {
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	var err error
	if data != "" {
		err = w.WriteField("data", data)
	}
	if err == nil {
		_, err = w.CreateFormFile("file", fileName)
	}
	before = bytes.Clone(form.Bytes())
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return w.FormDataContentType(), before, form.Bytes()[len(before):]
}

// postFile sends a form with a file.
func (v *visitor) postFile(path, fileName string, file []byte, data string) (reply, error) {
	contentType, before, after := formAround(fileName, data)
	return v.send("POST", path, contentType, bytes.NewReader(slices.Concat(before, file, after)))
}

// setPicture uploads a picture.
func (v *visitor) setPicture(picture []byte) (reply, error) {
	return v.postFile("/api/auth/picture", "picture.png", picture, "")
}

// postWorkouts uploads a track, or an archive of them.
func (v *visitor) postWorkouts(fileName string, file []byte) (reply, error) {
	return v.postFile("/api/workouts", fileName, file, `{"sport_id": 1}`)
}

// greyPicture returns a picture of one shade of grey.
func greyPicture(shade uint8) []byte {
	img := image.NewGray(image.Rect(0, 0, 96, 96))
	for i := range img.Pix {
		img.Pix[i] = shade
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// shadeOf returns the shade of grey in the middle of a picture.
func shadeOf(picture string) (uint8, error) {
	img, _, err := image.Decode(strings.NewReader(picture))
	if err != nil {
		return 0, err
	}
	middle := img.Bounds().Max.Div(2)
	return color.GrayModel.Convert(img.At(middle.X, middle.Y)).(color.Gray).Y, nil
}

// startMailing starts the binary with mail, which goes to a sink.
func startMailing(t testing.TB, flags ...string) (*process, *mailtest.Sink) {
	t.Helper()
	sink := mailtest.NewSink(t)
	return startBinary(t, filepath.Join(t.TempDir(), "f.db"), append(mailFlags(sink.Addr()), flags...)...), sink
}

func mailFlags(addr string) []string {
	return []string{"--smtp-url", "smtp://" + addr, "--mail-from", "fit@example.com", "--ui-url", "http://fit.example.com"}
}

// eventually polls until it holds, and ends the test when that takes too long.
func eventually(t testing.TB, atMost time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(atMost); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, atMost)
		}
	}
}

// median returns the middle of the durations.
func median(d []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[len(sorted)/2]
}
