/** The sport that was used last, which is offered first. */
import * as keep from "../keep.ts";
import { offeredSports } from "../sports.ts";
import { latestWorkout } from "./workouts.ts";

const name = "sport";

export function rememberSport(id: number): void {
  keep.set(name, String(id));
}

/** Returns the sport that was chosen in this browser last, else that of the latest workout, else 0. */
export async function lastSport(): Promise<number> {
  const offered = offeredSports();
  const isOffered = (id: number) => offered.some((sport) => sport.id === id);
  const kept = Number(keep.get(name));
  if (isOffered(kept)) return kept;
  const latest = await latestWorkout().catch(() => undefined); // it is only a guess
  if (latest && isOffered(latest.sport_id)) return latest.sport_id;
  return 0;
}
