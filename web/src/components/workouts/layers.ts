/** What Leaflet draws for us. */
import * as L from "leaflet";

/** Leaflet's own layer of tiles empties pictures with a data: address, which the Content-Security-Policy forbids. */
class Tiles extends L.GridLayer {
  override createTile({ x, y, z }: L.Coords, done: L.DoneCallback): HTMLElement {
    const picture = document.createElement("img");
    picture.alt = "";
    picture.onload = () => done(undefined, picture);
    picture.onerror = () => done(new Error("no tile"), picture);
    picture.src = `/api/workouts/map_tile/a/${z}/${x}/${y}.png`;
    return picture;
  }
}

/** Lines that move with the map, so that moving it is seen. */
class Ground extends L.GridLayer {
  override createTile(): HTMLElement {
    const square = document.createElement("div");
    square.className = "ground";
    return square;
  }
}

/** Returns the maps that the server has. */
export function tiles(): L.GridLayer {
  return new Tiles({ maxZoom: 19 });
}

/** Returns what is shown where the server has no maps. */
export function ground(): L.GridLayer {
  return new Ground({ tileSize: 96 });
}

/** Returns a round mark with one of the pictures of @mdi/js in it. */
export function pin(kind: string, path: string): L.DivIcon {
  const size = kind === "cursor" ? 16 : 24;
  const html = path && `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
  return L.divIcon({ className: `pin ${kind}`, html, iconSize: [size, size] });
}
