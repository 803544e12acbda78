import { isUtf8 } from 'node:buffer';

import { toRollcallError } from '../../core/errors.js';
import { maxRecordBytes, type ServiceInstance } from '../../core/instance.js';
import type { RecordState } from '../../core/service-feed.js';
import { parseServiceName } from '../../core/service-name.js';
import { keyText } from './key-range.js';
import type { Layout } from './layouts/layout.js';

/** Keys and values under one prefix, in one layout. Whatever stands there, reading never throws (law 5). */
export class RecordCodec {
  readonly #prefix: string;
  readonly #layout: Layout;

  constructor(prefix: string, layout: Layout) {
    this.#prefix = prefix;
    this.#layout = layout;
  }

  check(instance: ServiceInstance): void {
    this.#layout.check(instance);
  }

  /** What all keys of a service start with; ends in `/`. */
  servicePrefix(service: string): string {
    return `${this.#prefix}/${service}/`;
  }

  /** What all keys start with; ends in `/`. */
  get rootPrefix(): string {
    return `${this.#prefix}/`;
  }

  key(instance: ServiceInstance): Buffer {
    return Buffer.from(this.servicePrefix(instance.service) + this.#layout.suffix(instance));
  }

  value(instance: ServiceInstance): Buffer {
    return Buffer.from(this.#layout.encode(instance));
  }

  /** @param revision at which the record was written last */
  read(service: string, key: Buffer, value: Buffer, revision?: string): RecordState {
    const text = keyText(key);
    if (value.length > maxRecordBytes) return { key: text, skipped: `value has ${value.length} bytes; at most ${maxRecordBytes} are read` };
    if (!isUtf8(key) || !isUtf8(value)) return { key: text, skipped: 'key or value is not UTF-8' };
    try {
      const instance = this.#layout.decode(service, text.slice(this.servicePrefix(service).length), value.toString('utf8'));
      return { key: text, instance, ...(revision === undefined ? {} : { revision }) };
    } catch (error) {
      return { key: text, skipped: toRollcallError(error).message };
    }
  }

  /** The service that a key belongs to; `undefined` for keys that are no record of anything. */
  serviceOf(key: Buffer): string | undefined {
    const [service, ...rest] = keyText(key).slice(this.rootPrefix.length).split('/');
    if (rest.length === 0) return undefined;
    try {
      return parseServiceName(service);
    } catch {
      return undefined;
    }
  }
}
