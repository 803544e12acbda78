import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdLeaseStore } from '../../../src/adapters/etcd/etcd-lease-store.js';
import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { rollcallLayout } from '../../../src/adapters/etcd/layouts/rollcall.js';
import { RecordCodec } from '../../../src/adapters/etcd/record-codec.js';
import type { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { TxnRequest, TxnResponse } from '../../../src/adapters/etcd/transport.js';
import { WatchStream } from '../../../src/adapters/etcd/watch-stream.js';
import { systemClock } from '../../../src/core/clock.js';
import { type Deferred, deferred } from '../../../src/core/deferred.js';
import { createInstance } from '../../../src/core/instance.js';
import { silentLogger } from '../../../src/core/logger.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { fakeSession, type FakeTransport, header } from './fake-transport.js';

const never = new AbortController().signal;
const writes = Array.from({ length: 200 }, (_, n) => ({ instance: createInstance({ service: 's', id: `i${n}`, address: '127.0.0.1:80' }), mode: 'claim' }) as const);

describe('the lease store of etcd', () => {
  let clock: FakeClock;
  let opened: FakeTransport[];
  let session: EtcdSession;
  let store: EtcdLeaseStore;
  /** Of the second of two transactions. */
  let second: Deferred<TxnResponse>;

  beforeEach(() => {
    clock = new FakeClock();
    opened = [];
    second = deferred<TxnResponse>();
    session = fakeSession(['h1:1'], opened, ({ txn }) => {
      txn.onFirstCall().callsFake((request) => Promise.resolve(stored(request)));
      txn.onSecondCall().returns(second.promise);
    });
    const events = { lost: sinon.spy(), doubtful: sinon.spy(), confirmed: sinon.spy(), superseded: sinon.spy() };
    const watches = new WatchStream(session, { clock: systemClock, logger: silentLogger });
    store = new EtcdLeaseStore(events, { session, watches, codec: new RecordCodec([{ prefix: '/rollcall', layout: rollcallLayout }]), defaultTtl: 5, clock, random: () => 0, logger: silentLogger });
  });

  afterEach(async () => {
    await store.close();
    await session.close();
  });

  const stored = ({ success }: Pick<TxnRequest, 'success'>): TxnResponse => ({ header: header('20'), succeeded: true, responses: (success ?? []).map(() => ({ response_put: { header: header('20') } })) }) as unknown as TxnResponse;
  const watched = (): number => opened.flatMap(({ watches }) => watches).flatMap(({ written }) => written).filter(({ create_request }) => create_request !== undefined).length;

  it('opens the watches that guard many keys once all of them are written, but for the first few', async () => {
    const writing = store.write(writes, 5, never);
    await settle();
    await clock.advance(0);
    expect(opened[0]!.txn.callCount).to.equal(2);
    expect(watched()).to.equal(64);
    second.resolve(stored({ success: Array.from({ length: 100 }, () => ({})) }));
    expect(await writing).to.deep.equal(writes.map(() => 'stored'));
    await clock.advance(0);
    await clock.advance(0);
    expect(watched()).to.equal(200);
  });

  it('opens them also when the others could not be written', async () => {
    const writing = store.write(writes, 5, never).catch((error: unknown) => error);
    await settle();
    await clock.advance(0);
    second.reject(new EtcdError('RESOURCE_EXHAUSTED', 'other', 'no space'));
    expect(await writing).to.have.property('code', 'RESOURCE_EXHAUSTED');
    await clock.advance(0);
    expect(watched()).to.equal(100);
  });
});
