/** Workouts come, are looked at, change and go. */
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { audit } from "./harness/audit.ts";
import type { Client } from "./harness/client.ts";
import { demoCount } from "./harness/demo.ts";
import { gpx } from "./harness/gpx.ts";
import { type Person, Server } from "./harness/server.ts";
import { type Look, Visitor } from "./harness/visitor.ts";
import { zip } from "./harness/zip.ts";

const { ada, sam, dir } = inject("demo");
let server: Server;

beforeAll(async () => {
  server = await Server.start({ from: dir });
});
afterAll(() => server?.stop());

const run = (name: string, day = "2024-05-04") =>
  gpx({ name, start: new Date(`${day}T07:30:00Z`), km: 5, kmh: 10, climbM: 60 });

/** Somebody with an account of their own, so that no story disturbs another one. */
async function newcomer(name: string, look?: Look): Promise<{ visitor: Visitor; client: Client; person: Person }> {
  const person = await server.addPerson(name);
  const client = await server.logIn(person);
  return { visitor: await Visitor.open(server, client, look), client, person };
}

describe("adding workouts", () => {
  test("a file is dropped, and its workout is shown", async () => {
    const { visitor, client } = await newcomer("dropper");
    await visitor.goTo("/");
    await visitor.page.getByRole("link", { name: "Add a workout" }).first().click();
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Running");
    await visitor.textbox("Notes").fill("Before breakfast.");
    await visitor.drop({ "morning.gpx": run("Before breakfast") });
    await visitor.isAt(/^\/workouts\/\w{22}$/);
    await visitor.sees("Before breakfast");
    await visitor.reads("Before breakfast.");
    await visitor.reads(/Saturday,? 4 May 2024/);
    expect((await client.workouts()).map((one) => one.title)).toEqual(["Before breakfast"]);
  });

  test("several files at once tell each what became of it", async () => {
    const { visitor, client } = await newcomer("packer", { on: "phone" });
    const admin = await server.logIn(ada);
    await admin.ask("PATCH", "/api/config", { max_single_file_size: 100_000 });
    visitor.expect(400, /workouts/);
    await visitor.goTo("/workouts/add");
    await visitor.drop({
      "week.zip": zip({ "one.gpx": run("Archived 1"), "two.gpx": run("Archived 2", "2024-05-05"), "notes.txt": "x" }),
      "photos.zip": zip({ "beach.jpg": "not a picture" }),
      "broken.gpx": "<gpx><trk><trkseg><trkpt",
      "empty.gpx": '<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"></gpx>',
      "huge.gpx": run("Huge") + " ".repeat(200_000),
      "photo.jpg": "not a picture",
    });
    await visitor.reads("Please choose a sport.");
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Running");
    const line = (name: string) => visitor.page.getByRole("listitem").filter({ hasText: name }).first();
    await line("week.zip").getByRole("link", { name: "Archived 1" }).waitFor();
    await line("week.zip").getByRole("link", { name: "Archived 2" }).waitFor();
    for (const [name, reason] of [
      ["photos.zip", /no GPX file/],
      ["broken.gpx", /not a GPX file that can be read/],
      ["empty.gpx", /No workout can be made of this file/],
      ["huge.gpx", /too large/],
      ["photo.jpg", /kind are not accepted/],
    ] as const) {
      await line(name).getByText(reason).waitFor();
    }
    await audit(visitor.page);
    await admin.ask("PATCH", "/api/config", { max_single_file_size: 1_048_576 });
    expect(await client.workouts()).toHaveLength(2);
    await line("week.zip").getByRole("link", { name: "Archived 1" }).click();
    await visitor.sees("Archived 1");
  });

  test("one without a track is typed in, and what is wrong is told beside it", async () => {
    const { visitor, client } = await newcomer("typist");
    await visitor.goTo("/workouts/add");
    await visitor.choose("By hand");
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Open Water Swimming");
    await visitor.fill({ Title: "To the island", Date: "2024-07-14", "Time of day": "18:30", Distance: "far" });
    await visitor.page.locator("main form").getByRole("button", { name: "Add a workout" }).click();
    await visitor.reads("Please enter a distance, 0 if there is none.");
    await visitor.reads("Please enter how long it took.");
    expect(await visitor.textbox("Title").inputValue()).toBe("To the island");
    await visitor.fill({ Hours: "1", Minutes: "5", Distance: "2.5" });
    await visitor.page.locator("main form").getByRole("button", { name: "Add a workout" }).click();
    await visitor.isAt(/^\/workouts\/\w{22}$/);
    await visitor.sees("To the island");
    await visitor.reads(/Sunday,? 14 July 2024.*18:30/);
    const [made] = await client.get<{ workouts: object[] }>("/api/workouts").then((data) => data.workouts);
    expect(made).toMatchObject({ distance: 2.5, duration: "1:05:00", sport_id: 16 });
  });
});

describe("looking at a workout", () => {
  test("one point of the track is looked at on the map and in the chart", async () => {
    const { visitor, client } = await newcomer("onlooker");
    const track = gpx({ name: "Two halves", start: new Date("2024-05-04T07:30:00Z"), km: 12, kmh: 24, segments: 2 });
    const id = await client.upload(track, { sport_id: 1 });
    await visitor.goTo(`/workouts/${id}`);
    const chart = visitor.page.getByRole("slider", { name: "Speed and elevation" });
    const mark = visitor.page.locator(".pin.cursor");
    await chart.focus();
    await visitor.page.keyboard.press("End");
    await mark.waitFor();
    expect(await chart.getAttribute("aria-valuetext")).toMatch(/Speed .*km\/h.*Elevation .* m.*Distance 1\d\.\d+ km/);
    await visitor.page.keyboard.press("Escape");
    await mark.waitFor({ state: "detached" });

    await visitor.page.getByRole("region", { name: "Map" }).last().scrollIntoViewIfNeeded();
    await visitor.page.keyboard.press("Home");
    const place = (await mark.boundingBox())!;
    await visitor.page.keyboard.press("Escape");
    await visitor.page.mouse.move(place.x + place.width / 2 + 2, place.y + place.height / 2 + 2);
    await expect.poll(() => chart.getAttribute("aria-valuetext")).toMatch(/Speed .*km\/h/);

    await visitor.choose("Speed");
    await visitor.page.locator(".legend").getByText("km/h").first().waitFor();
    await visitor.choose("Time");
    await chart.focus();
    await visitor.page.keyboard.press("End");
    await mark.waitFor();

    await visitor.press("Segment 2");
    await visitor.sees("Segment 2");
    await visitor.press("Whole track");
    await visitor.sees("Speed and elevation");
  });

  test("its file is downloaded as it was uploaded", async () => {
    const { visitor, client } = await newcomer("fetcher");
    const track = run("There and back");
    await visitor.goTo(`/workouts/${await client.upload(track, { sport_id: 5 })}`);
    const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.press("GPX")]);
    expect(download.suggestedFilename()).toBe("2024-05-04 There and back.gpx");
    expect(await text(await download.createReadStream())).toBe(track);
  });

  test("earlier and later ones are a step away", async () => {
    const { visitor, client } = await newcomer("stepper");
    await client.upload(run("First", "2024-05-01"), { sport_id: 5 });
    const second = await client.upload(run("Second", "2024-05-02"), { sport_id: 5 });
    await visitor.goTo(`/workouts/${second}`);
    await visitor.follow("Previous workout");
    await visitor.sees("First");
    await visitor.follow("Next workout");
    await visitor.sees("Second");
  });
});

describe("changing workouts", () => {
  test("one is edited", async () => {
    const { visitor, client } = await newcomer("editor");
    const id = await client.upload(run("Unnamed"), { sport_id: 5 });
    await visitor.goTo(`/workouts/${id}`);
    await visitor.follow("Edit");
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Trail");
    await visitor.textbox("Title").fill("");
    await visitor.press("Save");
    await visitor.reads("Please enter a title.");
    await visitor.fill({ Title: "Over the ridge", Notes: "Steep <b>and</b> wet." });
    await visitor.press("Save");
    await visitor.isAt(`/workouts/${id}`);
    await visitor.sees("Over the ridge");
    await visitor.reads("Steep <b>and</b> wet.");
    expect(await client.get(`/api/workouts/${id}`)).toMatchObject({
      workouts: [{ title: "Over the ridge", sport_id: 8, notes: "Steep <b>and</b> wet." }],
    });
  });

  test("one is deleted, which can be undone for a while", async () => {
    const { visitor, client } = await newcomer("deleter");
    const id = await client.upload(run("Not this one"), { sport_id: 5 });
    await client.upload(run("That one", "2024-05-05"), { sport_id: 5 });
    await visitor.page.clock.install();
    await visitor.goTo(`/workouts/${id}`);
    await visitor.rests(); // the clock of the test gets in the way of a map that is just being drawn
    await visitor.press("Delete the workout");
    await visitor.isAt("/workouts");
    await visitor.reads("“Not this one” was deleted.");
    await visitor.readsNoMore(/^Not this one$/);
    await visitor.press("Undo");
    await visitor.link("Not this one").waitFor();
    await visitor.page.clock.fastForward(30_000);
    expect(await client.workouts()).toHaveLength(2);

    await visitor.follow("Not this one");
    await visitor.rests();
    await visitor.press("Delete the workout");
    await visitor.isAt("/workouts");
    expect(await client.workouts()).toHaveLength(2);
    await visitor.page.clock.fastForward(21_000);
    await expect.poll(() => client.workouts()).toHaveLength(1);
    expect((await client.try("GET", `/api/workouts/${id}`)).status).toBe(404);
  });

  test("one that was deleted is gone when the page is left before its time", async () => {
    const { visitor, client } = await newcomer("leaver");
    const id = await client.upload(run("Not this one"), { sport_id: 5 });
    await visitor.goTo(`/workouts/${id}`);
    await visitor.press("Delete the workout");
    await visitor.isAt("/workouts");
    await visitor.page.goto("about:blank");
    await expect.poll(() => client.workouts()).toHaveLength(0);
  });
});

describe("the list", () => {
  const totals = (visitor: Visitor) => visitor.page.getByRole("region", { name: "Total", exact: true });

  test("counts all, and what a filter lets through, also after going back", async () => {
    const client = await server.logIn(sam);
    const visitor = await Visitor.open(server, client);
    await visitor.goTo("/workouts");
    await totals(visitor).getByText(String(demoCount), { exact: true }).waitFor();

    await visitor.press("Filter");
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Running");
    await visitor.isAt("/workouts?sport_id=5");
    const { pagination } = (await client.ask<{ pagination: { total: number } }>("GET", "/api/workouts?sport_id=5"))
      .body;
    await totals(visitor).getByText(String(pagination.total), { exact: true }).waitFor();
    await visitor.textbox("Title").fill("Treadmill");
    await visitor.page.keyboard.press("Enter");
    await totals(visitor).getByText("1", { exact: true }).waitFor();
    await visitor.follow("Treadmill");
    await visitor.sees("Treadmill");
    await visitor.page.goBack();
    await visitor.isAt(/^\/workouts\?.*title=Treadmill/);
    await totals(visitor).getByText("1", { exact: true }).waitFor();
    await visitor.page.goBack();
    await visitor.isAt("/workouts?sport_id=5");
    await totals(visitor).getByText(String(pagination.total), { exact: true }).waitFor();

    await visitor.goTo("/workouts?title=no+such+title");
    await visitor.reads("No matching workouts");
    await visitor.page.getByRole("button", { name: "Remove all filters" }).last().click();
    await visitor.isAt("/workouts");
    await totals(visitor).getByText(String(demoCount), { exact: true }).waitFor();
  });

  test.each(["phone", "desktop"] as const)("is where it was when somebody comes back to it on a %s", async (on) => {
    const visitor = await Visitor.open(server, await server.logIn(sam), { on });
    await visitor.goTo("/workouts");
    const rows = visitor.page.getByRole("article");
    await rows.nth(20).waitFor();
    await visitor.page.mouse.wheel(0, 20_000);
    await rows.nth(30).waitFor();
    const wanted = rows.nth(27);
    const title = await wanted.getByRole("heading").innerText();
    await wanted.scrollIntoViewIfNeeded();
    const before = await visitor.page.evaluate(() => scrollY);
    expect(before).toBeGreaterThan(500);
    await wanted.getByRole("link").click();
    await visitor.sees(title);
    await expect.poll(() => visitor.page.evaluate(() => scrollY)).toBe(0);
    await visitor.page.goBack();
    await visitor.sees("Workouts");
    await expect.poll(() => visitor.page.evaluate(() => scrollY)).toBe(before);

    await wanted.getByRole("link").click();
    await visitor.sees(title);
    await visitor.page.getByRole("main").getByRole("link", { name: "Workouts", exact: true }).click();
    await visitor.sees("Workouts");
    await expect.poll(() => visitor.page.evaluate(() => scrollY)).toBe(before);

    await wanted.getByRole("link").click();
    await visitor.sees(title);
    await visitor.page.reload();
    await visitor.page.goBack();
    await visitor.sees("Workouts");
    await expect.poll(() => visitor.page.evaluate(() => scrollY)).toBeGreaterThan(0);
  });
});
