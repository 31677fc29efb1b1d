import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { canRestore, isDeleted, removeSoon, restore } from "./deletions.svelte.ts";
import { dismiss, hold, toasts } from "../toasts.svelte.ts";

const asked = vi.fn<(path: string, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", asked);
  asked.mockResolvedValue(new Response(null, { status: 204 }));
});

afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  asked.mockReset();
});

describe("removeSoon", () => {
  it("hides at once and tells the server when it cannot be undone any more", async () => {
    removeSoon({ id: "a", title: "Ride" });
    expect(isDeleted("a")).toBe(true);
    await vi.advanceTimersByTimeAsync(19_900);
    expect(asked).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(asked).toHaveBeenCalledOnce();
    expect(asked.mock.calls[0]![0]).toBe("/api/workouts/a");
    expect(asked.mock.calls[0]![1].method).toBe("DELETE");
    expect(isDeleted("a")).toBe(true);
    expect(canRestore("a")).toBe(false);
  });

  it("tells the server once when the notice is put away", async () => {
    removeSoon({ id: "f", title: "Ride" });
    dismiss(toasts.at(-1)!.id);
    expect(asked).toHaveBeenCalledOnce();
    expect(isDeleted("f")).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toHaveBeenCalledOnce();
  });

  it("waits for as long as somebody is at the notice", async () => {
    removeSoon({ id: "g", title: "Ride" });
    hold(toasts.at(-1)!.id);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(canRestore("g")).toBe(true);
    expect(asked).not.toHaveBeenCalled();
    restore("g");
  });

  it("tells the server nothing when it is undone", async () => {
    removeSoon({ id: "b", title: "Ride" });
    toasts.at(-1)!.action!.run();
    expect(isDeleted("b")).toBe(false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).not.toHaveBeenCalled();
    restore("b"); // once more does no harm
  });

  it("tells the server at once, and so that it arrives, when the page is closed", () => {
    removeSoon({ id: "c", title: "Ride" });
    dispatchEvent(new Event("pagehide"));
    expect(asked.mock.calls[0]![0]).toBe("/api/workouts/c");
    expect(asked.mock.calls[0]![1].keepalive).toBe(true);
  });

  it("shows it again when the server refuses", async () => {
    asked.mockResolvedValue(new Response(JSON.stringify({ message: "no" }), { status: 500 }));
    removeSoon({ id: "d", title: "Ride" });
    await vi.advanceTimersByTimeAsync(20_100);
    expect(isDeleted("d")).toBe(false);
    expect(toasts.at(-1)!.kind).toBe("bad");
  });

  it("is content when somebody else has deleted it", async () => {
    asked.mockResolvedValue(new Response(JSON.stringify({ status: "not found" }), { status: 404 }));
    removeSoon({ id: "e", title: "Ride" });
    await vi.advanceTimersByTimeAsync(20_100);
    expect(isDeleted("e")).toBe(true);
  });
});
