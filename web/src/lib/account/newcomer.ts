/** What somebody who is here for the first time probably wants. The API begins everywhere with Paris, kilometres and Sunday. */
import { call } from "../api.ts";
import { browserTimezone } from "../preferences.svelte.ts";
import type { OwnUser, Preferences } from "../types.ts";

/** Where miles are usual. */
const imperialRegions = ["US", "LR", "MM"];

/** Returns the units and the week of a browser's language and region, such as `en-US`; without a region, those of most countries. */
export function habits(locale: string): Pick<Preferences, "imperial_units" | "weekm"> {
  const region = /^[a-z]{2,3}-(?:[A-Z][a-z]{3}-)?([A-Z]{2})\b/.exec(locale)?.[1];
  if (region === undefined) return { imperial_units: false, weekm: true };
  return { imperial_units: imperialRegions.includes(region), weekm: firstDayOfWeek(locale) === 1 };
}

/** Returns 1 for Monday to 7 for Sunday. */
function firstDayOfWeek(locale: string): number {
  const known = new Intl.Locale(locale) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return (known.getWeekInfo?.() ?? known.weekInfo)?.firstDay ?? 1;
}

/** Gives a new account the browser's time zone, and the units and the week of its region. A failure does no harm: all of it can be changed later. */
export async function settleIn(token: string): Promise<void> {
  try {
    const { data: user } = await call<{ data: OwnUser }>("GET", "/api/auth/profile", { token });
    await call("POST", "/api/auth/profile/edit/preferences", {
      token,
      json: {
        display_ascent: user.display_ascent,
        language: user.language,
        timezone: browserTimezone(),
        ...habits(navigator.language),
      },
    });
  } catch (error) {
    console.warn("the browser's time zone could not be taken over", error);
  }
}
