import { describe, expect, test } from "vitest";
import { isDay, monthWeeks } from "../days.ts";
import { comparedMonth, lastMonths, nextPeriod, periodStart, periodsOf, shiftSpan, yearOf } from "./periods.ts";

describe("the weeks of a month", () => {
  test("begin with the day that the user's weeks begin with", () => {
    const monday = monthWeeks("2026-11-14", true);
    expect(monday[0]![0]).toBe("2026-10-26");
    expect(monday.at(-1)!.at(-1)).toBe("2026-12-06");
    expect(monday).toHaveLength(6);
    const sunday = monthWeeks("2026-11-01", false);
    expect(sunday[0]![0]).toBe("2026-11-01");
    expect(sunday).toHaveLength(5);
  });

  test("are four in a February that fits", () => {
    expect(monthWeeks("2027-02-01", true)).toHaveLength(4);
  });
});

test("only days of the calendar are days", () => {
  expect(isDay("2024-02-29")).toBe(true);
  for (const text of ["2026-02-29", "2026-13-01", "2026-1-1", "", "x", null]) expect(isDay(text)).toBe(false);
});

describe("periods", () => {
  test("begin with their first day", () => {
    expect(periodStart("2026-11-25", "week", true)).toBe("2026-11-23");
    expect(periodStart("2026-11-25", "week", false)).toBe("2026-11-22");
    expect(periodStart("2026-11-22", "week", true)).toBe("2026-11-16");
    expect(periodStart("2026-11-25", "month", true)).toBe("2026-11-01");
    expect(periodStart("2026-11-25", "year", true)).toBe("2026-01-01");
  });

  test("follow each other over the end of a year", () => {
    expect(nextPeriod("2026-12-28", "week")).toBe("2027-01-04");
    expect(nextPeriod("2026-12-01", "month")).toBe("2027-01-01");
    expect(nextPeriod("2026-01-01", "year")).toBe("2027-01-01");
  });

  test("of a span are all that it touches", () => {
    expect(periodsOf({ from: "2026-11-03", to: "2026-11-16" }, "week", true)).toEqual([
      "2026-11-02",
      "2026-11-09",
      "2026-11-16",
    ]);
    expect(periodsOf({ from: "2025-12-31", to: "2026-01-01" }, "month", true)).toEqual(["2025-12-01", "2026-01-01"]);
    expect(periodsOf({ from: "2017-01-01", to: "2026-12-31" }, "week", true)).toHaveLength(523);
  });
});

describe("spans", () => {
  test("of the last months end with this one", () => {
    expect(lastMonths("2026-02-10", 12)).toEqual({ from: "2025-03-01", to: "2026-02-28" });
    expect(yearOf("2026-02-10")).toEqual({ from: "2026-01-01", to: "2026-12-31" });
  });

  test("of whole months are moved by months", () => {
    expect(shiftSpan({ from: "2026-01-01", to: "2026-03-31" }, -1)).toEqual({ from: "2025-10-01", to: "2025-12-31" });
    expect(shiftSpan({ from: "2026-01-01", to: "2026-01-31" }, 1)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  });

  test("of days are moved by days", () => {
    expect(shiftSpan({ from: "2026-03-25", to: "2026-03-31" }, 1)).toEqual({ from: "2026-04-01", to: "2026-04-07" });
  });
});

describe("a month is compared", () => {
  test("with as many days as it has had", () => {
    expect(comparedMonth("2026-11-01", "2026-11-25")).toEqual({ from: "2026-10-01", to: "2026-10-25" });
  });

  test("with a whole month when it is over, and on its last day", () => {
    const october = { from: "2026-10-01", to: "2026-10-31" };
    expect(comparedMonth("2026-11-01", "2026-12-03")).toEqual(october);
    expect(comparedMonth("2026-11-01", "2026-11-30")).toEqual(october);
  });

  test("with no more days than the month before has", () => {
    expect(comparedMonth("2026-03-01", "2026-03-30")).toEqual({ from: "2026-02-01", to: "2026-02-28" });
  });
});
