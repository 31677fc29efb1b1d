/**
 * Every sentence that the server may tell somebody at a screen has a translation. The sentences are looked up in the Go sources, so
 * that one that is new there, or written otherwise, fails here.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import de from "./de/api.json";
import en from "./en/api.json";
import fr from "./fr/api.json";

const root = join(import.meta.dirname, "../../..");

/** The packages that write problems; `cmd` talks to a terminal only. */
const packages = ["auth", "workout", "server", "assets", "track", "store", "mail", "backup", "problem"];

/** Kinds of problems that the pages have words of their own for, by the status. */
const toldByStatus = ["Failed", "Unavailable", "TooMany", "0"];

/** Sentences that nobody meets on a page. */
const neverMet: Record<string, string> = {
  "an address for uploads takes a token with the scope {} or {} alone": "for programs that post to such an address",
  "This page does not exist.": "of the server's own page of errors, for files that are not there",
  "the method is not allowed for the requested URL": "the pages use the methods that there are",
  "Map tile does not exist.": "of pictures, where no text is shown",
};

/** What stands for a part of a sentence whose words differ. */
const variants: Record<string, string[]> = {
  "Error during {} upload, file size ({}) exceeds {}.": [
    "Error during workout upload, file size ({}) exceeds {}.",
    "Error during picture upload, file size ({}) exceeds {}.",
    "Error during workout upload, file size (over {}) exceeds {}.",
    "Error during picture upload, file size (over {}) exceeds {}.",
  ],
  "there can be {} {} at most: delete one first": [
    "there can be {} applications at most: delete one first",
    "there can be {} tokens at most: delete one first",
  ],
};

/** Names in place of a sentence; what they stand for is found by the other rules of `sentencesOf`. */
const indirect = [
  "fault",
  "faults",
  "strings.TrimSpace(emailFault)",
  "text",
  "refused.Description",
  "problem.ErrInvalidPayload.Text",
];

/** Refusals in OAuth's words that come while somebody is asked for consent; the others are told to applications. */
const consent = ["Authorize", "checkChallenge"];
const consentErrors = ["errBadScope"];

interface Sentence {
  text: string;
  place: string;
}

function goFiles(): { place: string; source: string }[] {
  return packages.flatMap((name) =>
    readdirSync(join(root, name))
      .filter((file) => file.endsWith(".go") && !file.endsWith("_test.go"))
      .map((file) => ({ place: `${name}/${file}`, source: readFileSync(join(root, name, file), "utf8") })),
  );
}

/** Returns the arguments of a Go call or literal whose opening bracket is at `open`. */
function argumentsAt(source: string, open: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  for (let i = open; i < source.length; i++) {
    const c = source[i]!;
    if (c === '"' || c === "`" || c === "'") {
      const end = quoteEnd(source, i);
      part += source.slice(i, end + 1);
      i = end;
      continue;
    }
    if (")}]".includes(c) && --depth === 0) break;
    if (c === "," && depth === 1) {
      parts.push(part.trim());
      part = "";
    } else if (depth > 0) {
      part += c;
    }
    if ("({[".includes(c)) depth++;
  }
  if (part.trim() !== "") parts.push(part.trim());
  return parts;
}

function quoteEnd(source: string, start: number): number {
  const quote = source[start];
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === "\\" && quote !== "`") i++;
    else if (source[i] === quote) return i;
  }
  return source.length;
}

/** Returns what a Go expression of text says, `{}` for what is not known before; undefined if nothing of it is known. */
function sayings(expression: string): string | undefined {
  const call = /^fmt\.Sprintf\s*\(/.exec(expression);
  if (call) {
    const [format = ""] = argumentsAt(expression, call[0].length - 1);
    return sayings(format)?.replace(/%[+#0-9.]*[a-z]/g, "{}");
  }
  let text = "";
  let isKnown = false;
  for (let i = 0; i < expression.length; i++) {
    const c = expression[i]!;
    if (c === '"' || c === "`") {
      const end = quoteEnd(expression, i);
      const literal = expression.slice(i, end + 1);
      text += c === "`" ? literal.slice(1, -1) : (JSON.parse(literal) as string);
      isKnown = true;
      i = end;
    } else if (/[\w.]/.test(c)) {
      text += "{}";
      while (i + 1 < expression.length && /[\w.]/.test(expression[i + 1]!)) i++;
      if (expression[i + 1] === "(") i += skipBrackets(expression, i + 1);
    }
  }
  return isKnown ? text : undefined;
}

/** Returns how many characters there are from an opening bracket to its end. */
function skipBrackets(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === '"') i = quoteEnd(text, i);
    else if (text[i] === "(") depth++;
    else if (text[i] === ")" && --depth === 0) return i - open + 1;
  }
  return text.length - open;
}

function withoutComments(source: string): string {
  return source.replace(/^(\s*)\/\/.*$/gm, "$1").replace(/\s\/\/ [^"`\n]*$/gm, "");
}

function lineOf(source: string, at: number): number {
  return source.slice(0, at).split("\n").length;
}

/** Returns the name of the function, or the variable, that a place in a source is in. */
function ownerOf(source: string, at: number): string {
  const names = [...source.slice(0, at).matchAll(/^(?:func (?:\([^)]*\) )?|var |\t)(\w+)(?=\(| +=)/gm)];
  return names.at(-1)?.[1] ?? "";
}

/** Finds what one Go file may tell a client. */
function sentencesOf(place: string, given: string, unknown: string[]): Sentence[] {
  const source = withoutComments(given);
  const found: Sentence[] = [];
  const add = (expression: string | undefined, at: number) => {
    if (expression === undefined) return;
    const text = sayings(expression);
    if (text === "") return;
    if (text !== undefined) found.push({ text: text.trim(), place: `${place}:${lineOf(source, at)}` });
    else if (!indirect.includes(expression)) unknown.push(`${place}:${lineOf(source, at)}: ${expression}`);
  };
  for (const call of source.matchAll(/(?:problem\.|^var \w+ = )(?:New|Wrap)\(/gm)) {
    const [kind, text] = argumentsAt(source, call.index + call[0].length - 1);
    if (!toldByStatus.includes(kind!.replace("problem.", ""))) add(text, call.index);
  }
  for (const literal of source.matchAll(/problem\.Error\{/g)) {
    const parts = argumentsAt(source, literal.index + literal[0].length - 1);
    const part = (name: string) => parts.find((one) => one.startsWith(`${name}:`))?.replace(/^\w+:\s*/, "");
    if (part("List") !== undefined) continue; // of faults
    if (!toldByStatus.includes(part("Kind")?.replace("problem.", "") ?? "")) add(part("Text"), literal.index);
  }
  for (const literal of source.matchAll(/&OAuthError\{/g)) {
    const owner = ownerOf(source, literal.index);
    if (!consent.includes(owner) && !consentErrors.includes(owner)) continue;
    const description = argumentsAt(source, literal.index + literal[0].length - 1)
      .find((one) => one.startsWith("Description:"))
      ?.replace(/^\w+:\s*/, "");
    if (description !== "e.Description") add(description, literal.index); // which is one of the others
  }
  // Faults are collected before a problem is made of them: assigned to a name, returned by a function that is called so, or in a table.
  const names = source.includes('"fittrackee/problem"') ? "\\w*[fF]aults?|text" : "\\w*[fF]aults?";
  const assigned = new RegExp(`^.*\\b(?:${names})\\b\\s*(?:\\+=|:=|=)\\s*((?:"|fmt\\.Sprintf\\()[^\\n]*)$`, "gm");
  for (const line of source.matchAll(assigned)) add(line[1], line.index);
  for (const line of source.matchAll(/append\(faults, (?=["f]mt\.|")/g)) {
    add(argumentsAt(source, line.index + "append".length)[1], line.index);
  }
  for (const body of source.matchAll(
    /^func (?:\([^)]*\) )?\w*[fF]ault\([^\n]*\) \(?(?:fault )?string\)? \{\n(.*?)^\}/gms,
  )) {
    for (const line of body[1]!.matchAll(/return (fmt\.Sprintf\(|")/g)) {
      const at = body.index + body[0].indexOf(body[1]!) + line.index;
      const expression = argumentsAt(`(${source.slice(at + "return ".length).split(/\n(?!\t*")/)[0]!})`, 0).join(", ");
      if (expression !== '""') add(expression, at);
    }
  }
  for (const line of source.matchAll(/^\t+\{c\.\w+, \w+, ("[^\n]*")\},$/gm)) add(line[1], line.index);
  return found;
}

function allSentences(): { sentences: Sentence[]; unknown: string[] } {
  const unknown: string[] = [];
  const sentences = goFiles().flatMap(({ place, source }) => sentencesOf(place, source, unknown));
  const spread = sentences.flatMap((one) => variants[one.text]?.map((text) => ({ ...one, text })) ?? [one]);
  return { sentences: spread, unknown };
}

/** Returns a key of api.json with nothing but `{}` for its names, as the sentences have it. */
const nameless = (key: string) => key.replace(/\{\w+\}/g, "{}");

describe("what the server says", () => {
  const { sentences, unknown } = allSentences();

  test("is found in the Go sources", () => {
    expect(unknown, "expressions that this test cannot read").toEqual([]);
    const texts = sentences.map((one) => one.text);
    // One of each way to write it.
    for (const text of [
      "invalid credentials",
      "email: valid email must be provided",
      'username: only alphanumeric characters and the underscore character "_" allowed',
      "password: 1024 bytes at most",
      "name: 1 to {} characters required",
      "OAuth2 client metadata missing keys: {}",
      "OAuth2 client invalid scopes",
      "Max. size of zip archive must be greater than 0",
      "Error during picture upload, file size ({}) exceeds {}.",
      "Error during workout upload, size of {} exceeds {}.",
      'The "redirect_uri" is not a registered one.',
      "The requested scope is invalid, unknown, or malformed.",
      "invalid payload",
    ]) {
      expect(texts).toContain(text);
    }
  });

  test("has a translation", () => {
    const known = new Set(Object.keys(en).map(nameless));
    const missing = sentences.filter(({ text }) => !known.has(text) && neverMet[text] === undefined);
    expect(missing.map(({ text, place }) => `${place}: ${text}`)).toEqual([]);
  });

  test("is all that is translated", () => {
    const said = new Set(sentences.map((one) => one.text));
    expect(Object.keys(en).filter((key) => !said.has(nameless(key)))).toEqual([]);
    expect(Object.keys(neverMet).filter((text) => !said.has(text))).toEqual([]);
  });

  test("is a sentence in every language", () => {
    for (const [name, texts] of Object.entries({ en, fr, de })) {
      for (const [key, text] of Object.entries(texts)) expect(text, `${name}: ${key}`).toMatch(/^[A-ZÀ-Ý].*[.]$/s);
    }
  });
});
