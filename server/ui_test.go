package server_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"fittrackee/server"
)

const (
	index  = "<!doctype html>\n<title>fittrackee</title>\n"
	script = "/assets/app-1a2b3c.js"
)

// uiFiles is a UI with files in all forms that there may be. What stands for compressed files says so.
var uiFiles = fstest.MapFS{
	".gitkeep":                {Data: []byte("a line")},
	"index.html":              {Data: []byte(index)},
	"assets/app-1a2b3c.js":    {Data: []byte("plain script")},
	"assets/app-1a2b3c.js.br": {Data: []byte("br script")},
	"assets/app-1a2b3c.js.gz": {Data: []byte("gzip script")},
	"assets/a-1.css":          {Data: []byte("plain style")},
	"assets/a-1.css.gz":       {Data: []byte("gzip style")},
	"assets/c-3.xyz":          {Data: []byte("anything")},
	"manifest.webmanifest":    {Data: []byte("{}")},
	"manifest.webmanifest.br": {Data: []byte("br {}")},
	"icon.svg":                {Data: []byte("<svg/>")},
	"icon.png":                {Data: []byte("png")},
	"assets/d-4.js.br":        {Data: []byte("br only")},
	"assets/d-4.js.gz":        {Data: gzipped("plain only")},
	"mask.svg.gz":             {Data: gzipped("<svg></svg>")},
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// TestUIFiles shows how the files that pages are made of are sent.
func TestUIFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	files := every.with("Content-Security-Policy", pagePolicy).with("Vary", "Accept-Encoding")
	assets := files.with("Cache-Control", "public, max-age=31536000, immutable")
	others := files.with("Cache-Control", "public, max-age=3600").with("Etag", "*")
	for _, c := range []struct {
		path, body string
		want       set
		mediaType  string
	}{
		{script, "plain script", assets, "text/javascript; charset=utf-8"},
		{"/assets/a-1.css", "plain style", assets, "text/css; charset=utf-8"},
		{"/assets/c-3.xyz", "anything", assets, "application/octet-stream"},
		{"/manifest.webmanifest", "{}", others, "application/manifest+json"},
		{"/icon.svg", "<svg/>", others, "image/svg+xml"},
		{"/icon.png", "png", others, "image/png"},
		{"/assets/d-4.js", "plain only", assets, "text/javascript; charset=utf-8"},
		{"/mask.svg", "<svg></svg>", others, "image/svg+xml"},
	} {
		want := c.want.with("Content-Type", c.mediaType)
		r := s.anybody().with("Accept-Encoding", "identity").get(c.path).wants(200).wantsHeaders(want)
		head := s.anybody().with("Accept-Encoding", "identity").do("HEAD", c.path, nil).wants(200).wantsHeaders(want)
		if string(r.body) != c.body || len(head.body) > 0 {
			t.Errorf("%s: %q, and HEAD %q; want %q, and nothing", r.call, r.body, head.body, c.body)
		}
		// The plain form of what is compressed is made while it is sent.
		if _, ok := uiFiles[c.path[1:]]; ok {
			length := strconv.Itoa(len(c.body))
			if got, gotHead := r.header.Get("Content-Length"), head.header.Get("Content-Length"); got != length || gotHead != length {
				t.Errorf("%s: length %s, and of HEAD %s; want %s", r.call, got, gotHead, length)
			}
		}
		s.anybody().post(c.path, nil).wants(405).wantsHeaders(pageSet.with("Allow", "GET, HEAD"))
	}
}

// TestUICodings shows which form of a file a client is sent.
func TestUICodings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, c := range []struct{ path, accept, coding string }{
		{script, "gzip, deflate, br, zstd", "br"},
		{script, "br", "br"},
		{script, "BR", "br"},
		{script, "gzip, deflate", "gzip"},
		{script, "gzip;q=1.0, br;q=0.5", "gzip"},
		{script, "gzip;q=0.5, br;q=0.5", "br"},
		{script, "br;q=0, gzip", "gzip"},
		{"/assets/d-4.js", "br", "br"},
		{"/assets/d-4.js", "", ""},
		{script, "br;q=0,gzip;q=0", ""},
		{script, "br; q=0, gzip ;q=0.000", ""},
		{script, "br;Q=0, *", "gzip"},
		{script, "*", "br"},
		{script, "*;q=0", ""},
		{script, "*;q=0, gzip", "gzip"},
		{script, "identity", ""},
		{script, "identity, gzip;q=0.5", ""},
		{script, "identity;q=0.5, gzip", "gzip"},
		{script, "identity;q=0", ""}, // which is refused, but all that there is for it
		{script, "identity;q=0, br", "br"},
		{script, "gzip;q=0.001", "gzip"},
		{script, "br;q=x", ""},
		{script, "br;q=NaN", ""},
		{script, "brx, xgzip", ""},
		{script, ", ;;, =", ""},
		{script, "\xff", ""},
		{script, strings.Repeat("x,", 5000), ""},
		{"/assets/a-1.css", "br, gzip", "gzip"},
		{"/assets/a-1.css", "br", ""},
		{"/manifest.webmanifest", "gzip, br", "br"},
		{"/icon.svg", "gzip, br", ""},
		{"/", "gzip, br", ""},
	} {
		r := s.anybody().with("Accept-Encoding", c.accept).get(c.path).wants(200)
		if got := r.header.Get("Content-Encoding"); got != c.coding {
			t.Errorf("%s with Accept-Encoding %.40q: %q; want %q", r.call, c.accept, got, c.coding)
		}
		if c.path == script && string(r.body) != cmp.Or(c.coding, "plain")+" script" {
			t.Errorf("%s with Accept-Encoding %.40q: %q; want it in %q", r.call, c.accept, r.body, c.coding)
		}
		if r.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary: %q; want Accept-Encoding", r.call, r.header.Get("Vary"))
		}
	}
}

// TestUIAskedAgain shows that a file without a hash in its name is not sent again while it is the same, in the same form.
func TestUIAskedAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const path = "/manifest.webmanifest"
	plain, br := s.anybody().with("Accept-Encoding", "identity"), s.anybody().with("Accept-Encoding", "br")
	tag, brTag := plain.get(path).wants(200).header.Get("Etag"), br.get(path).wants(200).header.Get("Etag")
	if tag == brTag {
		t.Errorf("both forms have the ETag %s; want two", tag)
	}
	still := every.with("Content-Security-Policy", pagePolicy).with("Cache-Control", "public, max-age=3600").
		with("Vary", "Accept-Encoding").with("Etag", "*")
	for _, known := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		plain.with("If-None-Match", known).get(path).wants(304).wantsHeaders(still)
	}
	br.with("If-None-Match", brTag).get(path).wants(304).wantsHeaders(still)
	br.with("If-None-Match", tag).get(path).wants(200)
	plain.with("If-None-Match", `"x"`).get(path).wants(200)
	plain.with("If-None-Match", "*").get("/").wants(200)
	plain.with("Range", "bytes=0-1").get(path).wants(200)
}

// TestUINotBuilt shows that a program without a UI says so, and how to get one.
func TestUINotBuilt(t *testing.T) {
	t.Parallel()
	empty, err := server.NewUI(fstest.MapFS{".gitkeep": {Data: []byte("a line")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, ui := range []*server.UI{nil, empty} {
		s := newSite(t, func(o *options) { o.server.UI = ui })
		for _, path := range []string{"/", "/workouts/1", "/password-reset?token=x"} {
			r := s.anybody().get(path).wants(200).wantsHeaders(pageSet)
			if !strings.Contains(string(r.body), "make build") {
				t.Errorf("%s: %s; want how to build the UI", r.call, r.body)
			}
		}
		for _, path := range []string{"/index.html", script, "/.gitkeep", "/no-ui.html", "/assets/"} {
			s.anybody().get(path).wants(404).wantsHeaders(pageSet)
		}
		s.anybody().post("/", nil).wants(405).wantsHeaders(pageSet.with("Allow", "GET, HEAD"))
	}
}

// TestLimitOfPages shows that pages are no calls of the API, and are not without limit.
func TestLimitOfPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, withLimits)
	at := s.from("203.0.113.1")
	times(t, 3000, 200, func() response { return at.get("/icon.png") })
	limited := at.get("/").wants(429).wantsHeaders(pageSet.with("Retry-After", "300"))
	if !strings.Contains(string(limited.body), "rate limit exceeded (3000 per 5 minutes)") {
		t.Errorf("%s: %s; want how many may be had", limited.call, limited.body)
	}
	at.get("/api/ping").wants(200)
	s.from("203.0.113.2").get("/").wants(200)
	s.clock.forward(5 * time.Minute)
	at.get("/").wants(200)
}
