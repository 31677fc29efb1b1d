import { describe, expect, it } from "vitest";
import {
  colorLines,
  nearest,
  nearestValue,
  plainLines,
  readTrack,
  sample,
  scale,
  segmentStarts,
  smooth,
} from "./track.ts";
import type { ChartPoint } from "../types.ts";

function point(i: number, values: Partial<ChartPoint> = {}): ChartPoint {
  return {
    distance: i / 100,
    duration: i,
    elevation: 100 + i,
    latitude: 46,
    longitude: 7 + i / 1000,
    speed: 20,
    time: null,
    ...values,
  };
}

function points(count: number, values: (i: number) => Partial<ChartPoint> = () => ({})): ChartPoint[] {
  return Array.from({ length: count }, (_, i) => point(i, values(i)));
}

describe("readTrack", () => {
  it("goes on beyond 180 degrees where the track does, to either side", () => {
    const east = [179.8, 179.9, -179.9, -179.8, 179.9].map((longitude, i) => point(i, { longitude }));
    expect(readTrack(east, null).at.map(([, lng]) => Number(lng.toFixed(3)))).toEqual([
      179.8, 179.9, 180.1, 180.2, 179.9,
    ]);
    const west = [-179.9, 179.9].map((longitude, i) => point(i, { longitude }));
    expect(readTrack(west, null).at.map(([, lng]) => Number(lng.toFixed(3)))).toEqual([-179.9, -180.1]);
  });

  it("leaves elevation out where none is known", () => {
    expect(
      readTrack(
        points(3, () => ({ elevation: 0 })),
        null,
      ).m,
    ).toBeUndefined();
  });

  it("takes a 0 for unknown only where the lowest point is above it", () => {
    const some = points(3, (i) => ({ elevation: i === 1 ? 0 : 50 }));
    expect(readTrack(some, 50).m).toEqual([50, null, 50]);
    expect(readTrack(some, -3).m).toEqual([50, 0, 50]);
    expect(readTrack(some, null).m).toEqual([50, 0, 50]);
  });

  it("never goes back in time", () => {
    const clock = [0, 5, 3, 8].map((duration, i) => point(i, { duration }));
    expect(readTrack(clock, null).s).toEqual([0, 5, 5, 8]);
  });

  it("knows of a track without times", () => {
    expect(
      readTrack(
        points(3, () => ({ duration: 0 })),
        null,
      ).hasTime,
    ).toBe(false);
    expect(readTrack(points(3), null).hasTime).toBe(true);
  });
});

describe("smooth", () => {
  it("takes the mean of some seconds to either side", () => {
    expect(smooth([0, 0, 0, 0, 9, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5, 6, 7, 8])[4]).toBe(1);
  });

  it("leaves points that are far apart alone", () => {
    expect(smooth([10, 30, 20], [0, 60, 120])).toEqual([10, 30, 20]);
  });
});

describe("segmentStarts", () => {
  const all = [0, 1, 2, 60, 61.25, 200, 201].map((duration, i) => point(i, { duration }));

  it("finds where segments begin by their durations", () => {
    const segments = [{ duration: "0:00:02" }, { duration: "0:00:01.250000" }, { duration: "0:00:01" }];
    expect(segmentStarts(all, segments)).toEqual([0, 3, 5]);
  });

  it("takes the track for one where the durations do not fit", () => {
    expect(segmentStarts(all, [{ duration: "0:00:02" }, { duration: "0:00:07" }])).toEqual([0]);
    expect(segmentStarts(all, [{ duration: "0:00:02" }, { duration: "0:00:01.250000" }])).toEqual([0]);
    expect(segmentStarts(all, [{ duration: "0:03:21" }, { duration: null }])).toEqual([0]);
  });

  it("knows of segments of a single point", () => {
    const some = [0, 30, 60].map((duration, i) => point(i, { duration }));
    expect(segmentStarts(some, [{ duration: null }, { duration: "0:00:30" }])).toEqual([0, 1]);
  });
});

describe("colorLines", () => {
  it("draws neighbours of one colour as one line, and lines that touch", () => {
    const track = readTrack(points(100), null);
    const { lines, from, to } = colorLines(track, track.m!, [0]);
    expect(lines.every((some) => some.length === 1)).toBe(true);
    expect([from, to]).toEqual([101, 198]);
    for (let i = 1; i < scale.length; i++) expect(lines[i]![0]![0]).toEqual(lines[i - 1]![0]!.at(-1));
  });

  it("draws nothing between segments", () => {
    const track = readTrack(points(4), null);
    const { lines } = colorLines(track, [1, 1, 1, 1], [0, 2]);
    expect(lines[0]).toEqual([track.at.slice(0, 2), track.at.slice(2)]);
    expect(plainLines(track, [0, 2])).toEqual([track.at.slice(0, 2), track.at.slice(2)]);
  });

  it("leaves out of its scale what is far off", () => {
    const track = readTrack(points(200), null);
    const values = track.at.map((_, i) => (i === 50 ? 900 : i % 10));
    expect(colorLines(track, values, [0]).to).toBe(9);
  });
});

describe("nearest", () => {
  it("finds the point that is nearest to a place", () => {
    const track = readTrack(points(100), null);
    expect(nearest(track, [46.01, 7.0422])).toBe(42);
  });

  it("finds the value that is nearest in a row", () => {
    expect([-1, 0.4, 0.6, 2.9, 9].map((wanted) => nearestValue([0, 1, 2, 3], wanted))).toEqual([0, 0, 1, 3, 3]);
  });
});

describe("sample", () => {
  it("takes points at even distances, with both ends", () => {
    expect(sample(readTrack(points(101), null), 5)).toEqual([0, 25, 50, 75, 100]);
  });

  it("takes points at even times where nobody moves", () => {
    const still = readTrack(
      points(101, () => ({ distance: 0 })),
      null,
    );
    expect(sample(still, 3)).toEqual([0, 50, 100]);
  });

  it("takes all of few", () => {
    expect(sample(readTrack(points(3), null), 5)).toEqual([0, 1, 2]);
  });
});
