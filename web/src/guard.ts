/** Who gets to see which page, and what is loaded before that is known. */
import { findRoute, loadPage, type Route } from "./lib/router.svelte.ts";
import { session } from "./lib/session.svelte.ts";
import { missing, routes } from "./routes.ts";

/** Leads to the login, or to the making of the first account, before what needs them; what is not for somebody is not there. */
export function guard(route: Route): string | Route | undefined {
  const { is_setup_needed: isSetupNeeded } = session.start;
  if (isSetupNeeded && route.path === "/" && !session.user) return "/setup"; // others can log in before there is an administrator
  if (!isSetupNeeded && route.path === "/setup") return "/";
  if (route.access !== "everybody" && !session.user) {
    const here = location.pathname + location.search;
    return here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`;
  }
  if (route.access === "admin" && !session.user?.admin) return missing;
  return undefined;
}

/** Begins to load a page while it is not known yet who is at the screen. */
export function preload(path: string): void {
  const route = findRoute(routes, path)?.route;
  if (route) loadPage(route).catch(() => {}); // tried again, and told, when the page is shown
}
