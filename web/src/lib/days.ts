/** Reckoning with days that are `YYYY-MM-DD`. They are in no time zone, so no clock is ever put forward. */

const dayMs = 86_400_000;

export function addDays(isoDay: string, days: number): string {
  return new Date(Date.parse(isoDay) + days * dayMs).toISOString().slice(0, 10);
}

/** Returns the first day of the month that is some months after the day's own. */
export function addMonths(isoDay: string, months: number): string {
  const date = new Date(isoDay);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1)).toISOString().slice(0, 10);
}

export function monthStart(isoDay: string): string {
  return addMonths(isoDay, 0);
}

export function monthEnd(isoDay: string): string {
  return addDays(addMonths(isoDay, 1), -1);
}

/** Returns the first day of the week that a day is in. */
export function weekStart(isoDay: string, isMondayFirst: boolean): string {
  const weekday = new Date(isoDay).getUTCDay(); // 0: Sunday
  return addDays(isoDay, -(isMondayFirst ? (weekday + 6) % 7 : weekday));
}

/** Returns how many days there are from one day to another. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
}

/** Returns the weeks that a month is in, each with its seven days, also those of the months beside it. */
export function monthWeeks(month: string, isMondayFirst: boolean): string[][] {
  const weeks: string[][] = [];
  const last = monthEnd(month);
  for (let day = weekStart(monthStart(month), isMondayFirst); day <= last; day = addDays(day, 7)) {
    weeks.push(Array.from({ length: 7 }, (_, i) => addDays(day, i)));
  }
  return weeks;
}

/** The days that can be chosen; beyond them are only typing errors. */
export const firstDay = "1900-01-01";
export const lastDay = "2100-12-31";

/** Tells whether a text is a day of the calendar, `YYYY-MM-DD`. */
export function isDay(text: string | null): text is string {
  if (text === null || !/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** Returns the first day of a month, `YYYY-MM`, if it is one and can be shown. */
export function monthOf(text: string | null): string | undefined {
  const first = `${text}-01`;
  return isDay(first) && first >= firstDay && first <= lastDay ? first : undefined;
}
