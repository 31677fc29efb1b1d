/** The API, for what a test needs to be there before somebody opens a page, and to see what has become of it. */
import type { Person } from "./server.ts";

export interface Answer<T> {
  status: number;
  body: T;
}

export class Client {
  constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  static async logIn(url: string, person: Pick<Person, "email" | "password">): Promise<Client> {
    const client = new Client(url, "");
    const { body } = await client.ask<{ auth_token: string }>("POST", "/api/auth/login", {
      email: person.email,
      password: person.password,
    });
    return new Client(url, body.auth_token);
  }

  /** Asks, whatever the answer may be. */
  async try<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const headers: Record<string, string> = this.token === "" ? {} : { Authorization: `Bearer ${this.token}` };
    const isForm = body instanceof FormData || body instanceof URLSearchParams;
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    const sent = isForm ? body : body === undefined ? undefined : JSON.stringify(body);
    const reply = await fetch(this.url + path, { method, headers, body: sent });
    const text = await reply.text();
    return { status: reply.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
  }

  /** Asks for what has to succeed. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const answer = await this.try<T>(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer;
  }

  /** Returns the data of an answer. */
  async get<T>(path: string): Promise<T> {
    return (await this.ask<{ data: T }>("GET", path)).body.data;
  }

  /** Adds a workout of a GPX file, and returns its id. */
  async upload(gpx: string, details: { sport_id: number; notes?: string }): Promise<string> {
    const form = new FormData();
    form.append("file", new Blob([gpx]), "track.gpx");
    form.append("data", JSON.stringify(details));
    const { body } = await this.ask<{ data: { workouts: { id: string }[] } }>("POST", "/api/workouts", form);
    return body.data.workouts[0]!.id;
  }

  /** Adds a workout without a track, and returns its id. */
  async type(workout: Typed): Promise<string> {
    const { body } = await this.ask<{ data: { workouts: { id: string }[] } }>("POST", "/api/workouts/no_gpx", workout);
    return body.data.workouts[0]!.id;
  }

  async workouts(): Promise<{ id: string; title: string }[]> {
    return (await this.get<{ workouts: { id: string; title: string }[] }>("/api/workouts?per_page=50")).workouts;
  }
}

interface Typed {
  sport_id: number;
  title: string;
  /** `YYYY-MM-DD HH:MM`, in the account's time zone. */
  workout_date: string;
  /** km */
  distance: number;
  /** seconds */
  duration: number;
  notes?: string;
}
