/** Short notices at the edge of the screen, which also screen readers read out. */

export interface Toast {
  id: number;
  text: string;
  kind: "good" | "bad";
  /** Something that can still be done about it. */
  action?: { label: string; run: () => void };
  /** What happens when it goes away, for whichever reason. */
  ended?: () => void;
}

/** How long a notice stays: time to read it. */
const lifeMs = 6_000;
/** The same with something to do, which the keyboard and a screen reader have to reach first (WCAG 2.2.1 asks for 20 s). */
const actionLifeMs = 20_000;
/** How long it stays at least after somebody has turned from it. */
const graceMs = 2_000;

/** How much time is left, in ms, since the clock, which stands still without a timer, was set going. */
interface Life {
  leftMs: number;
  since: number;
  timer?: ReturnType<typeof setTimeout>;
}

export const toasts = $state<Toast[]>([]);
const lives = new Map<number, Life>();
let next = 1;

/** Shows a notice, and returns its id. */
export function toast(
  text: string,
  options: Partial<Pick<Toast, "kind" | "action" | "ended">> & { lifeMs?: number } = {},
): number {
  const { kind = "good", action, ended } = options;
  const id = next++;
  toasts.push({ id, text, kind, action, ended });
  lives.set(id, { leftMs: Math.max(options.lifeMs ?? lifeMs, action ? actionLifeMs : 0), since: 0 });
  release(id);
  return id;
}

/** Lets a notice stay for as long as somebody is at it. */
export function hold(id: number): void {
  const life = lives.get(id);
  if (life?.timer === undefined) return;
  clearTimeout(life.timer);
  life.timer = undefined;
  life.leftMs = Math.max(life.leftMs - (Date.now() - life.since), graceMs);
}

/** Lets the time of a notice go on. */
export function release(id: number): void {
  const life = lives.get(id);
  if (!life || life.timer !== undefined) return;
  life.since = Date.now();
  life.timer = setTimeout(() => dismiss(id), life.leftMs);
}

export function dismiss(id: number): void {
  clearTimeout(lives.get(id)?.timer);
  lives.delete(id);
  const at = toasts.findIndex((one) => one.id === id);
  if (at < 0) return;
  const [gone] = toasts.splice(at, 1);
  gone?.ended?.();
}
