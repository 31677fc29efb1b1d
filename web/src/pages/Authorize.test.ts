import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useTexts } from "../lib/i18n.svelte.ts";
import { router } from "../lib/router.svelte.ts";
import * as en from "../locales/en/index.ts";
import Authorize from "./Authorize.svelte";

const app = {
  client_description: null,
  client_id: "abc",
  id: 1,
  issued_at: "Sun, 14 Jul 2019 14:09:58 GMT",
  name: "Watch",
  redirect_uris: ["https://watch.example/back"],
  scope: "workouts:read profile:read",
  website: "https://watch.example",
};
let sent: URLSearchParams | undefined;
let answer: { status: number; body: unknown };
const assign = vi.fn();

beforeEach(() => {
  useTexts("en", en);
  sent = undefined;
  assign.mockReset();
  vi.spyOn(location, "assign").mockImplementation(assign);
  vi.stubGlobal("fetch", (path: string, options: RequestInit) => {
    if (options.method === "POST") {
      sent = options.body as URLSearchParams;
      return Promise.resolve(Response.json(answer.body, { status: answer.status }));
    }
    if (path.endsWith("/abc")) return Promise.resolve(Response.json({ data: { client: app } }));
    return Promise.resolve(Response.json({ message: "OAuth2 client not found" }, { status: 404 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function ask(more: Record<string, string> = {}): void {
  router.query = new URLSearchParams({
    client_id: "abc",
    response_type: "code",
    scope: "workouts:read users:write",
    state: "s",
    ...more,
  });
  render(Authorize);
}

it("shows and allows what is asked for and registered, and goes where the API says", async () => {
  answer = { status: 200, body: { redirect_url: "https://watch.example/back?code=1&state=s" } };
  ask();
  expect(await screen.findByText("See your workouts, records and statistics")).toBeTruthy();
  expect(screen.queryByText(/Delete your account/)).toBeNull();
  expect(sent).toBeUndefined();
  await fireEvent.click(screen.getByText("Allow"));
  await vi.waitFor(() => expect(assign).toHaveBeenCalledExactlyOnceWith("https://watch.example/back?code=1&state=s"));
  expect(sent?.get("scope")).toBe("workouts:read");
});

it("tells the application of a denial, and the API nothing", async () => {
  ask();
  await fireEvent.click(await screen.findByText("Deny"));
  expect(assign).toHaveBeenCalledExactlyOnceWith("https://watch.example/back?error=access_denied&state=s");
  expect(sent).toBeUndefined();
});

it.each([
  ["an unknown application", { client_id: "zzz" }],
  ["an address that is not registered", { redirect_uri: "https://evil.example/" }],
])("offers no way to %s", async (_, more) => {
  ask(more);
  await screen.findByText(/Nothing has been allowed|nothing goes there/);
  expect(screen.queryByText("Allow")).toBeNull();
  expect(screen.queryByText(/Back to/)).toBeNull();
  expect(assign).not.toHaveBeenCalled();
});

it("offers the way back that comes with a refusal", async () => {
  answer = { status: 400, body: { message: "No.", redirect_url: "https://watch.example/back?error=invalid_request" } };
  ask();
  await fireEvent.click(await screen.findByText("Allow"));
  await fireEvent.click(await screen.findByText("Back to Watch"));
  expect(assign).toHaveBeenCalledExactlyOnceWith("https://watch.example/back?error=invalid_request");
});
