import { expect, test } from "vitest";
import { addDays, addMonths, daysBetween, monthEnd, monthOf, monthStart, monthWeeks, weekStart } from "./days.ts";

test("days are added over months, leap days and put-forward clocks", () => {
  expect(addDays("2024-02-28", 1)).toBe("2024-02-29");
  expect(addDays("2023-02-28", 1)).toBe("2023-03-01");
  expect(addDays("2024-03-30", 2)).toBe("2024-04-01"); // clocks change in Europe on the 31st
  expect(addDays("2024-01-01", -1)).toBe("2023-12-31");
});

test("months are added from their first day, so that none is left out", () => {
  expect(addMonths("2024-01-31", 1)).toBe("2024-02-01");
  expect(addMonths("2024-12-15", 1)).toBe("2025-01-01");
  expect(addMonths("2024-01-15", -1)).toBe("2023-12-01");
  expect(monthStart("2024-02-29")).toBe("2024-02-01");
  expect(monthEnd("2024-02-03")).toBe("2024-02-29");
  expect(monthEnd("2023-12-31")).toBe("2023-12-31");
});

test("a week begins on Monday or Sunday", () => {
  expect(weekStart("2024-07-14", true)).toBe("2024-07-08"); // a Sunday
  expect(weekStart("2024-07-14", false)).toBe("2024-07-14");
  expect(weekStart("2024-07-15", true)).toBe("2024-07-15");
  expect(weekStart("2024-07-15", false)).toBe("2024-07-14");
  expect(weekStart("2025-01-01", true)).toBe("2024-12-30");
});

test("days between two days", () => {
  expect(daysBetween("2024-02-28", "2024-03-01")).toBe(2);
  expect(daysBetween("2024-03-30", "2024-04-01")).toBe(2);
  expect(daysBetween("2024-03-01", "2024-02-28")).toBe(-2);
});

test("a month is one that can be shown", () => {
  expect(monthOf("2024-02")).toBe("2024-02-01");
  for (const text of ["2024-13", "2024-2", "2024-02-01", "9999-12", "0000-01", "x", "", null]) {
    expect(monthOf(text), `${text}`).toBeUndefined();
  }
});

test("the first and the last month that can be shown have their weeks", () => {
  expect(monthWeeks(monthOf("1900-01")!, true)).toHaveLength(5);
  const weeks = monthWeeks(monthOf("2100-12")!, true);
  expect([weeks[0]![0], weeks.at(-1)!.at(-1)]).toEqual(["2100-11-29", "2101-01-02"]);
  for (const text of ["1899-12", "2101-01", "9999-01"]) expect(monthOf(text), text).toBeUndefined();
});
