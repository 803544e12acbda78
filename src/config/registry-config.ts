import { inspect, type InspectOptions } from 'node:util';

import { abortable, throwIfAborted } from '../core/cancellation.js';
import type { Adapter, AdapterDeps, Backend } from '../core/adapter.js';
import { toRollcallError } from '../core/errors.js';
import { parseOptions } from '../core/options.js';

const mask = '***';

/**
 * A checked configuration: which adapter, with which options. Secret options are handed to the adapter only;
 * everywhere else, be it a log, an inspector or JSON, they read `***`.
 */
export class RegistryConfig {
  /** The adapter's name in the catalogue. */
  readonly adapter: string;
  /** Every option of the adapter with its value or default; secrets masked. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly #adapter: Adapter;
  readonly #options: Readonly<Record<string, unknown>>;

  /** @throws RollcallError UNKNOWN_OPTION or INVALID_CONFIG, naming the option. */
  constructor(adapter: Adapter, raw: Readonly<Record<string, unknown>>) {
    this.adapter = adapter.name;
    this.#adapter = adapter;
    this.#options = parseOptions(adapter.options, raw, `adapter ${adapter.name}`);
    this.options = Object.freeze(
      Object.fromEntries(Object.entries(this.#options).map(([key, value]) => [key, adapter.options[key]?.secret === true && value !== undefined ? mask : value])),
    );
  }

  /**
   * Opens a connection. If it fails or is aborted nothing stays open: a connection that an adapter makes after its
   * signal aborted is closed as soon as it is there.
   * @throws RollcallError of the adapter; ABORTED.
   */
  async connect(deps: AdapterDeps): Promise<Backend> {
    const what = `connecting to ${this.adapter}`;
    throwIfAborted(deps.signal, what);
    const opening = Promise.resolve().then(() => this.#adapter.connect(this.#options, deps));
    try {
      return await abortable(opening, deps.signal, what);
    } catch (error) {
      this.#closeLate(opening, deps);
      throw toRollcallError(error, `adapter ${this.adapter}`);
    }
  }

  #closeLate(opening: Promise<Backend>, { logger }: AdapterDeps): void {
    const ignored = (): undefined => undefined;
    opening
      .then((late) => late.close(), ignored)
      .catch((error: unknown) => {
        logger.error({ err: error }, `a connection to ${this.adapter} that came too late could not be closed`);
      });
  }

  /** The same backend, for reading whatever anybody wrote there; see `Adapter.widest`. */
  widest(): RegistryConfig {
    return new RegistryConfig(this.#adapter, this.#adapter.widest?.(this.#options) ?? this.#options);
  }

  toJSON(): { adapter: string; options: Readonly<Record<string, unknown>> } {
    return { adapter: this.adapter, options: this.options };
  }

  toString(): string {
    return `${this.adapter} ${JSON.stringify(this.options)}`;
  }

  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `RegistryConfig ${inspect(this.toJSON(), options)}`;
  }
}
