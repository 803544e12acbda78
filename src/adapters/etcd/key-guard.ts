import { RollcallError } from '../../core/errors.js';
import type { ServiceInstance } from '../../core/instance.js';
import type { LeaseEvents } from '../../core/lease-store.js';
import type { Logger } from '../../core/logger.js';
import { nextRevision } from './key-range.js';
import type { EtcdSession } from './session.js';
import type { EtcdTransport } from './transport.js';
import type { WatchStream } from './watch-stream.js';
import { chunks } from './write-txn.js';

export interface KeyGuardDeps {
  readonly session: EtcdSession;
  readonly watches: WatchStream;
  readonly logger: Logger;
  readonly events: LeaseEvents;
  /** Whether a lease is, or was, one of ours. */
  readonly isOurs: (lease: string) => boolean;
}

interface GuardedKey {
  readonly key: Buffer;
  readonly instance: ServiceInstance;
  watch: Disposable | undefined;
}

/**
 * Watches the keys that we wrote, each by itself on the shared stream: a newer owner's record tells us that we are
 * superseded, a deletion (an operator's, or a revoked lease) that we have to write again, both at once instead of with
 * the next ping. After a gap in the connection each key is read before it is watched again.
 */
export class KeyGuard {
  readonly #deps: KeyGuardDeps;
  readonly #keys = new Map<string, GuardedKey>();
  readonly #listening: Disposable;

  constructor(deps: KeyGuardDeps) {
    this.#deps = deps;
    this.#listening = deps.session.onLive((transport) => {
      void this.#verify(transport, [...this.#keys.values()]);
    });
  }

  /** Guards a key that was just written at that revision. */
  add(transport: EtcdTransport, key: Buffer, instance: ServiceInstance, revision: string): void {
    const name = key.toString('latin1');
    this.#keys.get(name)?.watch?.[Symbol.dispose]();
    const guarded: GuardedKey = { key, instance, watch: undefined };
    this.#keys.set(name, guarded);
    this.#watch(transport, guarded, nextRevision(revision));
  }

  remove(key: Buffer): void {
    const name = key.toString('latin1');
    this.#keys.get(name)?.watch?.[Symbol.dispose]();
    this.#keys.delete(name);
  }

  close(): void {
    this.#listening[Symbol.dispose]();
    for (const { watch } of this.#keys.values()) watch?.[Symbol.dispose]();
    this.#keys.clear();
  }

  #watch(transport: EtcdTransport, guarded: GuardedKey, from: string): void {
    // Left meanwhile: the next transport verifies.
    if (this.#deps.session.transport !== transport) return;
    guarded.watch = this.#deps.watches.open(
      transport,
      { key: guarded.key, start_revision: from },
      {
        created: () => undefined,
        events: (events) => {
          const last = events.at(-1);
          if (last === undefined) return;
          if (last.type === 'Delete') this.#lost(guarded);
          else if (!this.#deps.isOurs(last.kv.lease)) this.#superseded(guarded);
        },
        ended: (reason) => {
          guarded.watch = undefined;
          // With the connection gone the next one verifies; a watch that ended by itself has to be begun again here.
          const present = this.#deps.session.transport;
          if (present === transport && reason.retryable) void this.#verify(transport, [guarded]);
        },
      },
    );
  }

  async #verify(transport: EtcdTransport, keys: readonly GuardedKey[]): Promise<void> {
    for (const chunk of chunks(keys, ({ key }) => key.length)) {
      try {
        const answer = await transport.txn(
          { compare: [], success: chunk.map(({ key }) => ({ request_range: { key, keys_only: true } })), failure: [] },
          this.#deps.session.attempt(this.#deps.session.signal),
        );
        chunk.forEach((guarded, index) => {
          if (this.#keys.get(guarded.key.toString('latin1')) !== guarded || guarded.watch !== undefined) return;
          const found = answer.responses[index]?.response_range.kvs[0];
          if (found === undefined) this.#lost(guarded);
          else if (this.#deps.isOurs(found.lease)) this.#watch(transport, guarded, nextRevision(answer.header.revision));
          else this.#superseded(guarded);
        });
      } catch (error) {
        // A member that failed is left by this, and the next one verifies; an owner that may not read does without.
        const reason = this.#deps.session.failed(transport, error);
        if (!reason.retryable) this.#deps.logger.warn({ err: reason }, 'registrations cannot be verified');
      }
    }
  }

  #lost(guarded: GuardedKey): void {
    this.remove(guarded.key);
    this.#deps.events.lost([guarded.instance], new RollcallError('UNAVAILABLE', 'the record was removed from etcd'));
  }

  #superseded(guarded: GuardedKey): void {
    this.remove(guarded.key);
    this.#deps.events.superseded(guarded.instance);
  }
}
