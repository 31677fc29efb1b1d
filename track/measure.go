package track

import (
	"math"
	"slices"
)

// Figures are what a workout or a segment comes to, rounded as they are stored: halves away from
// zero, times cut to whole seconds.
type Figures struct {
	DistanceM  int64      // moving and stopped
	DurationS  int64      // from the first to the last known time, pauses included
	FractionUS int64      // microseconds cut off from the duration; clients see a segment's with them
	MovingS    int64      // faster than the stopped speed
	PausesS    int64      // not faster, and between segments
	AveSpeed   int64      // 0.01 km/h; the whole distance over the moving time, 0 when nothing moved
	MaxSpeed   int64      // 0.01 km/h; see topSpeed
	Elevation  *Elevation // nil when no point has one
}

// Elevation is how high and low a workout or a segment goes, and how much up and down, in centimetres.
type Elevation struct {
	MinCM, MaxCM, AscentCM, DescentCM int64
}

// Bounds is the rectangle around all points, in degrees.
type Bounds struct {
	MinLatitude, MinLongitude, MaxLatitude, MaxLongitude float64
}

// Measured holds the figures of a whole workout and of its segments. Distance, times, elevation and
// bounds of the whole count all tracks; the pauses between segments and the maximum speed are those
// of the first one, as in FitTrackee.
type Measured struct {
	Figures
	Bounds   Bounds
	Segments []Figures // of the first track
}

// Measure computes the figures of a track. A pair of neighbouring points counts as stopped when it
// is not faster than stoppedSpeedKMH. What comes out is finite for every track that Parse or Unpack
// returns; without points it is zero.
func (t *Track) Measure(stoppedSpeedKMH float64) Measured {
	r := ruler{stoppedKMH: stoppedSpeedKMH}
	whole := newTally()
	bounds := Bounds{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	segments := make([]Figures, 0, len(t.Segments))
	for _, s := range t.Segments {
		part := r.measure(s)
		segments = append(segments, part.figures())
		bounds.extend(s)
		whole.addGap(part)
		whole.add(part)
	}
	for _, s := range t.Rest {
		part := r.measure(s)
		part.maxMPS = 0 // only the first track's counts
		bounds.extend(s)
		whole.add(part)
	}
	if bounds.MinLatitude > bounds.MaxLatitude {
		bounds = Bounds{} // there is no point
	}
	return Measured{whole.figures(), bounds, segments}
}

// extend makes the bounds contain the points of s.
func (b *Bounds) extend(s Segment) {
	for i := range s {
		p := &s[i]
		b.MinLatitude = min(b.MinLatitude, p.Latitude)
		b.MinLongitude = min(b.MinLongitude, p.Longitude)
		b.MaxLatitude = max(b.MaxLatitude, p.Latitude)
		b.MaxLongitude = max(b.MaxLongitude, p.Longitude)
	}
}

// tally adds up a segment or several. Durations are whole microseconds in floating point: exact up
// to 285 years, and beyond that they cannot overflow.
type tally struct {
	distanceM           float64
	durationUS          float64
	movingUS, stoppedUS float64
	maxMPS              float64
	minM, maxM          float64 // elevation; infinite when unknown
	ascentM, descentM   float64
	firstTime, lastTime int64
}

func newTally() tally {
	return tally{minM: math.Inf(1), maxM: math.Inf(-1), firstTime: NoTime, lastTime: NoTime}
}

// addGap counts the pause between what was added so far and u.
func (t *tally) addGap(u tally) {
	if t.lastTime != NoTime && u.firstTime > t.lastTime {
		gap := float64(u.firstTime - t.lastTime)
		t.durationUS += gap
		t.stoppedUS += gap
	}
}

func (t *tally) add(u tally) {
	if u.lastTime != NoTime {
		t.lastTime = u.lastTime
	}
	t.distanceM += u.distanceM
	t.durationUS += u.durationUS
	t.movingUS += u.movingUS
	t.stoppedUS += u.stoppedUS
	t.maxMPS = max(t.maxMPS, u.maxMPS)
	t.minM = min(t.minM, u.minM)
	t.maxM = max(t.maxM, u.maxM)
	t.ascentM += u.ascentM
	t.descentM += u.descentM
}

func (t *tally) figures() Figures {
	const second = 1e6
	f := Figures{
		DistanceM:  rounded(t.distanceM, 1),
		DurationS:  int64(min(most, t.durationUS/second)),
		FractionUS: int64(math.Mod(t.durationUS, second)),
		MovingS:    int64(min(most, t.movingUS/second)),
		PausesS:    int64(min(most, t.stoppedUS/second)),
		MaxSpeed:   rounded(t.maxMPS*mpsToKMH, 100),
	}
	if t.movingUS > 0 {
		f.AveSpeed = rounded(speedKMH(t.distanceM, t.movingUS/second), 100)
	}
	if t.minM <= t.maxM {
		f.Elevation = &Elevation{
			MinCM:     rounded(t.minM, 100),
			MaxCM:     rounded(t.maxM, 100),
			AscentCM:  rounded(t.ascentM, 100),
			DescentCM: rounded(t.descentM, 100),
		}
	}
	return f
}

// most is the largest figure. Only impossible tracks reach it. Millions of them can be added up, and JSON's numbers
// are exact up to it.
const most = 1 << 40

// rounded returns v, which is not negative unless it is an elevation, in units of 1/scale, halves
// away from zero. A half that falls short only because it is a binary fraction counts as a half, such
// as the one in an elevation of 35.145.
func rounded(v, scale float64) int64 {
	return int64(min(most, math.Round(v*scale*(1+0x1p-52))))
}

// ruler measures segments. For the top speed it needs the lengths and the speeds of the pairs, from the
// first moving one on. The memory for them is used again for the next segment.
type ruler struct {
	stoppedKMH  float64
	metres, mps []float64
}

func (r *ruler) measure(s Segment) tally {
	t := newTally()
	var c climb
	r.metres = slices.Grow(r.metres[:0], len(s))
	r.mps = slices.Grow(r.mps[:0], len(s))
	for i := range s {
		p := &s[i]
		if p.hasElevation() {
			t.minM = min(t.minM, p.Elevation)
			t.maxM = max(t.maxM, p.Elevation)
			c.add(p.Elevation)
		}
		if !p.hasTime() {
			continue
		}
		if t.firstTime == NoTime {
			t.firstTime = p.Time
		}
		t.lastTime = p.Time
		if i > 0 && s[i-1].hasTime() {
			r.addPair(&t, &s[i-1], p)
		}
	}
	t.durationUS = max(0, float64(t.lastTime-t.firstTime))
	t.ascentM, t.descentM = c.total()
	t.maxMPS = topSpeed(r.metres, r.mps)
	return t
}

// addPair counts the way from a to b, which both have a time.
func (r *ruler) addPair(t *tally, a, b *Point) {
	metres, micros := distanceM(a, b), float64(b.Time-a.Time)
	if metres <= 0 || micros <= 0 {
		return
	}
	seconds := micros / 1e6
	t.distanceM += metres
	if speedKMH(metres, seconds) > r.stoppedKMH {
		t.movingUS += micros
	} else {
		t.stoppedUS += micros
	}
	if t.movingUS > 0 {
		r.metres = append(r.metres, metres)
		r.mps = append(r.mps, metres/seconds)
	}
}

const mpsToKMH = 3.6

func speedKMH(metres, seconds float64) float64 { return metres / 1000 / (seconds / 3600) }

const (
	earthRadiusM     = 6_378_137 // WGS 84's semi-major axis
	metresPerDegree  = 2 * math.Pi * earthRadiusM / 360
	radiansPerDegree = math.Pi / 180
	// flatDegrees is how far apart two points may be for the earth between them to count as flat.
	flatDegrees = 0.2
)

// distanceM returns how far it is from a to b in metres: on a plane when they are near each other,
// else along the great circle by the haversine formula. When both have an elevation, and neither is
// 0, which many devices write for "unknown", the way goes straight up or down too.
func distanceM(a, b *Point) float64 {
	dLat := b.Latitude - a.Latitude
	dLon := b.Longitude - a.Longitude
	var d float64
	if math.Abs(dLat) > flatDegrees || math.Abs(dLon) > flatDegrees {
		d = haversineM(a, b)
	} else {
		dLon *= math.Cos(b.Latitude * radiansPerDegree)
		d = metresPerDegree * math.Sqrt(dLat*dLat+dLon*dLon)
	}
	if a.hasElevation() && b.hasElevation() && a.Elevation != 0 && b.Elevation != 0 {
		dEle := b.Elevation - a.Elevation
		d = math.Sqrt(d*d + dEle*dEle)
	}
	return d
}

func haversineM(a, b *Point) float64 {
	sinLat := math.Sin((b.Latitude - a.Latitude) * radiansPerDegree / 2)
	sinLon := math.Sin((b.Longitude - a.Longitude) * radiansPerDegree / 2)
	cosines := math.Cos(a.Latitude*radiansPerDegree) * math.Cos(b.Latitude*radiansPerDegree)
	h := sinLat*sinLat + cosines*sinLon*sinLon
	return 2 * earthRadiusM * math.Asin(math.Sqrt(min(1, h)))
}

// climb adds up rises and falls of smoothed elevations: each but the first and the last is replaced
// by 0.3 of its predecessor, 0.4 of itself and 0.3 of its successor.
type climb struct {
	beforeM, ownM     float64 // the last two elevations as they came
	n                 int     // how many came
	smoothedM         float64 // the last one that was counted
	ascentM, descentM float64
}

func (c *climb) add(metres float64) {
	switch c.n {
	case 0:
		c.smoothedM = metres
	case 1:
	default:
		c.step(0.3*c.beforeM + 0.4*c.ownM + 0.3*metres)
	}
	c.beforeM, c.ownM = c.ownM, metres
	c.n++
}

func (c *climb) step(smoothedM float64) {
	if riseM := smoothedM - c.smoothedM; riseM > 0 {
		c.ascentM += riseM
	} else {
		c.descentM -= riseM
	}
	c.smoothedM = smoothedM
}

// total returns ascent and descent in metres.
func (c *climb) total() (ascentM, descentM float64) {
	if c.n > 1 {
		c.step(c.ownM)
	}
	return c.ascentM, c.descentM
}

// topSpeed returns the speed in metres a second that 95 of 100 pairs do not exceed. Pairs whose
// length is more than one and a half standard deviations off the mean are left out before: there
// the receiver erred. Fewer than two pairs have no top speed. The speeds are reordered.
func topSpeed(metres, mps []float64) float64 {
	if len(metres) < 2 {
		return 0
	}
	n := float64(len(metres))
	var sum, squares float64
	for _, m := range metres {
		sum += m
	}
	mean := sum / n
	for _, m := range metres {
		squares += (m - mean) * (m - mean)
	}
	reach := 1.5 * math.Sqrt(squares/n)
	kept := mps[:0]
	for i, m := range metres {
		if math.Abs(m-mean) <= reach {
			kept = append(kept, mps[i])
		}
	}
	if len(kept) == 0 {
		return 0
	}
	slices.Sort(kept)
	return kept[len(kept)*95/100]
}
