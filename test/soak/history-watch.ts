import { setTimeout as wait } from 'node:timers/promises';

import { noop } from 'cockatiel';
import { Etcd3, type IWatchResponse } from 'etcd3';

import { type KeyChange, KeyHistory } from './key-history.js';
import { prefix, readRecord } from './stored-record.js';

let connections = 0;

/**
 * Reads every change of every key from etcd itself, past all proxies and past everything of ours, and knows so what
 * existed at each revision. After each fault of its member it resumes with the next revision, on another one where there are more.
 */
export class HistoryWatch {
  readonly history: KeyHistory;
  readonly #endpoints: readonly string[];
  readonly #onChanges: (changes: readonly KeyChange[]) => void;
  readonly #waiting = new Set<() => void>();
  #member = 0;
  #leave: (() => void) | undefined;
  #closed = false;
  #outrun: string | undefined;
  readonly #running: Promise<void>;

  /** @param startRevision the store's revision while nothing is written yet */
  constructor(endpoints: readonly string[], startRevision: number, onChanges: (changes: readonly KeyChange[]) => void) {
    this.#endpoints = endpoints;
    this.history = new KeyHistory(startRevision);
    this.#onChanges = onChanges;
    this.#running = this.#run();
  }

  /** To be told of a member that is about to be killed or frozen. */
  avoid(member: number): void {
    if (this.#endpoints.length > 1 && member === this.#member) this.#leave?.();
  }

  /** Resolves once everything up to the revision is known. */
  async reached(revision: number, deadlineMs: number): Promise<void> {
    const end = performance.now() + deadlineMs;
    while (this.history.revision < revision) {
      if (this.#outrun !== undefined) throw new Error(this.#outrun);
      const left = end - performance.now();
      if (left <= 0) throw new Error(`the observer knows etcd up to revision ${this.history.revision}; ${revision} did not come within ${deadlineMs} ms`);
      let wake: () => void = () => undefined;
      const advanced = new Promise<void>((resolve) => this.#waiting.add((wake = resolve)));
      const stop = new AbortController();
      await Promise.race([advanced, wait(left, undefined, { signal: stop.signal }).catch(() => undefined)]);
      stop.abort();
      this.#waiting.delete(wake);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#leave?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#closed && this.#outrun === undefined) {
      await this.#watch(this.#endpoints[this.#member] as string);
      this.#member = (this.#member + 1) % this.#endpoints.length;
      await wait(50);
    }
  }

  /** Resolves when the stream is over, for whatever reason. */
  async #watch(endpoint: string): Promise<void> {
    const client = new Etcd3({
      hosts: `http://${endpoint}`,
      faultHandling: { host: () => noop, global: noop },
      // A number of its own gives each attempt a connection of its own.
      grpcOptions: { 'grpc.max_receive_message_length': -1, 'soak.connection': ++connections },
    });
    try {
      const stream = await client.watchClient.watch();
      await new Promise<void>((resolve) => {
        this.#leave = resolve;
        stream.on('error', () => resolve());
        stream.on('end', () => resolve());
        stream.on('data', (response) => {
          if (response.canceled) {
            if (response.compact_revision !== '0') this.#outrun = `the observer was outrun by a compaction at ${response.compact_revision}`;
            resolve();
          } else {
            this.#take(response);
          }
        });
        stream.write({ create_request: { key: Buffer.of(0), range_end: Buffer.of(0), start_revision: String(this.history.revision + 1) } });
        if (this.#closed) resolve();
      });
      stream.end();
      stream.cancel();
    } catch {
      // Not up yet; the next attempt follows.
    } finally {
      this.#leave = undefined;
      client.close();
    }
  }

  #take(response: IWatchResponse): void {
    const changes: KeyChange[] = [];
    let newest = 0;
    for (const { type, kv } of response.events) {
      const key = kv.key.toString();
      const service = key.slice(prefix.length + 1).split('/')[0] ?? '';
      newest = Number(kv.mod_revision);
      const record = type === 'Delete' ? undefined : readRecord(key, kv.value, kv.lease);
      const change = this.history.put(key, service, newest, record);
      if (change !== undefined) changes.push(change);
    }
    if (newest === 0) return;
    this.history.complete(newest);
    this.#onChanges(changes);
    for (const each of [...this.#waiting]) each();
  }
}
