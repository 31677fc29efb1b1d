import { afterEach, describe, expect, it } from "vitest";
import { shown } from "../preferences.svelte.ts";
import type { Workout } from "../types.ts";
import {
  changesOf,
  checkDay,
  checkDistance,
  checkDuration,
  checkNotes,
  checkTitle,
  newValues,
  typed,
  typedSeconds,
  valuesOf,
} from "./workoutform.ts";

afterEach(() => {
  shown.isImperial = false;
  shown.timezone = "UTC";
});

const workout = {
  sport_id: 5,
  title: "Treadmill",
  notes: null,
  workout_date: "Sun, 14 Jul 2019 22:09:58 GMT",
  duration: "1 day, 1:02:03",
  distance: 8.123,
} as Workout;

describe("valuesOf", () => {
  it("has day and time in the user's time zone", () => {
    shown.timezone = "Europe/Paris";
    const values = valuesOf(workout);
    expect([values.day, values.time]).toEqual(["2019-07-15", "00:09"]);
    expect([values.hours, values.minutes, values.seconds]).toEqual(["25", "2", "3"]);
  });
});

describe("changesOf", () => {
  it("sends nothing that was not touched, whatever the unit", () => {
    shown.isImperial = true;
    const before = valuesOf(workout);
    expect(changesOf({ ...before }, before, true)).toEqual({});
    expect(changesOf({ ...before, notes: "x" }, before, true)).toEqual({ notes: "x" });
  });

  it("leaves to the track what the track says", () => {
    const before = valuesOf(workout);
    expect(changesOf({ ...before, distance: "9", title: "New" }, before, false)).toEqual({ title: "New" });
    expect(changesOf({ ...before, distance: "9", hours: "1" }, before, true)).toEqual({ distance: 9, duration: 3723 });
  });
});

describe("typed", () => {
  it("speaks kilometres, seconds and the date as the API has it", () => {
    shown.isImperial = true;
    const values = { ...newValues(1), day: "2026-02-03", time: "07:05:00", minutes: "90", distance: "10" };
    expect(typed(values)).toMatchObject({ workout_date: "2026-02-03 07:05", duration: 5400, distance: 16.09344 });
  });
});

describe("typedSeconds", () => {
  it("takes more than sixty minutes, and an empty part for 0", () => {
    expect(typedSeconds({ hours: "", minutes: "90", seconds: "" })).toBe(5400);
  });

  it("takes no fractions and no words", () => {
    for (const hours of ["1.5", "x", "-1"]) expect(typedSeconds({ hours, minutes: "", seconds: "" })).toBeUndefined();
  });
});

describe("checks", () => {
  it("count an emoji as one character, as the API does", () => {
    expect(checkNotes("🐕".repeat(500))).toBeUndefined();
    expect(checkNotes("🐕".repeat(501))).toBeDefined();
    expect(checkTitle("x".repeat(255))).toBeUndefined();
    expect(checkTitle("x".repeat(256))).toBe("title: 255 characters maximum");
  });

  it("want a duration, and at most what the API takes", () => {
    const values = newValues(1);
    expect(checkDuration("", values)).toBeDefined();
    expect(checkDuration("", { ...values, seconds: "1" })).toBeUndefined();
    expect(checkDuration("", { ...values, hours: "87841" })).toBeDefined();
  });

  it("take a distance of 0, and none that is too far", () => {
    expect(checkDistance("0")).toBeUndefined();
    expect(checkDistance("100000")).toBeUndefined();
    expect(checkDistance("100000.1")).toBeDefined();
    expect(checkDistance("far")).toBeDefined();
    shown.isImperial = true;
    expect(checkDistance("70000")).toBeDefined();
  });

  it("want a year that browsers read as it is", () => {
    expect(checkDay("2026-01-01")).toBeUndefined();
    for (const day of ["", "0020-01-01", "12026-01-01"]) expect(checkDay(day)).toBeDefined();
  });
});
