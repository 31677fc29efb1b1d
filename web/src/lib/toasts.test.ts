import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { dismiss, hold, release, toast, toasts } from "./toasts.svelte.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test("a notice goes by itself, sooner or later", () => {
  toast("Saved.");
  toast("Deleted.", { kind: "bad", lifeMs: 60_000 });
  expect(toasts.map((one) => one.text)).toEqual(["Saved.", "Deleted."]);
  vi.advanceTimersByTime(10_000);
  expect(toasts.map((one) => one.text)).toEqual(["Deleted."]);
  vi.advanceTimersByTime(60_000);
  expect(toasts).toEqual([]);
});

test("a notice that was put away does not take another one with it", () => {
  const first = toast("first");
  toast("second");
  dismiss(first);
  dismiss(first);
  expect(toasts.map((one) => one.text)).toEqual(["second"]);
});

test("a notice with something to do stays long enough to get there", () => {
  toast("Deleted.", { action: { label: "Undo", run: () => {} }, lifeMs: 1_000 });
  vi.advanceTimersByTime(19_900);
  expect(toasts).toHaveLength(1);
  vi.advanceTimersByTime(200);
  expect(toasts).toEqual([]);
});

test("the time of a notice stands still while somebody is at it", () => {
  const ended = vi.fn();
  const id = toast("Saved.", { ended });
  vi.advanceTimersByTime(1_000);
  hold(id);
  vi.advanceTimersByTime(60_000);
  expect(toasts).toHaveLength(1);
  release(id);
  release(id);
  vi.advanceTimersByTime(4_900);
  expect(toasts).toHaveLength(1);
  vi.advanceTimersByTime(200);
  expect(toasts).toEqual([]);
  expect(ended).toHaveBeenCalledOnce();
});

test("a notice that is let go at its last moment does not vanish under the hand", () => {
  const id = toast("Saved.");
  vi.advanceTimersByTime(5_990);
  hold(id);
  release(id);
  vi.advanceTimersByTime(1_900);
  expect(toasts).toHaveLength(1);
  dismiss(id);
});
