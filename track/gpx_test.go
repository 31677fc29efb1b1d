package track_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/charmap"

	"fittrackee/track"
)

// gpx wraps elements into a GPX file.
func gpx(elements ...string) string {
	return "<gpx>" + strings.Join(elements, "") + "</gpx>"
}

// trk makes a track of one segment.
func trk(points ...string) string {
	return "<trk><trkseg>" + strings.Join(points, "") + "</trkseg></trk>"
}

// timed is a point that makes a workout.
const timed = `<trkpt lat="48.5" lon="2.25"><time>2018-03-13T12:44:45Z</time></trkpt>`

// timedAt is a point with a time of its own.
func timedAt(clock string) string {
	return fmt.Sprintf(`<trkpt lat="48.5" lon="2.25"><time>%s</time></trkpt>`, clock)
}

// parse returns the track in a file that must be good.
func parse(t testing.TB, file string) *track.Track {
	t.Helper()
	parsed, err := track.Parse(strings.NewReader(file))
	if err != nil {
		t.Fatalf("Parse(%.200s): %v", file, err)
	}
	return parsed
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	declared := func(charset, file string) string {
		return `<?xml version="1.0" encoding="` + charset + `"?>` + file
	}
	for _, test := range []struct {
		name, file string
		want       error
		says       string // part of the message
	}{
		{"nothing", "", track.ErrSyntax, "line 1: unexpected end"},
		{"a declaration alone", `<?xml version="1.0"?>`, track.ErrSyntax, "unexpected end"},
		{"no XML", "PK\x03\x04", track.ErrSyntax, "illegal character"},
		{"text", "hello", track.ErrSyntax, "text outside"},
		{"another root", "<html></html>", track.ErrSyntax, `root element "html"`},
		{"an early end", "<gpx>\n<trk>\n", track.ErrSyntax, "line 3: unexpected end"},
		{"crossing elements", "<gpx><trk></gpx></trk>", track.ErrSyntax, "<trk> closed by </gpx>"},
		{"prefixes that differ", "<a:gpx></b:gpx>", track.ErrSyntax, "closed by"},
		{"an end too many", gpx(trk(timed)) + "</gpx>", track.ErrSyntax, "without its beginning"},
		{"two roots", gpx(trk(timed)) + gpx(), track.ErrSyntax, "second root"},
		{"text behind", gpx(trk(timed)) + "more", track.ErrSyntax, "text outside"},
		{"text before", "more" + gpx(trk(timed)), track.ErrSyntax, "text outside"},
		{"NUL behind", gpx(trk(timed)) + "\x00", track.ErrSyntax, "illegal character"},
		{"XML 1.1", `<?xml version="1.1"?>` + gpx(trk(timed)), track.ErrSyntax, "version"},
		{"an attribute twice", gpx(trk(`<trkpt lat="1" lat="2" lon="3"/>`)), track.ErrSyntax, `"lat" twice`},
		{"an attribute without quotes", gpx(trk(`<trkpt lat=1 lon=2/>`)), track.ErrSyntax, "attribute value"},

		{"no lat", gpx(trk(`<trkpt lon="1"/>`)), track.ErrSyntax, "without lat or lon"},
		{"no lon", gpx(trk(`<trkpt lat="1" x:lon="1"/>`)), track.ErrSyntax, "without lat or lon"},
		{"lat beyond the pole", gpx(trk(`<trkpt lat="90.0000001" lon="1"/>`)), track.ErrSyntax, `lat "90.0000001"`},
		{"lon beyond the date line", gpx(trk(`<trkpt lat="1" lon="-180.1"/>`)), track.ErrSyntax, `lon "-180.1"`},
		{"lat NaN", gpx(trk(`<trkpt lat="NaN" lon="1"/>`)), track.ErrSyntax, "NaN"},
		{"lon Inf", gpx(trk(`<trkpt lat="1" lon="-Inf"/>`)), track.ErrSyntax, "Inf"},
		{"lat huge", gpx(trk(`<trkpt lat="1e999" lon="1"/>`)), track.ErrSyntax, "1e999"},
		{"lat hexadecimal", gpx(trk(`<trkpt lat="0x10" lon="1"/>`)), track.ErrSyntax, "0x10"},
		{"lat with a comma", gpx(trk(`<trkpt lat="48,5" lon="1"/>`)), track.ErrSyntax, "48,5"},
		{"lat empty", gpx(trk(`<trkpt lat="" lon="1"/>`)), track.ErrSyntax, `lat ""`},
		{"ele NaN", gpx(trk(`<trkpt lat="1" lon="1"><ele>nan</ele></trkpt>`)), track.ErrSyntax, `ele "nan"`},
		{"ele in space", gpx(trk(`<trkpt lat="1" lon="1"><ele>100001</ele></trkpt>`)), track.ErrSyntax, "100001"},
		{"ele no number", gpx(trk(`<trkpt lat="1" lon="1"><ele>high</ele></trkpt>`)), track.ErrSyntax, "high"},
		{"a bad number in a later track", gpx(trk(timed), trk(`<trkpt lat="1" lon="x"/>`)), track.ErrSyntax, `lon "x"`},

		{"a date alone", gpx(trk(timedAt("2018-03-13"))), track.ErrSyntax, `time "2018-03-13"`},
		{"no time", gpx(trk(timedAt("yesterday at noon, I think"))), track.ErrSyntax, "yesterday"},
		{"month 13", gpx(trk(timedAt("2018-13-01T00:00:00Z"))), track.ErrSyntax, "2018-13"},
		{"month 0", gpx(trk(timedAt("2018-00-01T00:00:00Z"))), track.ErrSyntax, "2018-00"},
		{"day 0", gpx(trk(timedAt("2018-01-00T00:00:00Z"))), track.ErrSyntax, "2018-01-00"},
		{"February 29", gpx(trk(timedAt("2018-02-29T00:00:00Z"))), track.ErrSyntax, "2018-02-29"},
		{"hour 24", gpx(trk(timedAt("2018-01-01T24:00:00Z"))), track.ErrSyntax, "T24"},
		{"year 0", gpx(trk(timedAt("0000-01-01T00:00:00Z"))), track.ErrSyntax, "0000"},
		{"year 0 by its zone", gpx(trk(timedAt("0001-01-01T00:00:00+01:00"))), track.ErrSyntax, "0001"},
		{"year 10000 by its zone", gpx(trk(timedAt("9999-12-31T23:59:59-01:00"))), track.ErrSyntax, "9999"},
		{"year 10000", gpx(trk(timedAt("10000-01-01T00:00:00Z"))), track.ErrSyntax, "10000"},
		{"a fraction of nothing", gpx(trk(timedAt("2018-01-01T00:00:00.Z"))), track.ErrSyntax, "00.Z"},
		{"a zone by name", gpx(trk(timedAt("2018-01-01T00:00:00 CET"))), track.ErrSyntax, "CET"},
		{"a zone too long", gpx(trk(timedAt("2018-01-01T00:00:00+01:000"))), track.ErrSyntax, "+01:000"},
		{"signs among digits", gpx(trk(timedAt("2018-01-01T+1:-2:00Z"))), track.ErrSyntax, "+1"},

		{"invalid UTF-8", gpx("<trk><name>\xe9</name></trk>"), track.ErrSyntax, "invalid UTF-8"},
		{"Latin-1 that says UTF-8", declared("UTF-8", gpx("<trk><name>for\xeat</name></trk>")), track.ErrSyntax, "invalid UTF-8"},
		{"an unknown charset", declared("EBCDIC-CP-BE", gpx(trk(timed))), track.ErrSyntax, `"EBCDIC-CP-BE" is not known`},
		{"UTF-16 cut within a character", string(encodeUTF16(gpx(trk(timed)), true, true)) + "\x00", track.ErrSyntax, ""},
		{"UTF-32", "\xff\xfe\x00\x00<\x00\x00\x00g\x00\x00\x00", track.ErrSyntax, ""},

		{"an unknown entity", gpx("&nbsp;"), track.ErrSyntax, "entity &nbsp;"},
		{"an entity of its own", `<!DOCTYPE gpx [<!ENTITY a "b">]>` + gpx("&a;"), track.ErrSyntax, "entity &a;"},
		{"an external entity", `<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]>` + gpx("&a;"), track.ErrSyntax, "entity &a;"},
		{"a parameter entity", `<!DOCTYPE gpx [<!ENTITY % a SYSTEM "http://localhost/x.dtd"> %a;]>` + gpx("&b;"), track.ErrSyntax, "entity &b;"},
		{"an entity in an attribute", `<!DOCTYPE gpx [<!ENTITY a "1">]>` + gpx(trk(`<trkpt lat="&a;" lon="1"/>`)), track.ErrSyntax, "entity &a;"},
		{"a billion laughs", billionLaughs, track.ErrSyntax, "entity &lol9;"},
		{"an entity without end", gpx("&" + strings.Repeat("a", 1e6)), track.ErrSyntax, "entity &aaaaa"},
		{"33 elements inside each other", gpx(strings.Repeat("<a>", 32) + strings.Repeat("</a>", 32)), track.ErrSyntax, "more than 32 elements"},
		{"a million elements inside each other", gpx(strings.Repeat("<a>", 1e6)), track.ErrSyntax, "more than 32 elements"},
		{"33 attributes", gpx("<a" + attributes(33) + "/>"), track.ErrSyntax, "more than 32 attributes"},
		{"a million attributes", gpx("<a" + strings.Repeat(` a=""`, 1e6) + "/>"), track.ErrSyntax, "without end"},
		{"a text without end", gpx("<trk><name>" + strings.Repeat("a", 2<<20)), track.ErrSyntax, "without end"},
		{"a comment without end", gpx("<!--" + strings.Repeat("a", 2<<20)), track.ErrSyntax, "without end"},
		{"a name without end", "<" + strings.Repeat("a", 2<<20), track.ErrSyntax, "without end"},
		{"1001 segments", gpx("<trk>" + strings.Repeat("<trkseg>"+timed+"</trkseg>", 1001) + "</trk>"), track.ErrSyntax, "more than 1000 segments"},

		{"no track", gpx(`<wpt lat="1" lon="2"/>`), track.ErrUnusable, "no track"},
		{"a route only", gpx(`<rte><rtept lat="1" lon="2"/></rte>`), track.ErrUnusable, "no track"},
		{"a track inside something", gpx("<extensions>" + trk(timed) + "</extensions>"), track.ErrUnusable, "no track"},
		{"an empty track", gpx("<trk/>"), track.ErrUnusable, "no points"},
		{"empty segments", gpx("<trk><trkseg/><trkseg></trkseg></trk>"), track.ErrUnusable, "no points"},
		{"points in a later track only", gpx("<trk/>", trk(timed)), track.ErrUnusable, "no points"},
		{"points outside of segments", gpx("<trk>" + timed + "</trk>"), track.ErrUnusable, "no points"},
		{"no times", gpx(trk(`<trkpt lat="1" lon="2"/>`)), track.ErrUnusable, "no times"},
		{"times in a later track only", gpx(trk(`<trkpt lat="1" lon="2"><time/></trkpt>`), trk(timed)), track.ErrUnusable, "no times"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := track.Parse(strings.NewReader(test.file))
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v; want %v with %q", err, test.want, test.says)
			}
			if got != nil && err != nil {
				t.Error("a track besides the error")
			}
			if err != nil && len(err.Error()) > 200 {
				t.Errorf("error of %d bytes: %.300s; want a short one", len(err.Error()), err)
			}
		})
	}
}

// billionLaughs is the classic: ten entities, each ten times the one before.
var billionLaughs = func() string {
	entities := `<!ENTITY lol0 "lol">`
	for i := range 9 {
		entities += fmt.Sprintf("<!ENTITY lol%d %q>", i+1, strings.Repeat(fmt.Sprintf("&lol%d;", i), 10))
	}
	return "<!DOCTYPE gpx [" + entities + "]>" + gpx("<trk><name>&lol9;</name></trk>")
}()

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="1"`, i)
	}
	return b.String()
}

func encodeUTF16(text string, bigEndian, mark bool) []byte {
	var b bytes.Buffer
	if mark {
		text = "\uFEFF" + text
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		if bigEndian {
			b.Write([]byte{byte(unit >> 8), byte(unit)})
		} else {
			b.Write([]byte{byte(unit), byte(unit >> 8)})
		}
	}
	return b.Bytes()
}

func encode(t *testing.T, charset *charmap.Charmap, text string) string {
	t.Helper()
	s, err := charset.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseNames(t *testing.T) {
	t.Parallel()
	named := func(name string) string {
		return gpx("<trk><name>" + name + "</name><trkseg>" + timed + "</trkseg></trk>")
	}
	declared := func(charset, file string) string {
		return `<?xml version="1.0" encoding="` + charset + `"?>` + "\n" + file
	}
	for _, test := range []struct{ name, file, want string }{
		{"plain", named("Morning ride"), "Morning ride"},
		{"trimmed", named("\n\t Morning  ride \r\n"), "Morning  ride"},
		{"empty", named(""), ""},
		{"predefined entities", named("&lt;a&gt; &amp; &quot;b&quot; &apos;c&apos; &#233;&#xE9;"), `<a> & "b" 'c' éé`},
		{"CDATA", named("a <![CDATA[<b> & c]]> d"), "a <b> & c d"},
		{"CDATA that looks like markup", named("<![CDATA[</name></trk></gpx>]]>"), "</name></trk></gpx>"},
		{"around a comment", named("a<!-- no -->b"), "ab"},
		{"around an instruction", named("a<?no?>b"), "ab"},
		{"without elements inside", named("a<b>no</b>c"), "ac"},
		{"the first of two", gpx("<trk><name>a</name><name>b</name><trkseg>" + timed + "</trkseg></trk>"), "a"},
		{"of the first track", gpx("<trk><trkseg>"+timed+"</trkseg></trk>", "<trk><name>b</name></trk>"), ""},
		{"not of the file", gpx("<metadata><name>b</name></metadata><name>c</name>" + trk(timed)), ""},
		{"behind the segments", gpx("<trk><trkseg>" + timed + "</trkseg><name>a</name></trk>"), "a"},
		{"in a namespace", `<g:gpx xmlns:g="x"><g:trk><g:name>a</g:name><g:trkseg>` +
			`<g:trkpt lat="1" lon="2"><g:time>2018-03-13T12:44:45Z</g:time></g:trkpt></g:trkseg></g:trk></g:gpx>`, "a"},
		{"of half a megabyte", named(strings.Repeat("é", 1<<18)), strings.Repeat("é", 1<<18)},
		{"with a harmless DTD", `<!DOCTYPE gpx SYSTEM "http://localhost/gpx.dtd" [<!ELEMENT gpx ANY>]>` + named("a"), "a"},

		{"UTF-8", declared("utf-8", named("Forêt 🚴")), "Forêt 🚴"},
		{"UTF-8 with mark", "\ufeff" + declared("UTF-8", named("Forêt")), "Forêt"},
		{"UTF-8 with mark that says Latin-1", "\ufeff" + declared("ISO-8859-1", named("Forêt")), "Forêt"},
		{"UTF-8 that says UTF-16", declared("utf-16", named("Forêt")), "Forêt"},
		{"UTF-8 that says ASCII", declared("us-ascii", named("Forêt")), "Forêt"},
		{"UTF-16LE with mark", string(encodeUTF16(declared("UTF-16", named("Forêt 🚴")), false, true)), "Forêt 🚴"},
		{"UTF-16BE with mark", string(encodeUTF16(declared("UTF-16", named("Forêt 🚴")), true, true)), "Forêt 🚴"},
		{"UTF-16LE without mark", string(encodeUTF16(declared("UTF-16LE", named("Forêt")), false, false)), "Forêt"},
		{"UTF-16BE without mark", string(encodeUTF16(named("Forêt"), true, false)), "Forêt"},
		{"UTF-16 that says Latin-1", string(encodeUTF16(declared("ISO-8859-1", named("Forêt")), false, true)), "Forêt"},
		{"ISO-8859-1", encode(t, charmap.ISO8859_1, declared("ISO-8859-1", named("Forêt"))), "Forêt"},
		{"ISO-8859-15 in apostrophes", encode(t, charmap.ISO8859_15, `<?xml version='1.0' encoding='iso-8859-15' ?>`+named("5 €")), "5 €"},
		{"windows-1252", encode(t, charmap.Windows1252, declared("Windows-1252", named("“Forêt” – 5 €"))), "“Forêt” – 5 €"},
		{"windows-1251", encode(t, charmap.Windows1251, declared("windows-1251", named("Лес"))), "Лес"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := parse(t, test.file).Name; got != test.want {
				t.Errorf("name %.100q; want %.100q", got, test.want)
			}
			text, err := track.UTF8([]byte(test.file))
			if err != nil {
				t.Fatal(err)
			}
			// What it declares is of the past; what it is now stands first, as in any UTF-8 file.
			if got := parse(t, "\ufeff"+text).Name; got != test.want {
				t.Errorf("name in the UTF-8 text %.100q; want %.100q", got, test.want)
			}
		})
	}
}

func TestUTF8(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, want string }{
		{"nothing", "", ""},
		{"plain", "<gpx/>", "<gpx/>"},
		{"a mark", "\ufeff<gpx/>", "<gpx/>"},
		{"wrong bytes", "<gpx><!-- for\xeat --></gpx>", "<gpx><!-- for\uFFFDt --></gpx>"},
		{"half a UTF-16 character", "\xff\xfe<\x00g\x00p", "<g\uFFFD"},
	} {
		if got, err := track.UTF8([]byte(test.file)); err != nil || got != test.want {
			t.Errorf("UTF8 of %s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
	_, err := track.UTF8([]byte(`<?xml version="1.0" encoding="shift_jis"?>`))
	if !errors.Is(err, track.ErrSyntax) {
		t.Errorf("UTF8 of an unknown charset: %v; want %v", err, track.ErrSyntax)
	}
}

func TestParseTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ text, want string }{
		{"2018-03-13T12:44:45Z", "2018-03-13T12:44:45Z"},
		{" \n2018-03-13T12:44:45Z\t", "2018-03-13T12:44:45Z"},
		{"2018-03-13T12:44:45z", "2018-03-13T12:44:45Z"},
		{"2018-03-13T12:44:45", "2018-03-13T12:44:45Z"},
		{"2018-03-13 12:44:45", "2018-03-13T12:44:45Z"},
		{"2018-03-13T12:44:45.5Z", "2018-03-13T12:44:45.5Z"},
		{"2018-03-13T12:44:45.123456789Z", "2018-03-13T12:44:45.123456Z"},
		{"2018-03-13T12:44:45.000", "2018-03-13T12:44:45Z"},
		{"2018-03-13T12:44:45,25+02:00", "2018-03-13T10:44:45.25Z"},
		{"2018-03-13T12:44:45+0545", "2018-03-13T06:59:45Z"},
		{"2018-03-13T12:44:45-03", "2018-03-13T15:44:45Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z"},
		{"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
		{"0001-01-01T00:00:00.000001Z", "0001-01-01T00:00:00.000001Z"},
		{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
	} {
		if got := parse(t, gpx(trk(timedAt(test.text)))).StartedAt().Format(time.RFC3339Nano); got != test.want {
			t.Errorf("time %q read as %s; want %s", test.text, got, test.want)
		}
	}
}

// TestParseTimesLikeGo reads random times in random zones, and compares with the standard library.
func TestParseTimesLikeGo(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		zone := time.FixedZone("", 60*(r.IntN(2*1439)-1439))
		at := time.Unix(r.Int64N(11e9)-1e9, r.Int64N(1e9)).Truncate(time.Duration(math.Pow10(r.IntN(10)))).In(zone)
		text := at.Format(time.RFC3339Nano)
		if got, want := parse(t, gpx(trk(timedAt(text)))).StartedAt(), at.Truncate(time.Microsecond); !got.Equal(want) {
			t.Errorf("time %s read as %s; want %s", text, got, want)
		}
	}
}

// TestParsePoints reads points with everything that they may have, and may not have.
func TestParsePoints(t *testing.T) {
	t.Parallel()
	const unread = track.NoReading
	place := track.Point{
		Latitude: 48.5, Longitude: 2.25, Elevation: math.NaN(), Time: track.NoTime,
		HeartRate: unread, Cadence: unread, Power: unread, Temperature: unread,
	}
	with := func(change func(*track.Point)) track.Point {
		p := place
		change(&p)
		return p
	}
	sensors := func(heartRate, cadence, power, temperature int16) track.Point {
		return with(func(p *track.Point) {
			p.HeartRate, p.Cadence, p.Power, p.Temperature = heartRate, cadence, power, temperature
		})
	}
	for _, test := range []struct {
		name, inside string
		want         track.Point
	}{
		{"nothing", "", place},
		{"elevation", "<ele> 35.30 </ele>", with(func(p *track.Point) { p.Elevation = 35.3 })},
		{"elevation with exponent", "<ele>-1.5e2</ele>", with(func(p *track.Point) { p.Elevation = -150 })},
		{"time", "<time>1970-01-01T00:00:01Z</time>", with(func(p *track.Point) { p.Time = 1e6 })},
		{"empty elements", "<ele/><time></time><ele> </ele><extensions/>", place},
		{"GPX 1.0", "<course>23.1</course><speed>2.5</speed><hdop>1</hdop>", place},
		{"a point in a point", `<trkpt lat="1" lon="1"><ele>1</ele></trkpt>`, place},
		{"a track in a point", trk(timed), place},
		{
			"Garmin's extension",
			`<extensions><gpxtpx:TrackPointExtension><gpxtpx:atemp>21.5</gpxtpx:atemp><gpxtpx:wtemp>3</gpxtpx:wtemp>` +
				`<gpxtpx:hr>142</gpxtpx:hr><gpxtpx:cad>0</gpxtpx:cad></gpxtpx:TrackPointExtension><power>0</power></extensions>`,
			sensors(142, 0, 0, 215),
		},
		{
			"other names",
			`<extensions><a><b><HeartRate>60</HeartRate></b></a><cadence>80.4</cadence>` +
				`<pwr:PowerInWatts>250</pwr:PowerInWatts><temp>-3</temp></extensions>`,
			sensors(60, 80, 250, -30),
		},
		{"the first of a kind", "<extensions><hr>x</hr><hr>61</hr><heartrate>62</heartrate></extensions>", sensors(61, unread, unread, unread)},
		{
			"nonsense",
			"<extensions><hr>0</hr><cad>-1</cad><power>1e9</power><atemp>NaN</atemp></extensions>", place,
		},
		{"no numbers", "<extensions><hr/><cad>none</cad><watts>99999999999999999999</watts><temperature>1e400</temperature></extensions>", place},
		{"sensors outside of extensions", "<hr>142</hr>", place},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			point := `<trkpt lon="2.25" lat="48.5">` + test.inside + "</trkpt>"
			got := parse(t, gpx(trk(point, timed))).Segments[0][0]
			if diff := cmp.Diff(test.want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseStructure(t *testing.T) {
	t.Parallel()
	file := gpx(
		"<trk><type> cycling </type><trkseg/><trkseg>", timed, timed, "</trkseg><trkseg></trkseg><trkseg>", timed, "</trkseg></trk>",
		"<wpt lat='1' lon='2'/><trk><type>running</type><trkseg>", timed, "</trkseg><trk><trkseg>", timed, "</trkseg></trk><trkseg/></trk>",
		trk(timed, timed, timed),
	)
	got := parse(t, file)
	lengths := func(segments []track.Segment) (n []int) {
		for _, s := range segments {
			n = append(n, len(s))
		}
		return n
	}
	if diff := cmp.Diff([]int{2, 1}, lengths(got.Segments)); diff != "" {
		t.Errorf("segments of the first track (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 3}, lengths(got.Rest)); diff != "" {
		t.Errorf("segments of further tracks (-want +got):\n%s", diff)
	}
	if got.Type != "cycling" {
		t.Errorf("type %q; want cycling", got.Type)
	}
}

// TestParseReadError tells a reader's failure from a bad file.
func TestParseReadError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, before := range []string{"", "<gpx>", gpx(trk(timed)), strings.Repeat(" ", 5000), string(encodeUTF16("<gpx>", true, true))} {
		_, err := track.Parse(io.MultiReader(strings.NewReader(before), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || errors.Is(err, track.ErrSyntax) {
			t.Errorf("broken after %d bytes: %v; want %v", len(before), err, broken)
		}
	}
}

// TestMillionPoints is alone, so that the memory is its own.
func TestMillionPoints(t *testing.T) {
	if testing.Short() || raced {
		t.Skip("takes seconds, and half a minute under the race detector")
	}
	const point = `<trkpt lat="48.5" lon="2.25"/>`
	file := gpx(trk(timed, strings.Repeat(point, 999_999)))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	parsed := parse(t, file)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	peak := int64(after.HeapSys-before.HeapSys) >> 20
	t.Logf("%d points in %v, heap grew by %d MB", len(parsed.Segments[0]), took, peak)
	if peak > 300 {
		t.Errorf("heap grew by %d MB; want far less", peak)
	}
	file = gpx(trk(timed, strings.Repeat(point, 1_000_000)))
	if _, err := track.Parse(strings.NewReader(file)); !errors.Is(err, track.ErrSyntax) {
		t.Errorf("Parse of 1000001 points: %v; want %v", err, track.ErrSyntax)
	}
}
