import { expect } from 'chai';

import { connectMemory, ManualClock, memoryAdapter, MemoryServer } from '../../../src/adapters/memory/index.js';
import { recordRevision, silentLogger, systemClock, systemRandom } from '../../../src/core/index.js';
import { expectRejection, expectThrow } from '../../support/expect-rejection.js';

const instance = { service: 'simple_grpc', address: '10.0.0.1:8000' };
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger };

describe('memory connections', () => {
  it('with one name share one registry', async () => {
    await using writer = connectMemory({ name: 'shared' });
    await using reader = connectMemory({ name: 'shared' });
    await using stranger = connectMemory({ name: 'other' });
    await writer.registry.register(instance);
    expect((await reader.discovery.get('simple_grpc')).instances).to.have.length(1);
    expect((await stranger.discovery.get('simple_grpc')).instances).to.be.empty;
  });

  it('without a name are private', async () => {
    await using writer = connectMemory();
    await using reader = connectMemory();
    await writer.registry.register(instance);
    expect((await reader.discovery.get('simple_grpc')).instances).to.be.empty;
  });

  it('keep a named registry until the last of them closes', async () => {
    const first = connectMemory({ name: 'lasting' });
    const second = connectMemory({ name: 'lasting' });
    await first.registry.register(instance);
    await second.close();
    const third = connectMemory({ name: 'lasting' });
    expect(third.server).to.equal(first.server);
    await Promise.all([first.close(), third.close()]);
    await using later = connectMemory({ name: 'lasting' });
    expect(later.server).not.to.equal(first.server);
    expect((await later.discovery.get('simple_grpc')).instances).to.be.empty;
  });

  it('leave no timer behind, not even of a lease that could not be given back', async () => {
    const clock = new ManualClock();
    const memory = connectMemory({ clock });
    await memory.registry.register(instance);
    memory.discovery.watch('simple_grpc').subscribe(() => undefined);
    await clock.advance(2000);
    memory.interrupt();
    const failed = memory.discovery.get('simple_grpc').catch(() => undefined);
    await memory.close();
    await failed;
    expect(clock.pending).to.equal(0);
    expect(memory.server.leases).to.equal(0);
  });

  it('tell of each record when it was written last', async () => {
    await using memory = connectMemory();
    const older = await memory.registry.register({ service: 's', id: 'a', address: '10.0.0.1:8000' });
    await memory.registry.register({ service: 's', id: 'b', address: '10.0.0.1:8000' });
    const revisions = async (): Promise<number[]> => (await memory.discovery.get('s')).instances.map((each) => Number(recordRevision(each)));
    const [a1, b1] = await revisions();
    expect(a1).to.be.lessThan(b1!);
    await older.update({ weight: 7 });
    const [a2, b2] = await revisions();
    expect(b2).to.equal(b1);
    expect(a2).to.be.greaterThan(b2!);
  });

  it('attach to a server that a test made, and leave it as it is', async () => {
    const server = new MemoryServer({ clock: new ManualClock() });
    const memory = connectMemory({ server });
    server.corrupt('simple_grpc', 'broken');
    await memory.close();
    await using again = connectMemory({ server });
    expect((await again.discovery.get('simple_grpc')).skipped).to.have.length(1);
  });

  it('do not take a name and a server at once', () => {
    expectThrow(() => connectMemory({ name: 'x', server: new MemoryServer() }), 'INVALID_CONFIG');
  });

  it('refuse a TTL that is none, and an empty name', () => {
    expectThrow(() => connectMemory({ ttl: 0.5 }), 'INVALID_CONFIG', /ttl/);
    expectThrow(() => connectMemory({ name: '' }), 'INVALID_CONFIG', /name/);
  });
});

describe('the memory adapter', () => {
  const url = (path: string, hosts: readonly string[] = []) => ({ scheme: 'memory', hosts, path, query: new Map<string, string>() });

  it('reads the name out of memory:name, and none out of memory:', () => {
    expect(memoryAdapter.fromUrl(url('shared-name'))).to.deep.equal({ name: 'shared-name' });
    expect(memoryAdapter.fromUrl(url(''))).to.deep.equal({});
  });

  it('refuses memory://name, which would quietly be private', () => {
    expectThrow(() => memoryAdapter.fromUrl(url('', ['name'])), 'INVALID_CONFIG', /memory:name/);
  });

  it('connects to what the name says', async () => {
    await using one = await memoryAdapter.connect({ name: 'by-adapter', ttl: 5 }, deps);
    await using other = connectMemory({ name: 'by-adapter' });
    await one.registry.register(instance);
    expect((await other.discovery.get('simple_grpc')).instances).to.have.length(1);
  });

  it('does not connect after an abort', async () => {
    await expectRejection(memoryAdapter.connect({ name: undefined, ttl: 5 }, { ...deps, signal: AbortSignal.abort() }), 'ABORTED');
  });
});
