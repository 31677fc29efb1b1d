/** The square part of a picture that is kept of it. Everything is in the picture's own pixels. */

export interface Size {
  width: number;
  height: number;
}

/** A square by its top left corner and its side. */
export interface Square {
  x: number;
  y: number;
  side: number;
}

/** How much larger than at first a picture can be shown. */
export const maxZoom = 5;

/** Returns the largest square in the middle of a picture. */
export function middleOf(picture: Size): Square {
  const side = Math.min(picture.width, picture.height);
  return { x: (picture.width - side) / 2, y: (picture.height - side) / 2, side };
}

/** Returns how much larger a square shows its part than the largest one would. */
export function zoomOf(square: Square, picture: Size): number {
  return Math.min(picture.width, picture.height) / square.side;
}

/** Returns the square moved, as far as the picture goes. */
export function move(square: Square, dx: number, dy: number, picture: Size): Square {
  return {
    x: within(square.x + dx, picture.width - square.side),
    y: within(square.y + dy, picture.height - square.side),
    side: square.side,
  };
}

/** Returns a square with the same middle and another zoom, as far as the picture goes. */
export function zoomTo(square: Square, zoom: number, picture: Size): Square {
  const side = Math.min(picture.width, picture.height) / Math.min(Math.max(zoom, 1), maxZoom);
  const by = (square.side - side) / 2;
  return move({ x: square.x, y: square.y, side }, by, by, picture);
}

function within(value: number, max: number): number {
  return Math.min(Math.max(value, 0), Math.max(max, 0));
}
