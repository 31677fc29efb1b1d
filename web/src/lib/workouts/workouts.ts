/** The calls of the API that are about workouts. */
import { call, download } from "../api.ts";
import type { ChartPoint, ListTotals, Pagination, Workout } from "../types.ts";

/** One page of a list, and what the whole list adds up to. */
export interface WorkoutPage {
  workouts: Workout[];
  pagination: Pagination;
  totals: ListTotals;
}

/** What is sent about a workout; what is left out stays as it is. */
export interface TypedWorkout {
  sport_id?: number;
  title?: string;
  notes?: string;
  /** In the user's time zone, as `2018-05-15 14:05`. */
  workout_date?: string;
  /** km */
  distance?: number;
  /** Seconds. */
  duration?: number;
}

/** Asks for one page of the workouts that a query of the list's finds. */
export async function listWorkouts(
  query: URLSearchParams,
  page: number,
  perPage: number,
  signal?: AbortSignal,
): Promise<WorkoutPage> {
  const answer = await call<{
    data: { workouts: Workout[]; statistics: { all: ListTotals } };
    pagination: Pagination;
  }>("GET", "/api/workouts", {
    query: { ...Object.fromEntries(query), page, per_page: perPage, with_statistics: true },
    signal,
  });
  return { workouts: answer.data.workouts, pagination: answer.pagination, totals: answer.data.statistics.all };
}

export async function latestWorkout(): Promise<Workout | undefined> {
  const page = await listWorkouts(new URLSearchParams(), 1, 1);
  return page.workouts[0];
}

/** Asks for one workout. It fails with an ApiError: 404 if there is none, 403 if it is somebody else's. */
export async function loadWorkout(id: string, signal?: AbortSignal): Promise<Workout> {
  return onlyWorkout(await call("GET", pathOf(id), { signal }));
}

/** Asks for the points of a track, or those of one of its segments, counted from 1. */
export async function loadPoints(id: string, segment?: number, signal?: AbortSignal): Promise<ChartPoint[]> {
  const path = `${pathOf(id)}/chart_data${segment === undefined ? "" : `/segment/${segment}`}`;
  const answer = await call<{ data: { chart_data: ChartPoint[] } }>("GET", path, { signal });
  return answer.data.chart_data;
}

export async function addTyped(workout: TypedWorkout): Promise<Workout> {
  return onlyWorkout(await call("POST", "/api/workouts/no_gpx", { json: workout }));
}

export async function editWorkout(id: string, changes: TypedWorkout): Promise<Workout> {
  return onlyWorkout(await call("PATCH", pathOf(id), { json: changes }));
}

/** Removes a workout. With keepalive, also while the page is being closed. */
export async function deleteWorkout(id: string, keepalive = false): Promise<void> {
  await call("DELETE", pathOf(id), { keepalive });
}

export function downloadGPX(id: string): Promise<Blob> {
  return download(`${pathOf(id)}/gpx/download`);
}

function pathOf(id: string): string {
  return `/api/workouts/${encodeURIComponent(id)}`;
}

function onlyWorkout(answer: { data: { workouts: [Workout, ...Workout[]] } }): Workout {
  return answer.data.workouts[0];
}
