/** Who is at the screen, and what the instance is. The session's token is kept in this browser until somebody logs out. */
import { ApiError, call, onRefused, useToken } from "./api.ts";
import { loadTexts } from "./i18n.svelte.ts";
import * as keep from "./keep.ts";
import { applyPreferences } from "./preferences.svelte.ts";
import { go, hidePage, refresh } from "./router.svelte.ts";
import type { Config, OwnUser, Sport, Start } from "./types.ts";

const tokenName = "token";

/** When the account was read last, in milliseconds since the page was opened. */
let readAtMs = 0;

class Session {
  /** Null: nobody has logged in. */
  user = $state.raw<OwnUser | null>(null);
  config = $state.raw<Config>() as Config;
  start = $state.raw<Start>() as Start;
  /** Counts up when the account's picture changes, so that it is asked for again. */
  pictureVersion = $state(0);
  /** All sports of the instance. */
  sports = $state.raw<Sport[]>([]);
}

export const session = new Session();

onRefused(() => void expire());

/** Asks the server for all that every page needs. It fails with an ApiError if the server does not answer. */
export async function startSession(): Promise<void> {
  const token = keep.get(tokenName);
  setToken(token);
  addEventListener("storage", (event) => void followOtherTabs(event));
  const [config, start, account] = await Promise.all([
    call<{ data: Config }>("GET", "/api/config"),
    call<{ data: Start }>("GET", "/api/start"),
    token ? loadAccount().catch(notLoggedIn) : null,
    loadTexts(), // the browser's language is a good guess, so they need not come last
  ]);
  session.config = config.data;
  session.start = start.data;
  useAccount(account);
  await loadTexts();
}

interface Account {
  user: OwnUser;
  sports: Sport[];
}

async function loadAccount(): Promise<Account> {
  const [user, sports] = await Promise.all([
    call<{ data: OwnUser }>("GET", "/api/auth/profile"),
    call<{ data: { sports: Sport[] } }>("GET", "/api/sports"),
  ]);
  return { user: user.data, sports: sports.data.sports };
}

/** A session that has ended meanwhile is none; a server that does not answer is another matter. */
function notLoggedIn(error: unknown): null {
  if (error instanceof ApiError && error.status === 401) {
    setToken(null);
    return null;
  }
  throw error;
}

function useAccount(account: Account | null): void {
  readAtMs = performance.now();
  session.user = account?.user ?? null;
  session.sports = account?.sports ?? [];
  applyPreferences(session.user);
}

function setToken(token: string | null): void {
  useToken(token);
  keep.set(tokenName, token);
}

/** Begins a session with a token that the API gave, and goes where somebody wanted to go. */
export async function logIn(token: string, target = "/"): Promise<void> {
  if (session.user) await finishWork(); // of somebody who is still logged in
  setToken(token);
  try {
    useAccount(await loadAccount());
  } catch (error) {
    setToken(null);
    throw error;
  }
  if (session.start.is_setup_needed && session.user?.admin)
    session.start = { ...session.start, is_setup_needed: false };
  await loadTexts();
  await go(target, { replace: true });
}

const logOutWorks: (() => Promise<unknown>)[] = [];

/** Has something done before the session is ended, which it needs. */
export function beforeLogOut(work: () => Promise<unknown>): void {
  logOutWorks.push(work);
}

/** Ends the session. If the server cannot be told, the session is in the list of the account's, and its token is gone from here. */
export async function logOut(): Promise<void> {
  await endSession().catch(() => {});
  await leave("/login");
}

/** Ends all sessions of the account, this one last. It fails if the server does not answer; then it can be tried again. */
export async function logOutEverywhere(): Promise<void> {
  await call("DELETE", "/api/auth/sessions");
  await endSession();
  await leave("/login");
}

/** Has done what needs the session, and tells the server that it ends. */
async function endSession(): Promise<void> {
  await finishWork();
  await soon(call("POST", "/api/auth/logout", { keepalive: true }));
}

async function finishWork(): Promise<void> {
  await soon(Promise.allSettled(logOutWorks.map((work) => work())));
}

/** How long somebody who leaves waits for the server, in milliseconds: it may not answer at all. */
const patienceMs = 3_000;

/** Waits for work, but not for long. */
async function soon(work: Promise<unknown>): Promise<void> {
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
}

/** Leaves an account that is gone, or whose session has ended by something that was done here. */
export async function leave(target: string): Promise<void> {
  setToken(null);
  hidePage(); // it may be about the account
  useAccount(null);
  await loadTexts();
  await go(target, { replace: true });
}

/** Leads to the login, and back from there, when the session has ended elsewhere. */
async function expire(): Promise<void> {
  if (session.user === null) return;
  await leave(`/login?expired=1&next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** Returns where a login leads to: only pages of ours. */
export function nextPage(query: URLSearchParams): string {
  const next = query.get("next") ?? "";
  if (!next.startsWith("/") || !URL.canParse(next, location.origin)) return "/";
  const url = new URL(next, location.origin);
  // A path of two slashes would be another host's address once more, as would be "/.//host" after it was put in order.
  return url.origin === location.origin && !url.pathname.startsWith("//") ? url.pathname + url.search : "/";
}

/** Reads the account again after a change, and shows everything as it wants now. */
export async function reloadAccount(): Promise<void> {
  useAccount(await loadAccount());
  await loadTexts();
}

/** For how long what was read of an account is taken for new, in milliseconds. */
const freshMs = 3_000;

/** Returns the account with the figures that it has now: those of its workouts change with them. */
export async function freshUser(signal?: AbortSignal): Promise<OwnUser> {
  if (session.user && performance.now() - readAtMs < freshMs) return session.user;
  const { data } = await call<{ data: OwnUser }>("GET", "/api/auth/profile", { signal });
  await takeUser(data);
  return data;
}

/** Takes over an account that the API has just told, without asking again. */
export async function takeUser(user: OwnUser): Promise<void> {
  readAtMs = performance.now();
  session.user = user;
  applyPreferences(user);
  await loadTexts();
}

/** Logging in or out in one tab counts in the others. What belongs to one account is never sent with the token of another one. */
async function followOtherTabs(event: StorageEvent): Promise<void> {
  if (event.key !== tokenName && event.key !== null) return;
  const token = keep.get(tokenName);
  if (token === null) {
    if (session.user) await leave("/login");
    return;
  }
  try {
    const { data: user } = await call<{ data: OwnUser }>("GET", "/api/auth/profile", { token });
    if (session.user && session.user.username !== user.username) {
      location.reload();
      return;
    }
    useToken(token);
    await reloadAccount();
    await refresh();
  } catch {
    location.reload();
  }
}
