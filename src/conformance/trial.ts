import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import type { Backend } from '../core/adapter.js';
import { type ErrorCode, errorCodes, RollcallError } from '../core/errors.js';
import type { InstanceInit } from '../core/instance.js';
import type { Registration } from '../core/ports.js';
import type { Snapshot } from '../core/snapshot.js';
import { Reading } from './reading.js';
import type { World } from './world.js';


/**
 * One case's run in its own world. Whatever it waits for has a deadline and a name, so a law that is broken shows as
 * a sentence and not as a runner's timeout.
 */
export class Trial {
  readonly world: World;
  /** A service name nobody else uses. */
  readonly service = `conformance.${randomUUID().slice(0, 8)}`;
  readonly #backends: Backend[] = [];
  readonly #readings: Reading[] = [];

  constructor(world: World) {
    this.world = world;
  }

  async connect(): Promise<Backend> {
    const backend = await this.within('connecting', this.world.connect());
    this.#backends.push(backend);
    return backend;
  }

  /** Registers an instance of `service` on this port of 10.0.0.1, with the world's TTL. */
  register(backend: Backend, port: number, fields: Partial<InstanceInit> = {}): Promise<Registration> {
    const init = { service: this.service, address: address(port), ...fields };
    return this.within(`registering ${init.address}`, backend.registry.register(init, { ttl: this.world.ttl }));
  }

  get(backend: Backend, service = this.service): Promise<Snapshot> {
    return this.within('get', backend.discovery.get(service));
  }

  /** Watches the service and keeps every snapshot. */
  async read(backend: Backend, service = this.service): Promise<Reading> {
    const reading = new Reading(backend.discovery.watch(service));
    this.#readings.push(reading);
    await this.eventually('the first snapshot of a watch', () => reading.snapshots.length > 0);
    return reading;
  }

  /** The promise's result; fails if it has not settled before patience ends. */
  async within<T>(what: string, promise: Promise<T>): Promise<T> {
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    await this.eventually(`${what} to end`, () => settled);
    return promise;
  }

  /** Resolves once the probe says true; fails with the sentence if it never does. */
  async eventually(what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
    const { patience } = this.world;
    const start = performance.now();
    const stepMs = this.world.pass === undefined ? 10 : 50;
    let passed = 0;
    for (;;) {
      // One turn of the event loop first: most of what is waited for needs no time at all.
      await nextTurn();
      if (await probe()) return;
      assert.ok(passed < patience, `waited ${patience} ms for ${what}`);
      await this.elapse(stepMs);
      passed = this.world.pass === undefined ? performance.now() - start : passed + stepMs;
    }
  }

  /** Lets this much time go by: only where the law itself speaks of a duration. */
  async elapse(ms: number): Promise<void> {
    if (this.world.pass === undefined) await sleep(ms);
    else await this.world.pass(ms);
  }

  /** The call fails with one of these codes, in the form that law 10 asks for. A throw at once counts as well. */
  async rejects(what: string, codes: ErrorCode | readonly ErrorCode[], call: () => unknown): Promise<RollcallError> {
    let error: unknown;
    try {
      const value = await this.within(what, Promise.resolve(call()));
      assert.fail(`${what} gave ${String(value)} instead of failing with ${String(codes)}`);
    } catch (caught) {
      if (caught instanceof assert.AssertionError) throw caught;
      error = caught;
    }
    assert.ok(error instanceof RollcallError, `${what} failed with ${String(error)}, which is no RollcallError`);
    assert.ok(errorCodes.includes(error.code), `${what}: unknown code ${error.code}`);
    assert.ok([codes].flat().includes(error.code), `${what} failed with ${error.code} (${error.message}) instead of ${String(codes)}`);
    assert.equal(typeof error.retryable, 'boolean', `${what}: retryable is a boolean`);
    assert.notEqual(error.message, '', `${what}: the message says something`);
    return error;
  }

  async close(): Promise<void> {
    for (const reading of this.#readings) reading.stop();
    try {
      for (const backend of this.#backends) await this.within('closing a connection', backend.close());
    } finally {
      await this.world.close();
    }
  }
}

export function address(port: number): string {
  return `10.0.0.1:${port}`;
}

export function ids(snapshot: Snapshot | undefined): readonly string[] {
  return (snapshot?.instances ?? []).map(({ id }) => id);
}
