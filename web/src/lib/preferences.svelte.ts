/** How things are shown: to whom has logged in as they want it, to others as their browser does. */
import * as keep from "./keep.ts";
import type { Preferences } from "./types.ts";

/** The languages of the pages. The API knows more; who wants one of those gets English. */
export const languages = ["en", "fr", "de"] as const;
export type Language = (typeof languages)[number];

export type Theme = "auto" | "light" | "dark";

const themeName = "theme";

class Shown {
  language = $state<Language>("en");
  /** What Intl is asked for: the language, with the browser's region if it is of that language. */
  locale = $state("en-GB");
  timezone = $state("UTC");
  isImperial = $state(false);
  isMondayFirst = $state(true);
  showsAscent = $state(true);
  theme = $state<Theme>("auto");
  isDark = $state(false);
}

export const shown = new Shown();

/** Sets everything from an account, or from the browser if there is none. */
export function applyPreferences(user: Preferences | null): void {
  setLanguage(user?.language ?? preferredLanguage());
  shown.timezone = isTimezone(user?.timezone) ? user.timezone : browserTimezone();
  shown.isImperial = user?.imperial_units ?? false;
  shown.isMondayFirst = user?.weekm ?? true;
  shown.showsAscent = user?.display_ascent ?? true;
}

/** Shows the pages in a language, and dates and numbers as that language has them. */
export function setLanguage(code: string): void {
  shown.language = languages.find((known) => known === code) ?? "en";
  const regional = navigator.languages.find((name) => name.split("-")[0] === shown.language);
  shown.locale = regional ?? (shown.language === "en" ? "en-GB" : shown.language);
}

/** Returns the browser's first language that the pages have. */
export function preferredLanguage(): Language {
  for (const name of navigator.languages) {
    const found = languages.find((known) => known === name.split("-")[0]);
    if (found) return found;
  }
  return "en";
}

/** Tells whether the browser knows a time zone. The server may know newer ones, for which Intl would fail everywhere. */
function isTimezone(name: string | null | undefined): name is string {
  if (!name) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

export function browserTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

const darkSystem = matchMedia("(prefers-color-scheme: dark)");

/** Sets the theme, which is remembered in this browser. */
export function setTheme(theme: Theme): void {
  keep.set(themeName, theme === "auto" ? null : theme);
  shown.theme = theme;
  showTheme();
}

/** Sets the theme that was chosen in this browser before, and follows the system's if none was. */
export function restoreTheme(): void {
  const kept = keep.get(themeName);
  shown.theme = kept === "light" || kept === "dark" ? kept : "auto";
  darkSystem.addEventListener("change", showTheme);
  showTheme();
}

function showTheme(): void {
  shown.isDark = shown.theme === "dark" || (shown.theme === "auto" && darkSystem.matches);
  document.documentElement.dataset.theme = shown.isDark ? "dark" : "light";
}
