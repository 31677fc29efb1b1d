/** How sports look: a picture, a colour, and a name in the user's language. */
import {
  mdiBicycleBasket,
  mdiBicycleCargo,
  mdiBicycleElectric,
  mdiBikeFast,
  mdiBikePedal,
  mdiBikePedalMountain,
  mdiCarabiner,
  mdiDumbbell,
  mdiHiking,
  mdiKayaking,
  mdiParagliding,
  mdiPool,
  mdiRacquetball,
  mdiRollerSkate,
  mdiRowing,
  mdiRun,
  mdiRunFast,
  mdiSailBoat,
  mdiSkate,
  mdiSki,
  mdiSkiCrossCountry,
  mdiSnowshoeing,
  mdiSurfing,
  mdiSwim,
  mdiTennis,
  mdiUnicycle,
  mdiWalk,
  mdiWaves,
} from "@mdi/js";
import { type Key, t } from "./i18n.svelte.ts";
import { session } from "./session.svelte.ts";
import type { Sport } from "./types.ts";

/** The picture and the colour of a sport, by its id. The colours can be told from both grounds, light and dark. */
const looks: Record<number, [icon: string, color: string]> = {
  1: [mdiBikeFast, "#1f9d78"],
  2: [mdiBicycleBasket, "#3f88c5"],
  3: [mdiHiking, "#b5812a"],
  4: [mdiBikePedalMountain, "#c8553d"],
  5: [mdiRun, "#e07a1f"],
  6: [mdiWalk, "#7d8f3a"],
  7: [mdiBicycleElectric, "#9a68c9"],
  8: [mdiRunFast, "#a8693f"],
  9: [mdiSki, "#3a9fb8"],
  10: [mdiSkiCrossCountry, "#4f8f9d"],
  11: [mdiRowing, "#4d79d6"],
  12: [mdiSnowshoeing, "#7c93ad"],
  13: [mdiBikePedal, "#b45fa8"],
  14: [mdiCarabiner, "#8a7a6a"],
  15: [mdiParagliding, "#5c85e0"],
  16: [mdiSwim, "#1c96c5"],
  17: [mdiBicycleCargo, "#5f9e3f"],
  18: [mdiPool, "#2f9c9c"],
  19: [mdiKayaking, "#2f8f6b"],
  20: [mdiKayaking, "#6f9440"],
  21: [mdiUnicycle, "#cc6b8e"],
  22: [mdiSailBoat, "#3d8fd1"],
  23: [mdiSurfing, "#379f8f"],
  24: [mdiTennis, "#949a2a"],
  25: [mdiRacquetball, "#b98f1f"],
  26: [mdiWaves, "#4a90b8"],
  27: [mdiWaves, "#3f7fb0"],
  28: [mdiSkate, "#6a8fc4"],
  29: [mdiRollerSkate, "#d0657a"],
};

/** Returns the path of a sport's picture. */
export function sportIcon(id: number): string {
  return looks[id]?.[0] ?? mdiDumbbell;
}

/** Returns the colour that the user wants for a sport, or else its own. */
export function sportColor(id: number): string {
  return findSport(id)?.color ?? defaultColor(id);
}

export function defaultColor(id: number): string {
  return looks[id]?.[1] ?? "#7a8580";
}

export function sportName(id: number): string {
  if (looks[id]) return t(`sports.${id}` as Key);
  return findSport(id)?.label ?? String(id);
}

/** The sports on foot, where people speak of minutes for a kilometre rather than of kilometres in an hour. */
const paced = new Set([3, 5, 6, 8, 12, 18]);

/** Tells whether pace says more about a sport than speed alone. */
export function hasPace(id: number): boolean {
  return paced.has(id);
}

export function findSport(id: number): Sport | undefined {
  return session.sports.find((sport) => sport.id === id);
}

/** Returns the sports that are offered for workouts, and the one that a workout has already, by name. */
export function offeredSports(alsoId?: number): Sport[] {
  return sortByName(session.sports.filter((sport) => sport.is_active_for_user || sport.id === alsoId));
}

/** Returns the choices for the sport of a new workout; 0, as long as it is chosen, stands for none yet. */
export function sportChoices(chosen: number): { value: number; label: string }[] {
  const offered = offeredSports().map((one) => ({ value: one.id, label: sportName(one.id) }));
  return chosen === 0 ? [{ value: 0, label: t("workouts.chooseSport") }, ...offered] : offered;
}

/** Returns sports in the order of their names. */
export function sortByName(sports: Sport[]): Sport[] {
  return sports.toSorted((a, b) => sportName(a.id).localeCompare(sportName(b.id)));
}
