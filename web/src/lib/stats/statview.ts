/** What the statistics show, as it stands in the page's address. What is as it is at first is left out there. */
import { firstDay, isDay, lastDay } from "../days.ts";
import { lastMonths, type Period, periods, type Span } from "./periods.ts";
import { type Measure, measures } from "./sums.ts";

export interface View {
  measure: Measure;
  period: Period;
  /** Null: all days that have workouts. */
  span: Span | null;
  /** Null: all sports. */
  sports: number[] | null;
}

/** Tells whether days are a span that can be shown. */
export function isSpan(from: string | null, to: string | null): boolean {
  return isDay(from) && isDay(to) && from >= firstDay && to <= lastDay && from <= to;
}

/** Reads a view from a query. What makes no sense there is as it is at first. */
export function readView(query: URLSearchParams, today: string): View {
  const [from, to, sports] = [query.get("from"), query.get("to"), query.get("sports")];
  let span: Span | null = lastMonths(today, 12);
  if (query.get("span") === "all") span = null;
  else if (isSpan(from, to)) span = { from: from!, to: to! };
  return {
    measure: measures.find((one) => one === query.get("show")) ?? "distance",
    period: periods.find((one) => one === query.get("by")) ?? "month",
    span,
    sports: sports === null ? null : readIds(sports),
  };
}

function readIds(text: string): number[] {
  return text
    .split(",")
    .map(Number)
    .filter((id) => Number.isInteger(id) && id > 0);
}

export function writeView(view: View, today: string): URLSearchParams {
  const query = new URLSearchParams();
  if (view.measure !== "distance") query.set("show", view.measure);
  if (view.period !== "month") query.set("by", view.period);
  if (view.span === null) {
    query.set("span", "all");
  } else if (!isSameSpan(view.span, lastMonths(today, 12))) {
    query.set("from", view.span.from);
    query.set("to", view.span.to);
  }
  if (view.sports !== null) query.set("sports", view.sports.join(","));
  return query;
}

export function isSameSpan(a: Span | null, b: Span | null): boolean {
  return a === b || (a !== null && b !== null && a.from === b.from && a.to === b.to);
}

/** Chooses a sport of those that are offered, or not any more. All of them are the same as no choice. */
export function toggleSport(chosen: number[] | null, id: number, offered: number[]): number[] | null {
  const before = chosen ?? offered;
  const after = before.includes(id) ? before.filter((one) => one !== id) : [...before, id];
  return offered.every((one) => after.includes(one)) ? null : after;
}

/** Returns the span that days are of: from the first to the last of them, or to today. */
export function wholeSpan(days: string[], today: string): Span {
  const sorted = days.toSorted();
  const last = sorted.at(-1) ?? today;
  return { from: sorted[0] ?? today, to: last > today ? last : today };
}
