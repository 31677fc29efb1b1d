import { describe, expect, test } from "vitest";
import { readView, toggleSport, wholeSpan, writeView } from "./statview.ts";

const today = "2026-11-25";
const read = (query: string) => readView(new URLSearchParams(query), today);

describe("the view of an address", () => {
  test("is a year by month at first", () => {
    expect(read("")).toEqual({
      measure: "distance",
      period: "month",
      span: { from: "2025-12-01", to: "2026-11-30" },
      sports: null,
    });
  });

  test("is written as it was read", () => {
    for (const query of [
      "",
      "show=speed&by=week&from=2020-01-01&to=2020-03-05&sports=1%2C5",
      "by=year&span=all",
      "sports=",
    ]) {
      expect(writeView(read(query), today).toString()).toBe(query);
    }
  });

  test("is as at first where the address makes no sense", () => {
    const plain = read("");
    for (const query of [
      "show=calories&by=day",
      "from=2026-02-30&to=2026-03-01",
      "from=2026-03-02&to=2026-03-01",
      "from=2026-03-02",
      "from=0001-01-01&to=2026-01-01",
      "span=some",
    ]) {
      expect(read(query)).toEqual(plain);
    }
    expect(read("sports=5,x,-1,1.5").sports).toEqual([5]);
  });
});

test("sports are chosen one by one, and all of them are no choice", () => {
  expect(toggleSport(null, 5, [1, 5, 9])).toEqual([1, 9]);
  expect(toggleSport([1, 9], 5, [1, 5, 9])).toBeNull();
  expect(toggleSport([], 5, [1, 5])).toEqual([5]);
  expect(toggleSport([5], 5, [1, 5])).toEqual([]);
});

test("all days reach until today at least", () => {
  expect(wholeSpan(["2020-05-01", "2018-01-02"], today)).toEqual({ from: "2018-01-02", to: today });
  expect(wholeSpan(["2027-01-01"], today)).toEqual({ from: "2027-01-01", to: "2027-01-01" });
  expect(wholeSpan([], today)).toEqual({ from: today, to: today });
});
