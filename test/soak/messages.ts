import type { DiscoveryStatus, RegistrationState, RegistryStatus, ServiceInstance } from '../../src/core/index.js';

/** What a client is told to do. Plain data, since some clients are processes of their own. */
export type Command =
  | { readonly do: 'register'; readonly registration: string; readonly service: string; readonly id: string; readonly weight: number }
  | { readonly do: 'update'; readonly registration: string; readonly weight: number }
  | { readonly do: 'deregister'; readonly registration: string }
  | { readonly do: 'get'; readonly service: string }
  | { readonly do: 'watch'; readonly watcher: string; readonly service: string; readonly pauseMs: number }
  | { readonly do: 'unwatch'; readonly watcher: string }
  | { readonly do: 'report' }
  | { readonly do: 'close' };

/** What came of it. */
export type Answer =
  | { readonly ok: true; readonly snapshot?: PlainSnapshot; readonly report?: Report }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What happens without being asked for. */
export type Happening =
  | { readonly event: 'snapshot'; readonly watcher: string; readonly snapshot: PlainSnapshot }
  | { readonly event: 'state'; readonly registration: string; readonly state: RegistrationState }
  /** A rule that only the client itself can check. */
  | { readonly event: 'broken'; readonly what: string };

export interface PlainSnapshot {
  readonly service: string;
  readonly revision: string;
  readonly status: 'live' | 'stale';
  readonly instances: readonly ServiceInstance[];
  readonly added: readonly ServiceInstance[];
  readonly removed: readonly ServiceInstance[];
  readonly changed: readonly ServiceInstance[];
  readonly skipped: readonly string[];
}

/** How a client sees itself. */
export interface Report {
  readonly states: Readonly<Record<string, RegistrationState>>;
  readonly registry: RegistryStatus | undefined;
  readonly discovery: DiscoveryStatus | undefined;
}

/** Between this process and a client in a process of its own. */
export type ToChild = { readonly start: StartOptions } | { readonly number: number; readonly command: Command };
export type FromChild = { readonly started: true } | { readonly number: number; readonly answer: Answer } | Happening;

export interface StartOptions {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly ttl: number;
  /** Seconds. */
  readonly requestTimeout: number;
}
