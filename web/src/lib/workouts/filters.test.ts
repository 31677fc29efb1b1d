import { afterEach, describe, expect, it } from "vitest";
import * as en from "../../locales/en/index.ts";
import {
  describe as inWords,
  listQuery,
  noFilters,
  parseDecimal,
  parseHours,
  readFilters,
  readOrder,
  writeFilters,
  wrongFilters,
} from "./filters.ts";
import { useTexts } from "../i18n.svelte.ts";
import { shown } from "../preferences.svelte.ts";

useTexts("en", en);

afterEach(() => {
  shown.isImperial = false;
});

const byDate = { by: "workout_date", isAscending: false } as const;

describe("parseHours", () => {
  it.each([
    ["1:30", "01:30"],
    ["90", "01:30"],
    ["0:5", "00:05"],
    ["100:00", "100:00"],
    [" 45 ", "00:45"],
  ])("reads %s", (typed, wanted) => {
    expect(parseHours(typed)).toBe(wanted);
  });

  it.each(["1:60", "x", "1:2:3", "-5", "1.5", ""])("does not take %s", (typed) => {
    expect(parseHours(typed)).toBeUndefined();
  });
});

describe("parseDecimal", () => {
  it("takes a point and a comma", () => {
    expect(["12.5", "12,5", " 7 ", ".5"].map(parseDecimal)).toEqual([12.5, 12.5, 7, 0.5]);
  });

  it("takes nothing else", () => {
    for (const typed of ["", "-1", "1e5", "1.2.3", "a", "1,000.5"]) expect(parseDecimal(typed)).toBeUndefined();
  });
});

describe("writeFilters", () => {
  it("leaves out what is empty, and the usual order", () => {
    expect(writeFilters(noFilters(), byDate).toString()).toBe("");
  });

  it("comes back as it was typed, in miles too", () => {
    shown.isImperial = true;
    const typed = { ...noFilters(), distance_from: "10", max_speed_to: "33.5", duration_to: "90", title: " loop " };
    const query = writeFilters(typed, { by: "distance", isAscending: true });
    expect(query.get("distance_from")).toBe("16.09344");
    expect(query.get("order_by")).toBe("distance");
    const back = readFilters(query);
    expect([back.distance_from, back.max_speed_to, back.duration_to, back.title]).toEqual([
      "10",
      "33.5",
      "01:30",
      "loop",
    ]);
    expect(readOrder(query)).toEqual({ by: "distance", isAscending: true });
  });
});

describe("wrongFilters", () => {
  it("names those that nobody can make out", () => {
    const typed = { ...noFilters(), distance_from: "ten", duration_to: "1:75", ave_speed_to: "20" };
    expect(wrongFilters(typed)).toEqual(["distance_from", "duration_to"]);
  });
});

describe("listQuery", () => {
  it("is the same for like lists, and knows nothing else", () => {
    const one = listQuery(new URLSearchParams("to=2026-01-01&title=a&page=7&order=asc"));
    const other = listQuery(new URLSearchParams("order=asc&title=a&to=2026-01-01&notes="));
    expect(one.toString()).toBe("title=a&to=2026-01-01&order=asc");
    expect(other.toString()).toBe(one.toString());
  });
});

describe("a filter in words", () => {
  it("has its day as the language writes it", () => {
    shown.locale = "en-GB";
    expect(inWords("from", "2024-02-29")).toBe("From 29 Feb 2024");
  });

  it.each(["2024-99-99", "2024-02-30", "soon"])("says of %s, which is no day, what it is", (value) => {
    expect(inWords("to", value)).toContain(value);
  });
});
