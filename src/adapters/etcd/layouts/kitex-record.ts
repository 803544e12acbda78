import { RollcallError } from '../../../core/errors.js';
import { defaultWeight, instanceFromRecord, type ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import { goField, goText, parseJsonObject, tryJsonObject } from './go-fields.js';
import { goInteger, goStringMap } from './go-typed-fields.js';
import type { Layout } from './layout.js';
import { fromNetworkAddress, type NetworkAddress, toNetworkAddress } from './network-address.js';
import { fromScale, toScale } from './weight-scale.js';

/** CloudWeGo's default weight is 10. */
const scale = defaultWeight / 10;

/** What Kitex's and Hertz's layouts have in common: the record, its key, and how it is read. The JSON is each framework's own. */
export const kitexRecords = {
  carries: new Set(['weight', 'metadata']),
  suffix: ({ address }) => toNetworkAddress(address).address,
  decode({ service, suffix, value }) {
    const record = parseJsonObject(value);
    const network = goText(record, 'network');
    const written = goText(record, 'address');
    if (network === undefined || written === undefined) throw invalid(`value ${quote(value)} lacks network or address`);
    const address = fromNetworkAddress(network, written);
    return instanceFromRecord(service, idOf(suffix), { address, weight: weightOf(goInteger(record, 'weight')), metadata: goStringMap(record, 'tags') });
  },
  recognises({ value }) {
    const record = tryJsonObject(value);
    return record !== undefined && goField(record, 'network') !== undefined;
  },
} as const satisfies Partial<Layout>;

/** The first fields of the record, in its order; `tags` follows. */
export function toKitexRecord({ address, weight }: ServiceInstance): NetworkAddress & { readonly weight: number } {
  return { ...toNetworkAddress(address), weight: toScale(weight, scale) };
}

/**
 * Refuses a weight that the frameworks' resolvers would take for another.
 * @throws RollcallError INVALID_INSTANCE
 */
export function checkKitexWeight({ weight }: ServiceInstance): void {
  if (weight === 0) throw invalid('weight 0 means the default weight in this layout, so an instance that asks for no calls would get them; deregister it instead');
  toScale(weight, scale);
}

/** As their resolvers do: none, 0 or less is the default. */
function weightOf(weight: number | undefined): number {
  return weight === undefined || weight <= 0 ? defaultWeight : fromScale(weight, scale);
}

/** A socket stands in the key as its path alone; with `unix:` it would be a second key of the same id. */
function idOf(suffix: string): string {
  if (suffix.startsWith('unix:')) throw invalid(`key ${quote(suffix)} starts with unix:, where this layout writes the path of a socket alone`);
  return suffix.startsWith('/') ? `unix:${suffix}` : suffix;
}

function invalid(message: string): RollcallError {
  return new RollcallError('INVALID_INSTANCE', message);
}
