import { RollcallError } from '../../../core/errors.js';
import { instanceFromRecord } from '../../../core/instance.js';
import { quote } from '../../../core/quote.js';
import type { Layout } from './layout.js';

/** Longer values are no addresses, and need not be looked through. */
const longestAddress = 300;

/**
 * The layout of many tutorials: `<prefix>/<service>/<address>` → `<address>`, raw. With prefix `/grpclb` that is
 * `/grpclb/simple_grpc/localhost:8000` → `localhost:8000`. It carries an address and nothing else.
 */
export const plainLayout: Layout = {
  name: 'plain',
  defaultPrefix: '/rollcall',
  carries: new Set(),
  suffix: (instance) => instance.address,
  encode: (instance) => instance.address,
  decode({ service, suffix, value }) {
    // The id is the key's last part, whatever the writer took for it; most take the address.
    if (value.trim() !== value) throw new RollcallError('INVALID_INSTANCE', `value ${quote(value)} has space around the address`);
    return instanceFromRecord(service, suffix, { address: value });
  },
  recognises: ({ value }) => value.length <= longestAddress && /^[^\s{}"&=@]+:[^\s{}"&=@]+$/.test(value),
};
