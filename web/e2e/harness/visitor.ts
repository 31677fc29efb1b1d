/** Somebody with a browser. Whatever goes wrong on their pages and was not expected fails the test. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Locator,
  type Page,
  type Request,
  type Response,
} from "playwright-core";
import { expect, inject, onTestFinished, type RunnerTestCase as RunnerTask } from "vitest";
import type { Client } from "./client.ts";
import type { Person, Server } from "./server.ts";

export const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

/** Where pictures of pages lie on which a test failed. */
const failures = join(import.meta.dirname, "../failures");

/** How long something on a page may take to be there. */
const patienceMs = 10_000;

/** For how long nothing is asked for once a page has all that it needs. */
const quietMs = 150;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let browser: Promise<Browser> | undefined;

export interface Look {
  on?: keyof typeof sizes;
  theme?: "light" | "dark";
  /** The browser's language. */
  locale?: string;
  timezone?: string;
}

export class Visitor {
  /** What has gone wrong. */
  private readonly faults: string[] = [];
  private readonly underWay = new Set<Request>();
  private expected: { status: number; path: RegExp; isMet: boolean }[] = [];

  private constructor(
    readonly server: Server,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  /** Opens a browser that has not been here before, or one in which somebody has logged in. It is closed with the test. */
  static async open(server: Server, session?: Client, look: Look = {}): Promise<Visitor> {
    const visitor = await Visitor.openForLong(server, session, look);
    onTestFinished(async ({ task }) => {
      try {
        await visitor.finish(task);
      } finally {
        await visitor.close();
      }
    });
    return visitor;
  }

  /** Opens one for several tests. Each of them has to finish it, and the last one, or what comes after it, closes it. */
  static async openForLong(server: Server, session?: Client, look: Look = {}): Promise<Visitor> {
    browser ??= chromium.connect(inject("browser"));
    const token = session && { origin: server.url, localStorage: [{ name: "token", value: session.token }] };
    const context = await (
      await browser
    ).newContext({
      baseURL: server.url,
      viewport: sizes[look.on ?? "desktop"],
      colorScheme: look.theme ?? "light",
      locale: look.locale ?? "en-GB",
      timezoneId: look.timezone ?? "Europe/Berlin",
      reducedMotion: "reduce",
      hasTouch: look.on === "phone",
      storageState: token ? { cookies: [], origins: [token] } : undefined,
    });
    context.setDefaultTimeout(patienceMs);
    await context.addInitScript(tellReports);
    const visitor = new Visitor(server, context, await context.newPage());
    visitor.watch(visitor.page);
    context.on("page", (page) => visitor.watch(page));
    return visitor;
  }

  private watch(page: Page): void {
    page.on("console", (message) => {
      if (!["error", "warning"].includes(message.type())) return;
      if (message.text().startsWith("Failed to load resource")) return; // see onResponse
      this.faults.push(`${page.url()}: console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.faults.push(`${page.url()}: ${error.stack ?? error.message}`));
    page.on("response", (response) => this.onResponse(page, response));
    page.on("request", (request) => this.underWay.add(request));
    page.on("requestfinished", (request) => this.underWay.delete(request));
    page.on("requestfailed", (request) => {
      this.underWay.delete(request);
      const reason = request.failure()?.errorText ?? "";
      if (reason === "net::ERR_ABORTED") return; // whoever leaves a page does not wait for the rest of it
      if (!this.isExpected(0, new URL(request.url()).pathname)) {
        this.faults.push(`${page.url()}: ${request.method()} ${request.url()}: ${reason}`);
      }
    });
  }

  private onResponse(page: Page, response: Response): void {
    const { pathname } = new URL(response.url());
    if (response.status() < 400 || this.isExpected(response.status(), pathname)) return;
    this.faults.push(`${page.url()}: ${response.request().method()} ${pathname}: ${response.status()}`);
  }

  private isExpected(status: number, path: string): boolean {
    const found = this.expected.find((one) => one.status === status && one.path.test(path));
    if (found) found.isMet = true;
    return found !== undefined;
  }

  /** Announces that the server will refuse something; 0: will not answer. It has to, then. */
  expect(status: number, path: RegExp): void {
    this.expected.push({ status, path, isMet: false });
  }

  /** Returns what went wrong since it was asked for last. */
  private takeFaults(): string[] {
    const unmet = this.expected.filter((one) => !one.isMet).map((one) => `expected: ${one.status} of ${one.path}`);
    this.expected = [];
    return [...this.faults.splice(0), ...unmet];
  }

  /** Fails if something went wrong in a test that was not expected. Of a test that has failed a picture is kept. */
  async finish(task: RunnerTask): Promise<void> {
    const faults = this.takeFaults();
    if (task.result?.state === "fail" || faults.length > 0) {
      await this.takePicture(`${task.suite?.name ?? ""} ${task.name}`);
    }
    expect(faults, "what went wrong on the pages").toEqual([]);
  }

  close(): Promise<void> {
    return this.context.close();
  }

  private async takePicture(name: string): Promise<void> {
    await mkdir(failures, { recursive: true });
    const file = join(failures, `${name.replace(/\W+/g, "-")}.png`);
    await this.page.screenshot({ path: file, fullPage: true }).catch(() => {});
    console.error(`${this.page.url()} looked like this: ${file}`);
  }

  /** Opens a page by its address. */
  async goTo(path: string): Promise<void> {
    await this.page.goto(path);
    await this.settle();
  }

  /** Waits until the page shows what it is for. */
  async settle(): Promise<void> {
    await this.page.locator("main h1").first().waitFor({ state: "attached" });
    await this.page.locator('[aria-busy="true"]').first().waitFor({ state: "detached" });
  }

  /** Waits until nothing more is loaded: for looking at all of a page, not for going on. */
  async rests(): Promise<void> {
    await this.settle();
    for (let since = Date.now(); Date.now() - since < quietMs; await pause(quietMs / 5)) {
      if (this.underWay.size > 0) since = Date.now();
    }
    await this.page.evaluate(() => document.fonts.ready.then(() => new Promise(requestAnimationFrame)));
  }

  /** Waits for an address, by its path and query. */
  async isAt(target: string | RegExp): Promise<void> {
    const isIt = (url: URL) => {
      const here = url.pathname + url.search;
      return typeof target === "string" ? here === target : target.test(here);
    };
    await this.page.waitForURL(isIt);
    await this.settle();
  }

  /** Waits for a heading, and so for a page. */
  async sees(heading: string | RegExp): Promise<void> {
    await this.page.getByRole("heading", { name: heading }).first().waitFor();
  }

  /** Waits for a text anywhere on the page. */
  async reads(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** Waits until a text is on the page no more. */
  async readsNoMore(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor({ state: "detached" });
  }

  field(label: string | RegExp): Locator {
    return this.page.getByLabel(label, { exact: typeof label === "string" });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: typeof name === "string" });
  }

  link(name: string | RegExp): Locator {
    return this.page.getByRole("link", { name, exact: typeof name === "string" });
  }

  /** Types into fields, by their labels. */
  async fill(values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values)) await this.textbox(label).fill(value);
  }

  /** Returns a field whose label may go on with "optional". */
  textbox(label: string): Locator {
    const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return this.page.getByLabel(new RegExp(`^${escaped}(?:\\s+optional)?\\s*$`));
  }

  /** Chooses one out of few that are all in sight. */
  async choose(name: string): Promise<void> {
    await this.page.getByRole("radio", { name, exact: true }).check({ force: true }); // its label lies over it
  }

  async press(name: string | RegExp): Promise<void> {
    await this.button(name).click();
  }

  async follow(name: string | RegExp): Promise<void> {
    await this.link(name).click();
    await this.settle();
  }

  /** Drops files onto the page, as from a folder. */
  async drop(files: Record<string, string | Buffer>): Promise<void> {
    const given = Object.entries(files).map(([name, content]) => ({
      name,
      base64: Buffer.from(content).toString("base64"),
    }));
    const transfer = await this.page.evaluateHandle((given) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      return transfer;
    }, given);
    for (const type of ["dragenter", "dragover", "drop"]) {
      await this.page.dispatchEvent("main", type, { dataTransfer: transfer });
    }
  }

  /** Logs in on the page that is for it. */
  async logIn(person: Pick<Person, "email" | "password">): Promise<void> {
    await this.fill({ "E-mail address": person.email, Password: person.password });
    await this.page.locator("main").getByRole("button", { name: "Log in" }).click();
  }
}

/** Runs in each page: a violation of its Content-Security-Policy, or a use of what browsers give up, is told on the console. */
function tellReports(): void {
  addEventListener("securitypolicyviolation", (event) => {
    console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
  });
  if (!("ReportingObserver" in window)) return;
  new ReportingObserver(
    (reports) => {
      for (const report of reports) console.error(`report: ${JSON.stringify(report)}`);
    },
    { buffered: true },
  ).observe();
}
