import type { Clock } from './clock.js';
import type { Logger } from './logger.js';
import type { OptionSpecs, OptionValues } from './options.js';
import type { Discovery, Registry } from './ports.js';
import type { Random } from './random.js';

/** A live connection to a backend: both ports of it, and the one way to end it. */
export interface Backend extends AsyncDisposable {
  readonly registry: Registry;
  readonly discovery: Discovery;
  /** Closes the registry (so that records go), then the discovery, then the connection. Idempotent; may be taken off this object. */
  readonly close: () => Promise<void>;
}

/** What an adapter takes instead of reaching for globals. */
export interface AdapterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Stops a `connect` that is under way. */
  readonly signal?: AbortSignal | undefined;
}

/** A registry URL taken apart: `scheme://user:password@host1,host2/path?key=value`. Percent-encoding is undone. */
export interface RegistryUrl {
  readonly scheme: string;
  readonly username?: string;
  readonly password?: string;
  /** As written, without checks: `h1:2379`. */
  readonly hosts: readonly string[];
  /** What follows the hosts, up to `?`: `/prefix`, or `shared-name` in `memory:shared-name`; empty when there is none. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
}

/** How a backend is reached by configuration. Third parties register theirs in the catalogue under a name. */
export interface Adapter<Specs extends OptionSpecs = OptionSpecs> {
  readonly name: string;
  /** Every option, so that a mistake can be answered with the known ones. */
  readonly options: Specs;
  /** Options that the scheme, hosts, user and path of a URL stand for; those in its query need no word here. */
  fromUrl(url: RegistryUrl): Readonly<Record<string, unknown>>;
  /**
   * The same backend with everything in view that anybody wrote there, as far as the adapter can tell it apart; for reading only.
   * Default: the options as they are.
   */
  widest?(options: OptionValues<Specs>): OptionValues<Specs>;
  connect(options: OptionValues<Specs>, deps: AdapterDeps): Promise<Backend>;
}

/** What the catalogue holds: enough to recognise a URL, and how to load the rest only when it is used. */
export interface AdapterEntry {
  readonly name: string;
  /** URL schemes, e.g. `etcd` and `etcds`. Default: the name. */
  readonly schemes?: readonly string[];
  load(): Promise<Adapter>;
}
