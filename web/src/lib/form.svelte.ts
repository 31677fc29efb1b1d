/** A form: what was typed, what is wrong with it, and whether it is on its way. */
import { ApiError } from "./api.ts";
import { explain, type Key, t, translate } from "./i18n.svelte.ts";
import { session } from "./session.svelte.ts";

/** Returns the API's own sentence for what is wrong with a value, or nothing. */
export type Check<V, T> = (value: T, values: V) => string | undefined;

interface Rules<V> {
  /** Checks before anything is sent. They say what the API would say. */
  checks?: { [N in keyof V]?: Check<V, V[N]> };
  /** Which field a sentence of the API is about, where it does not begin with the field's name. */
  fields?: Record<string, keyof V & string>;
  /** Whether what was typed waits for its owner, if the session ends before it is taken. */
  isKept?: boolean;
  /** What a sentence of the API means in this form, where that is more than it means everywhere. */
  texts?: Record<string, Key>;
}

/** What was typed when a session ended, by account and page. */
const drafts = new Map<string, object>();

export class Form<V extends object> {
  values: V;
  /** What is wrong with a field, in the user's language. */
  errors = $state<Partial<Record<keyof V, string>>>({});
  /** What is wrong with all of it. */
  failure = $state("");
  isBusy = $state(false);
  private readonly place: string;

  constructor(
    initial: V,
    private readonly rules: Rules<V> = {},
  ) {
    this.place = `${session.user?.username} ${location.pathname}`;
    const draft = rules.isKept ? drafts.get(this.place) : undefined;
    drafts.delete(this.place);
    const values = $state({ ...initial, ...draft });
    this.values = values;
  }

  /** Looks at every field; true if nothing is wrong. */
  check(): boolean {
    this.errors = {};
    this.failure = "";
    for (const name of Object.keys(this.rules.checks ?? {}) as (keyof V)[]) {
      const wrong = this.rules.checks?.[name]?.(this.values[name], this.values);
      if (wrong) this.errors[name] = translate(wrong);
    }
    return Object.keys(this.errors).length === 0;
  }

  /** Does the work if nothing is wrong, once at a time. What the API refuses is told beside its field. True if it was done. */
  async submit(work: (values: V) => Promise<unknown>): Promise<boolean> {
    if (this.isBusy || !this.check()) return false;
    this.isBusy = true;
    try {
      await work(this.values);
      return true;
    } catch (error) {
      if (this.rules.isKept && error instanceof ApiError && error.status === 401) {
        drafts.set(this.place, $state.snapshot(this.values) as object);
      }
      this.refuse(error);
      return false;
    } finally {
      this.isBusy = false;
    }
  }

  /** Tells why the API refused, each sentence beside its field. */
  refuse(error: unknown): void {
    const isAboutFields = error instanceof ApiError && [400, 401, 403, 413].includes(error.status);
    if (!isAboutFields || error.messages.length === 0) {
      this.failure = explain(error);
      return;
    }
    for (const sentence of error.messages) {
      const field = this.fieldOf(sentence);
      const own = this.rules.texts?.[sentence];
      const text = own ? t(own) : translate(sentence);
      if (field === undefined) this.failure = [this.failure, text].filter(Boolean).join(" ");
      else this.errors[field] = [this.errors[field], text].filter(Boolean).join(" ");
    }
  }

  private fieldOf(sentence: string): (keyof V & string) | undefined {
    for (const [beginning, field] of Object.entries(this.rules.fields ?? {})) {
      if (sentence.startsWith(beginning)) return field;
    }
    const name = /^(\w+): /.exec(sentence)?.[1] ?? "";
    return name in this.values ? (name as keyof V & string) : undefined;
  }
}
