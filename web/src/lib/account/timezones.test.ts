import { expect, it } from "vitest";
import { allTimezones, findTimezone } from "./timezones.ts";

it("lists zones once each", () => {
  const all = allTimezones();
  expect(all).toContain("Europe/Paris");
  expect(all.filter((name) => name === "UTC")).toHaveLength(1);
});

it.each([
  ["Europe/Paris", "Europe/Paris"],
  [" europe/paris ", "Europe/Paris"],
  ["america/new york", "America/New_York"],
  ["utc", "UTC"],
  ["Moon/Tranquillity", undefined],
  ["+01:00", undefined],
  ["", undefined],
])("finds %o as %o", (text, name) => {
  expect(findTimezone(text)).toBe(name);
});
