/** Something that a page asks the server for, and what the page shows until it is there. */
import { onDestroy } from "svelte";

export class Resource<T> {
  /** Undefined until it is there; kept while a newer answer is on its way. */
  data = $state.raw<T | undefined>();
  error = $state.raw<unknown>();
  isLoading = $state(true);
  private controller = new AbortController();

  constructor(private readonly load: (signal: AbortSignal) => Promise<T>) {}

  /** Asks (again). An answer to an earlier question is thrown away. */
  async reload(): Promise<void> {
    this.controller.abort();
    const { signal } = (this.controller = new AbortController());
    this.isLoading = true;
    try {
      const data = await this.load(signal);
      if (signal.aborted) return;
      this.data = data;
      this.error = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
    }
    this.isLoading = false;
  }

  /** Forgets a question whose answer nobody waits for. */
  stop(): void {
    this.controller.abort();
  }
}

/** Asks at once, and again whenever state changes that `load` reads before its first await. Only for use while a component is made. */
export function resource<T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const found = new Resource(load);
  $effect(() => {
    void found.reload();
  });
  onDestroy(() => found.stop());
  return found;
}
