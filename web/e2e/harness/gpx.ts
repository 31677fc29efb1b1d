/** GPX tracks, made up. The same plan makes the same track. */

export interface Plan {
  name?: string;
  start: Date;
  km: number;
  kmh: number;
  /** Metres between the lowest and the highest point. */
  climbM?: number;
  /** Where it begins, in degrees. */
  at?: [lat: number, lon: number];
  /** Seconds between two points. */
  everyS?: number;
  /** Makes another loop of the same plan. */
  seed?: number;
  segments?: number;
}

/** Metres of a degree of latitude, roughly. */
const degreeM = 111_200;

/** Returns numbers from 0 to 1 that only look like chance (a linear congruential generator with the constants of C's rand). */
export function chance(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
}

/** Returns a GPX file of a loop in hilly country, with faster and slower stretches. */
export function gpx(plan: Plan): string {
  const {
    name = "A loop",
    start,
    km,
    kmh,
    climbM = 200,
    at = [46.35, 7.25],
    everyS = 10,
    seed = 1,
    segments = 1,
  } = plan;
  const random = chance(seed);
  const bends = Array.from({ length: 6 }, () => random() * 2 * Math.PI);
  const count = Math.max(segments * 3, Math.round(((km / kmh) * 3600) / everyS));
  const points: string[][] = Array.from({ length: segments }, () => []);
  const paces = Array.from(
    { length: count },
    (_, i) => 1 + 0.3 * Math.sin((i / count) * 19 + bends[0]!) + 0.1 * random(),
  );
  const whole = paces.reduce((sum, pace) => sum + pace, 0);
  const radiusM = ((km * 1000) / (2 * Math.PI)) * 0.82; // its bends make the way longer than a circle
  let done = 0;
  for (let i = 0; i < count; i++) {
    done += paces[i]! / whole;
    const angle = done * 2 * Math.PI;
    const r = radiusM * (1 + 0.3 * Math.sin(2 * angle + bends[1]!) + 0.15 * Math.sin(5 * angle + bends[2]!));
    const lat = at[0] + (r * Math.sin(angle)) / degreeM;
    const lon = at[1] + (r * Math.cos(angle)) / (degreeM * Math.cos((at[0] * Math.PI) / 180));
    const ele = 600 + climbM * (0.5 - 0.5 * Math.cos(angle)) + (climbM / 8) * Math.sin(6 * angle + bends[3]!);
    const time = new Date(start.getTime() + i * everyS * 1000).toISOString().replace(/\.\d+/, "");
    points[Math.floor((i * segments) / count)]!.push(
      `<trkpt lat="${lat.toFixed(6)}" lon="${lon.toFixed(6)}"><ele>${ele.toFixed(1)}</ele><time>${time}</time></trkpt>`,
    );
  }
  const track = points.map((segment) => `<trkseg>${segment.join("\n")}</trkseg>`).join("");
  return `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="e2e" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>${name}</name>${track}</trk></gpx>`;
}
