/** Which workouts a list shows: what a form holds in the user's units, and what addresses and the API have, in theirs. */
import { isDay } from "../days.ts";
import { calendarDay, distanceFrom, distanceValue, inputNumber, unitName } from "../format.ts";
import { t } from "../i18n.svelte.ts";
import { sportName } from "../sports.ts";

/** A form of filters, as it is typed. What is empty filters nothing. */
export interface Filters {
  title: string;
  notes: string;
  /** The id of a sport; empty: all. */
  sport_id: string;
  from: string;
  to: string;
  distance_from: string;
  distance_to: string;
  duration_from: string;
  duration_to: string;
  ave_speed_from: string;
  ave_speed_to: string;
  max_speed_from: string;
  max_speed_to: string;
}

export type FilterName = keyof Filters;

const texts = ["title", "notes", "sport_id", "from", "to"] as const;
/** km, and km/h, which are as long in miles. */
const lengths = [
  "distance_from",
  "distance_to",
  "ave_speed_from",
  "ave_speed_to",
  "max_speed_from",
  "max_speed_to",
] as const;
const durations = ["duration_from", "duration_to"] as const;

/** All of them, as they are told. */
export const filterNames: FilterName[] = [
  "title",
  "notes",
  "sport_id",
  "from",
  "to",
  "distance_from",
  "distance_to",
  "duration_from",
  "duration_to",
  "ave_speed_from",
  "ave_speed_to",
  "max_speed_from",
  "max_speed_to",
];

export const orders = ["workout_date", "distance", "duration", "ave_speed"] as const;
export type OrderBy = (typeof orders)[number];

export interface Order {
  by: OrderBy;
  isAscending: boolean;
}

export function noFilters(): Filters {
  return Object.fromEntries(filterNames.map((name) => [name, ""])) as unknown as Filters;
}

/** Returns what the form shows for an address. */
export function readFilters(query: URLSearchParams): Filters {
  const filters = noFilters();
  for (const name of texts) filters[name] = query.get(name) ?? "";
  for (const name of lengths) filters[name] = lengthText(query.get(name));
  for (const name of durations) filters[name] = query.get(name) ?? "";
  return filters;
}

function lengthText(km: string | null): string {
  if (km === null || km === "" || !Number.isFinite(Number(km))) return "";
  return inputNumber(distanceValue(Number(km)), 2);
}

/** Returns the names of those whose text nobody can make out. */
export function wrongFilters(filters: Filters): FilterName[] {
  return [
    ...lengths.filter((name) => filters[name].trim() !== "" && parseDecimal(filters[name]) === undefined),
    ...durations.filter((name) => filters[name].trim() !== "" && parseHours(filters[name]) === undefined),
  ];
}

/** Returns what addresses and the API have for a form. */
export function writeFilters(filters: Filters, order: Order): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, value: string | undefined) => value && query.set(name, value);
  for (const name of filterNames) {
    const text = filters[name].trim();
    if (text === "") continue;
    if (isOneOf(lengths, name)) {
      const value = parseDecimal(text);
      if (value !== undefined) set(name, String(Number(distanceFrom(value).toFixed(6))));
    } else if (isOneOf(durations, name)) {
      set(name, parseHours(text));
    } else {
      set(name, text);
    }
  }
  if (order.by !== "workout_date") query.set("order_by", order.by);
  if (order.isAscending) query.set("order", "asc");
  return query;
}

function isOneOf<T extends string>(all: readonly T[], name: string): name is T {
  return (all as readonly string[]).includes(name);
}

export function readOrder(query: URLSearchParams): Order {
  const by = orders.find((name) => name === query.get("order_by")) ?? "workout_date";
  return { by, isAscending: query.get("order") === "asc" };
}

/** Returns the part of an address that the list understands, in one order, so that like lists are known as such. */
export function listQuery(query: URLSearchParams): URLSearchParams {
  const kept = new URLSearchParams();
  for (const name of [...filterNames, "order_by", "order"]) {
    const value = query.get(name);
    if (value) kept.set(name, value);
  }
  return kept;
}

/** Returns a number that was typed with a point or a comma, if it is one and not below zero. */
export function parseDecimal(text: string): number | undefined {
  const plain = text.trim().replace(",", ".");
  return /^(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : undefined;
}

/** Returns a duration that was typed as `1:30` or `90` (minutes) as the API takes it: `01:30`. */
export function parseHours(text: string): string | undefined {
  const found = /^(?:(\d{1,4}):([0-5]?\d)|(\d{1,5}))$/.exec(text.trim());
  if (!found) return undefined;
  const [, hours, minutes, all] = found;
  const total = all === undefined ? Number(hours) * 60 + Number(minutes) : Number(all);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${two(Math.floor(total / 60))}:${two(total % 60)}`;
}

/** Returns what a filter is called. */
export function filterLabel(name: FilterName): string {
  switch (name) {
    case "title":
      return t("workouts.title");
    case "notes":
      return t("workouts.notes");
    case "sport_id":
      return t("figures.sport");
    case "from":
      return t("figures.from");
    case "to":
      return t("figures.to");
  }
  const { of } = rangeOf(name);
  return t(name.endsWith("_from") ? "workouts.lowest" : "workouts.highest", { name: of });
}

function rangeOf(name: FilterName): { of: string; unit: string } {
  if (name.startsWith("distance")) return { of: t("figures.distance"), unit: unitName("distance") };
  if (name.startsWith("duration")) return { of: t("figures.duration"), unit: "" };
  return { of: name.startsWith("ave") ? t("figures.aveSpeed") : t("figures.maxSpeed"), unit: unitName("speed") };
}

/** Returns what a filter says, in words. */
export function describe(name: FilterName, value: string): string {
  switch (name) {
    case "title":
    case "notes":
      return t("workouts.titleHas", { name: filterLabel(name), value });
    case "sport_id":
      return sportName(Number(value));
    case "from":
    case "to":
      return `${filterLabel(name)} ${isDay(value) ? calendarDay(value, { dateStyle: "medium" }) : value}`;
  }
  const { of, unit } = rangeOf(name);
  const text = unit ? `${value} ${unit}` : value;
  return t(name.endsWith("_from") ? "workouts.atLeast" : "workouts.atMost", { name: of, value: text });
}
