import { Metadata, status, type StatusObject } from '@grpc/grpc-js';

import { Backoff } from '../../core/backoff.js';
import type { Clock } from '../../core/clock.js';
import type { Random } from '../../core/random.js';
import { quote } from '../../core/quote.js';
import type { CallStream, SubchannelChannel } from '../experimental.js';
import { decodeHealthCheckResponse, encodeHealthCheckRequest } from './health-messages.js';

/** What the server says of the service at present, or why it says nothing. */
export interface HealthVerdict {
  readonly healthy: boolean;
  /** For people: `service "orders" is NOT_SERVING`. */
  readonly detail: string;
  /** Whether it counts as healthy only because the server has no health service. */
  readonly unimplemented: boolean;
}

export interface HealthWatchDeps {
  /** The name that is asked for; '' is the server as a whole. */
  readonly service: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** As grpc-js's backoff of connections (gRFC A17 asks for the same). */
const retry = { initialMs: 1000, maxMs: 120_000, factor: 1.6 };

const watchMethod = '/grpc.health.v1.Health/Watch';

/**
 * Asks one server, over one connection, how a service fares, until it is stopped (gRFC A17).
 *
 *     watching → broken (waits) → watching        watching → unimplemented (asks no more)        any → stopped
 */
export class HealthWatch {
  readonly #channel: SubchannelChannel;
  readonly #deps: HealthWatchDeps;
  readonly #onVerdict: (verdict: HealthVerdict) => void;
  readonly #backoff: Backoff;
  #stopped = false;
  #call: CallStream | undefined;
  #retryTimer: Disposable | undefined;

  /** @param channel over the one connection: `subchannel.getChannel()`, while it is READY */
  constructor(channel: SubchannelChannel, deps: HealthWatchDeps, onVerdict: (verdict: HealthVerdict) => void) {
    this.#channel = channel;
    this.#deps = deps;
    this.#onVerdict = onVerdict;
    this.#backoff = new Backoff(deps.random, retry);
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.#retryTimer?.[Symbol.dispose]();
    const call = this.#call;
    this.#call = undefined;
    call?.cancelWithStatus(status.CANCELLED, 'the connection is no longer watched');
  }

  #open(): void {
    const startedAt = this.#deps.clock.monotonic();
    // The deadline aside, a channel over one subchannel looks at none of these.
    const call: CallStream = this.#channel.createCall(watchMethod, Infinity, undefined, null, undefined);
    this.#call = call;
    let answered = false;
    const end = (ended: Pick<StatusObject, 'code' | 'details'>): void => {
      if (this.#call !== call) return;
      this.#call = undefined;
      this.#onEnd(ended, answered, this.#deps.clock.monotonic() - startedAt);
    };
    // It waits for call credentials before there is a stream. What is cancelled meanwhile is opened all the same, and what
    // loses its connection meanwhile throws; both are seen only here.
    const starting: { start(...args: Parameters<CallStream['start']>): unknown } = call;
    const started = starting.start(new Metadata(), {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: (message: unknown) => {
        if (this.#call !== call || !(message instanceof Uint8Array)) return;
        answered = true;
        this.#onMessage(call, message, end);
      },
      onReceiveStatus: end,
    });
    Promise.resolve(started).then(
      () => {
        if (this.#call !== call) call.cancelWithStatus(status.CANCELLED, 'the connection is no longer watched');
      },
      (error: unknown) => {
        end({ code: status.UNAVAILABLE, details: error instanceof Error ? error.message : String(error) });
      },
    );
    call.sendMessageWithContext({}, encodeHealthCheckRequest(this.#deps.service));
    call.halfClose();
    call.startRead();
  }

  #onMessage(call: CallStream, message: Uint8Array, end: (ended: Pick<StatusObject, 'code' | 'details'>) => void): void {
    let serving;
    try {
      serving = decodeHealthCheckResponse(message);
    } catch (error) {
      end({ code: status.INTERNAL, details: (error as Error).message });
      call.cancelWithStatus(status.CANCELLED, 'an answer could not be read');
      return;
    }
    this.#backoff.reset();
    call.startRead();
    this.#onVerdict({ healthy: serving === 'SERVING', detail: `${this.#subject()} is ${serving}`, unimplemented: false });
  }

  #onEnd({ code, details }: Pick<StatusObject, 'code' | 'details'>, answered: boolean, livedMs: number): void {
    if (this.#stopped) return;
    if (code === status.UNIMPLEMENTED) {
      this.#onVerdict({ healthy: true, detail: 'the server has no health service', unimplemented: true });
      return;
    }
    // A stream that did its work for a while and then ended, as proxies and servers end old ones, is worth no wait.
    const wait = answered && livedMs > retry.initialMs ? 0 : this.#backoff.next();
    this.#retryTimer = this.#deps.clock.setTimer(() => this.#open(), wait, { unref: true });
    this.#onVerdict({ healthy: false, detail: `the health of ${this.#subject()} is not known: ${status[code]}: ${details}`, unimplemented: false });
  }

  #subject(): string {
    return this.#deps.service === '' ? 'the server' : `service ${quote(this.#deps.service)}`;
  }
}
