/** What is typed about a workout, and what the API takes for it. */
import { distanceFrom, distanceValue, inputNumber, isoDay, isoTime, seconds } from "../format.ts";
import { parseDecimal } from "./filters.ts";
import { t } from "../i18n.svelte.ts";
import { shown } from "../preferences.svelte.ts";
import type { Workout } from "../types.ts";
import type { TypedWorkout } from "./workouts.ts";

/** The form, as it is typed. */
export interface WorkoutValues {
  sport: number;
  title: string;
  notes: string;
  /** `YYYY-MM-DD` */
  day: string;
  /** `HH:MM` */
  time: string;
  hours: string;
  minutes: string;
  seconds: string;
  /** In the user's unit. */
  distance: string;
}

/** Limits of the API. */
export const maxTitle = 255;
export const maxNotes = 500;
const maxKm = 100_000;
const maxSeconds = 10 * 366 * 86_400;

/** Returns the values of a new workout. */
export function newValues(sport: number): WorkoutValues {
  const now = new Date();
  const figures = { hours: "", minutes: "", seconds: "", distance: "" };
  return { sport, title: "", notes: "", day: isoDay(now), time: isoTime(now), ...figures };
}

/** Returns the values of a workout that there is. */
export function valuesOf(workout: Workout): WorkoutValues {
  const s = seconds(workout.duration);
  return {
    sport: workout.sport_id,
    title: workout.title,
    notes: workout.notes ?? "",
    day: isoDay(workout.workout_date),
    time: isoTime(workout.workout_date),
    hours: String(Math.floor(s / 3600)),
    minutes: String(Math.floor(s / 60) % 60),
    seconds: String(s % 60),
    distance: inputNumber(distanceValue(workout.distance ?? 0), 3),
  };
}

/** Returns the seconds of a duration whose parts were typed; a part that is empty is 0. Undefined if one is no whole number. */
export function typedSeconds(values: Pick<WorkoutValues, "hours" | "minutes" | "seconds">): number | undefined {
  const parts = [values.hours, values.minutes, values.seconds].map((text) => text.trim() || "0");
  if (parts.some((text) => !/^\d{1,9}$/.test(text))) return undefined;
  const [h, m, s] = parts.map(Number) as [number, number, number];
  return (h * 60 + m) * 60 + s;
}

/** Counts characters as the API does: an emoji is one, though JavaScript has it as two. */
export function characters(text: string): number {
  return [...text].length;
}

// The API has no sentences of its own for the following, only that the payload is invalid; so these are the texts themselves.

export function checkTitle(title: string): string | undefined {
  return characters(title.trim()) > maxTitle ? "title: 255 characters maximum" : undefined;
}

/** The API would cut them without a word. */
export function checkNotes(notes: string): string | undefined {
  return characters(notes) > maxNotes ? t("workouts.notesTooLong", { count: maxNotes }) : undefined;
}

/** Browsers take a year below 100 in the API's dates for one of our time. */
export function checkDay(day: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(day) && day >= "0100-01-02" ? undefined : t("workouts.dayMissing");
}

export function checkTime(time: string): string | undefined {
  return /^\d\d:\d\d/.test(time) ? undefined : t("workouts.timeMissing");
}

/** Checks a duration; what is wrong with it is told beside its hours. */
export function checkDuration(_hours: string, values: WorkoutValues): string | undefined {
  const s = typedSeconds(values);
  if (s === undefined) return t("workouts.durationWrong");
  return s >= 1 && s <= maxSeconds ? undefined : t("workouts.durationMissing");
}

export function checkDistance(text: string): string | undefined {
  const value = parseDecimal(text);
  if (value === undefined) return t("workouts.distanceWrong");
  return distanceFrom(value) <= maxKm ? undefined : t("workouts.distanceTooFar", { km: maxKm });
}

/** The rules for what every workout has. */
export const textChecks = { title: checkTitle, notes: checkNotes };
/** The rules for what is typed where no track says it. */
export const figureChecks = { day: checkDay, time: checkTime, hours: checkDuration, distance: checkDistance };

/** Returns what the API takes for values that have been checked. */
export function typed(values: WorkoutValues): Required<TypedWorkout> {
  return {
    sport_id: values.sport,
    title: values.title.trim(),
    notes: values.notes,
    workout_date: `${values.day} ${values.time.slice(0, 5)}`,
    distance: Number(distanceFrom(parseDecimal(values.distance) ?? 0).toFixed(6)),
    duration: typedSeconds(values) ?? 0,
  };
}

/** Returns what is to be changed: what was not touched is not sent, so that no rounding of units changes it. */
export function changesOf(values: WorkoutValues, before: WorkoutValues, withFigures: boolean): TypedWorkout {
  const all = typed(values);
  const old = typed(before);
  const changes: TypedWorkout = {};
  if (all.sport_id !== old.sport_id) changes.sport_id = all.sport_id;
  if (all.title !== old.title) changes.title = all.title;
  if (all.notes !== old.notes) changes.notes = all.notes;
  if (!withFigures) return changes;
  if (all.workout_date !== old.workout_date) changes.workout_date = all.workout_date;
  if (values.distance !== before.distance) changes.distance = all.distance;
  if (all.duration !== old.duration) changes.duration = all.duration;
  return changes;
}

/** Tells in whose time zone a time is typed. */
export function zoneName(): string {
  return shown.timezone.replaceAll("_", " ");
}
