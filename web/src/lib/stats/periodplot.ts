/** The drawing of a chart with one column for each period: bars that stand on one another, or lines where sums make no sense. */
import type UPlot from "uplot";
import { number } from "../format.ts";
import { stack } from "./sums.ts";

export interface Row {
  color: string;
  /** One for each period; null: not known. */
  values: (number | null)[];
}

export interface Chart {
  /** The short names of the periods. */
  names: string[];
  /** The first row is at the bottom. */
  rows: Row[];
  isStacked: boolean;
  /** The colours of texts and lines, and the ground. */
  ink: string;
  line: string;
  ground: string;
  /** Whether values are counted, so that there is nothing between whole numbers. */
  isWhole: boolean;
  width: number;
  height: number;
  /** Tells which column is pointed at. */
  point: (column: number | null) => void;
}

/** How far apart, in columns, names may stand. */
const steps = [1, 2, 3, 4, 6, 12, 13, 26, 52, 104, 260, 520, 1040, 2600, 5200];

const font = "12px system-ui, sans-serif";

/** Returns the data and the options of uPlot for a chart. */
export function plotOf(chart: Chart, paths: typeof UPlot.paths): { options: UPlot.Options; data: UPlot.AlignedData } {
  const columns = chart.names.map((_, i) => i);
  const values = chart.rows.map((row) => row.values);
  // The highest edge is drawn first, so that each bar stands in front of the ones that reach above it.
  const rows = chart.isStacked ? stack(values.map(known)).toReversed() : values;
  const colors = chart.rows.map((row) => row.color);
  if (chart.isStacked) colors.reverse();
  const options: UPlot.Options = {
    width: chart.width,
    height: chart.height,
    legend: { show: false },
    padding: [10, 28, 0, 0],
    cursor: {
      y: false,
      drag: { x: false, y: false },
      points: { show: !chart.isStacked },
    },
    scales: {
      x: { time: false, range: [-0.5, columns.length - 0.5] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.06 : 1] },
    },
    axes: [nameAxis(chart), valueAxis(chart)],
    series: [
      {},
      ...colors.map((color) => (chart.isStacked ? barSeries(color, paths) : lineSeries(color, chart.ground))),
    ],
    hooks: { setCursor: [(plot) => chart.point(plot.cursor.idx ?? null)] },
  };
  return { options, data: [columns, ...rows] as UPlot.AlignedData };
}

const known = (row: (number | null)[]) => row.map((value) => value ?? 0);

function barSeries(color: string, paths: typeof UPlot.paths): UPlot.Series {
  return { fill: color, width: 0, points: { show: false }, paths: paths.bars?.({ size: [0.82, 56, 1] }) };
}

function lineSeries(color: string, ground: string): UPlot.Series {
  return { stroke: color, width: 2, spanGaps: true, points: { show: true, size: 6, fill: ground } };
}

function nameAxis(chart: Chart): UPlot.Axis {
  return {
    stroke: chart.ink,
    font,
    size: 28,
    grid: { show: false },
    ticks: { stroke: chart.line, size: 4 },
    incrs: steps,
    space: 72,
    values: (_, splits) => splits.map((column) => chart.names[column] ?? ""),
  };
}

function valueAxis(chart: Chart): UPlot.Axis {
  return {
    stroke: chart.ink,
    font,
    grid: { stroke: chart.line, width: 1 },
    ticks: { show: false },
    incrs: chart.isWhole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] : undefined,
    size: (_, texts) => 14 + 7 * Math.max(2, ...(texts ?? []).map((text) => text.length)),
    values: (_, splits) => splits.map((value) => number(value, 2)),
  };
}
