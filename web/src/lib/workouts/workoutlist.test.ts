import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { pageSize, workoutList } from "./workoutlist.svelte.ts";

/** What the server has; each call answers with a page of it. */
let all: string[] = [];
const asked = vi.fn(async (path: string) => {
  const page = Number(new URL(path, "http://x").searchParams.get("page"));
  const workouts = all.slice((page - 1) * pageSize, page * pageSize).map((id) => ({ id }));
  const has_next = page * pageSize < all.length;
  return Response.json({ data: { workouts, statistics: { all: { count: all.length } } }, pagination: { has_next } });
});

beforeEach(() => {
  vi.stubGlobal("fetch", asked);
  all = Array.from({ length: pageSize * 2 + 5 }, (_, i) => `w${i}`);
  asked.mockClear();
});

afterEach(() => vi.unstubAllGlobals());

async function begin(): Promise<void> {
  workoutList.forget();
  workoutList.show(new URLSearchParams(), false);
  await vi.waitFor(() => expect(workoutList.isLoading).toBe(false));
}

const ids = () => workoutList.workouts!.map((workout) => workout.id);

describe("the list", () => {
  it("goes on to its end", async () => {
    await begin();
    expect(ids()).toEqual(all.slice(0, pageSize));
    await workoutList.more();
    await workoutList.more();
    expect(ids()).toEqual(all);
    expect(workoutList.hasMore).toBe(false);
  });

  it("leaves none out and has none twice after one was deleted", async () => {
    await begin();
    workoutList.remove("w3");
    all = all.filter((id) => id !== "w3");
    await workoutList.more();
    await workoutList.more();
    await workoutList.more();
    expect(ids().toSorted()).toEqual(all.toSorted());
  });

  it("has none twice after one was added", async () => {
    await begin();
    all = ["new", ...all];
    await workoutList.more();
    expect(new Set(ids()).size).toBe(ids().length);
    expect(ids()).toContain("w30");
  });

  it("is kept until something changes", async () => {
    await begin();
    workoutList.show(new URLSearchParams(), true);
    expect(asked).toHaveBeenCalledTimes(1);
    workoutList.forget();
    workoutList.show(new URLSearchParams(), true);
    expect(asked).toHaveBeenCalledTimes(2);
    await vi.waitFor(() => expect(workoutList.isLoading).toBe(false));
  });

  it("is another one for another query", async () => {
    await begin();
    workoutList.show(new URLSearchParams("title=x"), true);
    expect(asked.mock.calls.at(-1)![0]).toContain("title=x");
    await vi.waitFor(() => expect(workoutList.isLoading).toBe(false));
  });

  it("says that it could not be had, and tries again", async () => {
    asked.mockRejectedValueOnce(new TypeError("offline"));
    await begin();
    expect(workoutList.error).toBeDefined();
    await workoutList.retry();
    expect(workoutList.error).toBeUndefined();
    expect(ids()).toHaveLength(pageSize);
  });
});
