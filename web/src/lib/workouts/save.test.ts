import { expect, it } from "vitest";
import { fileName } from "./save.ts";

it.each([
  ["2026-11-25 Autumn hike.gpx", "2026-11-25 Autumn hike.gpx"],
  ['a/b\\c:d*"e"<f>|g?.gpx', "a b c d e f g.gpx"],
  ["line\nbreak.gpx", "line break.gpx"],
  ["dots....gpx", "dots.gpx"],
  ["Über 🚴.gpx", "Über 🚴.gpx"],
])("names %s", (name, wanted) => {
  expect(fileName(name)).toBe(wanted);
});

it("is short enough for every system", () => {
  expect([...fileName(`${"🚴".repeat(300)}.gpx`)]).toHaveLength(104);
});
