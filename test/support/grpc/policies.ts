import { Metadata } from '@grpc/grpc-js';

/** A policy as a test of all of them chooses it. */
export interface PolicyChoice {
  readonly name: string;
  /** As in a service config. */
  readonly config: Readonly<Record<string, object>>;
}

/** The metadata key that `rollcall_ring_hash` is told to hash here. */
export const hashedKey = 'user-id';

/** All of ours. */
export const policies: readonly PolicyChoice[] = [
  { name: 'rollcall_round_robin', config: { rollcall_round_robin: {} } },
  { name: 'rollcall_weighted_round_robin', config: { rollcall_weighted_round_robin: {} } },
  { name: 'rollcall_least_request', config: { rollcall_least_request: { choiceCount: 2 } } },
  { name: 'rollcall_ring_hash', config: { rollcall_ring_hash: { metadataKey: hashedKey } } },
];

/** The channel's `grpc.service_config` that asks for the policy, with whatever else it is to hold. */
export function serviceConfig(policy: PolicyChoice, rest: object = {}): { 'grpc.service_config': string } {
  return { 'grpc.service_config': JSON.stringify({ ...rest, loadBalancingConfig: [policy.config] }) };
}

/** What a call carries for `rollcall_ring_hash`; the other policies do not look at it. */
export function hashed(key: string): Metadata {
  const metadata = new Metadata();
  metadata.set(hashedKey, key);
  return metadata;
}
