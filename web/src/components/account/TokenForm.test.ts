import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useTexts } from "../../lib/i18n.svelte.ts";
import * as en from "../../locales/en/index.ts";
import TokenForm from "./TokenForm.svelte";

let sent: Record<string, unknown>[] = [];
const made = vi.fn();

beforeEach(() => {
  useTexts("en", en);
  sent = [];
  made.mockReset();
  vi.stubGlobal("fetch", (_: string, options: RequestInit) => {
    sent.push(JSON.parse(options.body as string) as Record<string, unknown>);
    return Promise.resolve(Response.json({ data: { token: { token: "secret" } } }, { status: 201 }));
  });
});
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const show = (isUpload: boolean) => render(TokenForm, { isUpload, made, close: () => {} });
const name = () => screen.getByLabelText("Name");

it("makes an address for uploads of a name alone", async () => {
  show(true);
  await fireEvent.input(name(), { target: { value: " Phone " } });
  await fireEvent.click(screen.getByText("Create"));
  await vi.waitFor(() => expect(made).toHaveBeenCalledOnce());
  expect(sent).toEqual([{ name: "Phone", scope: "workouts:upload", sport_id: null }]);
});

it("asks for the sport only where the token opens uploads", async () => {
  show(false);
  expect(screen.queryByText("Sport of the uploads")).toBeNull();
  await fireEvent.click(screen.getByLabelText(/Upload workouts/));
  expect(screen.getByText("Sport of the uploads")).toBeTruthy();
  await fireEvent.click(screen.getByLabelText(/See your workouts/));
  expect(screen.queryByText("Sport of the uploads")).toBeNull();
});

it("sends nothing without a name and a scope", async () => {
  show(false);
  await fireEvent.click(screen.getByText("Create"));
  expect(await screen.findByText("Please tick at least one.")).toBeTruthy();
  expect(screen.getByText("Please enter a name of 1 to 100 characters.")).toBeTruthy();
  expect(sent).toEqual([]);
});
