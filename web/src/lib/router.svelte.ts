/**
 * Which page is shown. A page is a path of the table in routes.ts; its query and its parameters are here for it to read.
 *
 * The routers for Svelte that were looked at take clicks with a key held down for themselves, and forget how far a page was scrolled.
 */
import type { Component } from "svelte";
import { ApiError, call } from "./api.ts";
import { type Extent, loadTexts } from "./i18n.svelte.ts";

/** One line of the table of pages. */
export interface Route {
  /** Its path; `:name` stands for one part, which the page finds in `router.params`. */
  path: string;
  /** Who sees it: everybody, those who are logged in, or administrators. */
  access: "everybody" | "user" | "admin";
  load: () => Promise<{ default: Component }>;
  /** Which texts it needs; all, if it does not say. */
  texts?: Extent;
}

/** Returns where somebody is to go who may not see a page yet, or which page they see in its place. */
export type Guard = (route: Route) => string | Route | undefined;

class Router {
  path = $state(location.pathname);
  query = $state.raw(new URLSearchParams(location.search));
  params = $state.raw<Record<string, string>>({});
  /** Undefined until the first page has been loaded. */
  page = $state.raw<Component | undefined>();
  route = $state.raw<Route | undefined>();
  /** Whether another page is on its way. */
  isLoading = $state(false);
  /** Whether the code of a page could not be had. */
  hasFailed = $state(false);
  /** Why it could not. */
  failure = $state.raw<unknown>();
}

export const router = new Router();

let routes: Route[] = [];
let guard: Guard = () => undefined;
let fallback: Route;
let latest = 0;

/** Starts to follow links and the browser's history. */
export function startRouter(table: Route[], missing: Route, newGuard: Guard): void {
  routes = table;
  fallback = missing;
  guard = newGuard;
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => void show(notedScroll() ?? 0));
  addEventListener("click", followLink);
  addEventListener("pagehide", noteScroll);
  void show(notedScroll() ?? 0);
}

interface Way {
  /** Whether the present page is not returned to. */
  replace?: boolean;
  /** How far the page was scrolled that this is a return to. */
  scroll?: number;
}

/** Goes to a page of ours. A link does the same; it says as `data-scroll` how far the page was scrolled. */
export function go(target: string, { replace = false, scroll }: Way = {}): Promise<void> {
  const state = scroll === undefined ? {} : { scroll };
  if (replace) {
    history.replaceState(state, "", target);
  } else {
    noteScroll();
    history.pushState(state, "", target);
  }
  return show(scroll ?? 0);
}

/** Changes the query of the present page, which stays. */
export function setQuery(query: URLSearchParams, options: { replace?: boolean } = {}): void {
  const target = query.size > 0 ? `${location.pathname}?${query}` : location.pathname;
  if (options.replace) history.replaceState(history.state, "", target);
  else history.pushState({}, "", target);
  router.query = query;
}

/** Tries once more to show a page that could not be loaded. The code of another version of the program is had by loading all again. */
export async function retry(): Promise<void> {
  if (router.failure instanceof ApiError) await refresh();
  else location.reload();
}

/** Takes the present page away before something is gone that it shows. Another one is gone to next. */
export function hidePage(): void {
  router.page = undefined;
}

/** Asks the guard again, after somebody has logged in or out. */
export function refresh(): Promise<void> {
  return show(scrollY);
}

/** Loads the code of a page and its texts. */
export async function loadPage(route: Route): Promise<Component> {
  const [page] = await Promise.all([route.load(), loadTexts(route.texts ?? "all")]);
  return page.default;
}

/** Returns how far the page was scrolled when it was left, if it is returned to. */
export function notedScroll(): number | undefined {
  return (history.state as { scroll?: number } | null)?.scroll;
}

/** Remembers how far the page is scrolled, for when it is returned to. */
function noteScroll(): void {
  history.replaceState({ ...(history.state as object), scroll: scrollY }, "");
}

function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.hasAttribute("download") || !link.hasAttribute("href")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.pathname.startsWith("/api/")) return;
  if (url.hash && url.pathname === location.pathname && url.search === location.search) return;
  event.preventDefault();
  const { scroll } = link.dataset;
  void go(url.pathname + url.search + url.hash, { scroll: scroll === undefined ? undefined : Number(scroll) });
}

/** Returns the parameters of a path if it is the route's. */
export function match(route: string, path: string): Record<string, string> | undefined {
  const wanted = route.split("/");
  const parts = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const given = parts[i] ?? "";
    if (part.startsWith(":") && given !== "") {
      try {
        params[part.slice(1)] = decodeURIComponent(given);
      } catch {
        return undefined;
      }
    } else if (part !== given) {
      return undefined;
    }
  }
  return params;
}

/** Returns the first line of a table that a path is one of, with its parameters. */
export function findRoute(table: Route[], path: string): { route: Route; params: Record<string, string> } | undefined {
  for (const route of table) {
    const params = match(route.path, path);
    if (params) return { route, params };
  }
  return undefined;
}

/** How long a page may take to become as long as it was. */
const growthMs = 5_000;

let stopRestoring: () => void = () => {};

/** Scrolls to where somebody was, as soon as the page is long enough for that: what is on it may still be on its way. */
function restoreScroll(scroll: number): void {
  stopRestoring();
  scrollTo(0, scroll);
  if (Math.ceil(scrollY) >= scroll) return;
  const growth = new ResizeObserver(() => {
    scrollTo(0, scroll);
    if (Math.ceil(scrollY) >= scroll) stopRestoring();
  });
  const acts = ["wheel", "touchstart", "pointerdown", "keydown"]; // whoever has begun to read is left alone
  const timer = setTimeout(() => stopRestoring(), growthMs);
  stopRestoring = () => {
    growth.disconnect();
    clearTimeout(timer);
    for (const act of acts) removeEventListener(act, stopRestoring);
    stopRestoring = () => {};
  };
  for (const act of acts) addEventListener(act, stopRestoring, { passive: true });
  growth.observe(document.body);
}

async function show(scroll: number): Promise<void> {
  const turn = ++latest;
  const path = location.pathname;
  const { route, params } = findRoute(routes, path) ?? { route: fallback, params: {} };
  const instead = guard(route);
  if (typeof instead === "string") return go(instead, { replace: true });
  const found = instead ?? route;
  router.isLoading = true;
  let page: Component | undefined;
  let failure: unknown;
  try {
    page = await loadPage(found);
  } catch (error) {
    console.warn("the page could not be loaded", error);
    // It does not tell whether the server answers.
    failure = await call("GET", "/api/ping").then(
      () => error,
      (reason: unknown) => reason,
    );
  }
  if (turn !== latest) return; // somebody has gone on meanwhile
  const isOther = router.route !== found || router.path !== path;
  router.hasFailed = page === undefined;
  router.failure = failure;
  router.isLoading = false;
  router.path = path;
  router.query = new URLSearchParams(location.search);
  router.params = params;
  router.route = found;
  router.page = page;
  if (!isOther) return;
  requestAnimationFrame(() => {
    restoreScroll(scroll);
    // A screen reader and the keyboard begin at the new page, as after loading one.
    if (turn > 1) document.getElementById("main")?.focus({ preventScroll: true });
  });
}
