import type UPlot from "uplot";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { shown } from "../preferences.svelte.ts";
import type { Track } from "./track.ts";
import { type Chart, trackPlot } from "./trackplot.ts";

beforeEach(() => {
  shown.locale = "en-GB";
});

afterEach(() => {
  shown.isImperial = false;
});

const track: Track = {
  at: [
    [50, 1],
    [50, 2],
    [50, 3],
  ],
  km: [0, 1, 2],
  s: [0, 1800, 3600],
  kmh: [10, 20, 30],
  m: [100, null, 101],
  hasTime: true,
};

const chart: Chart = {
  track,
  starts: [0],
  axis: "distance",
  width: 100,
  height: 100,
  ink: "",
  line: "",
  speed: "blue",
  heights: "green",
  ground: "",
  font: "",
  point: () => {},
  zoom: () => {},
};

const plot = (x: { min: number; max: number }) => ({ scales: { x }, cursor: { idx: 2 } }) as unknown as UPlot;

/** Returns what stands at some places of the horizontal axis. */
function labels(wanted: Partial<Chart>, splits: number[]): unknown {
  const { values } = trackPlot({ ...chart, ...wanted }).options.axes![0]!;
  return (values as (plot: UPlot, splits: number[]) => string[])(plot({ min: 0, max: 0 }), splits);
}

test("heights and speeds stand over the distance, in the user's units", () => {
  expect(trackPlot(chart).data).toEqual([
    [0, 1, 2],
    [100, null, 101],
    [10, 20, 30],
  ]);
  shown.isImperial = true;
  const [along, heights, speeds] = trackPlot(chart).data as number[][];
  expect([along![2], heights![0], speeds![2]].map((value) => value!.toFixed(2))).toEqual(["1.24", "328.08", "18.64"]);
});

test("a segment does not begin where the last one ended", () => {
  const [, heights, speeds] = trackPlot({ ...chart, axis: "time", starts: [0, 2] }).data;
  expect([heights, speeds]).toEqual([
    [100, null, null],
    [10, 20, null],
  ]);
});

test("what is not known has neither line nor axis", () => {
  const { axes, series } = trackPlot({ ...chart, track: { ...track, m: undefined, hasTime: false } }).options;
  expect([series[1]!.show, series[2]!.show, axes![1]!.show, axes![2]!.show]).toEqual([false, false, false, false]);
});

test("some metres are no mountains", () => {
  const { range } = trackPlot(chart).options.scales!.m!;
  const reach = range as (plot: UPlot, least: number, most: number) => [number, number];
  const [low, high] = reach(plot({ min: 0, max: 0 }), 100, 101);
  expect(high - low).toBeGreaterThan(30);
  const [foot, top] = reach(plot({ min: 0, max: 0 }), 100, 1100);
  expect([foot, top]).toEqual([20, 1180]);
});

test("times have as few digits as do", () => {
  expect(labels({ axis: "time" }, [0, 1800, 3600])).toEqual(["0:00", "0:30", "1:00"]);
  expect(labels({ axis: "time", track: { ...track, s: [0, 60, 600] } }, [0, 300])).toEqual(["00:00", "05:00"]);
  expect(labels({}, [0, 0.5])).toEqual(["0", "0.5"]);
});

test("tells what is looked at", () => {
  const [point, zoom] = [vi.fn(), vi.fn()];
  const { setCursor, setScale } = trackPlot({ ...chart, point, zoom }).options.hooks!;
  setCursor![0]!(plot({ min: 0, max: 2 }));
  expect(point).toHaveBeenCalledWith(2);
  setScale![0]!(plot({ min: 0, max: 2 }), "x");
  setScale![0]!(plot({ min: 0.5, max: 2 }), "x");
  setScale![0]!(plot({ min: 0.5, max: 2 }), "kmh");
  expect(zoom.mock.calls).toEqual([[false], [true]]);
});
