import { instanceFromRecord } from '../../../core/instance.js';
import type { Layout } from './layout.js';
import { checkWellFormed } from './well-formed.js';

/** Longer values are no addresses, and need not be looked through. */
const longestAddress = 300;

/**
 * The layout of go-zero (https://github.com/zeromicro/go-zero/blob/master/core/discov/publisher.go and clients.go there):
 *
 *     <Key>/<lease id in decimal> → 10.0.0.1:8080          transform.rpc/2324035542764078853
 *     <Key>/<ID>                  → 10.0.0.1:8080          with the option `ID`, a positive integer
 *
 * The value is the address, raw. The `Key` of go-zero's configuration is the service; one with slashes, `prod/user.rpc`, is prefix `prod` and service
 * `user.rpc`. Lease 10 s; a server that lost it registers under a new one, and so under a new key, while the old key may still stand.
 *
 * It carries the id: as go-zero's `ID` where it is not the address, and any text will do, as its clients do not look at it. They take every distinct value
 * below the key for an address, so two keys with one address are one server to them; and they use 32 of them at most (zrpc/resolver/internal).
 */
export const goZeroLayout: Layout = {
  name: 'go-zero',
  defaultPrefix: '',
  carries: new Set(['id']),
  repeatsInstances: true,
  check: checkWellFormed,
  suffix: (instance, lease) => (instance.id === instance.address ? lease : instance.id),
  encode: (instance) => instance.address,
  decode(record) {
    const { service, suffix, value } = record;
    return instanceFromRecord(service, namedByLease(record) ? value : suffix, { address: value });
  },
  // Layout plain has the same value, and the address in the key as well.
  recognises: (record) =>
    namedByLease(record) || (record.suffix !== record.value && record.value.length <= longestAddress && /^[^\s{}"&=@]+:[^\s{}"&=@]+$/.test(record.value)),
};

function namedByLease({ suffix, lease }: { readonly suffix: string; readonly lease: string }): boolean {
  return suffix === lease && lease !== '0';
}
