import type { ConnectionBoard } from './balancer/connection-board.js';
import type { ChannelStatus } from './channel-status.js';
import type { InstanceChooser } from './instance-chooser.js';
import type { ChannelServiceConfig } from './service-config/service-configs.js';

/** A channel that is being resolved, as seen from outside. */
export interface RunningChannel {
  readonly status: ChannelStatus;
  /** What chooses its instances; `undefined` while it is refused. */
  readonly chooser: InstanceChooser | undefined;
  /** What its policy tells of each connection; `undefined` while it is refused. */
  readonly board: ConnectionBoard | undefined;
  /** What it was told last; `undefined` before that. */
  readonly config: ChannelServiceConfig | undefined;
}

/** The channels of one registered resolver, in the order in which they started. */
export class RunningChannels {
  readonly #channels = new Set<RunningChannel>();

  add(channel: RunningChannel): Disposable {
    this.#channels.add(channel);
    return {
      [Symbol.dispose]: () => {
        this.#channels.delete(channel);
      },
    };
  }

  get statuses(): readonly ChannelStatus[] {
    return Array.from(this.#channels, ({ status }) => status);
  }

  /** One that follows the service, the newest: what it knows of its connections stands for all. */
  of(service: string): RunningChannel | undefined {
    return [...this.#channels].findLast(({ status }) => status.service === service);
  }
}
