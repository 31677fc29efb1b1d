import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as en from "../../locales/en/index.ts";
import { noFilters } from "../../lib/workouts/filters.ts";
import { useTexts } from "../../lib/i18n.svelte.ts";
import FilterForm from "./FilterForm.svelte";

beforeEach(() => useTexts("en", en));
afterEach(cleanup);

it("applies a change at once, with what else is typed", async () => {
  const apply = vi.fn();
  render(FilterForm, { filters: { ...noFilters(), title: "loop" }, apply });
  const from = screen.getByLabelText("Distance from");
  await fireEvent.input(from, { target: { value: "20" } });
  expect(apply).not.toHaveBeenCalled();
  await fireEvent.change(from);
  expect(apply).toHaveBeenCalledWith({ ...noFilters(), title: "loop", distance_from: "20" }, { replace: false });
});

it("tells beside a field what nobody can make out, and applies nothing", async () => {
  const apply = vi.fn();
  render(FilterForm, { filters: noFilters(), apply });
  const to = screen.getByLabelText("Duration up to");
  await fireEvent.input(to, { target: { value: "long" } });
  await fireEvent.change(to);
  expect(apply).not.toHaveBeenCalled();
  expect(to.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(to.getAttribute("aria-describedby")!)?.textContent).toContain("1:30");
});

it("begins anew when other filters count", async () => {
  const { rerender } = render(FilterForm, { filters: { ...noFilters(), title: "loop" }, apply: vi.fn() });
  await rerender({ filters: { ...noFilters(), title: "river" } });
  expect((screen.getByLabelText("Title") as HTMLInputElement).value).toBe("river");
});
