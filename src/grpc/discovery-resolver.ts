import { type ChannelOptions, Metadata, status } from '@grpc/grpc-js';

import { publish } from '../core/diagnostics.js';
import { toRollcallError } from '../core/errors.js';
import type { Watch } from '../core/ports.js';
import { quote } from '../core/quote.js';
import { ConnectionBoard } from './balancer/connection-board.js';
import { attributesWith } from './balancer/context.js';
import type { ChannelStatus } from './channel-status.js';
import { type GrpcUri, type Resolver, type ResolverListener, statusOrFromError, statusOrFromValue } from './experimental.js';
import { InstanceChooser } from './instance-chooser.js';
import { describe, type Resolution } from './resolution.js';
import type { RunningChannel } from './running-channels.js';
import type { DirectoryEntry, SchemeDirectory } from './scheme-directory.js';
import { type ChannelServiceConfig, ServiceConfigs } from './service-config/service-configs.js';
import { type DiscoveryTarget, formatDiscoveryTarget, parseDiscoveryTarget } from './target.js';

/** Where the snapshots come from, from one `start` to the next `stop`. */
interface Source {
  readonly entry: DirectoryEntry;
  readonly configs: ServiceConfigs;
  readonly board: ConnectionBoard;
  readonly chooser: InstanceChooser;
  readonly running: Disposable;
  watch: Watch | undefined;
  subscription: Disposable | undefined;
  timer: Disposable | undefined;
}

/** What the channel is to be told. */
interface News {
  readonly resolution: Resolution;
  readonly config: ChannelServiceConfig;
  readonly attributes: Record<string, unknown>;
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
export class DiscoveryResolver implements Resolver, RunningChannel {
  readonly #directory: SchemeDirectory;
  readonly #target: DiscoveryTarget;
  readonly #listener: ResolverListener;
  readonly #options: ChannelOptions;
  #state: 'idle' | 'refused' | 'waiting' | 'overdue' | 'following' = 'idle';
  #source: Source | undefined;
  #directoryListener: Disposable | undefined;
  #undelivered: News | undefined;
  #told: News | undefined;
  #delivery: NodeJS.Immediate | undefined;
  #reported = '';
  #status: ChannelStatus;
  #config: ChannelServiceConfig | undefined;
  /** Made anew only when what is in it changes: the policy takes another context for another way to connect. */
  #attributes: { readonly healthService: string | undefined; readonly value: Record<string, unknown> } | undefined;

  constructor(directory: SchemeDirectory, target: GrpcUri, listener: ResolverListener, options: ChannelOptions) {
    this.#directory = directory;
    this.#target = parseDiscoveryTarget(target);
    this.#listener = listener;
    this.#options = options;
    this.#status = this.#statusOf('waiting', 0, 'the discovery has not been asked yet');
  }

  get status(): ChannelStatus {
    return this.#status;
  }

  get chooser(): InstanceChooser | undefined {
    return this.#source?.chooser;
  }

  get board(): ConnectionBoard | undefined {
    return this.#source?.board;
  }

  get config(): ChannelServiceConfig | undefined {
    return this.#config;
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
  }

  #start(): void {
    const { name, service } = this.#target;
    const entry = this.#directory.get(name);
    if (entry === undefined) {
      const of = name === '' ? '' : ` (name ${quote(name)})`;
      this.#refuse(`no discovery is registered for target ${quote(this.#targetText)}${of}, or its resolver was closed`);
      return;
    }
    const plan = entry.plans.of(service);
    const configs = new ServiceConfigs({ channel: this.#options, options: plan.config, logger: entry.logger });
    const { invalid } = configs.with();
    if (invalid !== undefined) {
      this.#refuse(invalid, configs.with());
      return;
    }
    const { clock, logger } = entry;
    const board = new ConnectionBoard(logger);
    const chooser = new InstanceChooser(plan, { service, clock, logger, board, changed: () => this.#onChoice(source) });
    const source: Source = { entry, configs, board, chooser, running: entry.channels.add(this), watch: undefined, subscription: undefined, timer: undefined };
    this.#source = source;
    this.#state = 'waiting';
    this.#status = this.#statusOf('waiting', 0, 'the discovery has not answered yet');
    try {
      source.watch = entry.discovery.watch(service);
      source.timer = entry.clock.setTimer(() => this.#onInitialTimeout(source), entry.initialTimeoutMs, { unref: true });
      source.subscription = source.watch.subscribe((snapshot) => {
        if (this.#source === source) source.chooser.take(snapshot);
      });
    } catch (error) {
      this.#stop();
      this.#refuse(`${quote(service)} cannot be resolved: ${describe(toRollcallError(error))}`);
    }
  }

  #stop(): void {
    const source = this.#source;
    this.#source = undefined;
    this.#attributes = undefined;
    // After a destroy it would revive the balancer of a closed channel, and with it a connection that nobody closes; after a change of the
    // discovery it is what the former one said.
    clearImmediate(this.#delivery);
    this.#delivery = undefined;
    this.#undelivered = undefined;
    this.#told = undefined;
    source?.timer?.[Symbol.dispose]();
    source?.subscription?.[Symbol.dispose]();
    source?.watch?.close();
    source?.chooser[Symbol.dispose]();
    source?.running[Symbol.dispose]();
  }

  #refuse(why: string, config = new ServiceConfigs({ channel: this.#options }).with()): void {
    this.#state = 'refused';
    this.#deliver({ resolution: { unavailable: why }, config, attributes: {} });
  }

  #onChoice(source: Source): void {
    const { choice } = source.chooser;
    if (this.#source !== source || choice === undefined) return;
    source.timer?.[Symbol.dispose]();
    this.#state = 'following';
    const { resolution, published } = choice;
    const config = source.configs.with(published);
    this.#deliver({ resolution, config, attributes: this.#attributesFor(source, config) });
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
    const config = source.configs.with();
    this.#deliver({ resolution: { unavailable: why }, config, attributes: this.#attributesFor(source, config) });
  }

  #attributesFor({ entry, board }: Source, { healthService }: ChannelServiceConfig): Record<string, unknown> {
    if (this.#attributes === undefined || this.#attributes.healthService !== healthService) {
      const { clock, random, logger } = entry;
      const health = healthService === undefined ? undefined : { service: healthService };
      this.#attributes = { healthService, value: attributesWith({ clock, random, logger, board, health }) };
    }
    return this.#attributes.value;
  }

  /**
   * The newest only, and never from within a call of grpc-js: its constructor of channels throws on a result, and
   * `updateResolution` promises not to give one.
   */
  #deliver(news: News): void {
    this.#undelivered = news;
    this.#delivery ??= setImmediate(() => {
      const newest = this.#undelivered;
      this.#delivery = undefined;
      this.#undelivered = undefined;
      if (newest !== undefined) this.#tell(newest);
    });
  }

  #tell(news: News): void {
    const { resolution, config, attributes } = news;
    const { resolved, failing } = config;
    const told = this.#told;
    this.#told = news;
    if (told !== undefined && isOld(news, told)) return;
    this.#config = config;
    if ('unavailable' in resolution) {
      this.#setStatus(this.#statusOf('failing', 0, resolution.unavailable));
      const error = statusOrFromError<never>({ code: status.UNAVAILABLE, details: resolution.unavailable, metadata: new Metadata() });
      this.#listener(error, attributes, statusOrFromValue(failing), resolution.unavailable);
    } else {
      this.#setStatus(this.#statusOf('resolved', resolution.endpoints.length, resolution.note));
      this.#listener(statusOrFromValue([...resolution.endpoints]), attributes, statusOrFromValue(resolved), resolution.note);
    }
  }

  #setStatus(next: ChannelStatus): void {
    this.#status = next;
    publish('rollcall:resolution', () => next);
  }

  #statusOf(state: ChannelStatus['state'], instances: number, note: string): ChannelStatus {
    const holding = this.#source?.chooser.choice?.guarded.holding;
    return Object.freeze({ target: this.#targetText, service: this.#target.service, state, instances, note, ...(holding === undefined ? {} : { holding }) });
  }

  get #targetText(): string {
    return formatDiscoveryTarget(this.#directory.scheme, this.#target);
  }
}

/** The same endpoints, words and config as before: it would cost the policy a walk, and whoever listens a message. */
function isOld({ resolution: now, config, attributes }: News, { resolution: before, config: configBefore, attributes: attributesBefore }: News): boolean {
  if (config !== configBefore || attributes !== attributesBefore) return false;
  if ('unavailable' in now) return 'unavailable' in before && now.unavailable === before.unavailable;
  if ('unavailable' in before || now.note !== before.note || now.endpoints.length !== before.endpoints.length) return false;
  return now.endpoints.every((endpoint, index) => endpoint === before.endpoints[index]);
}
