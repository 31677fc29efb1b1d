/** The pages of one's account, in the order in which they are offered. */
import {
  mdiAccountEditOutline,
  mdiApplicationBracketsOutline,
  mdiDevices,
  mdiKeyVariant,
  mdiRunFast,
  mdiShieldAccountOutline,
  mdiTuneVariant,
} from "@mdi/js";
import type { Key } from "../../lib/i18n.svelte.ts";

interface Section {
  href: string;
  icon: string;
  label: Key;
  /** What is there. */
  text: Key;
}

export const sections: Section[] = [
  { href: "/profile/edit", icon: mdiAccountEditOutline, label: "profile.edit", text: "profile.editText" },
  { href: "/profile/preferences", icon: mdiTuneVariant, label: "profile.preferences", text: "profile.preferencesText" },
  { href: "/profile/sports", icon: mdiRunFast, label: "profile.sports", text: "profile.sportsText" },
  { href: "/profile/account", icon: mdiShieldAccountOutline, label: "profile.account", text: "profile.accountText" },
  { href: "/profile/sessions", icon: mdiDevices, label: "profile.sessions", text: "profile.sessionsText" },
  { href: "/profile/tokens", icon: mdiKeyVariant, label: "apps.tokens", text: "apps.tokensText" },
  { href: "/profile/apps", icon: mdiApplicationBracketsOutline, label: "apps.apps", text: "apps.appsText" },
];
