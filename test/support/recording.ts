import type { Registration, RegistrationState, Snapshot, Watch } from '../../src/core/index.js';

export interface Seen {
  /** `performance.now()` when it was delivered. */
  readonly at: number;
  readonly snapshot: Snapshot;
}

/** Everything that a watch delivered, with the time, and a way to wait for what is still to come. */
export class WatchRecording implements Disposable {
  readonly seen: Seen[] = [];
  readonly #subscription: Disposable;
  readonly #waiting = new Set<(seen: Seen) => void>();

  constructor(watch: Watch) {
    this.#subscription = watch.subscribe((snapshot) => {
      const seen = { at: performance.now(), snapshot };
      this.seen.push(seen);
      for (const each of [...this.#waiting]) each(seen);
    });
  }

  get last(): Snapshot | undefined {
    return this.seen.at(-1)?.snapshot;
  }

  /** The present snapshot if it is what is wanted, else the first that is; with when it came. */
  until(what: string, wanted: (snapshot: Snapshot) => boolean, deadlineMs = 15_000): Promise<Seen> {
    const present = this.seen.at(-1);
    if (present !== undefined && wanted(present.snapshot)) return Promise.resolve(present);
    return new Promise((resolve, reject) => {
      const check = (seen: Seen): void => {
        if (!wanted(seen.snapshot)) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(seen);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        const { last } = this;
        reject(new Error(`waited ${deadlineMs} ms for ${what}; the last snapshot: ${last === undefined ? 'none' : `${last.status}, ${last.instances.length} instances, revision ${last.revision}`}`));
      }, deadlineMs);
      this.#waiting.add(check);
    });
  }

  /** Ids that any snapshot reported as removed, in order. */
  get removed(): string[] {
    return this.seen.flatMap(({ snapshot }) => snapshot.removed.map(({ id }) => id));
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}

export interface StateSeen {
  readonly at: number;
  readonly state: RegistrationState;
}

/** The states that a registration went through, with the time. */
export class StateRecording implements Disposable {
  readonly seen: StateSeen[] = [];
  readonly #registration: Registration;
  readonly #subscription: Disposable;

  constructor(registration: Registration) {
    this.#registration = registration;
    this.#subscription = registration.subscribe((state) => this.seen.push({ at: performance.now(), state }));
  }

  /** Resolves once it is in that state (at once if it is already), with when. */
  until(state: RegistrationState, deadlineMs = 15_000): Promise<number> {
    if (this.#registration.state === state) return Promise.resolve(this.seen.at(-1)?.at ?? performance.now());
    return new Promise((resolve, reject) => {
      const listening = this.#registration.subscribe((entered) => {
        if (entered !== state) return;
        clearTimeout(timer);
        listening[Symbol.dispose]();
        resolve(performance.now());
      });
      const timer = setTimeout(() => {
        listening[Symbol.dispose]();
        reject(new Error(`waited ${deadlineMs} ms for ${state}; the registration is ${this.#registration.state}`));
      }, deadlineMs);
    });
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }
}
