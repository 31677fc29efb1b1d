/** Looking after an instance. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { audit } from "./harness/audit.ts";
import type { Client } from "./harness/client.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

const { ada, sam, dir } = inject("demo");
let server: Server;
let session: Client;

beforeAll(async () => {
  server = await Server.start({ from: dir });
  session = await server.logIn(ada);
});
afterAll(() => server?.stop());

test("a test mail tells whether mails arrive", async () => {
  const visitor = await Visitor.open(server, session);
  await visitor.goTo("/");
  await visitor.follow("Admin");
  await visitor.press("Send a test e-mail to me");
  await visitor.reads(`The mail server has accepted an e-mail to ${ada.email}.`);
  await server.mails.next(ada.email);
  await audit(visitor.page);
});

test("settings are changed, and count at once", async () => {
  const visitor = await Visitor.open(server, session, { on: "phone" });
  await visitor.goTo("/admin/settings");
  await visitor.fill({ "Contact of the administration": "nobody", "Maximum file size": "20" });
  await visitor.press("Save");
  await visitor.reads("The contact is not a complete e-mail address.");
  await visitor.reads("An archive has to be allowed to be at least as large as a file.");
  await visitor.fill({
    "Contact of the administration": "ada@example.com",
    "Maximum file size": "0.5",
    "Maximum number of accounts": "2",
  });
  await visitor.press("Save");
  await visitor.reads("Saved.");
  expect(await session.get("/api/config")).toMatchObject({
    admin_contact: "ada@example.com",
    max_single_file_size: 524_288,
    is_registration_enabled: false,
  });
  const stranger = await Visitor.open(server);
  await stranger.goTo("/register");
  await stranger.reads("Registration is closed");
  await visitor.fill({ "Maximum number of accounts": "0" });
  await visitor.press("Save");
  await expect.poll(() => session.get("/api/config")).toMatchObject({ max_users: 0 });
});

test("an account is found, and who is shut out is led to the login", async () => {
  const theirs = await Visitor.open(server, await server.logIn(sam));
  await theirs.goTo("/");
  const visitor = await Visitor.open(server, session);
  await visitor.goTo("/admin/users");
  await visitor.page.getByLabel("Search for a username").fill("nobody at all");
  await visitor.reads("No account found");
  await visitor.page.getByLabel("Search for a username").fill("sa");
  await visitor.page.getByRole("link", { name: /sam@example\.com/ }).click();
  await visitor.isAt("/admin/users/sam");
  await visitor.reads("The account is active.");
  await visitor.press("Deactivate");
  await audit(visitor.page);
  await visitor.page.getByRole("dialog").getByRole("button", { name: "Deactivate" }).click();
  await visitor.reads("The account is not active: nobody can log in to it.");

  theirs.expect(401, /./);
  await theirs.page.getByRole("link", { name: "Workouts" }).first().click();
  await theirs.isAt(/^\/login\?expired=1/);
  await theirs.logIn(sam);
  await theirs.reads("The address or the password is wrong.");

  await visitor.press("Activate");
  await visitor.page.getByRole("dialog").getByRole("button", { name: "Activate" }).click();
  await visitor.reads("The account is active.");
  await theirs.logIn(sam);
  await theirs.isAt("/workouts");
});

test("an account is given another password by mail, rights, and an end", async () => {
  const person = await server.addPerson("helpless");
  const visitor = await Visitor.open(server, session);
  await visitor.goTo(`/admin/users/${person.name}`);
  await visitor.press("Reset the password");
  await visitor.page.getByRole("dialog").getByRole("button", { name: "Reset the password" }).click();
  await visitor.reads(/The password is reset/);
  await server.mails.linkTo(person.email, "/password-reset");
  await visitor.press("Make administrator");
  await visitor.page.getByRole("dialog").getByRole("button", { name: "Make administrator" }).click();
  await visitor.reads("The account has an administrator’s rights.");
  await visitor.press("Delete the account");
  await visitor.fill({ "Type helpless to delete it": "helples" });
  await visitor.press("Delete everything");
  await visitor.reads("Please type helpless to delete the account.");
  await visitor.fill({ "Type helpless to delete it": "helpless" });
  await visitor.press("Delete everything");
  await visitor.isAt("/admin/users");
  await visitor.reads("The account helpless is deleted.");
  expect((await session.try("GET", "/api/users/helpless")).status).toBe(404);
});

test("a sport that is switched off is not offered", async () => {
  const visitor = await Visitor.open(server, session);
  await visitor.goTo("/admin/sports");
  await visitor.page.getByRole("switch", { name: "Tennis (Outdoor)" }).click();
  await visitor.reads("28 of 29 sports are offered.");
  const theirs = await Visitor.open(server, await server.logIn(sam));
  await theirs.goTo("/workouts/add");
  const offered = await theirs.page.getByLabel("Sport", { exact: true }).locator("option").allInnerTexts();
  expect(offered).toContain("Padel (Outdoor)");
  expect(offered).not.toContain("Tennis (Outdoor)");
});
