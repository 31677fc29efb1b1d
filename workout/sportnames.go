package workout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"fittrackee/store"
)

// sportFinder returns the sport of a file that says it is of some kind.
type sportFinder func(kind string) store.Sport

// sportFinder returns what finds the sport of each file.
func (w *Workouts) sportFinder(ctx context.Context, userID int64, sportID *int64) (sportFinder, error) {
	if sportID != nil {
		v, err := w.sport(ctx, userID, *sportID)
		return func(string) store.Sport { return v }, err
	}
	sports, err := w.store.Sports(ctx, userID)
	if err != nil {
		return nil, err
	}
	usual, err := w.usualSport(ctx, userID, sports)
	return func(kind string) store.Sport {
		if v, err := sportOfKind(sports, kind); err == nil {
			return v
		}
		return usual
	}, err
}

// usualSport returns the sport of a user's latest workout. For the first one it is the first that the user has not hidden.
func (w *Workouts) usualSport(ctx context.Context, userID int64, sports []store.Sport) (store.Sport, error) {
	latest, err := w.store.LatestSport(ctx, userID)
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return store.Sport{}, err
	}
	for _, v := range sports {
		if v.ID == latest || latest == 0 && v.IsActiveForUser {
			return v, nil
		}
	}
	return sports[0], nil
}

// ErrNoSport is the reason why a file is refused that does not tell its sport.
var ErrNoSport = errors.New("unknown sport")

// sportOfKind returns the sport that a file means which says that it is of some kind. It returns ErrNoSport when that says nothing.
func sportOfKind(sports []store.Sport, kind string) (store.Sport, error) {
	wanted := squash(kind)
	for _, v := range sports {
		if squash(v.Label) == wanted || slices.Contains(strings.Fields(sportWords[v.ID]), wanted) {
			return v, nil
		}
	}
	if kind == "" {
		return store.Sport{}, fmt.Errorf("%w: the file names none", ErrNoSport)
	}
	return store.Sport{}, fmt.Errorf("%w: the file says %q", ErrNoSport, readable(kind, 60))
}

// SportNamed returns the sport with this id or this English label, in whatever case. The error for any other text lists the labels.
func (w *Workouts) SportNamed(ctx context.Context, userID int64, name string) (store.Sport, error) {
	sports, err := w.store.Sports(ctx, userID)
	if err != nil {
		return store.Sport{}, err
	}
	name = strings.TrimSpace(name)
	var labels []string
	for _, v := range sports {
		if strings.EqualFold(v.Label, name) || strconv.FormatInt(v.ID, 10) == name {
			return v, nil
		}
		labels = append(labels, fmt.Sprintf("%d %s", v.ID, v.Label))
	}
	return store.Sport{}, fmt.Errorf("want an id or a label of: %s", strings.Join(labels, ", "))
}

// squash leaves only letters and digits, in lower case: trail_running and "Trail Running" are the same.
func squash(text string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return -1
		}
		return unicode.ToLower(c)
	}, text)
}

// sportWords are what devices and services call a sport, by its id, squashed. They are Garmin's activity types, the
// names of Strava, Komoot, OpenTracks and FitoTrack, and the numbers that Strava wrote into files once, as far as they are certain.
var sportWords = map[int64]string{
	1: `1 cycling biking bicycling bike bicycle ride roadbiking roadcycling roadbike racebike gravelcycling gravelbiking gravelride
		cyclocross trackcycling`,
	2: `cyclingtransport cyclingtransportation commuting commute bikecommuting`,
	3: `hike trekking backpacking`,
	4: `mountainbike mtb mtbeasy mtbadvanced mountainbikeride downhillbiking enduromtb`,
	5: `9 run jogging trackrunning streetrunning roadrunning treadmillrunning treadmill indoorrunning virtualrun ultrarun`,
	6: `walk casualwalking speedwalking nordicwalking indoorwalking`,
	7: `ebike ebiking ebikeride ebikefitness ebikemountain emountainbikeride emtb electricbike electricbiking pedelec
		etouringbicycle eracebike emtbeasy`,
	8:  `trailrun trailrunning`,
	9:  `skiing ski alpineski alpineskiing downhillskiing resortskiing resortskiingsnowboarding`,
	10: `nordicski nordicskiing crosscountryski crosscountryskiing skatingskiing skateskiing`,
	11: `row indoorrowing`,
	12: `snowshoe snowshoeing`,
	13: `virtualride virtualcycling indoorcycling`,
	14: `alpinism alpineclimbing`,
	16: `swimming swim openwaterswim openwater`,
	17: `touringbicycle touringbike biketouring bicycletouring cycletouring`,
	19: `kayak`,
	20: `canoe`,
	22: `windsurf`,
	23: `sup standuppaddle standuppaddling standuppaddleboard paddleboarding`,
	24: `tennis`,
	25: `padel`,
	26: `whitewatercanoeing`,
	27: `whitewaterkayaking`,
	28: `iceskate`,
	29: `inlineskate inlineskates rollerskating rollerblading skatinginline`,
}
