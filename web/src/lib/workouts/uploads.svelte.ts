/** Files that are on their way to the server, one after the other. They outlive the page on which they were chosen. */
import { ApiError, upload } from "../api.ts";
import { checkTrackFile } from "../checks.ts";
import { t } from "../i18n.svelte.ts";
import { go, router } from "../router.svelte.ts";
import { beforeLogOut, session } from "../session.svelte.ts";
import { toast } from "../toasts.svelte.ts";
import type { AddedWorkout } from "../types.ts";
import { workoutList } from "./workoutlist.svelte.ts";

/** The page on which the files are chosen and looked after. */
export const uploadPage = "/workouts/add";

/** `reading`: all of it is sent, and the server makes workouts of it. */
export type UploadState = "waiting" | "sending" | "reading" | "done" | "refused";

export class Upload {
  state = $state<UploadState>("waiting");
  /** How much of it is sent, from 0 to 1. */
  share = $state(0);
  /** The workouts that came of it. */
  workouts = $state.raw<AddedWorkout[]>([]);
  /** Why it was refused: a sentence of the API, or an error. */
  reason = $state.raw<unknown>();
  readonly controller = new AbortController();

  constructor(
    readonly id: number,
    readonly file: File,
    readonly sportId: number,
    readonly notes: string,
    readonly owner: string,
  ) {}

  get isOpen(): boolean {
    return this.state === "waiting" || this.state === "sending" || this.state === "reading";
  }
}

/** How long the files wait for a server that does not answer, in milliseconds. */
const pauseMs = 15_000;

/** Tells whether a file was refused for something that passes by itself, or by logging in again. */
function isPassing(error: unknown): boolean {
  if (error instanceof DOMException) return true; // the session has ended meanwhile
  return error instanceof ApiError && [0, 401, 429, 502, 503, 504].includes(error.status);
}

class Uploads {
  all = $state.raw<Upload[]>([]);
  /** Why all files wait; undefined: they do not. */
  hold = $state.raw<unknown>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private next = 1;
  private isBusy = false;
  private added = 0;

  /** How many files are not through yet. */
  get open(): number {
    return this.all.filter((one) => one.isOpen).length;
  }

  /** Sends files; what cannot be taken is refused at once. */
  add(files: Iterable<File>, sportId: number, notes: string): void {
    const owner = session.user?.username ?? "";
    const added = [...files].map((file) => new Upload(this.next++, file, sportId, notes, owner));
    for (const one of added) {
      const wrong = checkTrackFile(one.file, session.config);
      if (wrong) [one.state, one.reason] = ["refused", wrong];
    }
    this.all = [...this.all, ...added];
    void this.run();
  }

  /** Sends a file once more. */
  retry(old: Upload): void {
    const again = new Upload(this.next++, old.file, old.sportId, old.notes, session.user?.username ?? "");
    this.all = this.all.map((one) => (one === old ? again : one));
    void this.run();
  }

  /** Takes a file off the list. One that is being sent is stopped; what the server has made of it already stays. */
  remove(one: Upload): void {
    this.all = this.all.filter((other) => other !== one);
    one.controller.abort();
  }

  /** Takes those off the list that are through. */
  clear(): void {
    this.all = this.all.filter((one) => one.isOpen);
  }

  stop(): void {
    for (const one of this.all) this.remove(one);
    this.goOn();
  }

  /** Goes on after a pause, with the files of who is logged in; others are forgotten. */
  resume(): void {
    for (const one of this.all) if (one.owner !== session.user?.username) this.remove(one);
    this.goOn();
    void this.run();
  }

  private pause(error: unknown): void {
    this.hold = error;
    const retryAfterS = error instanceof ApiError ? error.retryAfterS : 0;
    this.timer = setTimeout(() => this.resume(), Math.max(pauseMs, 1000 * retryAfterS));
  }

  private goOn(): void {
    clearTimeout(this.timer);
    this.hold = undefined;
  }

  private async run(): Promise<void> {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let one = this.first(); one && !this.hold; one = this.first()) await this.send(one);
    this.isBusy = false;
    if (this.added > 0 && router.path !== uploadPage) {
      toast(t("workouts.addedCount", { count: this.added }), {
        action: { label: t("workouts.show"), run: () => void go(uploadPage) },
      });
    }
    this.added = 0;
  }

  private first(): Upload | undefined {
    return this.all.find((one) => one.state === "waiting" && one.owner === session.user?.username);
  }

  private async send(one: Upload): Promise<void> {
    const form = new FormData();
    form.append("file", one.file);
    form.append("data", JSON.stringify({ sport_id: one.sportId, notes: one.notes }));
    one.state = "sending";
    try {
      const answer = await upload<{ data: { workouts: AddedWorkout[] } }>(
        "/api/workouts?check_duplicates=true",
        form,
        (share) => {
          one.share = share;
          if (share >= 1) one.state = "reading";
        },
        one.controller.signal,
      );
      one.workouts = answer.data.workouts;
      one.state = "done";
      this.added += answer.data.workouts.length;
      workoutList.forget();
    } catch (error) {
      if (one.controller.signal.aborted) return;
      if (isPassing(error)) {
        [one.state, one.share] = ["waiting", 0];
        this.pause(error);
      } else {
        [one.state, one.reason] = ["refused", error];
      }
    }
  }
}

export const uploads = new Uploads();

addEventListener("beforeunload", (event) => {
  if (uploads.open > 0) event.preventDefault();
});
beforeLogOut(async () => uploads.stop());
