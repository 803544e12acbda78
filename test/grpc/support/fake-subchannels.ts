import { type ChannelOptions, connectivityState, experimental, Metadata } from '@grpc/grpc-js';

import type { ChannelControlHelper, Picker, PickResult, SubchannelAddress, SubchannelInterface } from '../../../src/grpc/experimental.js';

/** A connection whose state the test decides. */
export class FakeSubchannel {
  readonly address: string;
  refs = 0;
  connects = 0;
  #state = connectivityState.IDLE;
  #healthy = true;
  readonly #listeners = new Set<experimental.ConnectivityStateListener>();
  readonly #healthListeners = new Set<experimental.HealthListener>();

  constructor(address: string) {
    this.address = address;
  }

  enter(state: connectivityState, errorMessage?: string): void {
    const before = this.#state;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(this.asSubchannel(), before, state, -1, errorMessage);
  }

  /** As outlier detection or a health check marks it. */
  setHealthy(healthy: boolean): void {
    this.#healthy = healthy;
    for (const listener of [...this.#healthListeners]) listener(healthy);
  }

  asSubchannel(): SubchannelInterface {
    const known: Partial<SubchannelInterface> = {
      getConnectivityState: () => this.#state,
      addConnectivityStateListener: (listener) => {
        this.#listeners.add(listener);
      },
      removeConnectivityStateListener: (listener) => {
        this.#listeners.delete(listener);
      },
      startConnecting: () => {
        this.connects++;
      },
      getAddress: () => this.address,
      ref: () => {
        this.refs++;
      },
      unref: () => {
        this.refs--;
      },
      // Only handed back to addChannelzChild and removeChannelzChild below.
      getChannelzRef: () => undefined as never,
      isHealthy: () => this.#healthy,
      addHealthStateWatcher: (listener) => {
        this.#healthListeners.add(listener);
      },
      removeHealthStateWatcher: (listener) => {
        this.#healthListeners.delete(listener);
      },
      realSubchannelEquals: (other) => other.getAddress() === this.address,
    };
    return known as SubchannelInterface;
  }
}

/** What a policy is given by its channel, with all that it reports. */
export class FakeChannel {
  /** The one in use per address; a new one once the former was given up, as in grpc-js's pool. */
  readonly subchannels = new Map<string, FakeSubchannel>();
  created = 0;
  /** The arguments of each subchannel that was made, in order. */
  readonly createdWith: ChannelOptions[] = [];
  reresolutions = 0;
  readonly states: string[] = [];
  picker: Picker | undefined;

  readonly helper: ChannelControlHelper = {
    createSubchannel: (address: SubchannelAddress, args: ChannelOptions) => {
      const name = 'path' in address ? address.path : `${address.host}:${address.port}`;
      this.created++;
      this.createdWith.push(args);
      const subchannel = new FakeSubchannel(name);
      this.subchannels.set(name, subchannel);
      return subchannel.asSubchannel();
    },
    updateState: (state, picker) => {
      this.states.push(connectivityState[state]);
      this.picker = picker;
    },
    requestReresolution: () => {
      this.reresolutions++;
    },
    addChannelzChild: () => undefined,
    removeChannelzChild: () => undefined,
  };

  get state(): string | undefined {
    return this.states.at(-1);
  }

  subchannel(address: string): FakeSubchannel {
    const found = this.subchannels.get(address);
    if (found === undefined) throw new Error(`no subchannel for ${address}`);
    return found;
  }

  /** The address that the next call would go to, or what happens to it instead. */
  pick(metadata = new Metadata()): string {
    const result = this.pickResult(metadata);
    switch (result?.pickResultType) {
      case experimental.PickResultType.COMPLETE:
        return result.subchannel?.getAddress() ?? 'dropped';
      case experimental.PickResultType.QUEUE:
        return 'queued';
      default:
        return `failed: ${result?.status?.details ?? 'no picker'}`;
    }
  }

  /** As the channel gets it. */
  pickResult(metadata = new Metadata()): PickResult | undefined {
    return this.picker?.pick({ metadata, extraPickInfo: {} });
  }

  picks(count: number): string[] {
    return Array.from({ length: count }, () => this.pick());
  }
}
