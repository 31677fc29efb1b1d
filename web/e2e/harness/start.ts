/** What all browser tests share: one browser, and the data of a server that somebody has used for a while. */
import { access, constants } from "node:fs/promises";
import { rm } from "node:fs/promises";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { fillDemo } from "./demo.ts";
import { binary, type Person, Server } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where the browser is to be reached. */
    browser: string;
    /** The folder of a server with two accounts: of an administrator, and of somebody who has workouts. */
    demo: { dir: string; ada: Person; sam: Person };
  }
}

const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Flags for a machine without a screen, where nothing else is to go on than what the tests ask for. */
const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export default async function start(project: TestProject): Promise<() => Promise<void>> {
  await mustRun(binary, "build it with `make build`, or name another one in FITTRACKEE_BINARY");
  await mustRun(chromiumPath, "install Chromium (Debian: apt-get install chromium), or name another one in CHROMIUM");
  const demo = await makeDemo();
  const browser = await chromium.launchServer({ executablePath: chromiumPath, args: chromiumFlags });
  project.provide("browser", browser.wsEndpoint());
  project.provide("demo", demo);
  return async () => {
    await browser.close();
    await rm(demo.dir, { recursive: true, force: true });
  };
}

async function mustRun(path: string, advice: string): Promise<void> {
  try {
    await access(path, constants.X_OK);
  } catch {
    throw new Error(`${path} is not there: ${advice}`);
  }
}

async function makeDemo(): Promise<{ dir: string; ada: Person; sam: Person }> {
  const server = await Server.start();
  try {
    const page = await (await fetch(server.url)).text();
    if (!page.includes('id="app"'))
      throw new Error(`${binary} was built without the user interface: use \`make build\``);
    const ada = await server.addPerson("ada", { isAdmin: true });
    const sam = await server.addPerson("sam");
    await fillDemo(await server.logIn(sam));
    return { dir: server.dir, ada, sam };
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    await server.stop({ keepFiles: true });
  }
}
