import { describe, expect, test } from "vitest";
import { add, addAll, byPeriod, bySport, nothing, stack, sumDays, valueOf } from "./sums.ts";
import type { Sum } from "../types.ts";

function sum(workouts: number, speed: number, km = 0): Sum {
  return { ...nothing, nb_workouts: workouts, average_speed: speed, total_distance: km, total_duration: km * 100 };
}

describe("adding sums", () => {
  test("weighs average speeds by the number of workouts", () => {
    expect(add(sum(3, 10), sum(1, 30)).average_speed).toBe(15);
    expect(addAll([sum(1, 12), sum(1, 18), sum(2, 20)]).average_speed).toBeCloseTo(17.5);
  });

  test("adds everything else", () => {
    const a = { ...sum(1, 10, 5), total_ascent: 100, total_descent: 90 };
    const all = add(a, { ...sum(2, 10, 7), total_ascent: 1, total_descent: 2 });
    expect(all).toEqual({
      average_speed: 10,
      nb_workouts: 3,
      total_ascent: 101,
      total_descent: 92,
      total_distance: 12,
      total_duration: 1200,
    });
  });

  test("of nothing is nothing, and has no speed", () => {
    expect(addAll([])).toEqual(nothing);
    expect(valueOf(undefined, "speed")).toBeNull();
    expect(valueOf(nothing, "speed")).toBeNull();
    expect(valueOf(undefined, "distance")).toBe(0);
    expect(valueOf(sum(2, 8), "speed")).toBe(8);
    expect(valueOf(sum(2, 8), "count")).toBe(2);
  });
});

const days = {
  "2026-11-22": { "1": sum(1, 20, 40) }, // a Sunday
  "2026-11-23": { "1": sum(1, 30, 60), "5": sum(2, 10, 16) },
  "2026-12-01": { "5": sum(1, 13, 9) },
};

describe("adding days", () => {
  test("of a span takes its first and its last day", () => {
    expect(sumDays(days, { from: "2026-11-23", to: "2026-12-01" }).total_distance).toBe(85);
    expect(sumDays(days, { from: "2026-11-22", to: "2026-11-22" }).nb_workouts).toBe(1);
  });

  test("by week goes by the day that weeks begin with", () => {
    expect(Object.keys(byPeriod(days, "week", true))).toEqual(["2026-11-16", "2026-11-23", "2026-11-30"]);
    const sundays = byPeriod(days, "week", false);
    expect(sundays["2026-11-22"]!["1"]).toMatchObject({ nb_workouts: 2, average_speed: 25, total_distance: 100 });
  });

  test("by sport comes to the same in all", () => {
    const sports = bySport(byPeriod(days, "month", true));
    expect(sports["5"]).toMatchObject({ nb_workouts: 3, average_speed: 11, total_distance: 25 });
    expect(addAll(Object.values(sports)).total_distance).toBe(125);
  });
});

test("bars stand on one another", () => {
  expect(
    stack([
      [1, 0, 3],
      [2, 5, 0],
      [0, 1, 1],
    ]),
  ).toEqual([
    [1, 0, 3],
    [3, 5, 3],
    [3, 6, 4],
  ]);
  expect(stack([])).toEqual([]);
});
