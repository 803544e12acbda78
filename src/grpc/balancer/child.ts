import { type ChannelOptions, connectivityState } from '@grpc/grpc-js';

import { serverNameOf } from '../endpoint.js';
import { type ChannelControlHelper, createChildChannelControlHelper, type Endpoint, LeafLoadBalancer, type PickArgs, type Picker, type PickResult } from '../experimental.js';
import type { ConnectionState } from './connection-board.js';
import type { BalancerContext } from './context.js';
import type { HealthCheck } from './health-check.js';
import type { Member } from './strategy.js';

/** What grpc-js's pick_first says of a subchannel that is connected but was marked, by a health check or by outlier_detection. */
const unhealthyMessage = /\bis unhealthy$/;

export interface ChildDeps {
  readonly helper: ChannelControlHelper;
  readonly options: ChannelOptions;
  readonly context: BalancerContext;
  readonly health: HealthCheck;
  /** After its state or the reason for it became another. */
  readonly changed: (child: Child, before: ConnectionState) => void;
}

/** One instance as a policy sees it: its connection, and that connection's state. */
export class Child implements Member {
  // What a pick needs comes first: among thousands of instances each is cold, and a pick's time is that of the lines of memory it reads.
  /** The leaf's newest. */
  #picker: Picker;
  readonly #unwraps: boolean;
  readonly key: string;
  readonly order: number;
  weight: number;
  /** The newest of this instance; its weight or metadata may change while the connection stays. */
  endpoint: Endpoint;
  #connectivity = connectivityState.IDLE;
  #state: ConnectionState = 'connecting';
  #detail = '';
  /** What the health check said last, while it was not well. */
  #healthDetail = '';
  readonly #leaf: LeafLoadBalancer;
  readonly #deps: ChildDeps;
  #destroyed = false;

  constructor(key: string, order: number, weight: number, endpoint: Endpoint, deps: ChildDeps) {
    this.key = key;
    this.order = order;
    this.weight = weight;
    this.endpoint = endpoint;
    this.#deps = deps;
    this.#unwraps = deps.context.health !== undefined;
    this.#leaf = new LeafLoadBalancer(endpoint, this.#helper(), this.#options(), '');
    this.#picker = this.#leaf.getPicker();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Why it is failing or unhealthy. */
  get detail(): string {
    return this.#detail;
  }

  connect(): void {
    this.#leaf.startConnecting();
  }

  /** Has it connect now if it lost its connection. */
  exitIdle(): void {
    if (!this.#destroyed && this.#connectivity === connectivityState.IDLE) this.#leaf.exitIdle();
  }

  pick(args: PickArgs): PickResult {
    const result = this.#picker.pick(args);
    return this.#unwraps ? this.#deps.health.unwrap(result) : result;
  }

  destroy(): void {
    this.#destroyed = true;
    this.#leaf.destroy();
  }

  /** The name for TLS belongs to the subchannel: grpc-js reads it for each, and takes no other's out of its pool. */
  #options(): ChannelOptions {
    const serverName = serverNameOf(this.endpoint);
    return serverName === undefined ? this.#deps.options : { ...this.#deps.options, 'grpc.ssl_target_name_override': serverName };
  }

  #helper(): ChannelControlHelper {
    const { helper, context, health } = this.#deps;
    const own = createChildChannelControlHelper(helper, {
      updateState: (state, picker, errorMessage) => {
        this.#picker = picker;
        this.#onConnectivity(state, errorMessage ?? '');
      },
      // pick_first leaves a timer running when it is destroyed, and asks once more when that fires.
      requestReresolution: () => {
        if (!this.#destroyed) helper.requestReresolution();
      },
    });
    if (context.health === undefined) return own;
    const { clock, random, logger } = context;
    const changed = (_address: string, healthy: boolean, detail: string): void => {
      this.#healthDetail = healthy ? '' : detail;
      if (this.#state === 'unhealthy' && !healthy) this.#enter('unhealthy', detail);
    };
    return health.wrap(own, { service: context.health.service, clock, random, logger }, { changed });
  }

  #onConnectivity(connectivity: connectivityState, errorMessage: string): void {
    if (this.#destroyed) return;
    this.#connectivity = connectivity;
    if (connectivity === connectivityState.READY) {
      this.#enter('ready', '');
    } else if (connectivity !== connectivityState.TRANSIENT_FAILURE) {
      // Later, because the leaf is still in the middle of telling us.
      if (connectivity === connectivityState.IDLE) process.nextTick(() => this.exitIdle());
      this.#enter('connecting', '');
    } else if (unhealthyMessage.test(errorMessage)) {
      // Without a word of the health check it was outlier_detection, which says no more than this.
      this.#enter('unhealthy', this.#healthDetail === '' ? `outlier detection ejected it for a while (${errorMessage})` : this.#healthDetail);
    } else {
      // The children are given no resolution note of their own: theirs would grow old.
      this.#enter('failing', errorMessage.replace(/ Resolution note: $/, ''));
    }
  }

  #enter(state: ConnectionState, detail: string): void {
    const before = this.#state;
    if (state === before && detail === this.#detail) return;
    this.#state = state;
    this.#detail = detail;
    this.#deps.changed(this, before);
  }
}
