/** A mail server that keeps what it gets. */
import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** How long a mail may take: the program sends it after its answer. */
const patienceMs = 15_000;

export class Mailbox {
  readonly mails: ParsedMail[] = [];

  private constructor(private readonly server: SMTPServer) {}

  static async open(): Promise<Mailbox> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS", "AUTH"],
      onData: (stream, _session, done) => {
        simpleParser(stream).then((mail) => {
          box.mails.push(mail);
          done();
        }, done);
      },
    });
    const box = new Mailbox(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    server.on("error", () => {}); // a client that hangs up
    return box;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  /** Waits for the next mail to an address that has a link to a page in it, and returns the link. */
  async linkTo(email: string, path: string): Promise<string> {
    const mail = await this.next(email, (one) => one.text?.includes(path) ?? false);
    return new RegExp(`https?://\\S+${path}\\S*`).exec(mail.text!)![0];
  }

  /** Waits for a mail that was not asked for before. */
  async next(email: string, isIt: (mail: ParsedMail) => boolean = () => true): Promise<ParsedMail> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const at = this.mails.findIndex((mail) => recipients(mail).includes(email) && isIt(mail));
      if (at >= 0) return this.mails.splice(at, 1)[0]!;
      if (Date.now() > deadline) {
        const got = this.mails.map((mail) => `${recipients(mail).join()}: ${mail.subject}`).join("\n");
        throw new Error(`no such mail to ${email}; there are:\n${got}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

function recipients(mail: ParsedMail): string[] {
  const all = mail.to === undefined ? [] : [mail.to].flat();
  return all.flatMap((to) => to.value.map((one) => one.address ?? ""));
}
