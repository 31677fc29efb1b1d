import { afterEach, expect, it } from "vitest";
import { pace } from "./format.ts";
import { shown } from "./preferences.svelte.ts";

afterEach(() => {
  shown.isImperial = false;
});

it("tells how long a kilometre or a mile takes", () => {
  expect(pace(12)).toBe("5:00 min/km");
  expect(pace(11.99)).toBe("5:00 min/km");
  expect(pace(9.32)).toBe("6:26 min/km");
  shown.isImperial = true;
  expect(pace(12)).toBe("8:03 min/mi");
});

it("tells none for no speed", () => {
  expect([pace(null), pace(0)]).toEqual(["–", "–"]);
});
