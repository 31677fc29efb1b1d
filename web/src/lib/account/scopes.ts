/** What programs can be allowed to do, by the names that the API has for it. */
import { type Key, t } from "../i18n.svelte.ts";

/** Opens addresses for uploads and nothing else; only personal tokens have it. */
export const uploadScope = "workouts:upload";

/** What an application can be allowed to do. */
export const appScopes = [
  "workouts:read",
  "workouts:write",
  "profile:read",
  "profile:write",
  "users:read",
  "users:write",
  "application:write",
];

/** What a personal token can be good for. */
export const tokenScopes = [uploadScope, ...appScopes];

/** Returns what a scope is made of; blanks stand between its parts (RFC 6749, 3.3). */
export function parts(scope: string): string[] {
  return [...new Set(scope.split(" ").filter((part) => part !== ""))];
}

/** Returns what a part of a scope allows, in words. */
export function inWords(part: string): string {
  return tokenScopes.includes(part) ? t(`apps.scope_${part.replace(":", "_")}` as Key) : part;
}

/** Tells whether a token of this scope can stand in an address for uploads: addresses are seen by more eyes than headers, so that it must be good for nothing but adding workouts. */
export function opensUploads(scope: string): boolean {
  const all = parts(scope);
  return all.length === 1 && (all[0] === uploadScope || all[0] === "workouts:write");
}
