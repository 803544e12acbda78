import type { RecordState } from '../../core/service-feed.js';
import type { Listing } from '../../core/shared-discovery.js';
import { keyAfter, type KeyRange, prefixRange, rootRanges } from './key-range.js';
import { MergedRecords } from './merged-records.js';
import { EtcdError } from './etcd-error.js';
import type { ReadPlace, RecordCodec } from './record-codec.js';
import type { EtcdTransport, KeyValue, RangeResponse, ResponseHeader, UnaryOptions } from './transport.js';

/** Keys that the first request asks for; where others keep what they like beside the records, few. */
const [firstPage, firstMixedPage] = [1_000, 16];

/** The next ones ask for as many as the size of those before lets them, so that neither etcd nor we choke on one, and each page is a request less. */
const [wantedPageBytes, largestPage] = [2_000_000, 5_000];

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
  // The first page chooses the revision, all others read at it: a service is never a mixture of two moments.
  let first = header;
  let limit = mixed ? firstMixedPage : firstPage;
  const ask = (from: Buffer): Promise<RangeResponse> =>
    // This member has that revision, so it need not ask the others what the newest one is.
    transport.range({ key: from, range_end, limit, keys_only: keysOnly, ...(first === undefined ? {} : { revision: first.revision, serializable: true }) }, options);
  for (let next: Promise<RangeResponse> | undefined = ask(key); next !== undefined; ) {
    const page: RangeResponse = await next;
    first ??= page.header;
    const last = page.kvs.at(-1);
    next = undefined;
    if (page.more && last !== undefined) {
      const bytes = page.kvs.reduce((sum, kv) => sum + kv.key.length + kv.value.length, 0);
      const fitting = Math.floor((limit * wantedPageBytes) / Math.max(1, bytes));
      limit = Math.max(1, Math.min(largestPage, mixed ? 2 * limit : largestPage, fitting));
      // Asked for before this one is read: etcd and we work at the same time.
      next = ask(keyAfter(last.key));
      // Awaited with the next turn; if reading this page fails, nobody does.
      next.catch(() => undefined);
    }
    for (const kv of page.kvs) take(kv);
  }
  return first as ResponseHeader;
}
