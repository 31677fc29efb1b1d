/** How measures and periods of statistics are shown: in the user's units and words. */
import {
  distance,
  distanceValue,
  calendarDay,
  height,
  heightValue,
  hours,
  number,
  speed,
  speedValue,
  unitName,
} from "../format.ts";
import { type Key, t } from "../i18n.svelte.ts";
import type { Period } from "./periods.ts";
import type { Measure } from "./sums.ts";

const names: Record<Measure, Key> = {
  distance: "figures.distance",
  duration: "figures.moving",
  ascent: "figures.ascent",
  descent: "figures.descent",
  speed: "figures.aveSpeed",
  count: "common.workouts",
};

export function measureName(measure: Measure): string {
  return t(names[measure]);
}

/** Returns a value, which is in the API's unit, as a text. */
export function showMeasure(value: number | null, measure: Measure): string {
  switch (measure) {
    case "distance":
      return distance(value, 1);
    case "duration":
      return hours(value);
    case "ascent":
    case "descent":
      return height(value);
    case "speed":
      return speed(value);
    case "count":
      return number(value ?? 0);
  }
}

/** Returns a value as a chart draws it: in the user's unit, durations in hours. */
export function plotMeasure(value: number | null, measure: Measure): number | null {
  if (value === null) return null;
  switch (measure) {
    case "distance":
      return distanceValue(value);
    case "speed":
      return speedValue(value);
    case "ascent":
    case "descent":
      return heightValue(value);
    case "duration":
      return value / 3600;
    case "count":
      return value;
  }
}

/** Returns what a chart's figures are of, with their unit. */
export function axisName(measure: Measure): string {
  const unit = {
    distance: () => unitName("distance"),
    duration: () => t("stats.hours"),
    ascent: () => unitName("height"),
    descent: () => unitName("height"),
    speed: () => unitName("speed"),
    count: () => "",
  }[measure]();
  return unit === "" ? measureName(measure) : t("stats.inUnit", { measure: measureName(measure), unit });
}

/** Returns the name of the period that begins on a day. */
export function periodName(start: string, period: Period): string {
  if (period === "week") return t("stats.weekOf", { day: calendarDay(start, { dateStyle: "medium" }) });
  if (period === "month") return calendarDay(start, { month: "long", year: "numeric" });
  return calendarDay(start, { year: "numeric" });
}

/** Returns the name of a period for where there is little room. Among many weeks the year says more than the day. */
export function shortPeriodName(start: string, period: Period, isOneOfMany: boolean): string {
  if (period === "week" && !isOneOfMany) return calendarDay(start, { day: "numeric", month: "short" });
  if (period !== "year") return calendarDay(start, { month: "short", year: "numeric" });
  return calendarDay(start, { year: "numeric" });
}
