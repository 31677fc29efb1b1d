/** Programs of one's own, and of others, that use an account. */
import { createServer, type Server as HTTPServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { audit } from "./harness/audit.ts";
import { gpx } from "./harness/gpx.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

let server: Server;
const { dir } = inject("demo");

beforeAll(async () => {
  server = await Server.start({ from: dir });
});
afterAll(() => server?.stop());

const track = gpx({ name: "From the watch", start: new Date("2024-05-04T07:30:00Z"), km: 4, kmh: 10 });

describe("tokens", () => {
  test("an address for uploads is made, taken to a phone by its code, and ended", async () => {
    const person = await server.addPerson("watcher");
    const client = await server.logIn(person);
    const visitor = await Visitor.open(server, client);
    await visitor.goTo("/profile/tokens");
    await visitor.press("New address for uploads");
    await visitor.press("Create");
    await visitor.reads("Please enter a name of 1 to 100 characters.");
    await visitor.fill({ Name: "My watch" });
    await visitor.page.getByLabel("Sport of the uploads").selectOption("Running");
    await visitor.press("Create");
    await visitor.page.getByRole("img", { name: "QR code with the address for uploads “My watch”" }).waitFor();
    await audit(visitor.page);
    const address = await visitor.page.getByLabel("Address for uploads", { exact: true }).inputValue();
    expect(address).toMatch(new RegExp(`^${server.url}/api/upload/fitpat_`));
    const reply = await fetch(address, { method: "POST", body: track });
    expect(reply.status).toBe(201);
    await visitor.press("I have saved it");
    expect(await client.workouts()).toMatchObject([{ title: "From the watch", sport_id: 5 }]);
    await visitor.goTo("/profile/tokens");
    await visitor.reads(/Upload workouts, and nothing else/);
    await visitor.press("Delete My watch");
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await visitor.reads("My watch has been deleted.");
    await visitor.reads("No tokens yet");
    expect((await fetch(address, { method: "POST", body: track })).status).toBe(401);
  });

  test("a token for a script opens what it is for", async () => {
    const person = await server.addPerson("scripter");
    const visitor = await Visitor.open(server, await server.logIn(person), { on: "phone" });
    await visitor.goTo("/profile/tokens");
    await visitor.press("New access token");
    await visitor.fill({ Name: "Backup script" });
    await visitor.press("Create");
    await visitor.reads("Please tick at least one.");
    await visitor.page.getByRole("checkbox", { name: /See your workouts, records and statistics/ }).check();
    await visitor.press("Create");
    const token = await visitor.page.getByLabel("Token", { exact: true }).inputValue();
    const headers = { Authorization: `Bearer ${token}` };
    expect((await fetch(`${server.url}/api/workouts`, { headers })).status).toBe(200);
    expect((await fetch(`${server.url}/api/auth/profile`, { headers })).status).toBe(403);
  });
});

describe("an application of somebody else's", () => {
  /** The application: it notes the addresses at which its users come back. */
  let app: HTTPServer;
  let appUrl: string;
  const visits: URL[] = [];

  beforeAll(async () => {
    app = createServer((request, reply) => {
      const url = new URL(request.url!, appUrl);
      if (url.pathname === "/back") visits.push(url);
      reply.writeHead(url.pathname === "/favicon.ico" ? 204 : 200, { "Content-Type": "text/html" });
      reply.end("<!doctype html><title>App</title><h1>Back in the app</h1>");
    });
    await new Promise<void>((resolve) => app.listen(0, "localhost", resolve));
    appUrl = `http://localhost:${(app.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => app?.close(resolve)));

  async function register(visitor: Visitor): Promise<{ id: string; secret: string }> {
    await visitor.goTo("/profile/apps");
    await visitor.press("Register an application");
    await visitor.fill({ Name: "Weather diary", Website: appUrl, "Redirect addresses": "http://example.com/back" });
    await visitor.page.getByRole("checkbox", { name: /See your workouts/ }).check();
    await visitor.page.getByRole("checkbox", { name: /See your profile/ }).check();
    visitor.expect(400, /apps/);
    await visitor.press("Register");
    await visitor.reads(/Address 1 has to begin with https/);
    await visitor.fill({ "Redirect addresses": `${appUrl}/back` });
    await visitor.press("Register");
    const value = (label: string) => visitor.page.getByLabel(label, { exact: true }).inputValue();
    const dialog = visitor.page.getByRole("dialog", { name: "Weather diary" });
    await dialog.waitFor();
    const made = {
      id: await dialog.getByLabel("Client id", { exact: true }).inputValue(),
      secret: await value("Client secret"),
    };
    await visitor.press("I have saved it");
    return made;
  }

  const question = (clientId: string) =>
    `/profile/apps/authorize?${new URLSearchParams({
      client_id: clientId,
      response_type: "code",
      redirect_uri: `${appUrl}/back`,
      scope: "workouts:read",
      state: "a state & more",
    })}`;

  test("is let in, exchanges its code, and is shut out again", async () => {
    const person = await server.addPerson("diarist");
    const visitor = await Visitor.open(server, await server.logIn(person));
    const { id, secret } = await register(visitor);
    await visitor.goTo(question(id));
    await visitor.reads("See your workouts, records and statistics");
    expect(await visitor.page.getByText("See your profile").count()).toBe(0);
    await audit(visitor.page);
    await visitor.press("Allow");
    await visitor.sees("Back in the app");
    const back = visits.at(-1)!;
    expect(back.searchParams.get("state")).toBe("a state & more");
    const reply = await fetch(`${server.url}/api/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        client_id: id,
        client_secret: secret,
        code: back.searchParams.get("code")!,
        redirect_uri: `${appUrl}/back`,
      }),
    });
    const tokens = (await reply.json()) as { access_token: string; scope: string };
    expect(tokens.scope).toBe("workouts:read");
    const workouts = () =>
      fetch(`${server.url}/api/workouts`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
    expect((await workouts()).status).toBe(200);

    await visitor.goTo("/profile/apps");
    await visitor.press("Revoke access of Weather diary");
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Revoke access", exact: true }).click();
    await visitor.reads("Weather diary has no access any more.");
    expect((await workouts()).status).toBe(401);
  });

  test("is told that it may not, and nothing goes to an address that is not its own", async () => {
    const person = await server.addPerson("doubter");
    const visitor = await Visitor.open(server, await server.logIn(person), { on: "phone" });
    const { id } = await register(visitor);
    await visitor.goTo(question(id));
    await visitor.press("Deny");
    await visitor.sees("Back in the app");
    const back = visits.at(-1)!;
    expect(back.searchParams.get("error")).toBe("access_denied");
    expect(back.searchParams.get("code")).toBeNull();
    expect(back.searchParams.get("state")).toBe("a state & more");

    const count = visits.length;
    await visitor.goTo(
      question(id).replace(encodeURIComponent(`${appUrl}/back`), encodeURIComponent(`${appUrl}/evil`)),
    );
    await visitor.reads("It wants the answer sent to an address that it is not registered with.");
    expect(await visitor.page.getByRole("button", { name: "Allow" }).count()).toBe(0);
    visitor.expect(404, /apps/);
    await visitor.goTo(question("made-up"));
    await visitor.reads("There is no such application");
    expect(visits).toHaveLength(count);
  });

  test("is asked about only after a login", async () => {
    const person = await server.addPerson("latecomer");
    const client = await server.logIn(person);
    const { body } = await client.ask<{ data: { client: { client_id: string } } }>("POST", "/api/oauth/apps", {
      client_name: "Weather diary",
      client_uri: appUrl,
      redirect_uris: [`${appUrl}/back`],
      scope: "workouts:read",
    });
    const visitor = await Visitor.open(server);
    await visitor.goTo(question(body.data.client.client_id));
    await visitor.isAt(/^\/login\?next=/);
    await visitor.logIn(person);
    await visitor.press("Allow");
    await visitor.sees("Back in the app");
    expect(visits.at(-1)!.searchParams.get("state")).toBe("a state & more");
  });
});
