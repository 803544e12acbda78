import type { WatchedService } from './client.js';

/** The set that a client shows, however it comes by it. */
export class ShownService implements WatchedService {
  readonly addresses = new Set<string>();
  readonly removals: string[] = [];
  #stale = false;
  readonly #listeners = new Set<() => void>();

  get stale(): boolean {
    return this.#stale;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  change(change: { readonly added?: Iterable<string>; readonly removed?: Iterable<string>; readonly stale?: boolean }): void {
    for (const address of change.added ?? []) this.addresses.add(address);
    for (const address of change.removed ?? []) {
      if (this.addresses.delete(address)) this.removals.push(address);
    }
    this.#stale = change.stale ?? this.#stale;
    for (const listener of [...this.#listeners]) listener();
  }
}
