import { cleanup, fireEvent, render, screen, within } from "@testing-library/svelte";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { monthWeeks } from "../../lib/days.ts";
import { useTexts } from "../../lib/i18n.svelte.ts";
import { shown } from "../../lib/preferences.svelte.ts";
import type { Workout } from "../../lib/types.ts";
import * as english from "../../locales/en/index.ts";
import Calendar from "./Calendar.svelte";

beforeEach(() => {
  useTexts("en", english);
  Object.assign(shown, { language: "en", locale: "en-GB", timezone: "Europe/Paris", isImperial: false });
  // happy-dom has no dialogs that are shown.
  HTMLDialogElement.prototype.showModal ??= vi.fn();
});

afterEach(cleanup);

function workout(id: string, workout_date: string): Workout {
  return { id, title: id, sport_id: 5, distance: 8, moving: "0:40:00", workout_date } as Workout;
}

function show(workouts: Workout[]): void {
  const weeks = monthWeeks("2026-11-01", true);
  render(Calendar, { month: "2026-11-01", weeks, today: "2026-11-25", workouts, isLoading: false });
}

const cell = (day: string) => within(document.querySelector(`time[datetime="${day}"]`)!.closest("td")!);

test("workouts are on the day of the user's time zone, and lead to their pages", () => {
  show([workout("late", "Tue, 10 Nov 2026 23:30:00 GMT")]);
  const link = cell("2026-11-11").getByRole("link", { name: "late, Running, 8.0 km" });
  expect(link.getAttribute("href")).toBe("/workouts/late");
  expect(cell("2026-11-10").queryByRole("link")).toBeNull();
});

test("today is marked", () => {
  show([]);
  const marked = document.querySelectorAll('td[aria-current="date"] time');
  expect([...marked].map((time) => time.getAttribute("datetime"))).toEqual(["2026-11-25"]);
});

test("what there is no room for is in a list", async () => {
  show([1, 2, 3, 4, 5].map((hour) => workout(`ride ${hour}`, `Fri, 06 Nov 2026 0${hour}:00:00 GMT`)));
  const day = cell("2026-11-06");
  const before = day.getAllByRole("link").length;
  await fireEvent.click(day.getByRole("button", { name: `${5 - before} more workouts on this day` }));
  const dialog = document.querySelector("dialog")!;
  expect(dialog.querySelectorAll("a")).toHaveLength(5);
  expect(screen.getByText(/^Friday,? 6 November 2026$/)).toBeTruthy();
});
