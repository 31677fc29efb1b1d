/**
 * Texts in the user's language. Each language is two chunks, in `locales/`: what the first pages need, and all. The keys of all languages
 * are the same.
 */
import { ApiError } from "./api.ts";
import { type Language, shown } from "./preferences.svelte.ts";
import type first from "../locales/en/first.ts";
import type en from "../locales/en/index.ts";

/** A text with `{names}` to fill in, or one for each of the plural forms that the language has, chosen by `count`. */
export type Text = string | Record<string, string>;

type English = typeof en;
type Translated<T> = { [A in keyof T]: { [N in keyof T[A]]: Text } };

/** Every text of a language, by area and name. */
export type Messages = Translated<English>;

/** The texts of the first pages. */
export type FirstMessages = Translated<typeof first>;

/** `area.name` of a text. */
export type Key = {
  [A in keyof English]: `${A & string}.${keyof English[A] & string}`;
}[keyof English];

export type Values = Record<string, string | number>;

/** How many texts are loaded. */
export type Extent = "first" | "all";

/** The sentences of the API are there with all texts only. */
type Dictionary = { default: FirstMessages & Partial<Messages>; api?: Record<string, string> };

const loaders: Record<Language, Record<Extent, () => Promise<Dictionary>>> = {
  en: { first: () => import("../locales/en/first.ts"), all: () => import("../locales/en/index.ts") },
  fr: { first: () => import("../locales/fr/first.ts"), all: () => import("../locales/fr/index.ts") },
  de: { first: () => import("../locales/de/first.ts"), all: () => import("../locales/de/index.ts") },
};

let dictionary = $state.raw<Dictionary | undefined>();
let extent: Extent = "first";

/** Loads the texts of the language that is shown: at least as many as were asked for before. */
export async function loadTexts(wanted: Extent = "first"): Promise<void> {
  if (wanted === "all") extent = "all";
  const language = shown.language;
  const asked = extent;
  const loaded = await loaders[language][asked]();
  if (language === shown.language && asked === extent) useTexts(language, loaded);
}

/** Shows these texts from now on. */
export function useTexts(language: Language, loaded: Dictionary): void {
  dictionary = loaded;
  document.documentElement.lang = language;
}

/** Returns a text. `count` chooses its plural form, and is written as the language writes numbers. */
export function t(key: Key, values: Values = {}): string {
  const [area, name] = key.split(".") as [keyof Messages, string];
  const text = (dictionary?.default[area] as Record<string, Text> | undefined)?.[name];
  if (text === undefined) return key;
  if (typeof text === "string") return fill(text, values);
  const form = new Intl.PluralRules(shown.language).select(Number(values.count ?? 0));
  return fill(text[form] ?? text.other ?? key, values);
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? new Intl.NumberFormat(shown.locale).format(value) : value;
  });
}

/** Returns why something failed, for the person at the screen. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) return t("errors.unexpected");
  if (error.status === 0) return t("errors.unreachable");
  if (error.status === 429) {
    const minutes = Math.ceil(error.retryAfterS / 60);
    return minutes > 1 ? t("errors.tooMany", { count: minutes }) : t("errors.tooManySoon");
  }
  if (error.status === 502 || error.status === 504) return t("errors.unreachable");
  if (error.messages.length === 0 && error.status === 413) return t("errors.tooLarge"); // a proxy with a limit of its own
  if (error.messages.length === 0 || error.status >= 500) return t("errors.server");
  return error.messages.map(translate).join(" ");
}

/** Returns a sentence of the API in the user's language; one that is not known stays as it is. */
export function translate(sentence: string): string {
  if (dictionary && !dictionary.api) void loadTexts("all"); // and what is shown changes once they are there
  const known = dictionary?.api ?? {};
  const exact = known[sentence];
  if (exact !== undefined) return exact;
  let closest = "";
  let found = sentence;
  for (const [pattern, text] of Object.entries(known)) {
    const values = matchSentence(pattern, sentence);
    if (!values || pattern.length < closest.length) continue;
    closest = pattern; // of two that match, the longer one leaves less to its {names}
    found = fill(text, values);
  }
  return found;
}

/** Returns what stands for the `{names}` of a pattern in a sentence. */
function matchSentence(pattern: string, sentence: string): Values | undefined {
  if (!pattern.includes("{")) return undefined;
  const escaped = pattern.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>.+?)");
  return new RegExp(`^${escaped}$`, "s").exec(sentence)?.groups;
}
