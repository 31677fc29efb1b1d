/** What an application asks for in the address of the consent page (RFC 6749, 4.1.1), and how it is answered. */
import { parts } from "./scopes.ts";

/** An application that somebody has registered. */
export interface App {
  client_description: string | null;
  client_id: string;
  /** Told once, when the application is new. */
  client_secret?: string;
  id: number;
  issued_at: string;
  name: string;
  redirect_uris: string[];
  scope: string;
  website: string;
}

/** Why nothing can be allowed. With a target, the application can be told; without one, nobody is sent anywhere. */
export interface Refusal {
  reason: "unclear" | "address" | "response" | "scope";
  target?: string;
}

/** What can be allowed: these scopes and no others; the answer goes to the target. */
export interface Request {
  scopes: string[];
  target: string;
}

/** Judges what is asked for by what the application is registered with. */
export function judge(query: URLSearchParams, app: App): Request | Refusal {
  // Nobody can tell which one counts of two (RFC 6749, 3.1).
  if (new Set(query.keys()).size !== query.size) return { reason: "unclear" };
  const address = query.get("redirect_uri") || app.redirect_uris[0];
  if (address === undefined || !app.redirect_uris.includes(address)) return { reason: "address" };
  const refusal = (reason: Refusal["reason"], error: string): Refusal => ({
    reason,
    target: answerTo(address, query, { error }),
  });
  if (query.get("response_type") !== "code") return refusal("response", "unsupported_response_type");
  const registered = parts(app.scope);
  const scopes = parts(query.get("scope") ?? "").filter((scope) => registered.includes(scope));
  if (scopes.length === 0) return refusal("scope", "invalid_scope");
  return { scopes, target: address };
}

/** Returns an address of the application's with an answer, and with the state that it wants back. */
export function answerTo(address: string, query: URLSearchParams, answer: Record<string, string>): string {
  const given = new URLSearchParams(answer);
  const state = query.get("state");
  if (state !== null) given.set("state", state);
  return `${address}${address.includes("?") ? "&" : "?"}${given}`;
}

/** Returns the form with which the API is told that the user agrees. */
export function agreement(query: URLSearchParams, scopes: string[]): URLSearchParams {
  const form = new URLSearchParams({ confirm: "true", scope: scopes.join(" ") });
  for (const name of [
    "client_id",
    "response_type",
    "state",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
  ]) {
    const value = query.get(name);
    if (value !== null) form.set(name, value);
  }
  return form;
}
