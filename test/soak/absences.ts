import type { KeyChange } from './key-history.js';

/** How long records of live registrations were missing from etcd, as the observer saw it. */
export class Absences {
  longestMs = 0;
  count = 0;
  readonly #wanted: (registration: string) => boolean;
  /** By key: whose record is missing, and since when. */
  readonly #missing = new Map<string, { readonly registration: string; readonly since: number }>();

  constructor(wanted: (registration: string) => boolean) {
    this.#wanted = wanted;
  }

  take({ key, before, after }: KeyChange): void {
    const missing = this.#missing.get(key);
    this.#missing.delete(key);
    if (after === undefined) {
      const registration = before?.registration;
      if (registration !== undefined && this.#wanted(registration)) this.#missing.set(key, { registration, since: performance.now() });
    } else if (missing !== undefined && missing.registration === after.registration) {
      // Anybody else's record there means that whoever was missing is superseded.
      this.count++;
      this.longestMs = Math.max(this.longestMs, performance.now() - missing.since);
    }
  }
}
