import { RollcallError, toRollcallError } from '../../core/errors.js';
import { maxRecordBytes, type ServiceInstance } from '../../core/instance.js';
import { quote } from '../../core/quote.js';
import type { RecordState } from '../../core/service-feed.js';
import { parseServiceName } from '../../core/service-name.js';
import { keyText, utf8Text } from './key-range.js';
import { carriedBy } from './layouts/carried.js';
import type { CarriedField, Layout, StoredRecord } from './layouts/layout.js';
import { recognise } from './layouts/recognise.js';
import { type Place, rootOf } from './places.js';

/** What of a key and its value an answer of etcd tells. */
export interface StoredPair {
  readonly key: Buffer;
  readonly value: Buffer;
  /** In decimal; `0` for none. */
  readonly lease: string;
  /** At which the record was written last. */
  readonly mod_revision?: string | undefined;
}

/** One place, as the reading side goes through it. */
export interface ReadPlace {
  /** What all its keys start with: empty, or ending in `/`. */
  readonly root: string;
  /** Whether a record's value must be seen to tell that it is one: others may keep other things below the same root. */
  readonly mixed: boolean;
  readonly place: Place;
  /** Places inside this one: what stands there is not ours. */
  readonly inner: readonly string[];
}

export interface Put {
  readonly key: Buffer;
  readonly value: Buffer;
}

const nothing: ReadonlySet<CarriedField> = new Set();

/** Keys and values of all places, each in its layout. Whatever stands there, reading never throws (law 5). */
export class RecordCodec {
  readonly places: readonly ReadPlace[];
  readonly #drop: ReadonlySet<CarriedField>;

  /** @param drop fields that may be lost where a layout cannot carry them */
  constructor(places: readonly Place[], drop = nothing) {
    const roots = places.map(rootOf);
    this.places = places.map((place, index) => ({
      place,
      root: roots[index] as string,
      mixed: place.prefix === '',
      inner: roots.filter((each) => each !== roots[index] && each.startsWith(roots[index] as string)),
    }));
    this.#drop = drop;
  }

  get roots(): readonly string[] {
    return this.places.map(({ root }) => root);
  }

  /** Whether several keys may say the same instance, so that the newest of them is to be found. */
  get repeatsInstances(): boolean {
    return this.places.length > 1 || this.places.some(({ place: { layout } }) => layout === 'auto' || layout.repeatsInstances === true);
  }

  /** @throws RollcallError INVALID_INSTANCE for what one of the layouts cannot carry; INVALID_CONFIG where no layout to write in is named */
  check(instance: ServiceInstance): void {
    for (const { place } of this.places) {
      const layout = written(place);
      const bytes = Buffer.byteLength(layout.encode(carriedBy(layout, instance, this.#drop)));
      // Escapes make it longer than it is in our own form; what readers would skip is not to be written.
      if (bytes > maxRecordBytes) throw new RollcallError('RECORD_TOO_LARGE', `in layout ${layout.name} the record of ${quote(instance.service)} ${quote(instance.id)} has ${bytes} bytes; at most ${maxRecordBytes} are allowed`);
    }
  }

  /** One record for each place, all to be written at once. */
  puts(instance: ServiceInstance, lease: string): readonly Put[] {
    return this.places.map(({ place, root }) => {
      const layout = written(place);
      const carried = carriedBy(layout, instance, this.#drop);
      return { key: Buffer.from(`${root}${instance.service}/${layout.suffix(carried, lease)}`), value: Buffer.from(layout.encode(carried)) };
    });
  }

  /** The record, why it is none, or `undefined` for what is nobody's: a marker, or a key of another place. */
  read(from: ReadPlace, service: string, { key, value, lease, mod_revision: revision }: StoredPair): RecordState | undefined {
    if (!owns(from, key)) return undefined;
    const keyAsText = utf8Text(key);
    const text = keyAsText ?? keyText(key);
    if (value.length > maxRecordBytes) return { key: text, skipped: `value has ${value.length} bytes; at most ${maxRecordBytes} are read` };
    const valueAsText = utf8Text(value);
    if (keyAsText === undefined || valueAsText === undefined) return { key: text, skipped: 'key or value is not UTF-8' };
    const record: StoredRecord = { service, suffix: text.slice(from.root.length + service.length + 1), value: valueAsText, lease };
    const { layout: named, prefix } = from.place;
    const layout = named === 'auto' ? recognise(record, prefix) : named;
    if (layout === undefined) return { key: text, skipped: `value ${quote(record.value)} is of no layout that is known` };
    return this.#decode(layout, record, text, revision, named === 'auto' || this.places.length > 1);
  }

  #decode(layout: Layout, record: StoredRecord, key: string, revision: string | undefined, sayLayout: boolean): RecordState | undefined {
    try {
      const instance = layout.decode(record);
      if (instance === undefined) return undefined;
      return revision === undefined ? { key, instance, layout: layout.name } : { key, instance, layout: layout.name, revision };
    } catch (error) {
      const { message } = toRollcallError(error);
      return { key, skipped: sayLayout ? `layout ${layout.name}: ${message}` : message };
    }
  }

  /** The service that a record belongs to; `undefined` for what is no record of anything. */
  serviceOf(from: ReadPlace, pair: StoredPair): string | undefined {
    const text = keyText(pair.key);
    if (!owns(from, pair.key)) return undefined;
    const [first, ...rest] = text.slice(from.root.length).split('/');
    if (rest.length === 0) return undefined;
    let service: string;
    try {
      service = parseServiceName(first);
    } catch {
      return undefined;
    }
    if (!from.mixed) return service;
    const state = this.read(from, service, pair);
    return state !== undefined && 'instance' in state ? service : undefined;
  }
}

/** Whether a key below the place's root is its own, and not one of a place inside it. */
export function owns({ inner }: ReadPlace, key: Buffer): boolean {
  return !inner.some((root) => key.subarray(0, root.length).toString('latin1') === root);
}

function written({ layout }: Place): Layout {
  if (layout !== 'auto') return layout;
  throw new RollcallError('INVALID_CONFIG', 'layout auto is for reading; to register, name the layouts to write, as in layout=rollcall or layout=rollcall,kratos');
}
