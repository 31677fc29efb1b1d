import { describe, expect, test } from "vitest";
import { activity, levelOf, monthColumns, yearSpan } from "./activity.ts";
import { daysBetween } from "../days.ts";
import { nothing } from "./sums.ts";

const moved = (s: number) => ({ ...nothing, nb_workouts: 1, total_duration: s });

test("a year is 53 whole weeks, the last of which has today", () => {
  const span = yearSpan("2026-11-25", true);
  expect(span).toEqual({ from: "2025-11-24", to: "2026-11-29" });
  expect(daysBetween(span.from, span.to) + 1).toBe(53 * 7);
  expect(yearSpan("2026-11-22", false).from).toBe("2025-11-23");
});

test("levels go by the time of moving", () => {
  expect([0, 1799, 1800, 3599, 3600, 7199, 7200, 90000].map((s) => levelOf(moved(s)))).toEqual([
    1, 1, 2, 2, 3, 3, 4, 4,
  ]);
  expect(levelOf(nothing)).toBe(0);
});

describe("the days of a year", () => {
  const span = yearSpan("2026-11-25", true);

  test("end with today", () => {
    const days = activity({ "2026-11-24": { "1": moved(60), "5": moved(3600) } }, span, "2026-11-25");
    expect(days).toHaveLength(53 * 7 - 4);
    expect(days.at(-1)).toMatchObject({ day: "2026-11-25", level: 0 });
    expect(days.at(-2)).toMatchObject({ day: "2026-11-24", level: 3, sum: { nb_workouts: 2, total_duration: 3660 } });
  });

  test("go on for what is dated later", () => {
    expect(activity({ "2026-11-29": { "1": moved(60) } }, span, "2026-11-25").at(-1)!.day).toBe("2026-11-29");
  });
});

test("months are named where they begin, and have room for their names", () => {
  const columns = monthColumns(yearSpan("2026-11-25", true));
  expect(columns[0]).toEqual({ column: 1, day: "2025-12-01" });
  for (const [i, one] of columns.entries()) {
    if (i > 0) expect(one.column - columns[i - 1]!.column).toBeGreaterThanOrEqual(3);
  }
  expect(columns.at(-1)!.day.slice(0, 7)).toBe("2026-11");
});
