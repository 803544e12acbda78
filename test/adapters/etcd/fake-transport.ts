import sinon from 'sinon';

import type { EtcdError } from '../../../src/adapters/etcd/etcd-error.js';
import { EtcdSession } from '../../../src/adapters/etcd/session.js';
import type { EtcdTransport, KeepAliveResponse, RangeResponse, StreamHandlers, WatchResponse } from '../../../src/adapters/etcd/transport.js';
import { systemClock } from '../../../src/core/clock.js';
import { silentLogger } from '../../../src/core/logger.js';

/** A stream as the transport gives it out, from the other side: what was written to it, and a way to answer. */
export class FakeStream<Request, Response> {
  readonly written: Request[] = [];
  ended = false;
  readonly #handlers: StreamHandlers<Response>;

  constructor(handlers: StreamHandlers<Response>) {
    this.#handlers = handlers;
  }

  write(request: Request): void {
    this.written.push(request);
  }

  end(): void {
    this.ended = true;
  }

  answer(response: Response): void {
    if (!this.ended) this.#handlers.message(response);
  }

  fail(error: EtcdError): void {
    if (this.ended) return;
    this.ended = true;
    this.#handlers.ended(error);
  }
}

interface WatchRequest {
  readonly create_request?: { readonly watch_id?: string | number; readonly start_revision?: string | number; readonly key?: Buffer };
  readonly cancel_request?: { readonly watch_id?: string | number };
}

export function header(revision: string) {
  return { cluster_id: '1', member_id: '1', revision, raft_term: '1' };
}

/** What a session that lost its member waits at most before it tries another, in milliseconds. */
export const firstWait = 50;

/** A sinon double of one connection to one member. */
export function fakeTransport(endpoint = 'h1:2379') {
  const watches: FakeStream<WatchRequest, WatchResponse>[] = [];
  const keepAlives: FakeStream<{ readonly ID: string }, KeepAliveResponse>[] = [];
  const double = {
    endpoint,
    authenticate: sinon.stub<Parameters<EtcdTransport['authenticate']>, ReturnType<EtcdTransport['authenticate']>>().resolves(),
    range: sinon.stub<Parameters<EtcdTransport['range']>, Promise<RangeResponse>>().resolves({ header: header('1'), kvs: [], more: false, count: '0' }),
    put: sinon.stub<Parameters<EtcdTransport['put']>, ReturnType<EtcdTransport['put']>>(),
    txn: sinon.stub<Parameters<EtcdTransport['txn']>, ReturnType<EtcdTransport['txn']>>(),
    leaseGrant: sinon.stub<Parameters<EtcdTransport['leaseGrant']>, ReturnType<EtcdTransport['leaseGrant']>>(),
    leaseRevoke: sinon.stub<Parameters<EtcdTransport['leaseRevoke']>, Promise<void>>().resolves(),
    leaseKeys: sinon.stub<Parameters<EtcdTransport['leaseKeys']>, Promise<readonly Buffer[]>>().resolves([]),
    watch: (handlers: StreamHandlers<WatchResponse>) => {
      const stream = new FakeStream<WatchRequest, WatchResponse>(handlers);
      watches.push(stream);
      return stream;
    },
    keepAlive: (handlers: StreamHandlers<KeepAliveResponse>) => {
      const stream = new FakeStream<{ readonly ID: string }, KeepAliveResponse>(handlers);
      keepAlives.push(stream);
      return stream;
    },
    close: sinon.spy(() => {
      for (const stream of [...watches, ...keepAlives]) stream.end();
    }),
    watches,
    keepAlives,
  };
  double.leaseGrant.callsFake((id, ttl) => Promise.resolve({ header: header('1'), ID: id, TTL: String(ttl), error: '' }));
  return double satisfies EtcdTransport;
}

export type FakeTransport = ReturnType<typeof fakeTransport>;

/** A session over doubles: `opened` gets each transport that it opens, after `prepare` has told that one how to answer. */
export function fakeSession(endpoints: readonly string[], opened: FakeTransport[], prepare: (transport: FakeTransport) => void = () => undefined): EtcdSession {
  const openTransport = (endpoint: string): FakeTransport => {
    const transport = fakeTransport(endpoint);
    prepare(transport);
    opened.push(transport);
    return transport;
  };
  return new EtcdSession({ endpoints, roots: ['/rollcall/'], requestTimeoutMs: 5_000, openTransport }, { clock: systemClock, random: () => 0, logger: silentLogger });
}
