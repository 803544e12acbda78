import { type ChannelOptions, Metadata, status } from '@grpc/grpc-js';

import { toRollcallError } from '../core/errors.js';
import { quote } from '../core/quote.js';
import type { Watch } from '../core/ports.js';
import type { Snapshot } from '../core/snapshot.js';
import { type GrpcUri, type Resolver, type ResolverListener, statusOrFromError, statusOrFromValue } from './experimental.js';
import { describe, type Resolution, resolutionOf } from './resolution.js';
import type { DirectoryEntry, SchemeDirectory } from './scheme-directory.js';
import { type ChannelServiceConfig, channelServiceConfig } from './service-config.js';
import { type DiscoveryTarget, formatDiscoveryTarget, parseDiscoveryTarget } from './target.js';

/** Where the snapshots come from, from one `start` to the next `stop`. */
interface Source {
  readonly entry: DirectoryEntry;
  watch: Watch | undefined;
  subscription: Disposable | undefined;
  timer: Disposable | undefined;
}

/**
 * One channel's view of one service.
 *
 *     idle → waiting → following          waiting → overdue → following
 *     idle → refused (no discovery, a bad name, a bad config), and back as discoveries come and go
 *     any → idle by destroy(): the channel is closed, or was idle and may start again
 *
 * Snapshots are pushed, so `updateResolution` on a running resolver is no more than a hint: answering it each time with what is
 * known already makes grpc-js ask again at once, and again (seen: 200,000 times a second).
 */
export class DiscoveryResolver implements Resolver {
  readonly #directory: SchemeDirectory;
  readonly #target: DiscoveryTarget;
  readonly #listener: ResolverListener;
  readonly #serviceConfig: ChannelServiceConfig;
  #state: 'idle' | 'refused' | 'waiting' | 'overdue' | 'following' = 'idle';
  #source: Source | undefined;
  #directoryListener: Disposable | undefined;
  #undelivered: { readonly resolution: Resolution; readonly attributes: Record<string, unknown> } | undefined;
  #delivery: NodeJS.Immediate | undefined;
  #reported = '';

  constructor(directory: SchemeDirectory, target: GrpcUri, listener: ResolverListener, options: ChannelOptions) {
    this.#directory = directory;
    this.#target = parseDiscoveryTarget(target);
    this.#listener = listener;
    this.#serviceConfig = channelServiceConfig(options);
  }

  updateResolution(): void {
    if (this.#state === 'idle') {
      this.#directoryListener = this.#directory.listen(this.#target.name, () => {
        this.#stop();
        this.#start();
      });
      this.#start();
    } else if (this.#state === 'overdue') {
      this.#reportOverdue();
    }
  }

  destroy(): void {
    this.#stop();
    this.#state = 'idle';
    this.#directoryListener?.[Symbol.dispose]();
    this.#directoryListener = undefined;
    // A result after this would revive the balancer of a closed channel, and with it a connection that nobody closes.
    clearImmediate(this.#delivery);
    this.#delivery = undefined;
    this.#undelivered = undefined;
  }

  #start(): void {
    const { name, service } = this.#target;
    const entry = this.#directory.get(name);
    if (entry === undefined) {
      const target = formatDiscoveryTarget(this.#directory.scheme, this.#target);
      this.#refuse(`no discovery is registered for target ${quote(target)}${name === '' ? '' : ` (name ${quote(name)})`}, or its resolver was closed`);
      return;
    }
    if (this.#serviceConfig.invalid !== undefined) {
      this.#refuse(this.#serviceConfig.invalid);
      return;
    }
    const source: Source = { entry, watch: undefined, subscription: undefined, timer: undefined };
    this.#source = source;
    this.#state = 'waiting';
    try {
      source.watch = entry.discovery.watch(service);
      source.timer = entry.clock.setTimer(() => this.#onInitialTimeout(source), entry.initialTimeoutMs, { unref: true });
      source.subscription = source.watch.subscribe((snapshot) => this.#onSnapshot(source, snapshot));
    } catch (error) {
      this.#stop();
      this.#refuse(`${quote(service)} cannot be resolved: ${describe(toRollcallError(error))}`);
    }
  }

  #stop(): void {
    const source = this.#source;
    this.#source = undefined;
    source?.timer?.[Symbol.dispose]();
    source?.subscription?.[Symbol.dispose]();
    source?.watch?.close();
  }

  #refuse(why: string): void {
    this.#state = 'refused';
    this.#deliver({ unavailable: why }, {});
  }

  #onSnapshot(source: Source, snapshot: Snapshot): void {
    if (this.#source !== source) return;
    source.timer?.[Symbol.dispose]();
    this.#state = 'following';
    this.#deliver(resolutionOf(snapshot, source.entry.logger), source.entry.attributes);
  }

  #onInitialTimeout(source: Source): void {
    if (this.#source !== source || this.#state !== 'waiting') return;
    this.#state = 'overdue';
    this.#reported = '';
    this.#reportOverdue();
  }

  /** Again only if the reason is another one now: see the class. */
  #reportOverdue(): void {
    const source = this.#source;
    if (source === undefined) return;
    const trouble = source.watch?.trouble;
    const reason = trouble === undefined ? 'the backend has not answered yet' : describe(trouble);
    const why = `nothing is known of ${quote(this.#target.service)} after ${source.entry.initialTimeoutMs / 1000} s: ${reason}`;
    if (why === this.#reported) return;
    this.#reported = why;
    this.#deliver({ unavailable: why }, source.entry.attributes);
  }

  /**
   * The newest only, and never from within a call of grpc-js: its constructor of channels throws on a result, and
   * `updateResolution` promises not to give one.
   */
  #deliver(resolution: Resolution, attributes: Record<string, unknown>): void {
    this.#undelivered = { resolution, attributes };
    this.#delivery ??= setImmediate(() => {
      const newest = this.#undelivered;
      this.#delivery = undefined;
      this.#undelivered = undefined;
      if (newest !== undefined) this.#tell(newest.resolution, newest.attributes);
    });
  }

  #tell(resolution: Resolution, attributes: Record<string, unknown>): void {
    const { resolved, failing } = this.#serviceConfig;
    if ('unavailable' in resolution) {
      const error = statusOrFromError<never>({ code: status.UNAVAILABLE, details: resolution.unavailable, metadata: new Metadata() });
      this.#listener(error, attributes, statusOrFromValue(failing), resolution.unavailable);
    } else {
      this.#listener(statusOrFromValue([...resolution.endpoints]), attributes, statusOrFromValue(resolved), resolution.note);
    }
  }
}
