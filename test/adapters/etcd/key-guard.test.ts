import { expect } from 'chai';
import sinon from 'sinon';

import { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { KeyGuard } from '../../../src/adapters/etcd/key-guard.js';
import { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { WatchResponse } from '../../../src/adapters/etcd/transport.js';
import { WatchStream } from '../../../src/adapters/etcd/watch-stream.js';
import { systemClock } from '../../../src/core/clock.js';
import { createInstance } from '../../../src/core/instance.js';
import { silentLogger } from '../../../src/core/logger.js';
import { fakeTransport, type FakeTransport, header } from './fake-transport.js';

const never = new AbortController().signal;
const ours = '7';
const key = Buffer.from('/rollcall/s/a');
const instance = createInstance({ service: 's', id: 'a', address: '127.0.0.1:80' });

describe('the guard of our own keys', () => {
  let session: EtcdSession;
  let guard: KeyGuard;
  let opened: FakeTransport[];
  let events: { lost: sinon.SinonSpy; superseded: sinon.SinonSpy; doubtful: sinon.SinonSpy; confirmed: sinon.SinonSpy };
  /** The lease under which the key stands, for whoever reads it; `undefined`: it is gone. */
  let standing: string | undefined;

  beforeEach(async () => {
    opened = [];
    standing = ours;
    session = new EtcdSession(
      {
        endpoints: ['h1:1'],
        prefix: '/rollcall',
        requestTimeoutMs: 5_000,
        openTransport: (endpoint) => {
          const transport = fakeTransport(endpoint);
          transport.txn.callsFake((request) =>
            Promise.resolve({
              header: header('30'),
              succeeded: true,
              responses: (request.success ?? []).map(() => ({ response_range: { kvs: standing === undefined ? [] : [keyValue(standing)] } })),
            } as unknown as Awaited<ReturnType<FakeTransport['txn']>>),
          );
          opened.push(transport);
          return transport;
        },
      },
      { clock: systemClock, random: () => 0, logger: silentLogger },
    );
    events = { lost: sinon.spy(), superseded: sinon.spy(), doubtful: sinon.spy(), confirmed: sinon.spy() };
    guard = new KeyGuard({ session, watches: new WatchStream(session, silentLogger), logger: silentLogger, events, isOurs: (lease) => lease === ours });
    guard.add(await session.ready(never), key, instance, '20');
  });

  afterEach(async () => {
    guard.close();
    await session.close();
  });

  const keyValue = (lease: string) => ({ key, value: Buffer.alloc(0), create_revision: '20', mod_revision: '21', version: '1', lease });
  const stream = (): FakeTransport['watches'][number] => opened.at(-1)!.watches.at(-1)!;
  const told = (type: 'Put' | 'Delete', lease: string): void => {
    const event = { type, kv: keyValue(lease), prev_kv: keyValue(lease) };
    const response: WatchResponse = {
      header: header('21'),
      watch_id: String(stream().written.at(-1)!.create_request!.watch_id),
      created: false,
      canceled: false,
      compact_revision: '0',
      cancel_reason: '',
      fragment: false,
      events: [event],
    };
    stream().answer(response);
  };
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

  it('finds the key gone after a gap', async () => {
    standing = undefined;
    await reconnect();
    expect(events.lost.firstCall.args[0]).to.deep.equal([instance]);
  });
});
