/** An account that looks like somebody's: a year of workouts of several sports. */
import type { Client } from "./client.ts";
import { chance, gpx } from "./gpx.ts";

interface Habit {
  sport: number;
  km: [least: number, most: number];
  kmh: number;
  climbM: number;
  names: string[];
}

const habits: Habit[] = [
  { sport: 1, km: [25, 70], kmh: 25, climbM: 320, names: ["Evening loop", "Around the lake", "Over three hills"] },
  { sport: 5, km: [5, 16], kmh: 10.5, climbM: 60, names: ["Morning run", "Along the river", "Tempo run"] },
  { sport: 3, km: [7, 18], kmh: 4.3, climbM: 620, names: ["Up to the hut", "Ridge walk", "Autumn hike"] },
  { sport: 4, km: [12, 30], kmh: 15, climbM: 400, names: ["Forest trails", "Muddy loop"] },
];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** How many workouts the account has. */
export const demoCount = 42;

/** Adds the workouts, the newest one of yesterday. */
export async function fillDemo(client: Client, now = new Date()): Promise<void> {
  const random = chance(11);
  const today = Math.floor(now.getTime() / dayMs) * dayMs;
  for (let i = 0; i < demoCount - 2; i++) {
    const habit = habits[Math.floor(random() ** 1.3 * habits.length)]!;
    const km = habit.km[0] + random() * (habit.km[1] - habit.km[0]);
    const agoDays = 1 + Math.floor(i * 1.6 + (i / 6) ** 3);
    const start = new Date(today - agoDays * dayMs + (6 + Math.floor(random() * 10)) * hourMs);
    const name = habit.names[Math.floor(random() * habit.names.length)]!;
    const at: [number, number] = [46.2 + random() * 0.3, 7.1 + random() * 0.4];
    const track = gpx({ name, start, km, kmh: habit.kmh, climbM: habit.climbM, at, seed: i + 1, everyS: 15 });
    const notes = i % 5 === 0 ? "Wind from the west, good legs.\nCoffee at the top." : undefined;
    await client.upload(track, { sport_id: habit.sport, notes });
  }
  const day = (agoDays: number) => new Date(today - agoDays * dayMs).toISOString().slice(0, 10);
  await client.type({
    sport_id: 16,
    title: "Swim in the lake",
    workout_date: `${day(6)} 09:30`,
    distance: 1.2,
    duration: 2400,
  });
  await client.type({ sport_id: 5, title: "Treadmill", workout_date: `${day(3)} 19:00`, distance: 8, duration: 2700 });
}
