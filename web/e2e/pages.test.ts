/** Every page of the table, on a phone and on a desktop, in light and in dark colours: nothing fails, and everybody can use it. */
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { routes } from "../src/routes.ts";
import { audit } from "./harness/audit.ts";
import type { Client } from "./harness/client.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

const { ada, sam, dir } = inject("demo");
let server: Server;
let sessions: { user: Client; admin: Client };
/** What stands for the parameters and the query of a path. */
let workoutId: string;
let clientId: string;

/** The address that an app of these tests waits at. Nobody is there. */
const redirectUri = "https://app.example/callback";

/** What no page should say: the keys of texts, and values that are none. */
const unfit =
  /\b(?:undefined|NaN|null|\[object)\b|\b(?:account|admin|api|apps|common|dashboard|errors|profile|sports|stats|workouts)\.[a-z]\w+\b/;

beforeAll(async () => {
  server = await Server.start({ from: dir });
  sessions = { user: await server.logIn(sam), admin: await server.logIn(ada) };
  const workouts = await sessions.user.workouts();
  workoutId = workouts.find((one) => one.title !== "Treadmill" && one.title !== "Swim in the lake")!.id;
  const app = {
    client_name: "Weather diary",
    client_uri: "https://app.example",
    redirect_uris: [redirectUri],
    scope: "workouts:read profile:read",
  };
  const { body } = await sessions.user.ask<{ data: { client: { client_id: string } } }>("POST", "/api/oauth/apps", app);
  clientId = body.data.client.client_id;
  await sessions.user.ask("POST", "/api/auth/tokens", { name: "Phone", scope: "workouts:upload" });
});
afterAll(() => server?.stop());

function address(path: string): string {
  const query = new URLSearchParams({
    client_id: clientId,
    response_type: "code",
    redirect_uri: redirectUri,
    state: "x",
  });
  if (path === "/profile/apps/authorize") return `${path}?${query}&scope=workouts%3Aread`;
  if (path === "/password-reset") return `${path}?token=a-token`;
  return path.replace("/:id", `/${workoutId}`).replace("/:name", `/${sam.name}`);
}

describe.each(["phone", "desktop"] as const)("on a %s", (on) => {
  const visitors = {} as Record<"everybody" | "user" | "admin", Visitor>;

  beforeAll(async () => {
    visitors.everybody = await Visitor.openForLong(server, undefined, { on });
    visitors.user = await Visitor.openForLong(server, sessions.user, { on });
    visitors.admin = await Visitor.openForLong(server, sessions.admin, { on });
  });
  afterAll(() => Promise.all(Object.values(visitors).map((visitor) => visitor.close())));

  test.each(routes.filter((route) => route.path !== "/setup"))("$path", async ({ path, access }) => {
    const visitor = visitors[access];
    onTestFinished(({ task }) => visitor.finish(task));
    await visitor.goTo(address(path));
    await visitor.rests();
    expect(new URL(visitor.page.url()).pathname).toBe(address(path).split("?")[0]);
    expect(await visitor.page.title()).toMatch(/^.+ – FitTrackee$/);
    expect(await visitor.page.getByRole("heading", { level: 1 }).count()).toBe(1);
    expect(await visitor.page.getByText(unfit).allTextContents()).toEqual([]);
    await audit(visitor.page);
  });

  test("/setup", async () => {
    const empty = await Server.start();
    try {
      const visitor = await Visitor.open(empty, undefined, { on });
      await visitor.goTo("/");
      await visitor.isAt("/setup");
      await audit(visitor.page);
    } finally {
      await empty.stop();
    }
  });

  test("an account without anything yet", async () => {
    const newcomer = await server.addPerson(`new_on_${on}`);
    const visitor = await Visitor.open(server, await server.logIn(newcomer), { on });
    for (const path of [
      "/",
      "/workouts",
      "/statistics",
      "/profile",
      "/profile/sports",
      "/profile/tokens",
      "/profile/apps",
    ]) {
      await visitor.goTo(path);
      await visitor.rests();
      await audit(visitor.page);
    }
  });

  test("what is not there, or not for somebody", async () => {
    const visitor = await Visitor.open(server, sessions.user, { on });
    for (const path of ["/nowhere", "/admin/users"]) {
      await visitor.goTo(path);
      await visitor.sees("There is nothing here");
    }
    await audit(visitor.page);
    visitor.expect(404, /workouts/);
    await visitor.goTo("/workouts/no-such-workout");
    await visitor.rests();
    await audit(visitor.page);
  });
});

test.each(["en", "fr", "de"])("what is around a page fits in at every width in %s", async (language) => {
  const visitor = await Visitor.open(server, sessions.admin);
  await visitor.page.route("**/api/auth/profile", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/"language":\s*(?:"\w+"|null)/, `"language":"${language}"`);
    await route.fulfill({ response, body });
  });
  await visitor.goTo("/");
  await visitor.rests();
  expect(await visitor.page.locator("html").getAttribute("lang")).toBe(language);
  for (const width of [320, 390, 768, 844, 1024, 1100, 1280]) {
    await visitor.page.setViewportSize({ width, height: 800 });
    const [wide, labels] = await visitor.page.evaluate(() => [
      document.documentElement.scrollWidth,
      [...document.querySelectorAll("header nav a")].filter((one) => one.scrollWidth > one.clientWidth + 1).length,
    ]);
    expect(wide, `the page scrolls sideways at ${width} px`).toBeLessThanOrEqual(width);
    expect(labels, `labels that are wider than their links at ${width} px`).toBe(0);
  }
});
