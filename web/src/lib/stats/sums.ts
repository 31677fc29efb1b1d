/**
 * Adding up what the API has added up by day and sport.
 *
 * The pages ask for days even where they show weeks, months or years: days are the user's, whereas the API cuts longer periods in
 * UTC, where a workout late in the evening can be in another week.
 */
import { call } from "../api.ts";
import { type Period, periodStart, type Span } from "./periods.ts";
import type { Statistics, Sum } from "../types.ts";

export const measures = ["distance", "duration", "ascent", "descent", "count", "speed"] as const;
export type Measure = (typeof measures)[number];

export const nothing: Sum = {
  average_speed: 0,
  nb_workouts: 0,
  total_ascent: 0,
  total_descent: 0,
  total_distance: 0,
  total_duration: 0,
};

/** Adds two sums. The average speed is the mean of the workouts' averages, so each side weighs as much as it has workouts. */
export function add(a: Sum, b: Sum): Sum {
  const workouts = a.nb_workouts + b.nb_workouts;
  const speeds = a.average_speed * a.nb_workouts + b.average_speed * b.nb_workouts;
  return {
    average_speed: workouts > 0 ? speeds / workouts : 0,
    nb_workouts: workouts,
    total_ascent: a.total_ascent + b.total_ascent,
    total_descent: a.total_descent + b.total_descent,
    total_distance: a.total_distance + b.total_distance,
    total_duration: a.total_duration + b.total_duration,
  };
}

export function addAll(sums: Iterable<Sum>): Sum {
  let all = nothing;
  for (const sum of sums) all = add(all, sum);
  return all;
}

/** Returns what a measure is of a sum, in the API's units. A speed without workouts is not known. */
export function valueOf(sum: Sum | undefined, measure: Measure): number | null {
  switch (measure) {
    case "distance":
      return sum?.total_distance ?? 0;
    case "duration":
      return sum?.total_duration ?? 0;
    case "ascent":
      return sum?.total_ascent ?? 0;
    case "descent":
      return sum?.total_descent ?? 0;
    case "count":
      return sum?.nb_workouts ?? 0;
    case "speed":
      return sum && sum.nb_workouts > 0 ? sum.average_speed : null;
  }
}

/** Adds up all sports of the days of a span. */
export function sumDays(days: Statistics, span: Span): Sum {
  const found: Sum[] = [];
  for (const [day, sports] of Object.entries(days)) {
    if (day >= span.from && day <= span.to) found.push(...Object.values(sports));
  }
  return addAll(found);
}

/** Adds up days by period and sport. */
export function byPeriod(days: Statistics, period: Period, isMondayFirst: boolean): Statistics {
  const found: Statistics = {};
  for (const [day, sports] of Object.entries(days)) {
    const sums = (found[periodStart(day, period, isMondayFirst)] ??= {});
    for (const [id, sum] of Object.entries(sports)) sums[id] = add(sums[id] ?? nothing, sum);
  }
  return found;
}

/** Adds up all periods by sport. */
export function bySport(statistics: Statistics): Record<string, Sum> {
  const found: Record<string, Sum> = {};
  for (const sports of Object.values(statistics)) {
    for (const [id, sum] of Object.entries(sports)) found[id] = add(found[id] ?? nothing, sum);
  }
  return found;
}

/** Returns the upper edges of bars that stand on one another: each row on the rows before it. */
export function stack(rows: number[][]): number[][] {
  const edges: number[][] = [];
  for (const row of rows) {
    const below = edges.at(-1);
    edges.push(row.map((value, i) => value + (below?.[i] ?? 0)));
  }
  return edges;
}

/** Asks for what somebody's workouts of each day of a span add up to; without a span, of all days that have some. */
export async function loadDays(username: string, span: Span | null, signal?: AbortSignal): Promise<Statistics> {
  const path = `/api/stats/${encodeURIComponent(username)}/by_time`;
  const query = { time: "date", from: span?.from, to: span?.to };
  const answer = await call<{ data: { statistics: Statistics } }>("GET", path, { query, signal });
  return answer.data.statistics;
}
