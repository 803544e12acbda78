import { expect } from 'chai';

import { connectMemory, ManualClock, MemoryServer } from '../../../src/adapters/memory/index.js';
import type { Snapshot } from '../../../src/core/index.js';
import { expectRejection } from '../../support/expect-rejection.js';

const instance = { service: 'simple_grpc', address: '10.0.0.1:8000' };

describe('a memory lease', () => {
  it('is kept alive by its owner every third of its time', async () => {
    const clock = new ManualClock();
    await using memory = connectMemory({ clock, ttl: 30 });
    await memory.registry.register(instance);
    await clock.advance(3_600_000);
    expect((await memory.discovery.get('simple_grpc')).instances).to.have.length(1);
  });

  it('runs out to the millisecond when its owner stands still', async () => {
    const clock = new ManualClock();
    await using memory = connectMemory({ clock, ttl: 30 });
    await memory.registry.register(instance);
    memory.freeze();
    await clock.advance(29_999);
    expect(memory.server.leases).to.equal(1);
    await clock.advance(1);
    expect(memory.server.leases).to.equal(0);
    expect((await memory.discovery.get('simple_grpc')).instances).to.be.empty;
  });

  it('is given back with its last registration', async () => {
    await using memory = connectMemory();
    const [first, second] = [await memory.registry.register(instance), await memory.registry.register({ ...instance, address: '10.0.0.1:8001' })];
    await first.deregister();
    expect(memory.server.leases).to.equal(1);
    await second.deregister();
    expect(memory.server.leases).to.equal(0);
  });
});

describe('the faults of the memory adapter', () => {
  it('turn every connection stale when the server is interrupted, and all live again', async () => {
    const clock = new ManualClock();
    const server = new MemoryServer({ clock });
    await using one = connectMemory({ server });
    await using other = connectMemory({ server });
    const last: Snapshot[] = [];
    [one, other].forEach(({ discovery }, index) => discovery.watch('simple_grpc').subscribe((snapshot) => (last[index] = snapshot)));
    await clock.advance();
    server.interrupt();
    expect(last.map(({ status, reason }) => [status, reason?.code])).to.deep.equal([['stale', 'UNAVAILABLE'], ['stale', 'UNAVAILABLE']]);
    server.restore();
    expect(last.map(({ status }) => status)).to.deep.equal(['live', 'live']);
  });

  it('let a request fail with UNAVAILABLE once its time is over, not before', async () => {
    const clock = new ManualClock();
    await using memory = connectMemory({ clock, requestTimeout: 3 });
    memory.interrupt();
    let settled = 0;
    const requests = [memory.discovery.get('simple_grpc'), memory.discovery.services(), memory.registry.register(instance)].map((request) =>
      expectRejection(request, 'UNAVAILABLE').finally(() => settled++),
    );
    await clock.advance(2999);
    expect(settled).to.equal(0);
    await clock.advance(1);
    await Promise.all(requests);
  });

  it('let a request succeed that is still tried when the server is back', async () => {
    const clock = new ManualClock();
    await using memory = connectMemory({ clock });
    memory.interrupt();
    const snapshot = memory.discovery.get('simple_grpc');
    await clock.advance(1000);
    memory.restore();
    await clock.advance(1000);
    expect((await snapshot).status).to.equal('live');
  });

  it('revoke the leases of every connection at once, and all come back', async () => {
    const clock = new ManualClock();
    const server = new MemoryServer({ clock });
    await using one = connectMemory({ server });
    await using other = connectMemory({ server });
    const handles = [await one.registry.register(instance), await other.registry.register({ ...instance, address: '10.0.0.1:8001' })];
    server.loseLeases();
    expect(handles.map(({ state }) => state)).to.deep.equal(['recovering', 'recovering']);
    await clock.advance(1000);
    expect(handles.map(({ state }) => state)).to.deep.equal(['active', 'active']);
    expect((await one.discovery.get('simple_grpc')).instances).to.have.length(2);
  });

  it('name the key of a corrupt record, and what is wrong with it', async () => {
    await using memory = connectMemory();
    memory.server.corrupt('simple_grpc', 'not-json');
    memory.server.corrupt('simple_grpc', 'no-object', '[1]');
    memory.server.corrupt('simple_grpc', 'no-address', '{"weight":1}');
    memory.server.corrupt('simple_grpc', 'trap', '{"address":"10.0.0.1:80","metadata":{"__proto__":"x"}}');
    const { skipped, instances } = await memory.discovery.get('simple_grpc');
    expect(instances).to.be.empty;
    expect(skipped.map(({ key }) => key)).to.deep.equal(['no-address', 'no-object', 'not-json', 'trap'].map((id) => `simple_grpc/${id}`));
    expect(skipped.map(({ reason }) => reason).join('\n')).to.match(/address.*\n.*object\n.*JSON.*\n.*__proto__/);
  });

  it('let a frozen owner learn of its successor when it thaws', async () => {
    const clock = new ManualClock();
    const server = new MemoryServer({ clock });
    await using older = connectMemory({ server });
    await using newer = connectMemory({ server });
    const zombie = await older.registry.register(instance);
    older.freeze();
    await newer.registry.register(instance);
    await clock.advance(60_000);
    expect(zombie.state).to.equal('active');
    older.thaw();
    expect(zombie.state).to.equal('superseded');
  });

  it('show every watcher the revisions in order, even if one answers a change with another', async () => {
    const clock = new ManualClock();
    await using memory = connectMemory({ clock });
    await using other = connectMemory({ server: memory.server });
    memory.discovery.watch('simple_grpc').subscribe(({ skipped }) => {
      if (skipped.length === 1) memory.server.corrupt('simple_grpc', 'second');
    });
    const seen: number[] = [];
    other.discovery.watch('simple_grpc').subscribe(({ skipped }) => seen.push(skipped.length));
    await clock.advance();
    memory.server.corrupt('simple_grpc', 'first');
    expect(seen).to.deep.equal([0, 1, 2]);
  });
});
