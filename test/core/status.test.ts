import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { expect } from 'chai';
import sinon from 'sinon';

import { connectMemory, type MemoryBackend, MemoryServer } from '../../src/adapters/memory/index.js';
import { ConnectionMonitor } from '../../src/core/connection-monitor.js';
import type { DiagnosticMessages } from '../../src/core/diagnostics.js';
import { RollcallError } from '../../src/core/errors.js';
import type { PortStatus } from '../../src/core/status.js';
import { StatusTracker } from '../../src/core/status-tracker.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeLogger } from '../support/fake-logger.js';

const outage = new RollcallError('UNAVAILABLE', 'gone');

describe('ConnectionMonitor', () => {
  let clock: FakeClock;
  let monitor: ConnectionMonitor;
  let changed: sinon.SinonSpy;

  beforeEach(() => {
    clock = new FakeClock();
    monitor = new ConnectionMonitor({ clock, logger: fakeLogger() });
    changed = sinon.spy();
    monitor.subscribe(changed);
  });

  it('is connecting until it was connected once, whatever fails meanwhile', () => {
    monitor.lost(outage);
    expect(monitor.state).to.equal('connecting');
    expect(monitor.details).to.deep.equal({ lastError: outage, lastErrorAt: clock.now() });
    monitor.connected('h1:1');
    expect(monitor.state).to.equal('connected');
    expect(monitor.counters.reconnects).to.equal(0);
    expect(changed.callCount).to.equal(1);
  });

  it('tells a loss once, keeps the newest reason, and counts how often it came back', async () => {
    monitor.connected('h1:1');
    monitor.lost(outage);
    await clock.advance(5);
    const newer = new RollcallError('TIMEOUT', 'slow');
    monitor.lost(newer);
    expect(changed.callCount).to.equal(2);
    expect(monitor.details).to.deep.equal({ lastError: newer, lastErrorAt: clock.now() });
    monitor.connected('h2:1');
    monitor.connected('h2:1');
    expect(changed.callCount).to.equal(3);
    expect(monitor.counters.reconnects).to.equal(1);
    expect(monitor.details).to.include({ member: 'h2:1', lastError: newer });
  });

  it('keeps the newest revision, and when it last heard of any', async () => {
    monitor.saw('9007199254740993');
    await clock.advance(10);
    monitor.saw('9007199254740992');
    expect(monitor.details).to.deep.equal({ revision: '9007199254740993', revisionAt: clock.now() });
    monitor.historyChanged('7');
    expect(monitor.details.revision).to.equal('7');
    expect(monitor.counters.historyChanges).to.equal(1);
  });
});

describe('StatusTracker', () => {
  it('tells of a change of state or member, not of the same again, and of nothing after close', async () => {
    const clock = new FakeClock();
    let state: 'live' | 'stale' = 'live';
    const details: { member?: string } = {};
    const told: PortStatus[] = [];
    const published: PortStatus[] = [];
    const tracker = new StatusTracker<PortStatus>(
      'the port',
      { state: () => state, member: () => details.member, describe: () => ({ ...details }), publish: (status) => published.push(status) },
      { clock, logger: fakeLogger() },
    );
    tracker.subscribe((status) => told.push(status));
    const begun = clock.now();
    await clock.advance(5);
    tracker.refresh();
    details.member = 'h1:1';
    tracker.refresh();
    expect(told).to.deep.equal([{ state: 'live', since: begun, member: 'h1:1' }]);
    state = 'stale';
    tracker.refresh();
    tracker.refresh();
    expect(told.at(-1)).to.deep.equal({ state: 'stale', since: clock.now(), member: 'h1:1' });
    tracker.close();
    state = 'live';
    tracker.refresh();
    tracker.close();
    expect(told.map((each) => each.state)).to.deep.equal(['live', 'stale', 'closed']);
    expect(published).to.deep.equal(told);
    expect(tracker.status.state).to.equal('closed');
  });
});

describe('the diagnostics channels', () => {
  let clock: FakeClock;
  let server: MemoryServer;
  let backend: MemoryBackend;
  let messages: { readonly name: string; readonly message: unknown }[];
  const names = ['rollcall:registry', 'rollcall:discovery', 'rollcall:registration', 'rollcall:watch', 'rollcall:keepalive'] as const;
  const listener = (message: unknown, name: string | symbol): void => {
    messages.push({ name: String(name), message });
  };
  const of = <Name extends keyof DiagnosticMessages>(name: Name): DiagnosticMessages[Name][] =>
    messages.filter((each) => each.name === name).map(({ message }) => message as DiagnosticMessages[Name]);

  beforeEach(() => {
    clock = new FakeClock();
    server = new MemoryServer({ clock });
    backend = connectMemory({ server, ttl: 3 });
    messages = [];
    for (const name of names) subscribe(name, listener);
  });

  afterEach(async () => {
    for (const name of names) unsubscribe(name, listener);
    await backend.close();
  });

  it('carry every transition: of both ports, of registrations and watches, and each keepalive', async () => {
    const registration = await backend.registry.register({ service: 's', address: 'h:1' });
    backend.discovery.watch('s').subscribe(() => undefined);
    await clock.advance(1000);
    backend.interrupt();
    await clock.advance(4000);
    backend.restore();
    await clock.advance(1000);
    expect(of('rollcall:discovery').map(({ status }) => status.state)).to.deep.equal(['stale', 'live']);
    expect(of('rollcall:discovery')[0]!.discovery).to.equal(backend.discovery);
    expect(of('rollcall:registry').map(({ status }) => status.state)).to.deep.equal(['stale', 'live']);
    expect(of('rollcall:registration').map(({ state, instance }) => [state, instance.id])).to.deep.equal([
      ['recovering', 'h:1'],
      ['active', 'h:1'],
    ]);
    expect(of('rollcall:registration')[0]!.registration).to.equal(registration);
    expect(of('rollcall:watch').map(({ snapshot }) => snapshot.status)).to.include.members(['live', 'stale']);
    expect(of('rollcall:keepalive')[0]).to.deep.equal({ ms: 0, ttl: 3 });
  });
});
