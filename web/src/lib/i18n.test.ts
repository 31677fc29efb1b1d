import { beforeEach, describe, expect, test } from "vitest";
import * as de from "../locales/de/index.ts";
import * as en from "../locales/en/index.ts";
import * as fr from "../locales/fr/index.ts";
import { ApiError } from "./api.ts";
import { explain, type Key, loadTexts, t, translate, useTexts } from "./i18n.svelte.ts";
import { setLanguage, shown } from "./preferences.svelte.ts";

beforeEach(() => {
  setLanguage("en");
  shown.locale = "en-GB";
  useTexts("en", en);
});

describe("texts", () => {
  test("are found by their keys, and a key that is none stays", () => {
    expect(t("common.cancel")).toBe("Cancel");
    expect(t("common.nothing" as Key)).toBe("common.nothing");
    expect(t("nowhere.nothing" as Key)).toBe("nowhere.nothing");
  });

  test("have the plural forms of their language", () => {
    expect(t("errors.tooMany", { count: 1 })).toContain("1 minute.");
    expect(t("errors.tooMany", { count: 2 })).toContain("2 minutes.");
    setLanguage("fr");
    useTexts("fr", fr);
    expect(t("errors.tooMany", { count: 1 })).toContain("1 minute.");
    expect(t("errors.tooMany", { count: 1_000_000 })).toMatch(/1\s000\s000 minutes\./);
  });

  test("have numbers as the language writes them", () => {
    setLanguage("de");
    shown.locale = "de";
    useTexts("de", de);
    expect(t("errors.tooMany", { count: 12_345 })).toContain("12.345 Minuten");
  });

  test("are loaded with the language of the page", async () => {
    setLanguage("de");
    await loadTexts();
    expect(t("common.cancel")).toBe("Abbrechen");
    expect(document.documentElement.lang).toBe("de");
  });

  test("of a language that was left while it was loaded are not shown", async () => {
    setLanguage("de");
    const late = loadTexts();
    setLanguage("fr");
    const last = loadTexts();
    await Promise.all([late, last]);
    expect(t("common.cancel")).toBe("Annuler");
    expect(document.documentElement.lang).toBe("fr");
  });
});

describe("sentences of the server", () => {
  test("are said in the user's language", () => {
    useTexts("de", de);
    expect(translate("invalid credentials")).toBe("Adresse oder Passwort ist falsch.");
  });

  test("keep what they say about this case", () => {
    expect(translate("name: 1 to 100 characters required")).toBe("A name has 1 to 100 characters.");
    expect(translate("image is too large (9000 x 9000 pixels)")).toBe("The picture has too many pixels (9000 × 9000).");
  });

  test("are matched by the closest pattern", () => {
    expect(translate("Error during workout upload, file size (over 1.0MB) exceeds 1.0MB.")).toBe(
      "The file is too large: over 1.0MB, where 1.0MB are allowed.",
    );
    expect(translate("Error during workout upload, size of a (1).gpx exceeds 1.0MB.")).toContain("a (1).gpx");
  });

  test("that are not known stay as they are", () => {
    expect(translate("the moon is full")).toBe("the moon is full");
    expect(translate("")).toBe("");
  });
});

describe("why something failed", () => {
  const said = (status: number, messages: string[] = [], retryAfterS = 0) =>
    explain(new ApiError(status, messages, retryAfterS));

  test("is what the server says", () => {
    expect(said(400, ["email is missing"])).toBe("Please enter your e-mail address.");
    expect(said(400, ["email is missing", "oh"])).toBe("Please enter your e-mail address. oh");
  });

  test("is told without the server where it did not say, or should not be quoted", () => {
    expect(said(0)).toBe(t("errors.unreachable"));
    expect(said(502)).toBe(t("errors.unreachable"));
    expect(said(504)).toBe(t("errors.unreachable"));
    expect(said(500, ["error, please try again or contact the administrator"])).toBe(t("errors.server"));
    expect(said(404)).toBe(t("errors.server"));
    expect(said(413)).toBe(t("errors.tooLarge"));
  });

  test("tells how long to wait", () => {
    expect(said(429, ["rate limit exceeded (5 per 15 minutes)"], 60)).toBe(t("errors.tooManySoon"));
    expect(said(429, [], 61)).toBe(t("errors.tooMany", { count: 2 }));
    expect(said(429, [], 0)).toBe(t("errors.tooManySoon"));
  });

  test("is a fault of the page if it is none of the server's", () => {
    expect(explain(new TypeError("x is undefined"))).toBe(t("errors.unexpected"));
    expect(explain(undefined)).toBe(t("errors.unexpected"));
  });
});
