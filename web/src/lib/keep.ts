/** What this browser keeps between visits. Where it keeps nothing, as some are told to, it lasts as long as the page. */

const instead = new Map<string, string>();

export function get(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return instead.get(name) ?? null;
  }
}

/** Keeps a value; null removes it. */
export function set(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    if (value === null) instead.delete(name);
    else instead.set(name, value);
  }
}
