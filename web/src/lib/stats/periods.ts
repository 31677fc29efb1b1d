/** Spans of time and the periods that they are cut into. A period is named after its first day, and all days are `YYYY-MM-DD`. */
import { addDays, addMonths, daysBetween, monthEnd, monthStart, weekStart } from "../days.ts";

export const periods = ["week", "month", "year"] as const;
export type Period = (typeof periods)[number];

/** From one day to another, both included. */
export interface Span {
  from: string;
  to: string;
}

/** Returns the first day of the period that a day is in. */
export function periodStart(day: string, period: Period, isMondayFirst: boolean): string {
  if (period === "week") return weekStart(day, isMondayFirst);
  return period === "month" ? monthStart(day) : `${day.slice(0, 4)}-01-01`;
}

/** Returns the first day of the period after the one that begins on a day. */
export function nextPeriod(start: string, period: Period): string {
  if (period === "week") return addDays(start, 7);
  return addMonths(start, period === "month" ? 1 : 12);
}

/** Returns the periods that a span touches. */
export function periodsOf(span: Span, period: Period, isMondayFirst: boolean): string[] {
  const found: string[] = [];
  for (let day = periodStart(span.from, period, isMondayFirst); day <= span.to; day = nextPeriod(day, period)) {
    found.push(day);
  }
  return found;
}

/** Returns the span of some whole months, of which the last is the one of a day. */
export function lastMonths(day: string, months: number): Span {
  return { from: addMonths(day, 1 - months), to: monthEnd(day) };
}

export function yearOf(day: string): Span {
  return { from: `${day.slice(0, 4)}-01-01`, to: `${day.slice(0, 4)}-12-31` };
}

/** Returns the span of the same length before (-1) or after (1). Whole months stay whole months. */
export function shiftSpan(span: Span, direction: 1 | -1): Span {
  if (span.from === monthStart(span.from) && span.to === monthEnd(span.to)) {
    const months = monthsBetween(span.from, span.to) + 1;
    return { from: addMonths(span.from, direction * months), to: monthEnd(addMonths(span.to, direction * months)) };
  }
  const days = (daysBetween(span.from, span.to) + 1) * direction;
  return { from: addDays(span.from, days), to: addDays(span.to, days) };
}

function monthsBetween(from: string, to: string): number {
  const count = (day: string) => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7));
  return count(to) - count(from);
}

/**
 * Returns what a month is fairly compared with: the month before, of which only as many days count as this one has had by today. A
 * month that is over, or not begun, is compared with a whole one.
 */
export function comparedMonth(month: string, today: string): Span {
  const from = addMonths(month, -1);
  const whole = { from, to: monthEnd(from) };
  if (monthStart(today) !== monthStart(month)) return whole;
  const to = addDays(from, daysBetween(monthStart(month), today));
  return to < whole.to && today < monthEnd(month) ? { from, to } : whole;
}
