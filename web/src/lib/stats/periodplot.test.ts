import type UPlot from "uplot";
import { expect, test } from "vitest";
import { type Chart, plotOf } from "./periodplot.ts";

const chart: Chart = {
  names: ["Oct", "Nov"],
  rows: [
    { color: "green", values: [3, null] },
    { color: "red", values: [1, 2] },
  ],
  isStacked: true,
  ink: "",
  line: "",
  ground: "",
  isWhole: false,
  width: 100,
  height: 100,
  point: () => {},
};
const paths = {} as typeof UPlot.paths;

test("bars stand on one another, the first row at the bottom and in front", () => {
  const { options, data } = plotOf(chart, paths);
  expect(data).toEqual([
    [0, 1],
    [4, 2],
    [3, 0],
  ]);
  expect(options.series.slice(1).map((series) => series.fill)).toEqual(["red", "green"]);
});

test("lines are as they are, and have gaps", () => {
  const { options, data } = plotOf({ ...chart, isStacked: false }, paths);
  expect(data).toEqual([
    [0, 1],
    [3, null],
    [1, 2],
  ]);
  expect(options.series.slice(1).map((series) => series.stroke)).toEqual(["green", "red"]);
});
