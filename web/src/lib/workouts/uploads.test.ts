import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api.ts";
import { session } from "../session.svelte.ts";
import type { Config, OwnUser } from "../types.ts";
import { uploads } from "./uploads.svelte.ts";

const { send } = vi.hoisted(() => ({ send: vi.fn() }));
vi.mock("../api.ts", async (original) => ({ ...(await original<typeof import("../api.ts")>()), upload: send }));

const file = (name: string, size = 10) => new File(["x".repeat(size)], name);
/** A call that is not answered. */
const untilStopped = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
const states = () => uploads.all.map((one) => one.state);

beforeEach(() => {
  session.user = { username: "amelie" } as OwnUser;
  session.config = { max_single_file_size: 2048, max_zip_file_size: 4096 } as Config;
  send.mockReset();
});
afterEach(() => uploads.stop());

describe("uploads", () => {
  it("sends one file after the other", async () => {
    const ends: (() => void)[] = [];
    send.mockImplementation(() => new Promise((resolve) => ends.push(() => resolve({ data: { workouts: [{}] } }))));
    uploads.add([file("a.gpx"), file("b.zip")], 1, "");
    expect(states()).toEqual(["sending", "waiting"]);
    expect(uploads.open).toBe(2);
    ends[0]!();
    await vi.waitFor(() => expect(states()).toEqual(["done", "sending"]));
    ends[1]!();
    await vi.waitFor(() => expect(states()).toEqual(["done", "done"]));
    expect(uploads.open).toBe(0);
  });

  it("refuses what the server would, without sending it, and in its words", () => {
    uploads.add([file("photo.jpg"), file("big.GPX", 3000), file("README")], 1, "");
    expect(send).not.toHaveBeenCalled();
    expect(uploads.all.map((one) => one.reason)).toEqual([
      "file extension not allowed",
      "Error during workout upload, file size (2.9KB) exceeds 2.0KB.",
      "file extension not allowed",
    ]);
  });

  it("says when all is sent and the server reads", () => {
    let tell: (share: number) => void = () => {};
    send.mockImplementation((_path, _form, progress, signal: AbortSignal) => {
      tell = progress;
      return untilStopped(signal);
    });
    uploads.add([file("a.gpx")], 1, "");
    tell(0.5);
    expect([states()[0], uploads.all[0]!.share]).toEqual(["sending", 0.5]);
    tell(1);
    expect(states()).toEqual(["reading"]);
  });

  it("goes on after a refusal, and tries again", async () => {
    const refusal = new ApiError(400, ["error during gpx file parsing"]);
    send.mockRejectedValueOnce(refusal).mockResolvedValue({ data: { workouts: [{}] } });
    uploads.add([file("a.gpx"), file("b.gpx")], 1, "");
    await vi.waitFor(() => expect(states()).toEqual(["refused", "done"]));
    expect(uploads.all[0]!.reason).toBe(refusal);
    uploads.retry(uploads.all[0]!);
    await vi.waitFor(() => expect(states()).toEqual(["done", "done"]));
  });

  it("waits while the server does not answer, and goes on", async () => {
    send.mockRejectedValueOnce(new ApiError(0, [])).mockResolvedValue({ data: { workouts: [{}] } });
    uploads.add([file("a.gpx"), file("b.gpx")], 1, "");
    await vi.waitFor(() => expect(uploads.hold).toMatchObject({ status: 0 }));
    expect(states()).toEqual(["waiting", "waiting"]);
    uploads.resume();
    await vi.waitFor(() => expect(states()).toEqual(["done", "done"]));
    expect(uploads.hold).toBeUndefined();
  });

  it("never sends the files of one account for another one", async () => {
    send.mockRejectedValueOnce(new ApiError(401, ["invalid token, please log in again"]));
    uploads.add([file("a.gpx"), file("b.gpx")], 1, "");
    await vi.waitFor(() => expect(uploads.hold).toBeDefined());
    session.user = { username: "boris" } as OwnUser;
    uploads.resume();
    expect(uploads.all).toEqual([]);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("stops a file that is taken off the list, and goes on with the next", async () => {
    send
      .mockImplementationOnce((_path, _form, _progress, signal: AbortSignal) => untilStopped(signal))
      .mockResolvedValue({ data: { workouts: [{}] } });
    uploads.add([file("a.gpx"), file("b.gpx")], 1, "");
    uploads.remove(uploads.all[0]!);
    await vi.waitFor(() => expect(states()).toEqual(["done"]));
  });
});
