import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { KeyGuard } from '../../../src/adapters/etcd/key-guard.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { WatchResponse } from '../../../src/adapters/etcd/transport.js';
import { WatchStream } from '../../../src/adapters/etcd/watch-stream.js';
import { systemClock } from '../../../src/core/clock.js';
import { createInstance } from '../../../src/core/instance.js';
import { silentLogger } from '../../../src/core/logger.js';
import { FakeClock } from '../../support/fake-clock.js';
import { fakeSession, type FakeTransport, header } from './fake-transport.js';

const never = new AbortController().signal;
const ours = '7';
const key = Buffer.from('/rollcall/s/a');
const value = Buffer.from('v');
const instance = createInstance({ service: 's', id: 'a', address: '127.0.0.1:80' });

describe('the guard of our own keys', () => {
  let session: EtcdSession;
  let guard: KeyGuard;
  let opened: FakeTransport[];
  let events: { lost: sinon.SinonSpy; superseded: sinon.SinonSpy; doubtful: sinon.SinonSpy; confirmed: sinon.SinonSpy };
  /** The lease under which the key stands, for whoever reads it; `undefined`: it is gone. */
  let standing: string | undefined;
  /** The revision that a new connection finds. */
  let probed: string;

  beforeEach(async () => {
    opened = [];
    standing = ours;
    probed = '21';
    session = fakeSession(['h1:1'], opened, (transport) => {
      transport.range.callsFake(() => Promise.resolve({ header: header(probed), kvs: [], more: false, count: '0' }));
      transport.txn.callsFake((request) =>
        Promise.resolve({
          header: header('30'),
          succeeded: true,
          responses: (request.success ?? []).map(() => ({ response_range: { kvs: standing === undefined ? [] : [keyValue(standing)] } })),
        } as unknown as Awaited<ReturnType<FakeTransport['txn']>>),
      );
    });
    events = { lost: sinon.spy(), superseded: sinon.spy(), doubtful: sinon.spy(), confirmed: sinon.spy() };
    guard = new KeyGuard({ session, watches: new WatchStream(session, { clock: systemClock, logger: silentLogger }), clock: systemClock, random: () => 0, logger: silentLogger, events, isOurs: (lease): boolean => lease === ours });
    guard.add(await session.ready(never), key, value, instance, '20');
  });

  afterEach(async () => {
    guard.close();
    await session.close();
  });

  const keyValue = (lease: string) => ({ key, value, create_revision: '20', mod_revision: '21', version: '1', lease });
  const stream = (): FakeTransport['watches'][number] => opened.at(-1)!.watches.at(-1)!;
  const told = (type: 'Put' | 'Delete', lease: string): void => {
    tell([{ type, kv: keyValue(lease), prev_kv: keyValue(lease) }]);
  };
  const message = (list: WatchResponse['events']): WatchResponse => ({
    header: header('21'),
    watch_id: String(stream().written.at(-1)!.create_request!.watch_id),
    created: false,
    canceled: false,
    compact_revision: '0',
    cancel_reason: '',
    fragment: false,
    events: list,
  });
  const tell = (list: WatchResponse['events']): void => stream().answer(message(list));
  /** Loses the connection, and resolves once the next one has been set up and the key been looked at. */
  const reconnect = async (): Promise<void> => {
    const first = await session.ready(never);
    session.report(first, new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    await session.ready(never);
    await new Promise((resolve) => setImmediate(resolve));
  };

  it('watches each key from right after it was written', () => {
    expect(stream().written[0]?.create_request).to.deep.include({ key, start_revision: '21' });
  });

  it('takes a put under another lease for a newer owner', () => {
    told('Put', '8');
    expect(events.superseded.args).to.deep.equal([[instance]]);
    expect(events.lost.callCount).to.equal(0);
  });

  it('takes no notice of our own puts', () => {
    told('Put', ours);
    expect(events.superseded.callCount + events.lost.callCount).to.equal(0);
  });

  it('takes a deletion for a loss', () => {
    told('Delete', '0');
    expect(events.lost.firstCall.args[0]).to.deep.equal([instance]);
  });

  it('says nothing of a key that was given up', () => {
    guard.remove(key);
    told('Delete', '0');
    expect(events.lost.callCount).to.equal(0);
  });

  it('looks at the key after a gap, and watches on where it is still ours', async () => {
    await reconnect();
    expect(stream().written[0]?.create_request).to.deep.include({ key, start_revision: '31' });
    expect(events.superseded.callCount + events.lost.callCount).to.equal(0);
  });

  it('finds a newer owner after a gap', async () => {
    standing = '8';
    await reconnect();
    expect(events.superseded.args).to.deep.equal([[instance]]);
  });

  it('looks at a key that was written while the session moved on', async () => {
    const first = await session.ready(never);
    session.report(first, new EtcdError('UNAVAILABLE', 'connection', 'cut'));
    await session.ready(never);
    standing = '8';
    guard.add(first, Buffer.from('/rollcall/s/b'), value, instance, '25');
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.superseded.callCount).to.be.above(0);
  });

  it('takes an owner that came and went within one message for newer all the same', () => {
    const put = { type: 'Put', kv: keyValue('8'), prev_kv: keyValue('8') } as const;
    const gone = { type: 'Delete', kv: keyValue('0'), prev_kv: keyValue('8') } as const;
    tell([put, gone]);
    expect(events.superseded.callCount).to.equal(1);
    expect(events.lost.callCount).to.equal(0);
  });

  it('takes an older value under our own lease, written late, for a loss; what is being written now for none', () => {
    const put = (text: string) => ({ type: 'Put', kv: { ...keyValue(ours), value: Buffer.from(text) }, prev_kv: keyValue(ours) }) as const;
    guard.expect(key, Buffer.from('newer'));
    tell([put('newer')]);
    expect(events.lost.callCount).to.equal(0);
    tell([put('older')]);
    expect(events.lost.firstCall.args[0]).to.deep.equal([instance]);
    expect((events.lost.firstCall.args[1] as Error).message).to.match(/written late/);
  });

  it('takes the record of an earlier owner, which a backup has brought back, for a loss and not for a newer owner', async () => {
    session.observe(await session.ready(never), header('100'));
    probed = '40';
    standing = '8';
    await reconnect();
    expect(events.superseded.callCount).to.equal(0);
    expect(events.lost.firstCall.args[0]).to.deep.equal([instance]);
  });

  it('tries again, with growing waits, what could not be looked at', async () => {
    const clock = sinon.useFakeTimers({ shouldClearNativeTimers: true });
    try {
      const [transport] = opened;
      stream().answer({ ...message([]), canceled: true, cancel_reason: 'etcdserver: too many requests' });
      transport!.txn.rejects(new EtcdError('RESOURCE_EXHAUSTED', 'other', 'too many requests'));
      await clock.tickAsync(60_000);
      expect(transport!.txn.callCount).to.be.within(6, 14);
      standing = undefined;
      transport!.txn.resetBehavior();
      transport!.txn.resolves({ header: header('30'), succeeded: true, responses: [{ response_range: { kvs: [] } }] } as unknown as Awaited<ReturnType<FakeTransport['txn']>>);
      await clock.tickAsync(60_000);
      expect(events.lost.callCount).to.equal(1);
    } finally {
      clock.restore();
    }
  });

  it('finds the key gone after a gap', async () => {
    standing = undefined;
    await reconnect();
    expect(events.lost.firstCall.args[0]).to.deep.equal([instance]);
  });

  describe('of a hundred keys that are written together', () => {
    let clock: FakeClock;
    let many: KeyGuard;

    beforeEach(() => {
      clock = new FakeClock();
      many = new KeyGuard({ session, watches: new WatchStream(session, { clock: systemClock, logger: silentLogger }), clock, random: () => 0, logger: silentLogger, events, isOurs: (lease): boolean => lease === ours });
    });

    afterEach(() => {
      many.close();
    });

    const addHundred = async (): Promise<void> => {
      const transport = await session.ready(never);
      for (let n = 0; n < 100; n++) many.add(transport, Buffer.from(`/rollcall/s/${n}`), value, instance, '20');
    };
    const watched = (): number => stream().written.filter(({ create_request }) => create_request !== undefined).length;

    it('watches the first at once, and the others in the next turn', async () => {
      await addHundred();
      expect(watched()).to.equal(64);
      await clock.advance(0);
      expect(watched()).to.equal(100);
      expect(stream().written.at(-1)?.create_request).to.deep.include({ key: Buffer.from('/rollcall/s/99'), start_revision: '21' });
    });

    it('lets the writes that are still under way pass before the others', async () => {
      const [first, second] = [many.letWritesPass(), many.letWritesPass()];
      await addHundred();
      await clock.advance(500);
      first[Symbol.dispose]();
      await clock.advance(0);
      expect(watched()).to.equal(64);
      second[Symbol.dispose]();
      await clock.advance(0);
      expect(watched()).to.equal(100);
    });

    it('does not wait for writes longer than a second', async () => {
      many.letWritesPass();
      await addHundred();
      await clock.advance(999);
      expect(watched()).to.equal(64);
      await clock.advance(1);
      expect(watched()).to.equal(100);
    });

    it('watches a key at once while writes are under way, as long as no others wait', async () => {
      many.letWritesPass();
      many.add(await session.ready(never), key, value, instance, '20');
      expect(watched()).to.equal(1);
    });
  });
});
