import { afterEach, expect, test, vi } from "vitest";
import {
  applyPreferences,
  browserTimezone,
  preferredLanguage,
  restoreTheme,
  setTheme,
  shown,
} from "./preferences.svelte.ts";
import type { Preferences } from "./types.ts";

const account: Preferences = {
  display_ascent: false,
  imperial_units: true,
  language: "de",
  timezone: "Asia/Tokyo",
  weekm: false,
};

afterEach(() => vi.restoreAllMocks());

function speaks(...names: string[]): void {
  vi.spyOn(navigator, "languages", "get").mockReturnValue(names);
}

test("an account's preferences are shown", () => {
  applyPreferences(account);
  expect({ ...snapshot() }).toEqual({
    language: "de",
    timezone: "Asia/Tokyo",
    isImperial: true,
    isMondayFirst: false,
    showsAscent: false,
  });
});

test("who has not logged in sees what their browser prefers", () => {
  speaks("it-IT", "fr-CH", "en");
  applyPreferences(null);
  expect(shown.language).toBe("fr");
  expect(shown.locale).toBe("fr-CH");
  expect(shown.timezone).toBe(browserTimezone());
  speaks("it");
  expect(preferredLanguage()).toBe("en");
});

test("dates and numbers follow the browser's region, if it is of the language that is shown", () => {
  speaks("en-US");
  applyPreferences(account);
  expect(shown.locale).toBe("de");
  applyPreferences({ ...account, language: "en" });
  expect(shown.locale).toBe("en-US");
});

test("a language that the pages do not have is English", () => {
  speaks("pl");
  applyPreferences({ ...account, language: "pl" });
  expect(shown.language).toBe("en");
  expect(shown.locale).toBe("en-GB");
});

test("a time zone that the browser does not know is the browser's own", () => {
  applyPreferences({ ...account, timezone: "Mars/Olympus" });
  expect(shown.timezone).toBe(browserTimezone());
});

test("a theme is kept in this browser", () => {
  setTheme("dark");
  expect(document.documentElement.dataset.theme).toBe("dark");
  shown.theme = "auto";
  restoreTheme();
  expect(shown.theme).toBe("dark");
  setTheme("auto");
  expect(localStorage.getItem("theme")).toBeNull();
});

function snapshot() {
  const { language, timezone, isImperial, isMondayFirst, showsAscent } = shown;
  return { language, timezone, isImperial, isMondayFirst, showsAscent };
}
