package server

import "testing"

func TestDecimal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		units    int64
		decimals int
		want     string
	}{
		{0, 3, "0.0"},
		{7, 3, "0.007"},
		{4995, 3, "4.995"},
		{10_000, 3, "10.0"},
		{12_340, 3, "12.34"},
		{8919, 2, "89.19"},
		{-5, 2, "-0.05"},
		{-1250, 2, "-12.5"},
	} {
		if got := decimal(c.units, c.decimals); got.String() != c.want {
			t.Errorf("decimal(%d, %d) = %s; want %s", c.units, c.decimals, got, c.want)
		}
	}
}

func TestFloat(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{0: "0.0", 1: "1.0", 0.1: "0.1", 2.25: "2.25", 1e-7: "0.0000001"} {
		if got := float(v); got.String() != want {
			t.Errorf("float(%v) = %s; want %s", v, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		0: "0:00:00", 59: "0:00:59", 3600: "1:00:00", 24627: "6:50:27", 86_399: "23:59:59",
		86_400: "1 day, 0:00:00", 91_439: "1 day, 1:23:59", 172_800: "2 days, 0:00:00", 864_000: "10 days, 0:00:00",
	} {
		if got := clock(seconds); got != want {
			t.Errorf("clock(%d) = %q; want %q", seconds, got, want)
		}
	}
}
