/** `rollcall/etcd`: the etcd adapter, for the catalogue or to be connected directly. */
import type { Adapter, AdapterDeps, Backend } from '../../core/adapter.js';
import { systemClock } from '../../core/clock.js';
import { silentLogger } from '../../core/logger.js';
import { parseOptions } from '../../core/options.js';
import { systemRandom } from '../../core/random.js';
import { connectWithOptions } from './connect.js';
import { type EtcdOptions, etcdOptions, etcdOptionsFromUrl } from './options.js';
import { everyPrefix } from './places.js';

export type { EtcdOptions } from './options.js';

export const etcdAdapter: Adapter<typeof etcdOptions> = {
  name: 'etcd',
  options: etcdOptions,
  fromUrl: etcdOptionsFromUrl,
  widest: (options) => ({ ...options, layout: 'auto', prefix: everyPrefix(options) }),
  connect: connectWithOptions,
};

/**
 * Connects to etcd without going through the catalogue.
 * @param options see `docs/configuration.md`; all have defaults
 * @throws RollcallError UNKNOWN_OPTION, INVALID_CONFIG, UNAUTHENTICATED, UNAVAILABLE, ABORTED
 */
export function connectEtcd(options: Partial<EtcdOptions> = {}, deps: Partial<AdapterDeps> = {}): Promise<Backend> {
  return connectWithOptions(parseOptions(etcdOptions, options, 'adapter etcd'), {
    clock: deps.clock ?? systemClock,
    random: deps.random ?? systemRandom,
    logger: deps.logger ?? silentLogger,
    signal: deps.signal,
  });
}
