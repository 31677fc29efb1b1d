import type { Component } from "svelte";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { guard } from "../guard.ts";
import { missing, routes } from "../routes.ts";
import { call } from "./api.ts";
import { go, router, startRouter } from "./router.svelte.ts";
import {
  beforeLogOut,
  leave,
  logIn,
  logOut,
  logOutEverywhere,
  nextPage,
  session,
  startSession,
} from "./session.svelte.ts";

/** What the server answers, by method and path. */
let answers: Record<string, [status: number, body: unknown]>;
let asked: { name: string; token: string | null }[];

const user = (name: string, admin = false) => ({ data: { username: name, admin, language: "en", timezone: "UTC" } });
const ended = { status: "error", message: "invalid token, please log in again" };

beforeAll(() => {
  const blank = routes.map((route) => ({
    ...route,
    load: async () => ({ default: route.path as unknown as Component }),
  }));
  session.start = { is_setup_needed: false, has_tiles: false };
  startRouter(blank, { ...missing, load: async () => ({ default: "missing" as unknown as Component }) }, guard);
});

beforeEach(() => {
  asked = [];
  answers = {
    "GET /api/config": [200, { data: { version: "1" } }],
    "GET /api/start": [200, { data: { is_setup_needed: false, has_tiles: false } }],
    "GET /api/auth/profile": [200, user("sam")],
    "GET /api/sports": [200, { data: { sports: [{ id: 1 }] } }],
    "POST /api/auth/logout": [200, {}],
    "DELETE /api/auth/sessions": [200, {}],
    "POST /api/work": [200, {}],
  };
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const name = `${init.method} ${path}`;
    asked.push({ name, token: (init.headers as Headers).get("Authorization") });
    const [status, body] = answers[name] ?? [404, {}];
    if (status === 0) throw new TypeError("Failed to fetch");
    return new Response(JSON.stringify(body), { status });
  });
});

afterEach(async () => {
  answers["POST /api/auth/logout"] = [200, {}];
  await leave("/login");
  vi.unstubAllGlobals();
});

const settle = () => new Promise((resolve) => setTimeout(resolve, 30));
const here = () => location.pathname + location.search;

describe("starting", () => {
  test("without a token asks for no account", async () => {
    await startSession();
    expect(session.user).toBeNull();
    expect(asked.map((one) => one.name).sort()).toEqual(["GET /api/config", "GET /api/start"]);
  });

  test("with a token takes up the session", async () => {
    localStorage.setItem("token", "kept");
    await startSession();
    expect(session.user?.username).toBe("sam");
    expect(session.sports).toHaveLength(1);
    expect(asked.find((one) => one.name === "GET /api/auth/profile")?.token).toBe("Bearer kept");
  });

  test("with a token that has ended is starting without", async () => {
    localStorage.setItem("token", "old");
    answers["GET /api/auth/profile"] = [401, ended];
    await startSession();
    expect(session.user).toBeNull();
    expect(localStorage.getItem("token")).toBeNull();
  });

  test("without a server fails, and keeps the token for later", async () => {
    localStorage.setItem("token", "kept");
    answers["GET /api/auth/profile"] = [0, {}];
    await expect(startSession()).rejects.toMatchObject({ status: 0 });
    expect(localStorage.getItem("token")).toBe("kept");
  });
});

describe("a session", () => {
  beforeEach(async () => {
    await startSession();
    await logIn("fresh");
  });

  test("begins with a login, and ends with a logout", async () => {
    expect([session.user?.username, localStorage.getItem("token"), here()]).toEqual(["sam", "fresh", "/"]);
    await logOut();
    expect([session.user, localStorage.getItem("token"), here()]).toEqual([null, null, "/login"]);
    expect(asked.find((one) => one.name === "POST /api/auth/logout")?.token).toBe("Bearer fresh");
  });

  test("takes the page with it, which would look for its account", async () => {
    await go("/statistics");
    const left = leave("/login");
    expect([session.user, router.page]).toEqual([null, undefined]);
    await left;
    expect(router.page).toBe("/login");
  });

  test("ends here even if the server cannot be told", async () => {
    answers["POST /api/auth/logout"] = [0, {}];
    await logOut();
    expect([session.user, localStorage.getItem("token")]).toEqual([null, null]);
  });

  test("is still there for what is left to do, whichever way it ends", async () => {
    let isLeft = true;
    beforeLogOut(async () => isLeft && (await call("POST", "/api/work")));
    for (const end of [logOut, logOutEverywhere]) {
      asked = [];
      await end();
      const names = asked.map((one) => one.name);
      expect(names).toContain("POST /api/work");
      expect(names.indexOf("POST /api/work")).toBeLessThan(names.indexOf("POST /api/auth/logout"));
      expect(asked.every((one) => one.token === "Bearer fresh")).toBe(true);
      await logIn("fresh");
    }
    isLeft = false; // the other tests have nothing left
  });

  test("goes on, with what is left to do, while the others cannot be ended", async () => {
    answers["DELETE /api/auth/sessions"] = [0, {}];
    await expect(logOutEverywhere()).rejects.toMatchObject({ status: 0 });
    expect(session.user?.username).toBe("sam");
    expect(asked.map((one) => one.name)).not.toContain("POST /api/auth/logout");
  });

  test("that has ended elsewhere leads to the login, and back from there", async () => {
    await go("/workouts?sport_id=5&page=2");
    answers["GET /api/workouts"] = [401, ended];
    await call("GET", "/api/workouts").catch(() => {});
    await settle();
    expect([session.user, location.pathname, router.query.get("expired")]).toEqual([null, "/login", "1"]);
    await logIn("newer", nextPage(router.query));
    expect(here()).toBe("/workouts?sport_id=5&page=2");
  });

  test("whose account cannot be had does not begin", async () => {
    await logOut();
    answers["GET /api/auth/profile"] = [500, {}];
    await expect(logIn("bad")).rejects.toMatchObject({ status: 500 });
    expect([session.user, localStorage.getItem("token")]).toEqual([null, null]);
  });

  test("of another tab counts here", async () => {
    localStorage.removeItem("token");
    dispatchEvent(new StorageEvent("storage", { key: "token" }));
    await settle();
    expect([session.user, here()]).toEqual([null, "/login"]);
    localStorage.setItem("token", "of the other tab");
    answers["GET /api/auth/profile"] = [200, user("alex")];
    dispatchEvent(new StorageEvent("storage", { key: "token" }));
    await settle();
    expect(session.user?.username).toBe("alex");
  });
});

describe("pages", () => {
  test("that need a login lead to it, and back", async () => {
    await startSession();
    await go("/profile/tokens?x=1");
    expect(here()).toBe("/login?next=%2Fprofile%2Ftokens%3Fx%3D1");
    await go("/");
    expect(here()).toBe("/login");
  });

  test("for administrators are not there for others", async () => {
    await startSession();
    await logIn("fresh");
    await go("/admin/users");
    expect([router.route?.path, location.pathname]).toEqual(["", "/admin/users"]);
    answers["GET /api/auth/profile"] = [200, user("sam", true)];
    await logIn("admin's", "/admin/users");
    expect(router.page).toBe("/admin/users");
  });

  test("begin with the setup while there is no administrator, and not after", async () => {
    answers["GET /api/start"] = [200, { data: { is_setup_needed: true, has_tiles: false } }];
    await startSession();
    await go("/");
    expect(here()).toBe("/setup");
    answers["GET /api/auth/profile"] = [200, user("sam", true)];
    await logIn("first");
    expect([here(), session.start.is_setup_needed]).toEqual(["/", false]);
    await go("/setup");
    expect(here()).toBe("/");
  });
});

describe("where a login leads to", () => {
  const next = (value: string) => nextPage(new URLSearchParams({ next: value }));

  test("is a page of ours", () => {
    expect(next("/workouts/add")).toBe("/workouts/add");
    expect(next("/workouts?sport_id=1&from=2024-01-01")).toBe("/workouts?sport_id=1&from=2024-01-01");
    expect(next("/a/../workouts")).toBe("/workouts");
    expect(nextPage(new URLSearchParams())).toBe("/");
  });

  test("is never somewhere else", () => {
    for (const value of [
      "//evil.example",
      "///evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "/\n/evil.example",
      " //evil.example",
      "https://evil.example/",
      "http:evil.example",
      "javascript:alert(1)",
      "/.//evil.example",
      "/a/..//evil.example",
      "//[",
      "data:text/html,x",
      "evil.example",
      "",
    ]) {
      expect(next(value), JSON.stringify(value)).toBe("/");
    }
  });
});
