import { afterEach, beforeEach, expect, test } from "vitest";
import * as en from "../../locales/en/index.ts";
import { useTexts } from "../i18n.svelte.ts";
import { shown } from "../preferences.svelte.ts";
import { recordName, recordText } from "./records.ts";

beforeEach(() => {
  useTexts("en", en);
  shown.locale = "en-GB";
});

afterEach(() => {
  shown.isImperial = false;
});

const texts = () => [
  recordText({ record_type: "FD", value: 42.195 }),
  recordText({ record_type: "LD", value: "1 day, 1:02:03" }),
  recordText({ record_type: "HA", value: 1000 }),
  recordText({ record_type: "AS", value: 20 }),
  recordText({ record_type: "MS", value: 45.5 }),
];

test("a record is in the unit of its type", () => {
  expect(texts()).toEqual(["42.20 km", "25:02:03", "1,000 m", "20.0 km/h", "45.5 km/h"]);
  shown.isImperial = true;
  expect(texts()).toEqual(["26.22 mi", "25:02:03", "3,281 ft", "12.4 mph", "28.3 mph"]);
});

test("a record has a name", () => {
  expect(recordName("FD")).toBe("Farthest distance");
});
