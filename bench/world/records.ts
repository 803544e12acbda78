import type { InstanceInit } from '../../src/core/instance.js';

/** Instances such as a company has: with a version, a zone and a few labels. */
export function instanceOf(service: string, n: number): InstanceInit & { readonly id: string } {
  return {
    service,
    id: `${service}-7d9f8b6c5-${n.toString(36).padStart(5, '0')}`,
    address: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}:8443`,
    weight: 100,
    version: '2.14.3',
    zone: `eu-west-1${'abc'[n % 3] ?? ''}`,
    metadata: { commit: '9f2c1e7', team: 'payments', region: 'eu-west-1' },
  };
}

/** The same as it stands in etcd. */
export function recordOf(service: string, n: number, change: { readonly weight?: number } = {}): { readonly key: string; readonly value: string } {
  const { id, address, weight, version, zone, metadata } = { ...instanceOf(service, n), ...change };
  return { key: `/rollcall/${service}/${id}`, value: JSON.stringify({ address, weight, version, zone, metadata }) };
}
