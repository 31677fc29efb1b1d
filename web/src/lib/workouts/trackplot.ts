/** The drawing of a track's chart: speed as a line, and behind it the heights, over distance or time. */
import type UPlot from "uplot";
import { distanceValue, duration, heightValue, number, speedValue } from "../format.ts";
import type { Track } from "./track.ts";

export type Axis = "distance" | "time";

export interface Chart {
  track: Track;
  /** The first points of its segments. */
  starts: number[];
  axis: Axis;
  width: number;
  height: number;
  /** The colours of texts and lines, of the speed, and of the heights and the ground below them. */
  ink: string;
  line: string;
  speed: string;
  heights: string;
  ground: string;
  font: string;
  /** Tells which point is looked at. */
  point: (index: number | null) => void;
  /** Tells whether only a part of the track is shown. */
  zoom: (isPart: boolean) => void;
}

/** Returns where the points are on the horizontal axis: in the user's unit, or seconds. */
export function alongOf(track: Track, axis: Axis): number[] {
  return axis === "distance" ? track.km.map(distanceValue) : track.s;
}

/** Returns the data and the options of uPlot for a chart. */
export function trackPlot(chart: Chart): { options: UPlot.Options; data: UPlot.AlignedData } {
  const { track, starts } = chart;
  const along = alongOf(track, chart.axis);
  const metres = track.m?.map((m) => (m === null ? null : heightValue(m)));
  const data: UPlot.AlignedData = [
    along,
    broken(metres ?? [], starts),
    broken(track.hasTime ? track.kmh.map(speedValue) : [], starts),
  ];
  const options: UPlot.Options = {
    width: chart.width,
    height: chart.height,
    legend: { show: false },
    padding: [10, track.m ? 0 : 12, 0, track.hasTime ? 0 : 12],
    scales: {
      x: { time: false },
      m: { range: (_, least, most) => roomy(least ?? 0, most ?? 1, heightValue(30)) },
      kmh: { range: (_, __, most) => [0, (most || 1) * 1.08] },
    },
    axes: axesOf(chart, along.at(-1) ?? 0),
    series: [
      {},
      {
        scale: "m",
        show: !!track.m,
        stroke: chart.heights,
        width: 1.5,
        fill: chart.ground,
        points: { show: false },
      },
      { scale: "kmh", show: track.hasTime, stroke: chart.speed, width: 1.75, points: { show: false } },
    ],
    cursor: { y: false, drag: { x: true, y: false, dist: 6 }, points: { size: 9 } },
    hooks: {
      setCursor: [(plot) => chart.point(plot.cursor.idx ?? null)],
      setScale: [(plot, name) => name === "x" && chart.zoom(isPart(plot.scales.x!, along))],
    },
  };
  return { options, data };
}

/** Steps of an axis of time, in seconds. */
const timeSteps = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800];

function axesOf({ track, axis, ink, line, font }: Chart, end: number): UPlot.Axis[] {
  const common = { stroke: ink, font, ticks: { show: false } };
  const grid = { stroke: line, width: 1 };
  const figures = (_: UPlot, splits: number[]) => splits.map((value) => number(value, 1));
  return [
    {
      ...common,
      grid: { show: false },
      size: 30,
      space: 70,
      ...(axis === "time" ? { incrs: timeSteps } : {}),
      values: axis === "time" ? (_, splits) => splits.map((s) => timeLabel(s, end)) : figures,
    },
    {
      ...common,
      scale: "m",
      side: 1,
      size: 52,
      grid: { show: !track.hasTime, ...grid },
      values: figures,
      show: !!track.m,
    },
    { ...common, scale: "kmh", side: 3, size: 44, grid, values: figures, show: track.hasTime },
  ];
}

/** Leaves a gap before each segment but the first, so that a pause is no slope. */
function broken(values: (number | null)[], starts: number[]): (number | null)[] {
  const begins = new Set(starts.slice(1));
  return begins.size === 0 ? values : values.map((value, i) => (begins.has(i) ? null : value));
}

/** Leaves room around heights, and does not make mountains of metres. */
function roomy(least: number, most: number, atLeast: number): UPlot.Range.MinMax {
  const missing = Math.max(0, atLeast - (most - least)) / 2;
  const room = (most - least) * 0.08;
  return [least - missing - room, most + missing + room];
}

function isPart({ min = 0, max = 0 }: UPlot.Scale, along: number[]): boolean {
  return min > along[0]! || max < along.at(-1)!;
}

/** Returns the time since the start in as few digits as do for an axis that ends at some time. */
function timeLabel(s: number, end: number): string {
  const text = duration(s);
  return end < 900 ? text.replace(/^0:/, "") : text.replace(/:00$/, "");
}
