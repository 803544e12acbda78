import { RollcallError } from '../../../core/errors.js';
import type { ServiceInstance } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';

/**
 * Refuses text that would not come back: half a surrogate pair has no UTF-8, so etcd's values cannot hold it, and Go reads its JSON escape as U+FFFD
 * (https://pkg.go.dev/encoding/json#Unmarshal). Two metadata keys could become one by that. Service and id never hold one.
 * @throws RollcallError INVALID_INSTANCE, naming the field and the value
 */
export function checkWellFormed({ address, version, zone, metadata }: ServiceInstance): void {
  refuse('address', address);
  refuse('version', version);
  refuse('zone', zone);
  for (const [key, value] of Object.entries(metadata)) {
    refuse('metadata key', key);
    refuse(`metadata ${quote(key)}`, value);
  }
}

function refuse(field: string, text: string | undefined): void {
  if (text === undefined || !/\p{Surrogate}/u.test(text)) return;
  throw new RollcallError('INVALID_INSTANCE', `${field} ${quote(text)} holds half a surrogate pair, which Go programs would read as U+FFFD`);
}
