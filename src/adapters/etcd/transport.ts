/**
 * The one file that touches etcd3: its raw stubs for one member, without its Watcher, Lease and retry policies, which
 * lose events and leases under faults. To replace etcd3 one day, write this file anew.
 *
 * What it adds: every call has a deadline and can be aborted, errors keep their meaning, tokens are ours to refresh,
 * a stream ends exactly once.
 */
import { type CallOptions, type Interceptor, InterceptingCall, status } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import {
  Etcd3,
  type IDuplexStream,
  type ILeaseGrantResponse,
  type ILeaseKeepAliveResponse,
  type IPutRequest,
  type IPutResponse,
  type IRangeRequest,
  type IRangeResponse,
  type ITxnRequest,
  type ITxnResponse,
  type IWatchRequest,
  type IWatchResponse,
} from 'etcd3';

import { abortable } from '../../core/cancellation.js';
import type { AuthToken } from './auth-token.js';
import { EtcdError, toEtcdError } from './etcd-error.js';
import { readTlsFiles } from './credentials.js';
import type { EtcdOptions } from './options.js';

export type {
  ICompare as Compare,
  IKeyValue as KeyValue,
  ILeaseKeepAliveResponse as KeepAliveResponse,
  IRangeRequest as RangeRequest,
  IRangeResponse as RangeResponse,
  IRequestOp as RequestOp,
  IResponseHeader as ResponseHeader,
  IResponseOp as ResponseOp,
  ITxnRequest as TxnRequest,
  ITxnResponse as TxnResponse,
  IWatchRequest as WatchRequest,
  IWatchResponse as WatchResponse,
} from 'etcd3';

export interface UnaryOptions {
  /** Milliseconds until the call fails with TIMEOUT. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface AuthenticateOptions extends UnaryOptions {
  /** Ask although the last answer was no and is not old: for who has a pace of his own. Default false. */
  readonly evenIfDenied?: boolean;
}

export interface StreamHandlers<Response> {
  message(response: Response): void;
  /** Called once, whatever happens: an error, an end that nobody asked for, but not after our own `end()`. */
  ended(error: EtcdError): void;
}

export interface Stream<Request> {
  write(request: Request): void;
  /** Ends it quietly: no handler is called any more. */
  end(): void;
}

/** A connection to one member. */
export interface EtcdTransport {
  readonly endpoint: string;
  /** Gets a token where the options name a user and there is none yet; else it does nothing. To be called before anything else. */
  authenticate(options: AuthenticateOptions): Promise<void>;
  range(request: IRangeRequest, options: UnaryOptions): Promise<IRangeResponse>;
  put(request: IPutRequest, options: UnaryOptions): Promise<IPutResponse>;
  txn(request: ITxnRequest, options: UnaryOptions): Promise<ITxnResponse>;
  leaseGrant(id: string, ttlSeconds: number, options: UnaryOptions): Promise<ILeaseGrantResponse>;
  leaseRevoke(id: string, options: UnaryOptions): Promise<void>;
  /** The keys under a lease. Newer versions of etcd ask for the right to read each of them. */
  leaseKeys(id: string, options: UnaryOptions): Promise<readonly Buffer[]>;
  watch(handlers: StreamHandlers<IWatchResponse>): Stream<IWatchRequest>;
  keepAlive(handlers: StreamHandlers<ILeaseKeepAliveResponse>): Stream<{ readonly ID: string }>;
  close(): void;
}

let transports = 0;

/**
 * @param token shared by all transports of one connection
 * @throws RollcallError INVALID_CONFIG if a certificate file cannot be read
 */
export function openTransport(endpoint: string, options: EtcdOptions, token: AuthToken): EtcdTransport {
  return new Etcd3Transport(endpoint, options, token);
}

class Etcd3Transport implements EtcdTransport {
  readonly endpoint: string;
  readonly #client: Etcd3;
  readonly #user: { readonly name: string; readonly password: string } | undefined;
  readonly #streams = new Set<() => void>();
  readonly #token: AuthToken;
  #authenticating: Promise<void> | undefined;
  #closed = false;

  constructor(endpoint: string, options: EtcdOptions, token: AuthToken) {
    this.endpoint = endpoint;
    this.#token = token;
    this.#user = options.username === undefined || options.password === undefined ? undefined : { name: options.username, password: options.password };
    const files = readTlsFiles(options);
    // grpc-js takes null for "the system's authorities"; etcd3's type only does not say so.
    const rootCertificate = (files.ca ?? null) as Buffer;
    this.#client = new Etcd3({
      hosts: `${options.tls ? 'https' : 'http'}://${endpoint}`,
      ...(options.tls
        ? { credentials: { rootCertificate, ...(files.key === undefined ? {} : { privateKey: files.key }), ...(files.cert === undefined ? {} : { certChain: files.cert }) } }
        : {}),
      // etcd3's breaker shuts a member out for 5 s after three failures, longer than a lease lives; rotation is the session's.
      faultHandling: { host: () => noop, global: noop },
      grpcOptions: {
        // A silent connection is found by HTTP/2 pings; etcd answers more frequent ones with GOAWAY (its MinTime is 5 s).
        'grpc.keepalive_time_ms': options.http2PingInterval * 1000,
        'grpc.keepalive_timeout_ms': options.http2PingTimeout * 1000,
        // A service of many thousand instances answers with more than the default 4 MB.
        'grpc.max_receive_message_length': -1,
        // http_proxy is for the way out, not for the members of our own cluster.
        'grpc.enable_http_proxy': 0,
        // grpc-js pools connections by their options. A number of its own gives each transport a connection of its own,
        // shared by the four stubs below it, and so a fresh start without the old one's backoff.
        'rollcall.transport': ++transports,
        ...(options.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': options.serverName, 'grpc.default_authority': options.serverName }),
      },
    });
  }

  authenticate(options: AuthenticateOptions): Promise<void> {
    const user = this.#user;
    if (user === undefined || this.#token.value !== undefined) return Promise.resolve();
    const { denial } = this.#token;
    if (denial !== undefined && options.evenIfDenied !== true) return Promise.reject(denial);
    // Shared by whoever asks meanwhile, so it carries nobody's signal: one who gives up must not fail the others.
    this.#authenticating ??= this.#askForToken(user, options.timeoutMs).finally(() => {
      this.#authenticating = undefined;
    });
    return abortable(this.#authenticating, options.signal, 'authenticating');
  }

  range(request: IRangeRequest, options: UnaryOptions): Promise<IRangeResponse> {
    return this.#authorized((call) => this.#client.kv.range(request, call), options);
  }

  put(request: IPutRequest, options: UnaryOptions): Promise<IPutResponse> {
    return this.#authorized((call) => this.#client.kv.put(request, call), options);
  }

  txn(request: ITxnRequest, options: UnaryOptions): Promise<ITxnResponse> {
    return this.#authorized((call) => this.#client.kv.txn(request, call), options);
  }

  leaseGrant(id: string, ttlSeconds: number, options: UnaryOptions): Promise<ILeaseGrantResponse> {
    return this.#authorized((call) => this.#client.leaseClient.leaseGrant({ ID: id, TTL: ttlSeconds }, call), options);
  }

  async leaseRevoke(id: string, options: UnaryOptions): Promise<void> {
    await this.#authorized((call) => this.#client.leaseClient.leaseRevoke({ ID: id }, call), options);
  }

  async leaseKeys(id: string, options: UnaryOptions): Promise<readonly Buffer[]> {
    return (await this.#authorized((call) => this.#client.leaseClient.leaseTimeToLive({ ID: id, keys: true }, call), options)).keys;
  }

  watch(handlers: StreamHandlers<IWatchResponse>): Stream<IWatchRequest> {
    // Without `hasleader` a member that lost the quorum keeps the stream open and silent (clientv3.WithRequireLeader).
    return this.#stream((call) => this.#client.watchClient.watch(call), handlers, { hasleader: 'true' });
  }

  keepAlive(handlers: StreamHandlers<ILeaseKeepAliveResponse>): Stream<{ readonly ID: string }> {
    return this.#stream((call) => this.#client.leaseClient.leaseKeepAlive(call), handlers, { hasleader: 'true' });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const end of [...this.#streams]) end();
    this.#client.close();
  }

  async #askForToken(user: { readonly name: string; readonly password: string }, timeoutMs: number): Promise<void> {
    try {
      // Without the old token: etcd refuses even this call for one that has expired.
      const { token } = await this.#unary((call) => this.#client.auth.authenticate(user, call), { timeoutMs }, { withToken: false });
      this.#token.set(token);
    } catch (error) {
      // As etcd's own client does: whoever is given a password for a cluster without authentication may go in.
      if (error instanceof EtcdError && error.kind === 'auth-not-enabled') return;
      if (error instanceof EtcdError && error.code === 'UNAUTHENTICATED') this.#token.denied(error);
      throw error;
    }
  }

  /** A call with the token; one that finds the token expired gets a new one, once. */
  async #authorized<T>(call: (options: CallOptions) => Promise<T>, options: UnaryOptions): Promise<T> {
    const { value: token } = this.#token;
    try {
      return await this.#unary(call, options);
    } catch (error) {
      if (!(error instanceof EtcdError) || error.kind !== 'token') throw error;
      if (this.#user === undefined) throw new EtcdError('UNAUTHENTICATED', 'other', error.message, error);
      this.#token.refused(token);
      await this.authenticate(options);
      return this.#unary(call, options);
    }
  }

  async #unary<T>(call: (options: CallOptions) => Promise<T>, options: UnaryOptions, { withToken } = { withToken: true }): Promise<T> {
    if (this.#closed) throw new EtcdError('UNAVAILABLE', 'connection', `etcd ${this.endpoint}: the connection was closed`);
    let cancel: (() => void) | undefined;
    const onAbort = (): void => cancel?.();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await call({
        // A date, not a duration: etcd3 may run the call again, and must not get the time again.
        deadline: new Date(Date.now() + options.timeoutMs),
        interceptors: [
          intercept({
            metadata: withToken && this.#token.value !== undefined ? { token: this.#token.value } : {},
            started: (started) => {
              cancel = started;
              if (options.signal?.aborted === true) started();
            },
          }),
        ],
      });
    } catch (error) {
      throw toEtcdError(error, this.endpoint);
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  #stream<Request, Response>(
    open: (options: CallOptions) => Promise<IDuplexStream<Request, Response>>,
    handlers: StreamHandlers<Response>,
    metadata: Readonly<Record<string, string>>,
  ): Stream<Request> {
    let stream: IDuplexStream<Request, Response> | undefined;
    let state: 'opening' | 'open' | 'ended' = 'opening';
    const early: Request[] = [];
    const stop = (): boolean => {
      if (state === 'ended') return false;
      state = 'ended';
      this.#streams.delete(end);
      if (stream !== undefined) {
        // In this order: etcd3 counts a cancelled stream that is still writable as a failure of the member.
        stream.end();
        stream.cancel();
      }
      return true;
    };
    // One failure fires both `error` and `end`; only the first counts.
    const failed = (cause: unknown): void => {
      if (stop()) handlers.ended(toEtcdError(cause, this.endpoint));
    };
    const end = (): void => {
      stop();
    };
    this.#streams.add(end);
    const token: Readonly<Record<string, string>> = this.#token.value === undefined ? {} : { token: this.#token.value };
    open({ interceptors: [intercept({ metadata: { ...metadata, ...token } })] }).then((opened) => {
      opened.on('error', failed);
      opened.on('data', (response) => {
        if (state === 'open') handlers.message(response);
      });
      // A keepalive stream that ends with status OK is a failure too: nobody but us may end it.
      opened.on('end', () => {
        failed(new Error('14 UNAVAILABLE: the stream was ended by the server'));
      });
      stream = opened;
      if (state === 'ended') {
        opened.end();
        opened.cancel();
        return;
      }
      state = 'open';
      for (const request of early.splice(0)) opened.write(request);
    }, failed);
    return {
      write: (request) => {
        if (state === 'open') stream?.write(request);
        else if (state === 'opening') early.push(request);
      },
      end,
    };
  }
}

interface Interception {
  readonly metadata: Readonly<Record<string, string>>;
  readonly started?: (cancel: () => void) => void;
}

/** Adds metadata to a call, gives its cancellation out, and keeps a refused token from etcd3. */
function intercept({ metadata: added, started }: Interception): Interceptor {
  return (options, nextCall) => {
    const call = new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        for (const [key, value] of Object.entries(added)) metadata.set(key, value);
        next(metadata, {
          onReceiveStatus(received, nextStatus) {
            // etcd3 would run the call again at once, with the same token, without bound.
            nextStatus({ ...received, details: received.details.replace('invalid auth token', 'auth token was refused') });
          },
        });
      },
    });
    started?.(() => {
      call.cancelWithStatus(status.CANCELLED, 'aborted');
    });
    return call;
  };
}
