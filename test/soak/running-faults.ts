import { deferred } from '../../src/core/deferred.js';

/** For how long a fault that is over may explain what happens. */
const memoryMs = 30_000;

/** A fault under way. */
interface RunningFault {
  readonly clients: readonly string[];
  readonly from: number;
  /** Settles when it is lifted. */
  readonly over: Promise<void>;
  /** Lifts it now instead of when it was meant to be. */
  readonly end: () => void;
}

/** Which faults there are, one of each target at a time, and when each client last had one. */
export class RunningFaults {
  readonly #running = new Map<string, RunningFault>();
  /** Those that are over, for as long as they may still explain something. */
  #past: { readonly clients: readonly string[]; readonly from: number; readonly to: number }[] = [];

  /** Waits for the end of the fault that the target has already, then begins this one. */
  async begin(target: string, clients: readonly string[], forMs: number, start: () => void | Promise<void>, lift: () => void | Promise<void>): Promise<void> {
    await this.over(target);
    const elapsed = deferred();
    const from = performance.now();
    const timer = setTimeout(() => elapsed.resolve(), forMs);
    const started = Promise.resolve(start());
    const lifted = Promise.all([elapsed.promise, started]).then(async () => {
      clearTimeout(timer);
      await lift();
      this.#ended(clients, from);
      this.#running.delete(target);
    });
    this.#running.set(target, { clients, from, over: lifted, end: () => elapsed.resolve() });
    await started;
  }

  /** Notes a fault that is over as soon as it has begun. */
  momentary(client: string): void {
    this.#ended([client], performance.now());
  }

  /** Resolves when the target has no fault. */
  async over(target: string): Promise<void> {
    for (let fault = this.#running.get(target); fault !== undefined; fault = this.#running.get(target)) await fault.over;
  }

  async allOver(): Promise<void> {
    for (const target of this.#running.keys()) await this.over(target);
  }

  /** Lifts them all. */
  async endAll(): Promise<void> {
    for (const { end } of this.#running.values()) end();
    await this.allOver();
  }

  /** Whether the client has a fault, or had one since. */
  touched(client: string, since: number): boolean {
    return this.#of(client).some(({ to }) => to >= since);
  }

  /** For how long since then the client had faults, in milliseconds; one on top of another counts twice. */
  burden(client: string, since: number): number {
    return this.#of(client).reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, since)), 0);
  }

  #of(client: string): { readonly from: number; readonly to: number }[] {
    const now = performance.now();
    const running = [...this.#running.values()].map(({ clients, from }) => ({ clients, from, to: now }));
    return [...this.#past, ...running].filter(({ clients }) => clients.includes(client));
  }

  #ended(clients: readonly string[], from: number): void {
    const to = performance.now();
    this.#past = [...this.#past.filter((each) => each.to > to - memoryMs), { clients, from, to }];
  }
}
