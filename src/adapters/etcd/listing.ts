import type { RecordState } from '../../core/service-feed.js';
import type { Listing } from '../../core/shared-discovery.js';
import { keyAfter, type KeyRange, prefixRange, rootRanges } from './key-range.js';
import { MergedRecords } from './merged-records.js';
import type { RecordCodec } from './record-codec.js';
import type { EtcdTransport, KeyValue, ResponseHeader, UnaryOptions } from './transport.js';

/** Keys a request asks for: a page of small records stays far below what etcd or we would choke on. */
const pageSize = 1_000;

/** A complete read, with the header of the answer that chose its revision. */
export interface EtcdListing extends Listing {
  readonly records: readonly RecordState[];
  readonly header: ResponseHeader;
}

/** Reads all records of a service in all places, page by page at one revision, one instance as often as it is written. */
export async function listRecords(transport: EtcdTransport, codec: RecordCodec, service: string, options: UnaryOptions): Promise<EtcdListing> {
  const records: RecordState[] = [];
  let header: ResponseHeader | undefined;
  for (const place of codec.places) {
    header = await readPages(transport, prefixRange(`${place.root}${service}/`), false, options, header, (kv) => {
      const record = codec.read(place, service, kv);
      if (record !== undefined) records.push(record);
    });
  }
  if (header === undefined) throw new Error('no place to read from');
  return { records, revision: header.revision, header };
}

/** Reads a service: each instance once. */
export async function listService(transport: EtcdTransport, codec: RecordCodec, service: string, options: UnaryOptions): Promise<EtcdListing> {
  const listing = await listRecords(transport, codec, service, options);
  return codec.repeatsInstances ? { ...listing, records: new MergedRecords(codec.roots).replace(listing.records) } : listing;
}

/** Names of all services in all places. Reads keys only, except where others may keep other things below the same root. */
export async function listServices(transport: EtcdTransport, codec: RecordCodec, options: UnaryOptions): Promise<Set<string>> {
  const names = new Set<string>();
  for (const place of codec.places) {
    for (const range of rootRanges(place.root)) {
      await readPages(transport, range, !place.mixed, options, undefined, (kv) => {
        const name = codec.serviceOf(place, kv);
        if (name !== undefined) names.add(name);
      });
    }
  }
  return names;
}

/** @param header of an earlier answer of the same read, at whose revision this one is to be too */
async function readPages(
  transport: EtcdTransport,
  { key, range_end }: KeyRange,
  keysOnly: boolean,
  options: UnaryOptions,
  header: ResponseHeader | undefined,
  take: (kv: KeyValue) => void,
): Promise<ResponseHeader> {
  let from = key;
  // The first page chooses the revision, all others read at it: a service is never a mixture of two moments.
  let first = header;
  for (;;) {
    const page = await transport.range({ key: from, range_end, limit: pageSize, keys_only: keysOnly, ...(first === undefined ? {} : { revision: first.revision }) }, options);
    first ??= page.header;
    for (const kv of page.kvs) take(kv);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return first;
    from = keyAfter(last.key);
  }
}
