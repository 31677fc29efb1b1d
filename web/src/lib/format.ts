/** Figures and dates as the user wants them: units, language, time zone. The API speaks km, km/h, metres and GMT. */
import { shown } from "./preferences.svelte.ts";
import type { Duration, HTTPDate } from "./types.ts";

/** Miles in a kilometre, and feet in a metre (international yard and pound agreement, 1959). */
export const milesPerKm = 1 / 1.609344;
export const feetPerM = 1 / 0.3048;

const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `n${shown.locale}${JSON.stringify(options)}`;
  let format = formats.get(key) as Intl.NumberFormat | undefined;
  if (!format) formats.set(key, (format = new Intl.NumberFormat(shown.locale, options)));
  return format;
}

function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const all = { timeZone: shown.timezone, ...options };
  const key = `d${shown.locale}${JSON.stringify(all)}`;
  let format = formats.get(key) as Intl.DateTimeFormat | undefined;
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(shown.locale, all)));
  return format;
}

/** What stands where a figure is not known. */
export const unknown = "–";

export function number(value: number, digits = 0): string {
  return numbers({ maximumFractionDigits: digits }).format(value);
}

/** Returns a share of 1 as a percentage. */
export function percent(share: number): string {
  return numbers({ style: "percent", maximumFractionDigits: 0 }).format(share);
}

/** Returns a number for an input: as the language writes it, but without a mark at the thousands. */
export function inputNumber(value: number, digits: number): string {
  return numbers({ maximumFractionDigits: digits, useGrouping: false }).format(value);
}

function inUnit(value: number | null, unit: string, digits: number): string {
  if (value === null) return unknown;
  return numbers({ style: "unit", unit, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** What is measured, in Intl's unit for those who count in metres, and for those who count in miles. */
const units = {
  distance: ["kilometer", "mile"],
  height: ["meter", "foot"],
  pace: ["minute-per-kilometer", "minute-per-mile"],
  speed: ["kilometer-per-hour", "mile-per-hour"],
  temperature: ["celsius", "fahrenheit"],
} as const;

function unitOf(measure: keyof typeof units): string {
  return units[measure][shown.isImperial ? 1 : 0];
}

/** Returns the short name of one of Intl's units in the user's language. */
function shortName(unit: string): string {
  const parts = numbers({ style: "unit", unit }).formatToParts(2);
  return parts.find((part) => part.type === "unit")?.value ?? unit;
}

/** Returns kilometres in the user's unit, without its name. */
export function distanceValue(km: number): number {
  return shown.isImperial ? km * milesPerKm : km;
}

/** Returns km/h in the user's unit, without its name. */
export const speedValue = distanceValue;

/** Returns metres of height in the user's unit, without its name. */
export function heightValue(m: number): number {
  return shown.isImperial ? m * feetPerM : m;
}

/** Returns kilometres from what a user typed in their unit. */
export function distanceFrom(value: number): number {
  return shown.isImperial ? value / milesPerKm : value;
}

export function distance(km: number | null, digits = 2): string {
  return inUnit(km === null ? null : distanceValue(km), unitOf("distance"), digits);
}

export function speed(kmh: number | null, digits = 1): string {
  return inUnit(kmh === null ? null : speedValue(kmh), unitOf("speed"), digits);
}

export function height(m: number | null): string {
  return inUnit(m === null ? null : heightValue(m), unitOf("height"), 0);
}

export function temperature(celsius: number): string {
  return inUnit(shown.isImperial ? celsius * 1.8 + 32 : celsius, unitOf("temperature"), 0);
}

/** Returns how long a kilometre or a mile takes at a speed, such as `5:12 min/km`. */
export function pace(kmh: number | null): string {
  if (kmh === null || kmh <= 0) return unknown;
  const s = Math.round(3600 / speedValue(kmh));
  const figure = `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
  const parts = numbers({
    style: "unit",
    unit: unitOf("pace"),
    maximumFractionDigits: 0,
    useGrouping: false,
  }).formatToParts(1);
  return parts.map((part) => (part.type === "integer" ? figure : part.value)).join("");
}

/** Returns the short name of a unit in the user's language, such as `km`. */
export function unitName(of: "distance" | "speed" | "height"): string {
  return shortName(unitOf(of));
}

/** Returns a size in bytes with a unit that fits; steps of 1024, as the API counts. */
export function bytes(size: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  let step = 0;
  while (Math.round(size) >= 1024 && step < units.length - 1) {
    size /= 1024;
    step++;
  }
  // The short name of a byte has no plural in English.
  if (step === 0) return numbers({ style: "unit", unit: "byte", unitDisplay: "long" }).format(Math.round(size));
  return inUnit(size, units[step]!, size >= 100 ? 0 : 1);
}

/** Returns the short name of a megabyte in the user's language. */
export function sizeUnit(): string {
  return shortName("megabyte");
}

/** Returns the seconds of a duration; fractions are cut off. */
export function seconds(duration: Duration | null): number {
  const found = /^(?:(\d+) days?, )?(\d+):(\d\d):(\d\d)/.exec(duration ?? "");
  if (!found) return 0;
  const [, days = "0", hours, minutes, s] = found;
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(s);
}

/** Returns a duration as `1:02:03`, however many hours it has. */
export function duration(value: Duration | number | null): string {
  if (value === null) return unknown;
  const s = typeof value === "number" ? Math.round(value) : seconds(value);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** Returns a duration in words, such as `5 h 12 min`, for sums, where seconds do not matter. */
export function hours(value: Duration | number | null): string {
  if (value === null) return unknown;
  const s = typeof value === "number" ? Math.round(value) : seconds(value);
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  const parts = [];
  if (h > 0) parts.push(numbers({ style: "unit", unit: "hour", unitDisplay: "short" }).format(h));
  if (m > 0 || h === 0) parts.push(numbers({ style: "unit", unit: "minute", unitDisplay: "short" }).format(m));
  return parts.join(" ");
}

/** Returns a day, such as `14 July 2019`. */
export function day(date: HTTPDate | Date): string {
  return dates({ dateStyle: "long" }).format(new Date(date));
}

/** Returns a day in little space, such as `14 Jul 2019`. */
export function shortDay(date: HTTPDate | Date): string {
  return dates({ dateStyle: "medium" }).format(new Date(date));
}

/** Returns a day and the time of day. */
export function moment(date: HTTPDate | Date): string {
  return dates({ dateStyle: "medium", timeStyle: "short" }).format(new Date(date));
}

/** Returns a day with its weekday, and the time of day. */
export function fullMoment(date: HTTPDate | Date): string {
  return dates({ dateStyle: "full", timeStyle: "short" }).format(new Date(date));
}

/** Returns the time of day. */
export function clock(date: HTTPDate | Date): string {
  return dates({ timeStyle: "short" }).format(new Date(date));
}

/** Returns a day that is `YYYY-MM-DD`, and so in no time zone, as the options want it. */
export function calendarDay(isoDay: string, options: Intl.DateTimeFormatOptions): string {
  return dates({ timeZone: "UTC", ...options }).format(new Date(`${isoDay}T00:00:00Z`));
}

/** Returns days from one to another, as the language writes such a span. */
export function calendarSpan(from: string, to: string, options: Intl.DateTimeFormatOptions): string {
  const [first, last] = [from, to].map((isoDay) => new Date(`${isoDay}T00:00:00Z`));
  return dates({ timeZone: "UTC", ...options }).formatRange(first!, last!);
}

/** Returns the day that a moment is on in the user's time zone, as `YYYY-MM-DD`. */
export function isoDay(date: HTTPDate | Date): string {
  const parts = isoParts(date);
  return `${parts.year?.padStart(4, "0")}-${parts.month}-${parts.day}`;
}

/** Returns the time of day of a moment in the user's time zone, as `HH:MM`. */
export function isoTime(date: HTTPDate | Date): string {
  const parts = isoParts(date);
  return `${parts.hour}:${parts.minute}`;
}

function isoParts(date: HTTPDate | Date): Record<string, string> {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: shown.timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return Object.fromEntries(format.formatToParts(new Date(date)).map((part) => [part.type, part.value]));
}
