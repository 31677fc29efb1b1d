import type { Component } from "svelte";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { go, match, notedScroll, type Route, router, setQuery, startRouter } from "./router.svelte.ts";

describe("match", () => {
  test("finds the parameters of a path", () => {
    expect(match("/", "/")).toEqual({});
    expect(match("/workouts/:id", "/workouts/abc")).toEqual({ id: "abc" });
    expect(match("/workouts/:id/edit", "/workouts/abc/edit")).toEqual({ id: "abc" });
    expect(match("/admin/users/:name", "/admin/users/a%20b%2Fc")).toEqual({ name: "a b/c" });
    expect(match("/workouts", "/workouts/")).toEqual({});
  });

  test("finds nothing in the path of another page", () => {
    expect(match("/workouts/:id", "/workouts")).toBeUndefined();
    expect(match("/workouts/:id", "/workouts/")).toBeUndefined();
    expect(match("/workouts/:id", "/workouts/a/b")).toBeUndefined();
    expect(match("/workouts", "/Workouts")).toBeUndefined();
    expect(match("/admin/users/:name", "/admin/users/%E0%A4%A")).toBeUndefined();
    expect(match("/", "//")).toEqual({});
  });
});

const page = (name: string) => ({ default: name as unknown as Component });
const shownPage = () => router.page as unknown as string;

/** A page that comes when it is told to. */
let deliver = () => {};
let isBroken = false;

const table: Route[] = [
  { path: "/", access: "everybody", load: async () => page("home") },
  { path: "/list", access: "everybody", load: async () => page("list") },
  { path: "/list/add", access: "everybody", load: async () => page("add") },
  { path: "/list/:id", access: "everybody", load: async () => page("one") },
  {
    path: "/slow",
    access: "everybody",
    load: () => new Promise((resolve) => (deliver = () => resolve(page("slow")))),
  },
  {
    path: "/broken",
    access: "everybody",
    load: async () => {
      if (isBroken) throw new Error("no such chunk");
      return page("broken");
    },
  },
  { path: "/own", access: "user", load: async () => page("own") },
  { path: "/secret", access: "admin", load: async () => page("secret") },
];
const missing: Route = { path: "", access: "everybody", load: async () => page("missing") };

beforeAll(() => {
  startRouter(table, missing, (route) => {
    if (route.access === "user") return "/list?next=own";
    if (route.access === "admin") return missing;
    return undefined;
  });
});

beforeEach(async () => {
  document.body.innerHTML = `<main id="main" tabindex="-1"></main>`;
  isBroken = false;
  await go("/");
  await frame();
});

afterEach(() => vi.restoreAllMocks());

const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("going to a page", () => {
  test("shows it, with its parameters and its query", async () => {
    await go("/list/7?tab=map");
    expect([shownPage(), router.params.id, router.query.get("tab"), location.pathname]).toEqual([
      "one",
      "7",
      "map",
      "/list/7",
    ]);
    await go("/list/add");
    expect(shownPage()).toBe("add"); // before the one that has a parameter in its place
  });

  test("shows that there is none", async () => {
    await go("/nowhere");
    expect(shownPage()).toBe("missing");
    expect(location.pathname).toBe("/nowhere");
  });

  test("is decided by the guard", async () => {
    await go("/own");
    expect([shownPage(), location.pathname, location.search]).toEqual(["list", "/list", "?next=own"]);
    await go("/secret");
    expect([shownPage(), location.pathname]).toEqual(["missing", "/secret"]);
  });

  test("gives it the focus, so that a screen reader begins there", async () => {
    await go("/list");
    await frame();
    expect(document.activeElement?.id).toBe("main");
  });

  test("is forgotten when somebody has gone on meanwhile", async () => {
    const first = go("/slow");
    expect(router.isLoading).toBe(true);
    await go("/list");
    deliver();
    await first;
    expect([shownPage(), router.isLoading]).toEqual(["list", false]);
  });

  test("tells when its code cannot be had, and tries again", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const fetched = vi.spyOn(globalThis, "fetch");
    isBroken = true;
    fetched.mockResolvedValueOnce(new Response("{}"));
    await go("/broken");
    expect([router.hasFailed, router.page]).toEqual([true, undefined]);
    expect(router.failure).not.toMatchObject({ name: "ApiError" });
    fetched.mockRejectedValueOnce(new TypeError("Failed to fetch"));
    await go("/broken");
    expect(router.failure).toMatchObject({ status: 0 });
    isBroken = false;
    await go("/broken");
    expect([router.hasFailed, shownPage()]).toEqual([false, "broken"]);
  });
});

describe("a link", () => {
  function click(html: string, init: MouseEventInit = {}): boolean {
    document.getElementById("main")!.innerHTML = html;
    const target = document.querySelector("#main [data-here]") ?? document.querySelector("#main a")!;
    // What the router does not take is stopped here, for there is no browser to go anywhere.
    let isTaken = false;
    const stop = (event: Event) => {
      isTaken = event.defaultPrevented;
      event.preventDefault();
    };
    addEventListener("click", stop, { once: true });
    target.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, button: 0, ...init }));
    return isTaken;
  }

  test("to a page of ours is followed without loading anything anew", async () => {
    expect(click(`<a href="/list"><b data-here>List</b></a>`)).toBe(true);
    await settle();
    expect(shownPage()).toBe("list");
  });

  test("is left to the browser with a key held down, or another button", () => {
    for (const init of [{ ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { altKey: true }, { button: 1 }]) {
      expect(click(`<a href="/list">List</a>`, init), JSON.stringify(init)).toBe(false);
    }
    expect(shownPage()).toBe("home");
  });

  test("to anything else is left to the browser", () => {
    for (const html of [
      `<a href="https://example.com/list">Elsewhere</a>`,
      `<a href="/list" target="_blank">New window</a>`,
      `<a href="/list" download>File</a>`,
      `<a href="/api/workouts/1/gpx/download">File</a>`,
      `<a href="mailto:sam@example.com">Mail</a>`,
      `<a href="#main">Here</a>`,
      `<a>Nothing</a>`,
    ]) {
      expect(click(html), html).toBe(false);
    }
    expect(shownPage()).toBe("home");
  });

  test("that something else has taken is not followed", () => {
    document.getElementById("main")!.innerHTML = `<a href="/list">List</a>`;
    const link = document.querySelector("#main a")!;
    link.addEventListener("click", (event) => event.preventDefault());
    link.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    expect(location.pathname).toBe("/");
  });
});

describe("the query", () => {
  test("changes without another page", async () => {
    await go("/list");
    const before = history.length;
    setQuery(new URLSearchParams({ sport: "1" }));
    expect([location.search, router.query.get("sport"), shownPage()]).toEqual(["?sport=1", "1", "list"]);
    expect(history.length).toBe(before + 1);
    setQuery(new URLSearchParams({ sport: "2" }), { replace: true });
    expect([location.search, history.length]).toEqual(["?sport=2", before + 1]);
    setQuery(new URLSearchParams());
    expect([location.pathname, location.search]).toEqual(["/list", ""]);
  });
});

describe("going back", () => {
  /** happy-dom has no history to go back in: the browser would set the address and tell of it. */
  async function back(path: string, state: unknown): Promise<void> {
    history.replaceState(state, "", path);
    dispatchEvent(new PopStateEvent("popstate", { state }));
    await settle();
  }

  test("notes how far the page was scrolled before it is left", async () => {
    await go("/list");
    vi.spyOn(window, "scrollY", "get").mockReturnValue(321);
    const replace = vi.spyOn(history, "replaceState");
    await go("/list/1");
    expect(replace).toHaveBeenCalledWith({ scroll: 321 }, "");
  });

  test("returns to where somebody was, a new page begins at its top", async () => {
    const scrolls = vi.spyOn(window, "scrollTo").mockImplementation(() => {});
    await back("/list?sport=1", { scroll: 250 });
    expect([shownPage(), router.query.get("sport")]).toEqual(["list", "1"]);
    expect(scrolls).toHaveBeenLastCalledWith(0, 250);
    await go("/list/1");
    await frame();
    expect(scrolls).toHaveBeenLastCalledWith(0, 0);
  });

  test("by a link returns as well, if the link says how far", async () => {
    const scrolls = vi.spyOn(window, "scrollTo").mockImplementation(() => {});
    document.getElementById("main")!.innerHTML = `<a href="/list" data-scroll="250">List</a>`;
    document.querySelector<HTMLElement>("#main a")!.click();
    expect(notedScroll()).toBe(250);
    await settle();
    expect([shownPage(), scrolls.mock.lastCall]).toEqual(["list", [0, 250]]);
    await go("/list/1", { replace: true, scroll: 70 });
    await frame();
    expect([notedScroll(), scrolls.mock.lastCall]).toEqual([70, [0, 70]]);
    await go("/list");
    expect(notedScroll()).toBeUndefined();
  });

  test("waits for a page that is not long enough yet, unless somebody scrolls", async () => {
    const observers: ResizeObserverCallback[] = [];
    const stopped = vi.fn();
    vi.stubGlobal(
      "ResizeObserver",
      class {
        constructor(callback: ResizeObserverCallback) {
          observers.push(callback);
        }
        observe = () => {};
        disconnect = stopped;
      },
    );
    let length = 0;
    let scroll = 0;
    vi.spyOn(window, "scrollY", "get").mockImplementation(() => scroll);
    vi.spyOn(window, "scrollTo").mockImplementation(
      ((_x: number, y: number) => (scroll = Math.min(y, length))) as never,
    );
    const grow = (to: number) => {
      length = to;
      observers.at(-1)!([], {} as ResizeObserver);
    };
    await back("/list", { scroll: 900 });
    grow(400);
    expect([scroll, stopped.mock.calls.length]).toEqual([400, 0]);
    grow(2000);
    expect([scroll, stopped.mock.calls.length]).toEqual([900, 1]);

    length = scroll = 0;
    await back("/list/1", { scroll: 900 });
    dispatchEvent(new Event("wheel"));
    expect(stopped).toHaveBeenCalledTimes(2);
    vi.unstubAllGlobals();
  });
});
