import sinon from 'sinon';

import type { ChildCommand, CommandEnd } from '../../src/cli/child-command.js';
import type { CommandContext, Output, StopSignal } from '../../src/cli/context.js';
import type { Backend } from '../../src/core/adapter.js';
import { systemClock } from '../../src/core/clock.js';
import { type Deferred, deferred } from '../../src/core/deferred.js';
import { createInstance, type InstanceInit } from '../../src/core/instance.js';
import type { Registration, RegistrationDetail, RegistrationState } from '../../src/core/ports.js';
import type { Snapshot } from '../../src/core/snapshot.js';
import { fakeBackend } from '../config/fake-adapter.js';

export class FakeOutput implements Output {
  text = '';
  colour = false;
  columns = 80;
  readonly closing = new AbortController();

  get closed(): AbortSignal {
    return this.closing.signal;
  }

  readonly #written = new Map<number, Deferred<void>>();
  #writes = 0;

  write(text: string): void {
    this.text += text;
    this.#write(++this.#writes).resolve();
  }

  /** Resolves once it was written to so many times. */
  written(times: number): Promise<void> {
    return this.#write(times).promise;
  }

  #write(nth: number): Deferred<void> {
    const write = this.#written.get(nth) ?? deferred();
    this.#written.set(nth, write);
    return write;
  }

  get json(): unknown[] {
    return this.text.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
  }
}

/** A command's world, all of it doubles. Time stands still at `now`. */
export class FakeContext implements CommandContext {
  readonly stdout = new FakeOutput();
  readonly stderr = new FakeOutput();
  readonly backend: Backend = fakeBackend();
  now = 1_000_000;
  readonly clock = { ...systemClock, now: () => this.now, monotonic: () => this.now };
  readonly connect = sinon.stub<Parameters<CommandContext['connect']>, Promise<Backend>>().resolves(this.backend);
  readonly exit = sinon.stub<Parameters<CommandContext['exit']>>();
  readonly child: ChildCommand & { readonly end: Deferred<CommandEnd>; readonly kill: sinon.SinonStub } = fakeChild();
  readonly startCommand = sinon.stub<[readonly string[]], Promise<ChildCommand>>().resolves(this.child);
  onTerminal = false;
  readonly listeners = new Set<(signal: StopSignal) => void>();
  /** How often the last listener went, after which a signal would kill the process. */
  unguarded = 0;
  readonly signals = {
    subscribe: (listener: (signal: StopSignal) => void): Disposable => {
      this.listeners.add(listener);
      return {
        [Symbol.dispose]: () => {
          if (this.listeners.delete(listener) && this.listeners.size === 0) this.unguarded++;
        },
      };
    },
  };

  send(signal: StopSignal): void {
    for (const listener of [...this.listeners]) listener(signal);
  }

  get discovery(): Record<'get' | 'watch' | 'services', sinon.SinonStub> {
    return this.backend.discovery as unknown as Record<'get' | 'watch' | 'services', sinon.SinonStub>;
  }
}

function fakeChild(): FakeContext['child'] {
  const end = deferred<CommandEnd>();
  return { end, ended: end.promise, kill: sinon.stub() };
}

/** A registration that a test moves from state to state. */
export class FakeRegistration implements Registration {
  state: RegistrationState = 'active';
  detail: RegistrationDetail = { since: 0 };
  readonly instance;
  readonly update = sinon.stub();
  readonly deregister = sinon.stub().resolves();
  readonly subscribed = deferred();
  #listener: ((state: RegistrationState, detail: RegistrationDetail) => void) | undefined;

  constructor(init: InstanceInit) {
    this.instance = createInstance(init);
  }

  subscribe(listener: (state: RegistrationState, detail: RegistrationDetail) => void): Disposable {
    this.#listener = listener;
    this.subscribed.resolve();
    return { [Symbol.dispose]: () => (this.#listener = undefined) };
  }

  enter(state: RegistrationState, detail: RegistrationDetail): void {
    this.state = state;
    this.detail = detail;
    this.#listener?.(state, detail);
  }

  get followed(): boolean {
    return this.#listener !== undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

export function snapshot(fields: Partial<Snapshot> = {}): Snapshot {
  return { service: 'simple_grpc', revision: '7', status: 'live', since: 0, instances: [], added: [], removed: [], changed: [], skipped: [], ...fields };
}
