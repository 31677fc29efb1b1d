/** Sums over time. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import type { Client } from "./harness/client.ts";
import { demoCount } from "./harness/demo.ts";
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

test("all workouts add up to what the account has", async () => {
  const visitor = await Visitor.open(server, session);
  await visitor.goTo("/statistics");
  await visitor.press("All time");
  await visitor.press("By year");
  await visitor.page.getByRole("button", { name: /^Workouts/ }).click();
  const table = visitor.page.getByRole("region", { name: "Table: Workouts" });
  const sum = table
    .getByRole("row", { name: /^Total/ })
    .getByRole("cell")
    .last();
  await sum.getByText(String(demoCount), { exact: true }).waitFor();
  const profile = await session.get<{ total_distance: number }>("/api/auth/profile");
  await visitor.page.getByRole("button", { name: /^Distance/ }).click();
  const distance = visitor.page.getByRole("region", { name: "Table: Distance" });
  const text = await distance
    .getByRole("row", { name: /^Total/ })
    .getByRole("cell")
    .last()
    .innerText();
  expect(Number(text.replace(/[^\d.]/g, ""))).toBeCloseTo(profile.total_distance, 0);

  await visitor.press("Running");
  await visitor.page.reload();
  await visitor.settle();
  const running = visitor.page.getByRole("button", { name: "Running", exact: true });
  expect(await running.getAttribute("aria-pressed")).toBe("false");
  await distance.waitFor();
  expect(await distance.getByRole("columnheader", { name: "Running" }).count()).toBe(0);
});

test("the chart is read with the keys", async () => {
  const visitor = await Visitor.open(server, session, { on: "phone" });
  await visitor.goTo("/statistics");
  const chart = visitor.page.getByRole("slider", { name: /^Chart: Distance/ });
  const spoken = () => chart.getAttribute("aria-valuetext");
  await chart.focus();
  await visitor.page.keyboard.press("End");
  const last = await spoken();
  await visitor.page.keyboard.press("ArrowLeft");
  await expect.poll(spoken).not.toBe(last);
  await visitor.page.keyboard.press("ArrowRight");
  await expect.poll(spoken).toBe(last);
  expect(last).toMatch(/km/);
});

test("the dashboard shows the month, and what was best", async () => {
  const visitor = await Visitor.open(server, session);
  await visitor.goTo("/");
  await visitor.sees("Records");
  await visitor.sees("Latest workouts");
  const calendar = visitor.page.getByRole("table", { name: /^Workouts in / });
  const name = await calendar.locator("caption").innerText();
  await visitor.press("Previous month");
  await expect.poll(() => calendar.locator("caption").innerText()).not.toBe(name);
  await visitor.press("Next month");
  await expect.poll(() => calendar.locator("caption").innerText()).toBe(name);
});
