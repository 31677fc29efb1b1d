/** Makes the pictures in docs/ from an account that looks like somebody's: `npm run screenshots`. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, inject, test } from "vitest";
import type { Client } from "./harness/client.ts";
import { Server } from "./harness/server.ts";
import { type Look, Visitor } from "./harness/visitor.ts";

const docs = join(import.meta.dirname, "../../docs");

const { sam, dir } = inject("demo");
let server: Server;
let session: Client;

beforeAll(async () => {
  server = await Server.start({ from: dir });
  session = await server.logIn(sam);
  await mkdir(docs, { recursive: true });
});
afterAll(() => server?.stop());

const looks: [name: string, look: Look][] = [
  ["phone", { on: "phone" }],
  ["desktop", { on: "desktop" }],
];

test.each(looks)("%s", async (name, look) => {
  const visitor = await Visitor.open(server, session, look);
  const workouts = await session.workouts();
  const withTrack = workouts.find((one) => !["Treadmill", "Swim in the lake"].includes(one.title))!;
  for (const [page, path] of [
    ["dashboard", "/"],
    ["workout", `/workouts/${withTrack.id}`],
    ["statistics", "/statistics"],
  ]) {
    await visitor.goTo(path!);
    await visitor.rests();
    await visitor.page.screenshot({ path: join(docs, `${page}-${name}.png`) });
  }
});
