import { expect, it } from "vitest";
import * as en from "../../locales/en/index.ts";
import { useTexts } from "../i18n.svelte.ts";
import { inWords, opensUploads, parts, tokenScopes } from "./scopes.ts";

it("takes a scope apart", () => {
  expect(parts("  workouts:read profile:read workouts:read ")).toEqual(["workouts:read", "profile:read"]);
  expect(parts("")).toEqual([]);
});

it("has words for every part", () => {
  useTexts("en", en);
  for (const scope of tokenScopes) expect(inWords(scope), scope).not.toMatch(/scope|:/);
  expect(inWords("sky:fly")).toBe("sky:fly");
});

it("knows which tokens the server takes in an address", () => {
  expect(opensUploads("workouts:upload")).toBe(true);
  expect(opensUploads("workouts:write")).toBe(true);
  expect(opensUploads("workouts:upload workouts:write")).toBe(false);
  expect(opensUploads("workouts:read")).toBe(false);
  expect(opensUploads("")).toBe(false);
});
