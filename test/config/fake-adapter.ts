import sinon from 'sinon';

import type { Adapter, AdapterDeps, AdapterEntry, Backend } from '../../src/core/adapter.js';
import { flag, number, text } from '../../src/core/options.js';
import type { Discovery, Registry } from '../../src/core/ports.js';

/** A backend made of sinon doubles, whose closing can be watched. */
export function fakeBackend(): Backend {
  const registry: Registry = {
    status: {
      state: 'live',
      since: 0,
      registrations: { active: 0, recovering: 0 },
      counters: { reconnects: 0, lostLeases: 0, lostRegistrations: 0, superseded: 0, keepalives: 0 },
    },
    subscribe: sinon.stub(),
    register: sinon.stub(),
    close: sinon.stub().resolves(),
    [Symbol.asyncDispose]: sinon.stub().resolves(),
  };
  const discovery: Discovery = {
    status: { state: 'live', since: 0, services: { live: 0, stale: 0, starting: 0 }, counters: { reconnects: 0, resyncs: 0, historyChanges: 0 } },
    subscribe: sinon.stub(),
    get: sinon.stub(),
    watch: sinon.stub(),
    services: sinon.stub(),
    close: sinon.stub().resolves(),
    [Symbol.asyncDispose]: sinon.stub().resolves(),
  };
  return { registry, discovery, close: sinon.stub().resolves(), [Symbol.asyncDispose]: sinon.stub().resolves() };
}

const options = {
  place: text({ describe: 'where it is', fallback: undefined }),
  user: text({ describe: 'who', fallback: undefined }),
  token: text({ describe: 'the secret', fallback: undefined, secret: true }),
  limit: number({ describe: 'how many', fallback: 3, min: 1, max: 9, whole: true }),
  brave: flag({ describe: 'whether', fallback: false }),
};

export interface FakeAdapter {
  readonly entry: AdapterEntry;
  readonly load: sinon.SinonStub<[], Promise<Adapter>>;
  readonly connect: sinon.SinonStub<[options: Readonly<Record<string, unknown>>, deps: AdapterDeps], Promise<Backend>>;
  readonly backend: Backend;
}

/** An adapter as a third party would write one: `fake://user:token@place?limit=4`, also under `fakes:`. */
export function fakeAdapter(name = 'fake'): FakeAdapter {
  const backend = fakeBackend();
  const connect: FakeAdapter['connect'] = sinon.stub<[Readonly<Record<string, unknown>>, AdapterDeps], Promise<Backend>>().resolves(backend);
  const adapter: Adapter = {
    name,
    options,
    fromUrl: (url) => ({
      ...(url.hosts.length > 0 ? { place: url.hosts.join('+') } : {}),
      ...(url.path === '' ? {} : { place: url.path }),
      ...(url.username === undefined ? {} : { user: url.username }),
      ...(url.password === undefined ? {} : { token: url.password }),
      ...(url.scheme === `${name}s` ? { brave: true } : {}),
    }),
    connect,
  };
  const load: FakeAdapter['load'] = sinon.stub<[], Promise<Adapter>>().resolves(adapter);
  return { entry: { name, schemes: [name, `${name}s`], load }, load, connect, backend };
}
