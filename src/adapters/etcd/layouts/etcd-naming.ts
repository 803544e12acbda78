import { RollcallError } from '../../../core/errors.js';
import { instanceFromRecord } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { goField, goText, isJsonObject, parseJsonObject, tryJsonObject } from './go-fields.js';
import { goJson, goMap } from './go-json.js';
import type { Layout } from './layout.js';
import { checkWellFormed } from './well-formed.js';

/**
 * The layout of grpc-go's official resolver, etcd's packages `naming/endpoints` and `naming/resolver`
 * (https://github.com/etcd-io/etcd/blob/main/client/v3/naming/endpoints/endpoints_impl.go and internal/update.go there):
 *
 *     <service>/<any text, by custom the address> → {"Op":0,"Addr":"127.0.0.1:37677","Metadata":{"v":"1"}}
 *
 * Keys start with the service; no prefix, no leading slash. The lease, and its TTL, are the caller's. `Metadata` is any JSON, `null` where there is none.
 *
 * It carries id (what follows the service in the key) and metadata (an object of strings). Read from others: values of metadata that are not text become
 * their JSON text, those that are `null` are left out, and metadata that is no object becomes the one entry `metadata`.
 */
export const etcdNamingLayout: Layout = {
  name: 'etcd-naming',
  defaultPrefix: '',
  carries: new Set(['id', 'metadata']),
  check: checkWellFormed,
  suffix: (instance) => instance.id,
  encode: ({ address, metadata }) => goJson({ Op: 0, Addr: address, Metadata: goMap(metadata) }),
  decode({ service, suffix, value }) {
    const record = parseJsonObject(value);
    checkOp(goField(record, 'Op'));
    const address = goText(record, 'Addr');
    if (address === undefined) throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} has no Addr`);
    return instanceFromRecord(service, suffix, { address, metadata: metadataOf(goField(record, 'Metadata')) });
  },
  recognises({ value }) {
    const names = new Set(Object.keys(tryJsonObject(value) ?? {}).map((name) => name.toLowerCase()));
    return names.has('addr') || (names.has('op') && names.has('metadata'));
  },
};

/**
 * 0 stands for "add" and 1 for "delete", from the days when records were updates. Go's client takes whatever is stored for an instance, be it 1,
 * as long as it fits Go's type, and skips the record otherwise.
 */
function checkOp(op: unknown): void {
  if (op === undefined || (typeof op === 'number' && Number.isInteger(op) && op >= 0 && op <= 255)) return;
  throw new RollcallError('INVALID_INSTANCE', `Op ${quote(op)} is not an integer from 0 to 255`);
}

function metadataOf(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {};
  if (!isJsonObject(value)) return { metadata: textOf(value) };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, textOf(item)]),
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // JSON.parse reads any depth; JSON.stringify goes as deep as the stack does.
    throw new RollcallError('INVALID_INSTANCE', 'Metadata is nested too deeply', { cause });
  }
}
