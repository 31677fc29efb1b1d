import { expect, it } from "vitest";
import { habits } from "./newcomer.ts";

it.each([
  ["en-US", true, false],
  ["en-GB", false, true],
  ["de-CH", false, true],
  ["pt-BR", false, false],
  ["zh-Hant-TW", false, false],
  ["en", false, true],
])("knows the habits of %s", (locale, isImperial, isMondayFirst) => {
  expect(habits(locale)).toEqual({ imperial_units: isImperial, weekm: isMondayFirst });
});
