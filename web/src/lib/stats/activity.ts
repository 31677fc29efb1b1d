/** A year of days at a glance: one column a week, one row a weekday, and how long somebody moved on each day. */
import { addDays, daysBetween, weekStart } from "../days.ts";
import type { Span } from "./periods.ts";
import { addAll } from "./sums.ts";
import type { Statistics, Sum } from "../types.ts";

export const weeks = 53;

/** From how many seconds of moving on a day is shown as level 1, 2, 3 and 4. */
export const levelsS = [1, 1800, 3600, 7200];

export interface Day {
  day: string;
  sum: Sum;
  /** 0: nothing, to 4. */
  level: number;
}

/** Returns the span of whole weeks that ends with the week of today. */
export function yearSpan(today: string, isMondayFirst: boolean): Span {
  const last = weekStart(today, isMondayFirst);
  return { from: addDays(last, -7 * (weeks - 1)), to: addDays(last, 6) };
}

export function levelOf(sum: Sum): number {
  if (sum.nb_workouts === 0) return 0;
  // A workout whose moving time is not known is still there.
  return Math.max(1, levelsS.filter((s) => sum.total_duration >= s).length);
}

/** Returns every day of a span until today, or later if there is something. */
export function activity(days: Statistics, span: Span, today: string): Day[] {
  const found: Day[] = [];
  for (let i = 0; i <= daysBetween(span.from, span.to); i++) {
    const day = addDays(span.from, i);
    const sum = addAll(Object.values(days[day] ?? {}));
    if (day > today && sum.nb_workouts === 0) continue;
    found.push({ day, sum, level: levelOf(sum) });
  }
  return found;
}

/** Returns the columns at which a month begins, with a day of it. A month that would have no room for its name is left out. */
export function monthColumns(span: Span): { column: number; day: string }[] {
  const found: { column: number; day: string }[] = [];
  for (let column = 0; column < weeks; column++) {
    const day = addDays(span.from, column * 7);
    const isFirst = column === 0 || day.slice(0, 7) !== addDays(day, -7).slice(0, 7);
    if (!isFirst) continue;
    if (found.length === 1 && column - found[0]!.column < 3) found.pop();
    found.push({ column, day });
  }
  return found.filter((one) => one.column <= weeks - 3);
}
