import { describe, expect, it } from "vitest";
import { maxZoom, middleOf, move, zoomOf, zoomTo } from "./crop.ts";

const wide = { width: 400, height: 200 };

describe("a square of a picture", () => {
  it("begins as the largest one in the middle", () => {
    expect(middleOf(wide)).toEqual({ x: 100, y: 0, side: 200 });
    expect(middleOf({ width: 90, height: 300 })).toEqual({ x: 0, y: 105, side: 90 });
  });

  it("moves, but never out of the picture", () => {
    const square = middleOf(wide);
    expect(move(square, 30, 30, wide)).toEqual({ x: 130, y: 0, side: 200 });
    expect(move(square, -500, 0, wide).x).toBe(0);
    expect(move(square, 500, 0, wide).x).toBe(200);
  });

  it("keeps its middle when it is zoomed", () => {
    const near = zoomTo(middleOf(wide), 2, wide);
    expect(near).toEqual({ x: 150, y: 50, side: 100 });
    expect(zoomOf(near, wide)).toBe(2);
  });

  it("stays in the picture when it is zoomed out at the edge", () => {
    const corner = move(zoomTo(middleOf(wide), 4, wide), 999, 999, wide);
    expect(corner).toEqual({ x: 350, y: 150, side: 50 });
    expect(zoomTo(corner, 1, wide)).toEqual({ x: 200, y: 0, side: 200 });
  });

  it("has limits", () => {
    expect(zoomOf(zoomTo(middleOf(wide), 100, wide), wide)).toBe(maxZoom);
    expect(zoomOf(zoomTo(middleOf(wide), 0.1, wide), wide)).toBe(1);
  });
});
