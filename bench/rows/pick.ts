import { connectivityState, experimental, Metadata, status } from '@grpc/grpc-js';

import { createInstance } from '../../src/core/instance.js';
import { registerPolicies } from '../../src/grpc/balancer/register.js';
import { endpointOf } from '../../src/grpc/endpoint.js';
import { FakeChannel } from '../../test/grpc/support/fake-subchannels.js';
import { hashed, type PolicyChoice, policies } from '../../test/support/grpc/policies.js';
import type { Row } from '../row.js';

/** Turns of the event loop in one round, and picks in each: more than a client would make at once, so that the turns themselves count little. */
const [turns, picks] = [200, 1000];

/** How many calls are under way at any time: each pick begins one, and ends the one that is oldest. */
const inFlight = 64;

const keys = Array.from({ length: 1024 }, (_, n) => hashed(`user-${n}`));

type Ended = NonNullable<experimental.PickResult['onCallEnded']>;

/** The channel of a policy with so many instances, all of them reached. */
function reached(config: PolicyChoice['config'], size: number): FakeChannel {
  const channel = new FakeChannel();
  const balancer = new experimental.ChildLoadBalancerHandler(channel.helper);
  // Weights that are no multiples of each other, so that no policy has it easy.
  const endpoints = Array.from({ length: size }, (_, n) =>
    endpointOf(createInstance({ service: 'svc', id: `i${n}`, address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}:80`, weight: 50 + ((n * 37) % 101) })),
  );
  balancer.updateAddressList(experimental.statusOrFromValue(endpoints), experimental.parseLoadBalancingConfig(config), {}, '');
  for (const subchannel of channel.subchannels.values()) subchannel.enter(connectivityState.READY);
  return channel;
}

type Pick = () => Promise<number>;

/** Nanoseconds for one pick, with what a call tells the policy of its beginning and end. */
function round(channel: FakeChannel): Pick {
  const running: (Ended | null)[] = Array.from({ length: inFlight }, () => null);
  const noTrailers = new Metadata();
  return async () => {
    const { picker } = channel;
    if (picker === undefined) throw new Error('no picker');
    let took = 0;
    for (let turn = 0; turn < turns; turn++) {
      const began = performance.now();
      for (let n = 0; n < picks; n++) {
        const result = picker.pick({ metadata: keys[n & 1023] ?? noTrailers, extraPickInfo: {} });
        if (result.pickResultType !== experimental.PickResultType.COMPLETE) throw new Error('nobody was picked');
        result.onCallStarted?.();
        running[n % inFlight]?.(status.OK, '', noTrailers);
        running[n % inFlight] = result.onCallEnded;
      }
      took += performance.now() - began;
      await new Promise(setImmediate);
    }
    return (took * 1e6) / (turns * picks);
  };
}

const shortName = (name: string): string => name.replace('rollcall_', '').replaceAll('_', '-');

const row = (policy: PolicyChoice, size: number): Row => {
  const name = shortName(policy.name);
  const weighted = policy.name === 'rollcall_weighted_round_robin';
  return {
    name: `pick-${name}-${size}`,
    what: `one pick among ${size.toLocaleString('en')} by \`${policy.name}\``,
    peer: 'grpc-js\'s `round_robin`, which has no weights and counts no calls',
    metrics: [
      { name: 'pick', what: 'ns a pick', goals: [{ of: 'median', atMost: 1000 }] },
      ...(weighted ? [{ name: 'plain', what: 'times `rollcall_round_robin`, measured in the same round', plotted: false, goals: [{ of: 'median', atMost: 2 }] } as const] : []),
    ],
    rounds: 15,
    series: { name: `pick-${name}`, title: `One pick by ${policy.name}`, of: 'instances', n: size },
    open: () => {
      registerPolicies();
      const [ours, plain, theirs] = [policy.config, { rollcall_round_robin: {} }, { round_robin: {} }].map((config) => round(reached(config, size))) as [Pick, Pick, Pick];
      return Promise.resolve({
        rollcall: async () => {
          const pick = await ours();
          return weighted ? { pick, plain: pick / (await plain()) } : { pick };
        },
        peer: async () => ({ pick: await theirs() }),
      });
    },
  };
};

export const pickRows: readonly Row[] = policies.flatMap((policy) => [10, 1_000, 10_000].map((size) => row(policy, size)));
