/** Getting in, staying in, and what belongs to an account. */
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { audit } from "./harness/audit.ts";
import { png } from "./harness/picture.ts";
import { Client } from "./harness/client.ts";
import { gpx } from "./harness/gpx.ts";
import { Server } from "./harness/server.ts";
import { Visitor } from "./harness/visitor.ts";

const { sam, dir } = inject("demo");
let server: Server;

beforeAll(async () => {
  server = await Server.start({ from: dir });
});
afterAll(() => server?.stop());

describe("the first start", () => {
  test("whoever has the code from the terminal is the administrator, and nobody else", async () => {
    const empty = await Server.start();
    try {
      const visitor = await Visitor.open(empty, undefined, { locale: "de-DE", timezone: "Europe/Berlin" });
      await visitor.goTo("/");
      await visitor.isAt("/setup");
      await visitor.fill({
        Einrichtungscode: "ABCD-EFGH-JKLM-NPQR",
        Benutzername: "grace",
        "E-Mail-Adresse": "grace@example.com",
        Passwort: "a long password",
      });
      visitor.expect(403, /setup/);
      await visitor.press("Loslegen");
      await visitor.reads("Das ist nicht der Code, den der Server beim Start ausgegeben hat.");
      expect(await visitor.textbox("Benutzername").inputValue()).toBe("grace");
      await visitor.fill({ Einrichtungscode: empty.setupCode().toLowerCase().replaceAll("-", " ") });
      await visitor.press("Loslegen");
      await visitor.isAt("/");
      await visitor.reads("Willkommen, grace!");

      const grace = await Client.logIn(empty.url, { email: "grace@example.com", password: "a long password" });
      expect(await grace.get("/api/auth/profile")).toMatchObject({
        admin: true,
        language: "de",
        timezone: "Europe/Berlin",
      });
      const second = { code: empty.setupCode(), username: "eve", email: "eve@example.com", password: "12345678" };
      expect((await new Client(empty.url, "").try("POST", "/api/setup", second)).status).toBe(409);
      await visitor.goTo("/setup");
      await visitor.isAt("/");
    } finally {
      await empty.stop();
    }
  });
});

describe("a new account", () => {
  test("is opened by the mail to its address", async () => {
    const visitor = await Visitor.open(server, undefined, { on: "phone", timezone: "America/New_York" });
    await visitor.goTo("/login");
    await visitor.follow("Create an account");
    await visitor.fill({ Username: "mo", "E-mail address": "mo@example", Password: "short" });
    await visitor.press("Create an account");
    await visitor.reads("A username has 3 to 30 characters.");
    await visitor.reads("This is not a complete e-mail address.");
    await visitor.reads("A password has at least 8 characters.");
    await audit(visitor.page);
    await visitor.fill({ Username: sam.name, "E-mail address": "morgan@example.com", Password: "morgan's password" });
    visitor.expect(400, /register/);
    await visitor.press("Create an account");
    await visitor.reads("This username is taken already. Please choose another one.");
    await visitor.fill({ Username: "morgan" });
    await visitor.press("Create an account");
    await visitor.sees("Check your e-mail");

    const early = { email: "morgan@example.com", password: "morgan's password" };
    expect((await new Client(server.url, "").try("POST", "/api/auth/login", early)).status).toBe(401);
    await visitor.goTo(await server.mails.linkTo("morgan@example.com", "/account-confirmation"));
    await visitor.press("Confirm and log in");
    await visitor.isAt("/");
    await visitor.reads("Welcome, morgan!");
    await visitor.goTo("/profile/preferences");
    expect(await visitor.textbox("Time zone").inputValue()).toBe("America/New_York");
  });

  test("is not opened by a link that is broken", async () => {
    const visitor = await Visitor.open(server);
    visitor.expect(400, /confirm/);
    await visitor.goTo("/account-confirmation?token=made-up");
    await visitor.press("Confirm and log in");
    await visitor.reads("This link does not work any more");
    await visitor.follow("Resend the confirmation e-mail");
    await visitor.isAt("/resend-confirmation");
  });
});

describe("a login", () => {
  test("leads to what somebody asked for", async () => {
    const visitor = await Visitor.open(server);
    await visitor.goTo("/workouts?sport_id=5");
    await visitor.isAt("/login?next=%2Fworkouts%3Fsport_id%3D5");
    visitor.expect(401, /login/);
    await visitor.logIn({ ...sam, password: "something else" });
    await visitor.reads("The address or the password is wrong.");
    expect(await visitor.textbox("E-mail address").inputValue()).toBe(sam.email);
    await visitor.logIn(sam);
    await visitor.isAt("/workouts?sport_id=5");
    await visitor.page.getByRole("article").first().getByRole("link").click();
    await visitor.isAt(/^\/workouts\/\w{22}$/);
    await visitor.press("Log out");
    await visitor.isAt("/login");
    await visitor.page.goBack(); // shows nothing of what was there
    await visitor.isAt("/login?next=%2Fworkouts%3Fsport_id%3D5");
  });

  test("never leads to somebody else's pages", async () => {
    for (const next of ["//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)"]) {
      const visitor = await Visitor.open(server);
      await visitor.goTo(`/login?next=${encodeURIComponent(next)}`);
      await visitor.logIn(sam);
      await visitor.isAt("/");
    }
  });

  test("is asked for again when the session has ended elsewhere, and leads back", async () => {
    const session = await server.logIn(sam);
    const visitor = await Visitor.open(server, session);
    await visitor.goTo("/workouts");
    await visitor.rests();
    await session.ask("POST", "/api/auth/logout");
    visitor.expect(401, /workouts/);
    await visitor.press("Filter");
    await visitor.page.getByLabel("Sport", { exact: true }).selectOption("Hiking");
    await visitor.isAt(/^\/login\?expired=1&next=/);
    await visitor.reads("Your session has ended. Please log in again.");
    await visitor.logIn(sam);
    await visitor.isAt("/workouts?sport_id=3");
  });
});

describe("passwords and addresses", () => {
  test("a forgotten password is replaced by mail", async () => {
    const person = await server.addPerson("oblivious");
    const visitor = await Visitor.open(server);
    await visitor.goTo("/login");
    await visitor.follow("Forgotten password");
    await visitor.fill({ "E-mail address": person.email });
    await visitor.press("Send me a link");
    await visitor.sees("Check your e-mail");
    const link = await server.mails.linkTo(person.email, "/password-reset");
    await visitor.goTo(link);
    await visitor.fill({ "New password": "a new password" });
    await visitor.press("Set the password");
    await visitor.isAt("/login");
    await visitor.reads("Your new password is set.");
    await visitor.logIn({ ...person, password: "a new password" });
    await visitor.isAt("/");
    // The link is good once.
    await visitor.goTo(link);
    visitor.expect(401, /password/);
    await visitor.fill({ "New password": "another password" });
    await visitor.press("Set the password");
    await visitor.reads("This link does not work any more");
  });

  test("another address counts once its mail is answered", async () => {
    const person = await server.addPerson("mover");
    const visitor = await Visitor.open(server, await server.logIn(person));
    await visitor.goTo("/profile/account");
    const address = visitor.page.getByRole("region", { name: "E-mail address" });
    await address.getByLabel("New address").fill("moved@example.com");
    await address.getByLabel("Current password", { exact: true }).fill("not it");
    visitor.expect(401, /account/);
    await address.getByRole("button", { name: "Change the address" }).click();
    await visitor.reads("This is not your current password.");
    await address.getByLabel("Current password", { exact: true }).fill(person.password);
    await address.getByRole("button", { name: "Change the address" }).click();
    await visitor.reads(/moved@example.com is waiting to be confirmed/);
    await server.mails.next(person.email);
    await visitor.goTo(await server.mails.linkTo("moved@example.com", "/email-update"));
    await visitor.press("Confirm this address");
    await visitor.reads("Your address has been changed.");
    await server.logIn({ ...person, email: "moved@example.com" });
  });

  test("a new password ends the other sessions", async () => {
    const person = await server.addPerson("careful");
    const other = await server.logIn(person);
    const visitor = await Visitor.open(server, await server.logIn(person));
    await visitor.goTo("/profile/account");
    const password = visitor.page.getByRole("region", { name: "Password" });
    await password.getByLabel("Current password", { exact: true }).fill(person.password);
    await password.getByLabel("New password", { exact: true }).fill("a better password");
    await password.getByRole("button", { name: "Change the password" }).click();
    await visitor.reads("Your password has been changed");
    expect((await other.try("GET", "/api/auth/profile")).status).toBe(401);
    await visitor.goTo("/profile");
    await visitor.sees("careful");
  });

  test("an account is deleted by who types its name", async () => {
    const person = await server.addPerson("tired");
    const visitor = await Visitor.open(server, await server.logIn(person), { on: "phone" });
    await visitor.goTo("/profile/account");
    await visitor.press("Delete the account");
    await visitor.press("Delete everything");
    await visitor.reads("Please type tired to delete the account.");
    await audit(visitor.page);
    await visitor.fill({ "Type tired to delete it": "tired" });
    await visitor.press("Delete everything");
    await visitor.isAt("/login");
    expect((await new Client(server.url, "").try("POST", "/api/auth/login", person)).status).toBe(401);
  });
});

describe("sessions", () => {
  test("all of them end at once", async () => {
    const person = await server.addPerson("roamer");
    const phone = await Visitor.open(server, await server.logIn(person), { on: "phone" });
    await phone.goTo("/");
    const visitor = await Visitor.open(server, await server.logIn(person));
    await visitor.goTo("/profile/sessions");
    await visitor.reads("This one");
    await visitor.press("Log out everywhere");
    await audit(visitor.page);
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Log out everywhere" }).click();
    await visitor.isAt("/login");
    phone.expect(401, /./);
    await phone.page.getByRole("link", { name: "Statistics" }).first().click();
    await phone.isAt(/^\/login\?expired=1&next=%2F/);
  });
});

describe("preferences", () => {
  test("units, languages and time zones change the pages at once", async () => {
    const person = await server.addPerson("traveller");
    const client = await server.logIn(person);
    const id = await client.upload(
      gpx({ name: "Late", start: new Date("2024-07-14T22:30:00Z"), km: 16.09344, kmh: 16.09344 }),
      { sport_id: 5 },
    );
    await client.ask("POST", "/api/auth/profile/edit/preferences", {
      display_ascent: true,
      imperial_units: false,
      language: "en",
      timezone: "Europe/Paris",
      weekm: true,
    });
    const visitor = await Visitor.open(server, client);
    await visitor.goTo(`/workouts/${id}`);
    await visitor.reads(/Monday,? 15 July 2024.*00:30/);
    await visitor.reads(/^\d+\.\d\d km$/);

    await visitor.goTo("/profile/preferences");
    await visitor.page.getByLabel("Units").selectOption("Imperial: miles, feet");
    await visitor.textbox("Time zone").fill("America/New_York");
    await visitor.press("Save");
    await visitor.reads("Saved.");
    await visitor.goTo(`/workouts/${id}`);
    await visitor.reads(/Sunday,? 14 July 2024.*18:30/);
    await visitor.reads(/^\d+\.\d\d mi$/);
    await visitor.reads(/ ft$/);

    await visitor.goTo("/profile/preferences");
    await visitor.page.getByLabel("Language").selectOption("Français");
    await visitor.press("Save");
    await visitor.sees("Préférences");
    expect(await visitor.page.locator("html").getAttribute("lang")).toBe("fr");
    await visitor.goTo(`/workouts/${id}`);
    await visitor.reads(/dimanche 14 juillet 2024/);

    await visitor.goTo("/profile/preferences");
    await visitor.page.getByLabel("Langue").selectOption("Deutsch");
    await visitor.textbox("Fuseau horaire").fill("Atlantis");
    await visitor.press("Enregistrer");
    await visitor.reads(/Veuillez choisir un fuseau dans la liste/);
    await visitor.textbox("Fuseau horaire").fill("Asia/Tokyo");
    await visitor.press("Enregistrer");
    await visitor.sees("Einstellungen");
    await visitor.goTo(`/workouts/${id}`);
    await visitor.reads(/Montag, 15\. Juli 2024.*07:30/);
    await visitor.press("Training löschen");
    await visitor.press("Rückgängig");
  });

  test("a theme is kept in the browser", async () => {
    const visitor = await Visitor.open(server, await server.logIn(sam));
    const theme = () => visitor.page.locator("html").getAttribute("data-theme");
    await visitor.goTo("/profile/preferences");
    await visitor.choose("Dark");
    expect(await theme()).toBe("dark");
    await visitor.goTo("/");
    expect(await theme()).toBe("dark");
    await visitor.press("Appearance: dark");
    await visitor.press("Appearance: system");
    expect(await theme()).toBe("light");
  });
});

describe("a picture", () => {
  test("is cut to what somebody wants to be seen", async () => {
    const person = await server.addPerson("poser");
    const client = await server.logIn(person);
    const visitor = await Visitor.open(server, client);
    await visitor.goTo("/profile/edit");
    const input = visitor.page.locator('input[type="file"]');
    await input.setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("no picture") });
    await visitor.reads("Please choose a JPEG, PNG or GIF file.");
    await input.setInputFiles({ name: "broken.png", mimeType: "image/png", buffer: Buffer.from("no picture") });
    await visitor.reads("This file is not a picture that can be read (JPEG, PNG or GIF).");
    // Blue on the left, red on the right: the left half is wanted.
    await input.setInputFiles({ name: "me.png", mimeType: "image/png", buffer: png(400, 200, "#0000ff", "#ff0000") });
    const part = visitor.page.getByRole("application", { name: "The part of the picture that is kept" });
    await audit(visitor.page);
    await part.focus();
    for (let i = 0; i < 30; i++) await visitor.page.keyboard.press("ArrowLeft");
    await visitor.press("Use this picture");
    await visitor.reads("You have a new picture.");
    const picture = visitor.page.locator('main img[src*="/picture"]').first();
    const [r, , b] = await picture.evaluate(async (img: HTMLImageElement) => {
      await img.decode();
      const canvas = document.createElement("canvas");
      const context = canvas.getContext("2d")!;
      context.drawImage(img, 0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    });
    expect(b).toBeGreaterThan(200);
    expect(r).toBeLessThan(60);
    await visitor.press("Remove the picture");
    await visitor.page.getByRole("dialog").getByRole("button", { name: "Remove the picture" }).click();
    await visitor.reads("The picture has been removed.");
    expect(await client.get("/api/auth/profile")).toMatchObject({ picture: false });
  });
});

describe("the keyboard alone", () => {
  test("is enough to log in, and to open a workout", async () => {
    const visitor = await Visitor.open(server);
    const { keyboard } = visitor.page;
    const focused = () => visitor.page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    /** Goes on with the tabulator until something has the focus. */
    const tabTo = async (isIt: () => Promise<boolean>) => {
      for (let i = 0; i < 60; i++) {
        await keyboard.press("Tab");
        if (await isIt()) return;
      }
      throw new Error("the tabulator does not lead there");
    };
    const hasFocus = (label: string) => async () =>
      visitor.textbox(label).evaluate((element) => element === document.activeElement);
    await visitor.goTo("/workouts");
    await visitor.isAt(/^\/login/);
    await tabTo(hasFocus("E-mail address"));
    await keyboard.type(sam.email);
    await tabTo(hasFocus("Password"));
    await keyboard.type(sam.password);
    await keyboard.press("Enter");
    await visitor.isAt("/workouts");
    await visitor.rests();
    await keyboard.press("Tab"); // the page has the focus, so that its first button comes next
    expect(await focused()).toBe("Filter");
    const title = (await visitor.page.getByRole("article").first().getByRole("heading").innerText()).trim();
    await tabTo(async () => (await focused()) === title);
    await keyboard.press("Enter");
    await visitor.sees(title);
    await visitor.isAt(/^\/workouts\/\w{22}$/);
    // From the top, the first stop leads past the navigation.
    await visitor.page.reload();
    await visitor.settle();
    await keyboard.press("Tab");
    expect(await focused()).toBe("Skip to the content");
    await keyboard.press("Enter");
    await tabTo(async () => (await focused()) === "Edit");
  });
});
