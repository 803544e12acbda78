import { RollcallError } from '../../../core/errors.js';
import { quote } from '../../../core/quote.js';
import { goField, isJsonObject } from './go-fields.js';

/** dubbo's protocols that a gRPC client can call: Triple is gRPC on the wire (https://dubbo.apache.org/en/overview/reference/protocols/triple-spec/). */
const callable: ReadonlySet<unknown> = new Set(['tri', 'grpc']);

/**
 * Refuses a port that dubbo's entry `dubbo.endpoints`, `[{"port":20000,"protocol":"tri"}]`, names for other protocols alone.
 * Where the entry does not say, the port is taken for one that speaks gRPC.
 * @throws RollcallError INVALID_INSTANCE, naming the protocols
 */
export function checkDubboProtocol(metadata: Readonly<Record<string, string>>, port: number): void {
  const protocols = endpoints(metadata['dubbo.endpoints'])
    .filter((endpoint) => isJsonObject(endpoint) && goField(endpoint, 'port') === port)
    .map((endpoint) => (isJsonObject(endpoint) ? goField(endpoint, 'protocol') : undefined));
  if (protocols.length === 0 || protocols.some((protocol) => callable.has(protocol))) return;
  throw new RollcallError('INVALID_INSTANCE', `port ${port} speaks ${protocols.map(quote).slice(0, 5).join(', ')}, and a gRPC client only "tri" or "grpc"`);
}

/** As in dubbo-go, an entry that is no list counts for none. */
function endpoints(text: string | undefined): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}
