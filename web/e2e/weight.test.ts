/** How much code a page loads. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Client } from "./harness/client.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

const { sam, dir } = inject("demo");
let server: Server;
let session: Client;

beforeAll(async () => {
  server = await Server.start({ from: dir });
  session = await server.logIn(sam);
});
afterAll(() => server?.stop());

/** Returns how many bytes of JavaScript a page loads into a browser that has none yet, as they are sent. */
async function weigh(path: string): Promise<number> {
  const visitor = await Visitor.open(server, session);
  const sizes: Promise<number>[] = [];
  visitor.page.on("requestfinished", (request) => {
    if (!/\.js$/.test(new URL(request.url()).pathname)) return;
    sizes.push(
      (async () => {
        const encoding = await (await request.response())!.headerValue("content-encoding");
        expect(encoding, request.url()).toBe("br");
        return (await request.sizes()).responseBodySize;
      })(),
    );
  });
  await visitor.goTo(path);
  await visitor.rests();
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  console.log(
    `${path.replace(/[^/]{20,}/, ":id")}: ${(bytes / 1000).toFixed(1)} kB of JavaScript in ${sizes.length} files`,
  );
  return bytes;
}

test("the dashboard is light", async () => {
  expect(await weigh("/")).toBeLessThanOrEqual(60_000);
});

test("a workout comes with its map and its chart, and is light enough", async () => {
  const [workout] = await session.workouts();
  expect(await weigh(`/workouts/${workout!.id}`)).toBeLessThanOrEqual(130_000);
});
