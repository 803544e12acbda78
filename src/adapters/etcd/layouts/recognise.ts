import type { Layout, StoredRecord } from './layout.js';
import { layouts } from './index.js';
import type { LayoutName } from './names.js';

/** Those with the most telling records first: the first that knows a record takes it. */
const byDistinctness: readonly Layout[] = (
  ['kratos', 'go-micro', 'dubbo', 'kitex', 'hertz', 'etcd-naming', 'rollcall', 'rpcx', 'go-zero', 'plain'] satisfies LayoutName[]
).map((name) => layouts[name]);

/**
 * Whose record it is, by how it looks; `undefined` for nobody's that we know.
 * @param prefix under which it stands: where two layouts look the same, the one whose home that is counts
 */
export function recognise(record: StoredRecord, prefix: string): Layout | undefined {
  const atHome = byDistinctness.find(({ defaultPrefix }) => defaultPrefix === prefix && defaultPrefix !== '');
  if (atHome?.recognises(record) === true) return atHome;
  return byDistinctness.find((layout) => layout.recognises(record));
}
