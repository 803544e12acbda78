import { type Clock, type FeedSink, type Listing, type RollcallError, type SnapshotSource } from 'rollcall';

import type { Directory } from './directory.js';

/** Reads the directory: once, or again and again. */
export class FileSource implements SnapshotSource {
  readonly #directory: Directory;
  readonly #clock: Clock;
  readonly #pollMs: number;

  constructor(directory: Directory, clock: Clock, pollMs: number) {
    this.#directory = directory;
    this.#clock = clock;
    this.#pollMs = pollMs;
  }

  async list(service: string): Promise<Listing> {
    // The revision first: the records are then at least as new, and a watch that goes on from there misses nothing.
    const revision = await this.#directory.revision();
    const claims = await this.#directory.claims(service);
    return { records: claims.map(({ record }) => record), revision: String(revision) };
  }

  async services(): Promise<readonly string[]> {
    const names = await this.#directory.services();
    const claims = await Promise.all(names.map((name) => this.#directory.claims(name)));
    return names.filter((_, index) => claims[index]?.length !== 0);
  }

  /** Hands over the whole list each time: the feed finds out what is new, and says nothing if nothing is. */
  follow(service: string, sink: FeedSink): Disposable {
    let stopped = false;
    let timer: Disposable | undefined;
    const poll = async (): Promise<void> => {
      try {
        const { records, revision } = await this.list(service);
        if (!stopped) sink.replace(records, revision);
      } catch (error) {
        if (!stopped) sink.stale(error as RollcallError);
      }
      if (!stopped) timer = this.#clock.setTimer(() => void poll(), this.#pollMs);
    };
    void poll();
    return {
      [Symbol.dispose]: () => {
        stopped = true;
        timer?.[Symbol.dispose]();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
