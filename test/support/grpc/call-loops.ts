import type { ServiceError } from '@grpc/grpc-js';

import type { SimpleClient } from '../../../examples/simple.js';
import { hashed } from './policies.js';

/** One call, with what tells where it went. Times are `Date.now()`, which other processes on this machine share. */
export interface MadeCall {
  /** What it carried as its key, under `hashedKey`. */
  readonly key: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Of the connection that the call was sent over; the channel's target if it was sent nowhere. */
  readonly peer: string;
}

export interface AnsweredCall extends MadeCall {
  /** Who answered. */
  readonly by: string;
}

export interface FailedCall extends MadeCall {
  readonly status: string;
  /** Whether its answer had begun to arrive: then no policy may try it again (gRFC A6, "committed"). */
  readonly begun: boolean;
}

export interface CallLoopsOptions {
  /** How many calls are under way at any time. */
  readonly loops: number;
  /** How long each loop rests between two calls, in milliseconds. Default 0. */
  readonly restMs?: number;
  /** How long a call may take, in milliseconds. Default 10,000, so that one that hangs shows as a failure. */
  readonly timeoutMs?: number;
}

/** Closed loops: each makes its next call when the one before is over, whatever became of that. */
export class CallLoops {
  readonly answered: AnsweredCall[] = [];
  readonly failed: FailedCall[] = [];
  readonly #client: SimpleClient;
  readonly #options: CallLoopsOptions;
  readonly #running: Promise<unknown>;
  #stopped = false;
  #made = 0;

  constructor(client: SimpleClient, options: CallLoopsOptions) {
    this.#client = client;
    this.#options = options;
    this.#running = Promise.all(Array.from({ length: options.loops }, () => this.#loop()));
  }

  /** How many calls each server answered; of those that started in between, if that is given. */
  countByServer(from = -Infinity, to = Infinity): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { by, startedAt } of this.answered) {
      if (startedAt >= from && startedAt < to) counts.set(by, (counts.get(by) ?? 0) + 1);
    }
    return counts;
  }

  /** Resolves once the calls under way are over. */
  async stop(): Promise<this> {
    this.#stopped = true;
    await this.#running;
    return this;
  }

  async #loop(): Promise<void> {
    const { restMs = 0 } = this.#options;
    while (!this.#stopped) {
      await this.#call(String(this.#made++));
      if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  #call(data: string): Promise<void> {
    const startedAt = Date.now();
    let begun = false;
    return new Promise((resolve) => {
      // A key of its own for each call: under ring_hash they go to all servers as well.
      const call = this.#client.route({ data }, hashed(data), { deadline: startedAt + (this.#options.timeoutMs ?? 10_000) }, (error, response) => {
        // In a later turn, when `call` is set.
        const made = { key: data, startedAt, endedAt: Date.now(), peer: call.getPeer() };
        if (response === undefined) this.failed.push({ ...made, status: statusOf(error), begun });
        else this.answered.push({ ...made, by: response.value });
        resolve();
      });
      call.once('metadata', () => {
        begun = true;
      });
    });
  }
}

function statusOf(error: ServiceError | null): string {
  return error === null ? 'neither an answer nor an error' : error.message;
}
