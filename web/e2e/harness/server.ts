/** A server of ours, started for a test: the real program, on a database of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "./client.ts";
import { Mailbox } from "./mailbox.ts";

/** The program under test: that of `make build`, or another one. */
export const binary = process.env.FITTRACKEE_BINARY ?? resolve(import.meta.dirname, "../../../fittrackee");

/** Chromium opens no port below this one that it takes for another protocol's. */
const firstSafePort = 10_081;

/** How long the program may take to answer, and to stop. */
const patienceMs = 15_000;

export interface Person {
  name: string;
  email: string;
  password: string;
}

export interface Options {
  /** A folder of a server that was stopped, whose data this one begins with. */
  from?: string;
  /** Without, no mail goes out, and none is promised. */
  hasMail?: boolean;
  flags?: string[];
}

export class Server {
  /** What it has printed. */
  output = "";

  private constructor(
    readonly url: string,
    readonly dir: string,
    readonly mails: Mailbox,
    private readonly child: ChildProcess,
  ) {
    const note = (chunk: Buffer) => (this.output += chunk.toString());
    child.stdout!.on("data", note);
    child.stderr!.on("data", note);
  }

  static async start(options: Options = {}): Promise<Server> {
    const { from, hasMail = true, flags = [] } = options;
    const dir = await mkdtemp(join(tmpdir(), "fittrackee-e2e-"));
    if (from) await cp(from, dir, { recursive: true });
    const mails = await Mailbox.open();
    const port = await freePort();
    const mail = hasMail ? ["--smtp-url", mails.url, "--mail-from", "fittrackee@example.com"] : [];
    const args = [
      "serve",
      "--db",
      database(dir),
      "--listen",
      `127.0.0.1:${port}`,
      "--no-rate-limit",
      ...mail,
      ...flags,
    ];
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    const end = () => {
      child.kill();
      rmSync(dir, { recursive: true, force: true });
    };
    process.once("exit", end);
    child.once("exit", () => process.removeListener("exit", end));
    const server = new Server(`http://127.0.0.1:${port}`, dir, mails, child);
    try {
      await server.waitUntilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  private async waitUntilReady(): Promise<void> {
    let failure: Error | undefined;
    this.child.once("error", (error) => (failure = error));
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (failure) throw new Error(`${binary} cannot be started: ${failure.message}`);
      if (this.child.exitCode !== null) throw new Error(`${binary} has ended at once:\n${this.output}`);
      const reply = await fetch(`${this.url}/api/ping`).catch(() => undefined);
      if (reply?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${binary} does not answer:\n${this.output}`);
  }

  /** Returns the code that the first administrator has to know. */
  setupCode(): string {
    const found = /enter this code: (\S+)/.exec(this.output);
    if (!found) throw new Error(`no code for the setup in:\n${this.output}`);
    return found[1]!;
  }

  /** Makes an account that is active at once, on the command line. */
  async addPerson(name: string, options: { isAdmin?: boolean } = {}): Promise<Person> {
    const person = { name, email: `${name}@example.com`, password: `${name}'s password` };
    const args = ["users", "create", name, "--email", person.email, "--password", person.password, "--db"];
    await promisify(execFile)(binary, [...args, database(this.dir), ...(options.isAdmin ? ["--admin"] : [])]);
    return person;
  }

  /** Opens a session for somebody, without a browser. */
  async logIn(person: Person): Promise<Client> {
    return Client.logIn(this.url, person);
  }

  async stop(options: { keepFiles?: boolean } = {}): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined) {
      const ended = new Promise((resolve) => this.child.once("exit", resolve));
      this.child.kill();
      const timer = setTimeout(() => this.child.kill("SIGKILL"), patienceMs);
      await ended;
      clearTimeout(timer);
    }
    await this.mails.close();
    if (!options.keepFiles) await rm(this.dir, { recursive: true, force: true });
  }
}

const database = (dir: string) => join(dir, "fittrackee.db");

async function freePort(): Promise<number> {
  for (;;) {
    const probe = createServer();
    const port = await new Promise<number>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(0, "127.0.0.1", () => resolve((probe.address() as { port: number }).port));
    });
    await new Promise((resolve) => probe.close(resolve));
    if (port >= firstSafePort) return port;
  }
}
