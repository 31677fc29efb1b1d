/** The list of workouts that was looked at last. It outlives its page, so that returning to it finds it as it was left. */
import { session } from "../session.svelte.ts";
import type { ListTotals, Workout } from "../types.ts";
import { listWorkouts, type WorkoutPage } from "./workouts.ts";

/** How many workouts are asked for at a time. */
export const pageSize = 24;

class WorkoutList {
  /** Undefined until the first page is there. */
  workouts = $state.raw<Workout[] | undefined>();
  totals = $state.raw<ListTotals | undefined>();
  hasMore = $state(false);
  isLoading = $state(false);
  error = $state.raw<unknown>();
  /** The query of the list, for links back to it. */
  query = $state("");
  /** How far it is scrolled, or was when it was left. */
  scroll = 0;
  private owner = "";
  private isStale = true;
  private controller = new AbortController();

  /** Shows the list of a query; as it was kept if it may be and is still true, else from its beginning. */
  show(query: URLSearchParams, mayBeKept: boolean): void {
    const text = query.toString();
    const owner = session.user?.username ?? "";
    const isSame = text === this.query && owner === this.owner;
    if (isSame && mayBeKept && !this.isStale && this.workouts) return;
    if (owner !== this.owner) this.workouts = this.totals = undefined;
    this.query = text;
    this.owner = owner;
    this.isStale = true;
    void this.reload();
  }

  /** Tries again what has failed. */
  retry(): Promise<void> {
    return this.isStale ? this.reload() : this.more();
  }

  /** Loads the first page again. What was there is shown until then. */
  async reload(): Promise<void> {
    const first = await this.load(1);
    if (!first) return;
    this.workouts = first.workouts;
    this.isStale = false;
  }

  /** Loads what comes next. A workout that came or went meanwhile has moved the others, so none is taken twice. */
  async more(): Promise<void> {
    if (this.isLoading || !this.workouts) return;
    const known = new Set(this.workouts.map((workout) => workout.id));
    for (let page = Math.floor(known.size / pageSize) + 1; ; page++) {
      const next = await this.load(page);
      if (!next) return;
      const fresh = next.workouts.filter((workout) => !known.has(workout.id));
      this.workouts = [...(this.workouts ?? []), ...fresh];
      if (fresh.length > 0 || !next.pagination.has_next) return;
    }
  }

  private async load(page: number): Promise<WorkoutPage | undefined> {
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    this.isLoading = true;
    this.error = undefined;
    try {
      const answer = await listWorkouts(new URLSearchParams(this.query), page, pageSize, signal);
      if (signal.aborted) return undefined;
      this.totals = answer.totals;
      this.hasMore = answer.pagination.has_next;
      this.isLoading = false;
      return answer;
    } catch (error) {
      if (signal.aborted) return undefined;
      this.error = error;
      this.isLoading = false;
      return undefined;
    }
  }

  /** Returns a workout of the list, so that its page has something to begin with. */
  find(id: string): Workout | undefined {
    if (this.owner !== (session.user?.username ?? "")) return undefined;
    return this.workouts?.find((workout) => workout.id === id);
  }

  /** Takes over a workout that was changed. Records of others may have changed with it, so the list is read again later. */
  replace(changed: Workout): void {
    this.workouts = this.workouts?.map((workout) => (workout.id === changed.id ? changed : workout));
    this.isStale = true;
  }

  remove(id: string): void {
    this.workouts = this.workouts?.filter((workout) => workout.id !== id);
    this.isStale = true;
  }

  /** Has the list read again when it is shown next. */
  forget(): void {
    this.isStale = true;
  }
}

export const workoutList = new WorkoutList();
