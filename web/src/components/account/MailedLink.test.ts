import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { createRawSnippet } from "svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "../../lib/api.ts";
import { useTexts } from "../../lib/i18n.svelte.ts";
import { router } from "../../lib/router.svelte.ts";
import * as en from "../../locales/en/index.ts";
import MailedLink from "./MailedLink.svelte";

beforeEach(() => useTexts("en", en));
afterEach(cleanup);

function show(query: string, work: (token: string) => Promise<unknown>): void {
  router.query = new URLSearchParams(query);
  render(MailedLink, {
    title: "A link",
    text: "What it does",
    action: "Do it",
    work,
    brokenText: "Perhaps it was used.",
    ways: createRawSnippet(() => ({ render: () => `<a href="/login">Ways on</a>` })),
  });
}

it("does nothing by being opened, for programs open links, too", async () => {
  const work = vi.fn(() => Promise.resolve());
  show("token=abc", work);
  await Promise.resolve();
  expect(work).not.toHaveBeenCalled();
  await fireEvent.click(screen.getByText("Do it"));
  await waitFor(() => expect(work).toHaveBeenCalledExactlyOnceWith("abc"));
});

it("says so when there is no token in it", () => {
  show("", vi.fn());
  expect(screen.getByText("Perhaps it was used.")).toBeTruthy();
  expect(screen.getByText("Ways on")).toBeTruthy();
  expect(screen.queryByText("Do it")).toBeNull();
});

it("leads on when the API does not know the token", async () => {
  show("token=old", () => Promise.reject(new ApiError(400, ["invalid payload"])));
  await fireEvent.click(screen.getByText("Do it"));
  expect(await screen.findByText("Ways on")).toBeTruthy();
});

it("can be tried again when the server does not answer", async () => {
  show("token=abc", () => Promise.reject(new ApiError(0, [])));
  await fireEvent.click(screen.getByText("Do it"));
  expect((await screen.findByRole("alert")).textContent).toContain("does not answer");
  expect(screen.getByText("Do it")).toBeTruthy();
});
