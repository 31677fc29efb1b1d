/** Pages that make do with the first texts show no others. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import first from "./locales/en/first.ts";
import all from "./locales/en/index.ts";
import { missing, routes } from "./routes.ts";

/** Returns a page's file and all that it loads, now or later. */
function filesOf(page: string, found = new Set<string>()): Set<string> {
  if (found.has(page)) return found;
  found.add(page);
  for (const [, file] of readFileSync(page, "utf8").matchAll(/["'](\.[^"']+\.(?:svelte|ts))["']/g)) {
    const next = resolve(dirname(page), file!);
    if (!next.includes("/locales/") && !next.endsWith("routes.ts")) filesOf(next, found);
  }
  return found;
}

const light = [...routes, missing].filter((route) => route.texts === "first");

test.each(light.map((route) => [route.path, /pages\/\w+\.svelte/.exec(String(route.load))![0]]))(
  "%s needs no other texts",
  (_path, page) => {
    const areas = Object.keys(all).filter((area) => !(area in first));
    const quoted = new RegExp(`["'\`](?:${areas.join("|")})\\.\\w+`, "g");
    const foreign = [...filesOf(join(import.meta.dirname, page!))].flatMap((file) =>
      (readFileSync(file, "utf8").match(quoted) ?? []).map((key) => `${file.split("/src/")[1]}: ${key}`),
    );
    expect(foreign).toEqual([]);
  },
);

test("there are such pages", () => {
  expect(light.map((route) => route.path)).toContain("/");
});
