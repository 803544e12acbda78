/** A value, or the promise of it: what Inversify calls a resolved value. */
export type Resolved<T> = T | Promise<T>;

/**
 * Something opened on first use and shared from then on. A failure is not kept, so the next use tries again.
 * Inversify's own singletons keep a rejected promise for ever, and then fail to unbind as well.
 *
 *     idle → opening → open
 *      ↑________│ failure
 */
export class OpenedOnce<T> {
  #state: { readonly name: 'idle' } | { readonly name: 'opening'; readonly promise: Promise<T> } | { readonly name: 'open'; readonly value: T } = { name: 'idle' };

  /** The value itself once it is open: then `container.get` works too, not only `getAsync`. */
  get(open: () => Promise<T>): Resolved<T> {
    if (this.#state.name === 'open') return this.#state.value;
    if (this.#state.name === 'opening') return this.#state.promise;
    const promise = open().then(
      (value) => {
        this.#state = { name: 'open', value };
        return value;
      },
      (error: unknown) => {
        this.#state = { name: 'idle' };
        throw error;
      },
    );
    this.#state = { name: 'opening', promise };
    return promise;
  }

  /** What is open, after waiting for an opening under way; `undefined` if there is nothing. */
  async settled(): Promise<T | undefined> {
    if (this.#state.name === 'opening') await this.#state.promise.catch(() => undefined);
    return this.#state.name === 'open' ? this.#state.value : undefined;
  }

  get idle(): boolean {
    return this.#state.name === 'idle';
  }
}
