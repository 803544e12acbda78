import { custom, number, parseOptions } from '../../core/options.js';
import type { TypedLoadBalancingConfig } from '../experimental.js';
import { configFields } from './config-fields.js';

export const ringHashName = 'rollcall_ring_hash';

const fields = {
  metadataKey: custom<string | undefined>({
    describe: "the key of the call's metadata whose value decides who gets the call",
    expects: 'a metadata key: lower case letters, digits, "-", "_" and ".", not ending in "-bin", which is for binary values',
    fallback: undefined,
    parse: (value) => (typeof value === 'string' && /^[0-9a-z_.-]+$/.test(value) && !value.endsWith('-bin') ? value : undefined),
  }),
  replicas: number({ describe: 'points on the ring of an instance of weight 100', fallback: 64, min: 1, max: 1024, whole: true }),
};

/** `{ "rollcall_ring_hash": { "metadataKey": "user-id" } }` */
export class RingHashConfig implements TypedLoadBalancingConfig {
  /** The calls' metadata key. Several values of it in one call count as one, joined by commas (gRFC A42). */
  readonly metadataKey: string;
  /**
   * How many points on the ring an instance of weight 100 has; from 1 to 1024, default 64. More points: the instances' parts of the keys are
   * closer to their weights (with 64 within about 12 %), and more memory. Where weights are far above 100, fewer do.
   */
  readonly replicas: number;

  constructor(metadataKey: string, replicas = fields.replicas.fallback) {
    this.metadataKey = metadataKey;
    this.replicas = replicas;
  }

  getLoadBalancerName(): string {
    return ringHashName;
  }

  toJsonObject(): object {
    return { [ringHashName]: { metadataKey: this.metadataKey, replicas: this.replicas } };
  }

  static createFromJson(json: unknown): RingHashConfig {
    const { metadataKey, replicas } = parseOptions(fields, configFields(json), 'the policy');
    if (metadataKey === undefined) throw new Error('option "metadataKey" is missing: the key of the metadata whose value decides who gets the call');
    return new RingHashConfig(metadataKey, replicas);
  }
}
