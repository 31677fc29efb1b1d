/** A track as maps and charts draw it. Points are counted from 0. */
import { seconds } from "../format.ts";
import type { ChartPoint, Duration, Segment } from "../types.ts";

export type LatLng = [latitude: number, longitude: number];

export interface Track {
  /** Where the points are, in degrees. Longitudes go on beyond 180 where the track does, so that no line goes around the world. */
  at: LatLng[];
  /** Kilometres from the first point. */
  km: number[];
  /** Seconds since the first point; never going back. */
  s: number[];
  /** km/h, smoothed a little. */
  kmh: number[];
  /** Metres; null where it is not known. Undefined if it is not known anywhere. */
  m: (number | null)[] | undefined;
  /** Whether the points have times. */
  hasTime: boolean;
}

/** Reads the points of a track. The lowest elevation that the API tells says whether a 0 among them is one. */
export function readTrack(points: ChartPoint[], minAltitude: number | null): Track {
  const s = neverBack(points.map((point) => point.duration));
  return {
    at: goOn(points),
    km: neverBack(points.map((point) => point.distance)),
    s,
    kmh: smooth(
      points.map((point) => point.speed),
      s,
    ),
    m: elevations(points, minAltitude),
    hasTime: (s.at(-1) ?? 0) > 0,
  };
}

/** A chart needs its horizontal axis in order, and the clocks of devices are set while they run. */
function neverBack(values: number[]): number[] {
  let highest = 0;
  return values.map((value) => (highest = Math.max(highest, value)));
}

function goOn(points: ChartPoint[]): LatLng[] {
  let turn = 0;
  let last: number | undefined;
  return points.map(({ latitude, longitude }) => {
    if (last !== undefined && longitude - last > 180) turn -= 360;
    if (last !== undefined && longitude - last < -180) turn += 360;
    last = longitude;
    return [latitude, longitude + turn];
  });
}

/** The API says 0 where the elevation is not known. */
function elevations(points: ChartPoint[], minAltitude: number | null): (number | null)[] | undefined {
  if (points.every((point) => point.elevation === 0)) return undefined;
  const isZeroUnknown = minAltitude !== null && minAltitude > 0;
  return points.map(({ elevation }) => (elevation === 0 && isZeroUnknown ? null : elevation));
}

/** The shortest and the longest reach of the mean, to either side, in seconds. */
const reach = { least: 4, most: 20 };

/** Returns the mean around each value: positions are some metres off, so the speed of a single second says little. */
export function smooth(values: number[], s: number[]): number[] {
  const side = Math.min(reach.most, Math.max(reach.least, (s.at(-1) ?? 0) / 1000));
  let [from, to, sum] = [0, 0, 0];
  return values.map((_, i) => {
    while (to < values.length && s[to]! - s[i]! <= side) sum += values[to++]!;
    while (s[i]! - s[from]! > side) sum -= values[from++]!;
    return Math.max(0, sum / (to - from));
  });
}

/**
 * Returns the first point of each segment. The points of a whole track do not tell, but each segment's own duration does. If the
 * durations do not fit the points, the track counts as one piece.
 */
export function segmentStarts(points: ChartPoint[], segments: Pick<Segment, "duration">[]): number[] {
  if (segments.length < 2 || points.length === 0) return [0];
  const nearly = 0.002; // seconds; the API rounds to millionths
  const starts: number[] = [];
  let next = 0;
  for (const segment of segments) {
    const first = points[next];
    if (!first) return [0];
    starts.push(next);
    const end = first.duration + exactSeconds(segment.duration);
    while (next < points.length && points[next]!.duration <= end + nearly) next++;
    if (Math.abs(points[next - 1]!.duration - end) > nearly) return [0];
  }
  return next === points.length ? starts : [0];
}

function exactSeconds(duration: Duration | null): number {
  const fraction = /\.\d+$/.exec(duration ?? "")?.[0] ?? "0";
  return seconds(duration) + Number(fraction);
}

/** Returns the point that is nearest to a place. */
export function nearest(track: Track, [latitude, longitude]: LatLng): number {
  const narrow = Math.cos((latitude * Math.PI) / 180); // degrees of longitude are shorter away from the equator
  let [best, found] = [Infinity, 0];
  for (let i = 0; i < track.at.length; i++) {
    const [lat, lng] = track.at[i]!;
    const square = (lat - latitude) ** 2 + ((lng - longitude) * narrow) ** 2;
    if (square < best) [best, found] = [square, i];
  }
  return found;
}

/** Returns the index of the value that is nearest to one that is looked for. The values are in order. */
export function nearestValue(values: number[], wanted: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low > 0 && wanted - values[low - 1]! < values[low]! - wanted ? low - 1 : low;
}

/** Returns some points of a track, from the first to the last, at even distances, or at even times if it does not go anywhere. */
export function sample(track: Track, count: number): number[] {
  const along = (track.km.at(-1) ?? 0) > 0 ? track.km : track.s;
  const end = along.at(-1) ?? 0;
  if (along.length <= count) return along.map((_, i) => i);
  const rows = Array.from({ length: count }, (_, i) => nearestValue(along, (end * i) / (count - 1)));
  rows[rows.length - 1] = along.length - 1;
  return [...new Set(rows)];
}

/** From slow or low to fast or high. Each can be told from light and from dark ground, with a rim. */
export const scale = ["#2f5bd7", "#2389c9", "#1aa7a0", "#6fb544", "#d3b21d", "#ee8a1d", "#e2552a", "#b81d3f"];

export interface Coloring {
  /** For each colour of the scale, the lines that have it. */
  lines: LatLng[][][];
  /** Where the scale begins and ends. */
  from: number;
  to: number;
}

/**
 * Returns the lines of a track by the colour of their value. Neighbours of one colour are one line, so that there are few of them.
 * The ends of the scale leave out the 2 % that are farthest off.
 */
export function colorLines(track: Track, values: (number | null)[], starts: number[]): Coloring {
  const known = values.filter((value) => value !== null).toSorted((a, b) => a - b);
  const from = known[Math.floor((known.length - 1) * 0.02)] ?? 0;
  const to = known[Math.ceil((known.length - 1) * 0.98)] ?? 0;
  const lines: LatLng[][][] = scale.map(() => []);
  const begins = new Set(starts);
  let [last, line] = [-1, [] as LatLng[]];
  for (let i = 1; i < track.at.length; i++) {
    if (begins.has(i)) {
      last = -1;
      continue;
    }
    const color = colorOf(values[i] ?? values[i - 1] ?? from, from, to);
    if (color !== last) {
      line = [track.at[i - 1]!];
      lines[color]!.push(line);
      last = color;
    }
    line.push(track.at[i]!);
  }
  return { lines, from, to };
}

function colorOf(value: number, from: number, to: number): number {
  if (to <= from) return 0;
  const step = Math.floor(((value - from) / (to - from)) * scale.length);
  return Math.min(scale.length - 1, Math.max(0, step));
}

/** Returns the lines of a track, one for each of its segments. */
export function plainLines(track: Track, starts: number[]): LatLng[][] {
  return starts.map((start, i) => track.at.slice(start, starts[i + 1]));
}
