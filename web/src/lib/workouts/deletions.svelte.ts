/**
 * Workouts that somebody has deleted. They are out of sight at once, but the server is told only when the notice that
 * offers to undo it goes away, or the page is closed: the API cannot bring anything back.
 */
import { SvelteMap, SvelteSet } from "svelte/reactivity";
import { ApiError } from "../api.ts";
import { explain, t } from "../i18n.svelte.ts";
import { beforeLogOut } from "../session.svelte.ts";
import { dismiss, toast } from "../toasts.svelte.ts";
import type { Workout } from "../types.ts";
import { deleteWorkout } from "./workouts.ts";
import { workoutList } from "./workoutlist.svelte.ts";

/** Those of which the server does not know yet, by id, with their notices. */
const pending = new SvelteMap<string, number>();
const gone = new SvelteSet<string>();

/** Tells whether a workout is not to be shown any more. */
export function isDeleted(id: string): boolean {
  return pending.has(id) || gone.has(id);
}

/** Tells whether the deletion of a workout can still be undone. */
export function canRestore(id: string): boolean {
  return pending.has(id);
}

/** Deletes a workout in a while, and offers to undo that. */
export function removeSoon(workout: Pick<Workout, "id" | "title">): void {
  const { id } = workout;
  if (isDeleted(id)) return;
  const notice = toast(t("workouts.deleted", { title: shorten(workout.title) }), {
    action: { label: t("common.undo"), run: () => restore(id) },
    ended: () => void finish(id),
  });
  pending.set(id, notice);
}

export function restore(id: string): void {
  takeBack(id);
}

/** Says no more about a deletion; the end of the notice finds none, and so does nothing. */
function takeBack(id: string): void {
  const notice = pending.get(id);
  if (notice === undefined) return;
  pending.delete(id);
  dismiss(notice);
}

async function finish(id: string, keepalive = false): Promise<void> {
  if (!pending.has(id)) return;
  gone.add(id);
  takeBack(id);
  try {
    await deleteWorkout(id, keepalive);
  } catch (error) {
    const isGone = error instanceof ApiError && error.status === 404;
    if (!isGone) {
      gone.delete(id);
      toast(`${t("workouts.notDeleted")} ${explain(error)}`, { kind: "bad" });
      return;
    }
  }
  workoutList.remove(id);
}

function finishAll(keepalive = false): Promise<unknown> {
  return Promise.all([...pending.keys()].map((id) => finish(id, keepalive)));
}

function shorten(title: string): string {
  const letters = [...title];
  return letters.length > 40 ? `${letters.slice(0, 39).join("")}…` : title;
}

addEventListener("pagehide", () => void finishAll(true));
beforeLogOut(() => finishAll());
