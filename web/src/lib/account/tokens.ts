/** Personal access tokens, which let programs of one's own in. */
import { opensUploads } from "./scopes.ts";

export interface Token {
  id: number;
  name: string;
  /** What it is good for, separated by blanks. */
  scope: string;
  /** Of what is uploaded with it; null: left to the file. */
  sport_id: number | null;
  created_at: string;
  /** Null: never. */
  expires_at: string | null;
  /** To within a few minutes; null: never. */
  last_used_at: string | null;
}

/** A token that has just been made; its secret is not told again. */
export interface NewToken extends Token {
  token: string;
}

/** Returns the address to which files can be sent with nothing but it. */
export function uploadAddress(origin: string, secret: string): string {
  return `${origin}/api/upload/${encodeURIComponent(secret)}`;
}

/** Returns what a phone has to know: the address for uploads, or else where the server is and the token, as JSON. */
export function forPhone(origin: string, made: NewToken): string {
  if (opensUploads(made.scope)) return uploadAddress(origin, made.token);
  return JSON.stringify({ url: origin, token: made.token });
}

/** Returns how long a token is good for in days, as the API wants it: nothing for ever. */
export function daysOf(choice: string, typed: number | null): number | undefined {
  if (choice === "never") return undefined;
  return choice === "other" ? (typed ?? undefined) : Number(choice);
}
