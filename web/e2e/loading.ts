/** How soon a page shows what it is for, on a machine that is four times slower: for `make bench`, since it depends on the machine. */
import { afterAll, beforeAll, inject, test } from "vitest";
import type { Client } from "./harness/client.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

const runs = 7;
const slowdown = 4;

const { sam, dir } = inject("demo");
let server: Server;
let session: Client;

beforeAll(async () => {
  server = await Server.start({ from: dir });
  session = await server.logIn(sam);
});
afterAll(() => server?.stop());

/** Returns the time of the largest contentful paint, in milliseconds. */
async function paint(path: string): Promise<number> {
  const visitor = await Visitor.open(server, session, { on: "phone" });
  const devtools = await visitor.context.newCDPSession(visitor.page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  await visitor.goTo(path);
  await visitor.rests();
  return visitor.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => resolve(list.getEntries().at(-1)!.startTime)).observe({
          type: "largest-contentful-paint",
          buffered: true,
        });
      }),
  );
}

async function measure(name: string, path: string): Promise<void> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) times.push(await paint(path));
  times.sort((a, b) => a - b);
  const [least, middle, most] = [times[0]!, times[Math.floor(runs / 2)]!, times.at(-1)!].map(Math.round);
  console.log(
    `${name}: largest contentful paint p50 ${middle} ms (${least} to ${most}, ${runs} runs, CPU / ${slowdown})`,
  );
}

test("the dashboard", () => measure("dashboard", "/"));

test("a workout", async () => {
  const [workout] = await session.workouts();
  await measure("workout", `/workouts/${workout!.id}`);
});
