/** The texts of all languages fit together, and to the pages that show them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Text } from "../lib/i18n.svelte.ts";

const languages = ["en", "fr", "de"] as const;

type Texts = Record<string, Text>;

/** Texts that another language has as English has them. Others are taken for forgotten ones. */
const sameAsEnglish: Record<string, string[]> = {
  fr: [
    "Admin",
    "Administration",
    "Applications",
    "Contact",
    "Date",
    "Description",
    "Distance",
    "E-mail",
    "Halfbike",
    "Minutes",
    "Notes",
    "Pages",
    "Pauses",
    "Records",
    "Segment",
    "Segment {number}",
    "Segments",
    "Sport",
    "Sports",
    "Swimrun",
    "Total",
    "Trail",
    "Version",
    "Zoom",
  ],
  de: [
    "Admin",
    "Administration",
    "Halfbike",
    "Name",
    "Start",
    "Swimrun",
    "System",
    "Version",
    "Website",
    "Wind",
    "optional",
  ],
};

const areas = readdirSync(join(import.meta.dirname, "en"))
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(".json", ""));

function read(language: string, area: string): Texts {
  return JSON.parse(readFileSync(join(import.meta.dirname, language, `${area}.json`), "utf8")) as Texts;
}

const forms = (text: Text): string[] => (typeof text === "string" ? [text] : Object.values(text));

const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].sort();

/** Returns the plural forms that a language has for whole numbers. */
function pluralForms(language: string): string[] {
  const rules = new Intl.PluralRules(language);
  const numbers = [...Array(200).keys(), 1_000_000, 1_500_000, 0.5];
  return [...new Set(numbers.map((n) => rules.select(n)))].sort();
}

/** Returns the sources of the pages, without tests. */
function sources(): string[] {
  const src = join(import.meta.dirname, "..");
  return readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(svelte|ts)$/.test(name) && !name.endsWith(".test.ts") && !name.startsWith("locales"))
    .map((name) => readFileSync(join(src, name), "utf8"));
}

describe.each(areas)("%s", (area) => {
  const english = read("en", area);

  test.each(languages.slice(1))("has in %s the keys that it has in English", (language) => {
    expect(Object.keys(read(language, area)).sort()).toEqual(Object.keys(english).sort());
  });

  test.each(languages)("is sorted in %s", (language) => {
    const keys = Object.keys(read(language, area));
    const byCode = keys.toSorted((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
    const byAlphabet = keys.toSorted(new Intl.Collator("en", { numeric: true }).compare);
    expect([byCode.join(), byAlphabet.join()]).toContain(keys.join());
  });

  test.each(languages)("has no empty text in %s, and none that begins or ends with a space", (language) => {
    for (const [key, text] of Object.entries(read(language, area))) {
      for (const form of forms(text)) {
        expect(form, key).not.toBe("");
        expect(form.trim(), key).toBe(form);
      }
    }
  });

  test.each(languages)("has in %s the plural forms of the language", (language) => {
    for (const [key, text] of Object.entries(read(language, area))) {
      expect(typeof text, key).toBe(typeof english[key]);
      if (typeof text !== "string") expect(Object.keys(text).sort(), key).toEqual(pluralForms(language));
    }
  });

  test.each(languages.slice(1))("has in %s the {names} that it has in English", (language) => {
    const texts = read(language, area);
    for (const [key, text] of Object.entries(english)) {
      const wanted = [...new Set(forms(text).flatMap(names))].sort();
      expect([...new Set(forms(texts[key]!).flatMap(names))].sort(), key).toEqual(wanted);
    }
  });

  test.each(["fr", "de"] as const)("is translated in %s", (language) => {
    const texts = read(language, area);
    for (const [key, text] of Object.entries(english)) {
      const isSaying = forms(text).some((form) => /\p{L}{3}/u.test(form.replace(/\{\w+\}/g, "")));
      if (!isSaying || JSON.stringify(texts[key]) !== JSON.stringify(text)) continue;
      expect(sameAsEnglish[language], key).toContain(text);
    }
  });

  test.each(["fr", "de"] as const)("is typeset in %s as its language is", (language) => {
    for (const [key, text] of Object.entries(read(language, area))) {
      for (const form of forms(text)) {
        expect(form, `${key}: a typewriter's apostrophe`).not.toMatch(/\p{L}'\p{L}/u);
        if (language === "fr" && !form.includes("Authorization:"))
          expect(form, `${key}: no space before it`).not.toMatch(/[\p{L}\d}](?:[!?;»]|:(?:\s|$))/u);
      }
    }
  });
});

test("every text is used, and every text that is used is there", () => {
  const all = sources().join("\n");
  const quoted = new Set([...all.matchAll(/["'`](\w+\.\w+)["'`]/g)].map(([, key]) => key!));
  // `sports.${id}` uses all that begin so.
  const beginnings = [...all.matchAll(/`((?:\w+)\.\w*)\$\{/g)].map(([, beginning]) => beginning!);
  const keys = areas
    .filter((area) => area !== "api")
    .flatMap((area) => Object.keys(read("en", area)).map((key) => `${area}.${key}`));
  const unused = keys.filter((key) => !quoted.has(key) && !beginnings.some((beginning) => key.startsWith(beginning)));
  expect(unused).toEqual([]);
  const isKey = new RegExp(`^(?:${areas.join("|")})\\.\\w+$`);
  const asked = [...all.matchAll(/\bt\(\s*["']([^"']+)["']/g)].map(([, key]) => key!);
  expect(asked.filter((key) => !isKey.test(key) || !keys.includes(key))).toEqual([]);
});
