import type { EtcdUser } from '../../../test/support/etcd-users.js';

/** What both clients are given, in seconds. */
export const ttl = 5;

/** The service that every scenario uses. */
export const service = 'bench';
/** Both clients write the same keys and the same kind of value, so whatever looks at etcd need not know which it was. */
export const servicePrefix = `/rollcall/${service}/`;
export const keyOf = (address: string): string => `${servicePrefix}${address}`;

export interface ConnectOptions {
  /** `host:port` of each member, or of a proxy before it. */
  readonly endpoints: readonly string[];
  readonly user?: EtcdUser | undefined;
}

/** What a user of the service would act on. */
export interface WatchedService {
  readonly addresses: ReadonlySet<string>;
  /** Whether the client says that it is cut off, and the addresses perhaps old. */
  readonly stale: boolean;
  /** Every address that was ever shown as gone, in order. */
  readonly removals: readonly string[];
  /** Called after each change of the addresses or of `stale`. */
  onChange(listener: () => void): Disposable;
}

export interface Connection {
  /** Resolves once it is stored; it is to stay stored until `close`. */
  register(address: string): Promise<void>;
  /** Resolves with the first complete set. */
  watch(): Promise<WatchedService>;
  close(): Promise<void>;
}

export interface Client {
  readonly name: string;
  connect(options: ConnectOptions): Promise<Connection>;
}
