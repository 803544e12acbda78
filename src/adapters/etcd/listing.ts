import type { RecordState } from '../../core/service-feed.js';
import type { Listing } from '../../core/shared-discovery.js';
import { keyAfter, prefixRange } from './key-range.js';
import type { RecordCodec } from './record-codec.js';
import type { EtcdTransport, KeyValue, ResponseHeader, UnaryOptions } from './transport.js';

/** Keys a request asks for: a page of small records stays far below what etcd or we would choke on. */
const pageSize = 1_000;

/** A complete read, with the header of the answer that chose its revision. */
export interface EtcdListing extends Listing {
  readonly header: ResponseHeader;
}

/** Reads all records of a service, page by page at one revision. */
export async function listService(transport: EtcdTransport, codec: RecordCodec, service: string, options: UnaryOptions): Promise<EtcdListing> {
  const records: RecordState[] = [];
  const header = await readPages(transport, codec.servicePrefix(service), false, options, (kv) => {
    records.push(codec.read(service, kv.key, kv.value, kv.mod_revision));
  });
  return { records, revision: header.revision, header };
}

/** Names of all services under the prefix. Reads keys only. */
export async function listServices(transport: EtcdTransport, codec: RecordCodec, options: UnaryOptions): Promise<Set<string>> {
  const names = new Set<string>();
  await readPages(transport, codec.rootPrefix, true, options, (kv) => {
    const name = codec.serviceOf(kv.key);
    if (name !== undefined) names.add(name);
  });
  return names;
}

async function readPages(transport: EtcdTransport, prefix: string, keysOnly: boolean, options: UnaryOptions, take: (kv: KeyValue) => void): Promise<ResponseHeader> {
  const { key, range_end } = prefixRange(prefix);
  let from = key;
  // The first page chooses the revision, all others read at it: a service is never a mixture of two moments.
  let header: ResponseHeader | undefined;
  for (;;) {
    const page = await transport.range({ key: from, range_end, limit: pageSize, keys_only: keysOnly, ...(header === undefined ? {} : { revision: header.revision }) }, options);
    header ??= page.header;
    for (const kv of page.kvs) take(kv);
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return header;
    from = keyAfter(last.key);
  }
}
