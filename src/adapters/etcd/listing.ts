import type { RecordState } from '../../core/service-feed.js';
import type { Listing } from '../../core/shared-discovery.js';
import { keyAfter, type KeyRange, prefixRange, rootRanges } from './key-range.js';
import { MergedRecords } from './merged-records.js';
import { EtcdError } from './etcd-error.js';
import type { ReadPlace, RecordCodec } from './record-codec.js';
import type { EtcdTransport, KeyValue, ResponseHeader, UnaryOptions } from './transport.js';

/** Keys a request asks for: a page of small records stays far below what etcd or we would choke on. */
const pageSize = 1_000;

/** Where others keep what they like beside the records, the first page is small, and the next ones as large as the values let them. */
const firstMixedPage = 16;
const wantedPageBytes = 2_000_000;

/** A complete read, with the header of the answer that chose its revision. */
export interface EtcdListing extends Listing {
  readonly records: readonly RecordState[];
  readonly header: ResponseHeader;
  /** Those that we may read. */
  readonly places: readonly ReadPlace[];
}

/** Reads all records of a service in all places, page by page at one revision, one instance as often as it is written. */
export async function listRecords(transport: EtcdTransport, codec: RecordCodec, service: string, options: UnaryOptions): Promise<EtcdListing> {
  const records: RecordState[] = [];
  const places: ReadPlace[] = [];
  let header: ResponseHeader | undefined;
  let forbidden: EtcdError | undefined;
  for (const place of codec.places) {
    try {
      header = await readPages(transport, prefixRange(`${place.root}${service}/`), { keysOnly: false, mixed: place.mixed }, options, header, (kv) => {
        const record = codec.read(place, service, kv);
        if (record !== undefined) records.push(record);
      });
      places.push(place);
    } catch (error) {
      forbidden = asForbidden(error, place);
      records.push({ key: `${place.root}${service}/`, skipped: forbidden.message });
    }
  }
  if (header === undefined) throw forbidden ?? new Error('no place to read from');
  return { records, revision: header.revision, header, places };
}

/** Whoever looks everywhere is told of what is closed to him, and sees the rest; who names a place wants that one. */
function asForbidden(error: unknown, { place, root }: ReadPlace): EtcdError {
  if (!(error instanceof EtcdError) || error.code !== 'PERMISSION_DENIED') throw error;
  const named = new EtcdError('PERMISSION_DENIED', 'other', `${error.message}: no right to read ${root === '' ? 'keys without a leading slash' : root}`, error);
  if (place.layout !== 'auto') throw named;
  return named;
}

/** Reads a service: each instance once. */
export async function listService(transport: EtcdTransport, codec: RecordCodec, service: string, options: UnaryOptions): Promise<EtcdListing> {
  const listing = await listRecords(transport, codec, service, options);
  return codec.repeatsInstances ? { ...listing, records: new MergedRecords(codec.roots).replace(listing.records) } : listing;
}

/** Names of all services in all places. Reads keys only, except where others may keep other things below the same root. */
export async function listServices(transport: EtcdTransport, codec: RecordCodec, options: UnaryOptions): Promise<Set<string>> {
  const names = new Set<string>();
  let forbidden: EtcdError | undefined;
  let read = 0;
  for (const place of codec.places) {
    try {
      for (const range of rootRanges(place.root)) {
        await readPages(transport, range, { keysOnly: !place.mixed, mixed: place.mixed }, options, undefined, (kv) => {
          const name = codec.serviceOf(place, kv);
          if (name !== undefined) names.add(name);
        });
      }
      read++;
    } catch (error) {
      forbidden = asForbidden(error, place);
    }
  }
  if (read === 0 && forbidden !== undefined) throw forbidden;
  return names;
}

/** @param header of an earlier answer of the same read, at whose revision this one is to be too */
async function readPages(
  transport: EtcdTransport,
  { key, range_end }: KeyRange,
  { keysOnly, mixed }: { readonly keysOnly: boolean; readonly mixed: boolean },
  options: UnaryOptions,
  header: ResponseHeader | undefined,
  take: (kv: KeyValue) => void,
): Promise<ResponseHeader> {
  let from = key;
  // The first page chooses the revision, all others read at it: a service is never a mixture of two moments.
  let first = header;
  let limit = mixed ? firstMixedPage : pageSize;
  for (;;) {
    const page = await transport.range({ key: from, range_end, limit, keys_only: keysOnly, ...(first === undefined ? {} : { revision: first.revision }) }, options);
    first ??= page.header;
    for (const kv of page.kvs) take(kv);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return first;
    if (mixed) {
      const bytes = page.kvs.reduce((sum, { key: { length }, value }) => sum + length + value.length, 0);
      limit = Math.max(1, Math.min(pageSize, 2 * limit, Math.floor((limit * wantedPageBytes) / Math.max(1, bytes))));
    }
    from = keyAfter(last.key);
  }
}
