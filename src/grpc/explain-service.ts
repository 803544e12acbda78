import { recordRevision } from '../core/record-revision.js';
import { quote } from '../core/quote.js';
import { explain, type ExplainContext, type Explanation } from '../core/selection/explain.js';
import { select } from '../core/selection/select.js';
import type { Snapshot } from '../core/snapshot.js';
import { expectedShares } from './balancer/expected-shares.js';
import { policies } from './balancer/policies.js';
import { clientKey } from './client-key.js';
import { publishersOf } from './publishers.js';
import type { LoadBalancingConfig } from './service-config/checked.js';
import { publishedServiceConfig } from './service-config/published.js';
import { ServiceConfigs } from './service-config/service-configs.js';
import type { RunningChannel } from './running-channels.js';
import type { ServicePlan } from './service-options.js';

/** What is known of the connections to a service's instances; `undefined`: nobody has tried. */
export type StateOf = NonNullable<ExplainContext['stateOf']>;

/** As a channel would do with this snapshot that begins now, with nothing but the resolver's own options. */
export function explainSnapshot(snapshot: Snapshot, plan: ServicePlan, stateOf?: StateOf): Explanation {
  const context = { service: snapshot.service, clientKey, revisionOf: recordRevision };
  const published = publishedServiceConfig(publishersOf(snapshot.instances, select(snapshot.instances, plan.selection, context)), recordRevision);
  const { resolved } = new ServiceConfigs({ channel: {}, options: plan.config }).with(published);
  const explanation = explain(snapshot, plan.selection, {
    ...context,
    policy: policyName(resolved.loadBalancingConfig[0]),
    shares,
    stateOf,
  });
  return withPublished(explanation, published);
}

/** What a running channel does, with what it remembers and knows of its connections; `undefined` if it knows nothing yet. */
export function explainChannel({ chooser, board, config }: RunningChannel): Explanation | undefined {
  const choice = chooser?.choice;
  if (chooser === undefined || choice === undefined || config === undefined) return undefined;
  const explanation = explain(choice.snapshot, chooser.plan.selection, {
    ...chooser.context,
    policy: policyName(config.resolved.loadBalancingConfig[0]),
    guard: choice.guarded,
    whyNot: (instance) => chooser.whyNot(instance),
    shares,
    stateOf: ({ id }) => board?.connection(id),
  });
  return withPublished(explanation, choice.published);
}

/** Outlier detection leaves the balancing to the policy inside it. */
function policyName(config: LoadBalancingConfig | undefined): string {
  const [name = '', fields] = Object.entries(config ?? {})[0] ?? [];
  const child = (fields as { readonly child_policy?: readonly LoadBalancingConfig[] } | undefined)?.child_policy?.[0];
  return child === undefined ? name : `${policyName(child)} in ${name}`;
}

const shares: NonNullable<ExplainContext['shares']> = (policy, candidates) => {
  const name = policy.replace(/ in .*$/, '');
  // Of a policy of grpc-js or of somebody else nobody can say; the rest of the explanation holds.
  if (!policies.some((each) => each.name === name)) return undefined;
  return expectedShares(
    name,
    candidates.map(({ instance: { id, weight }, share }) => ({ id, weight, share })),
  );
};

function withPublished(explanation: Explanation, { from, problem }: ReturnType<typeof publishedServiceConfig>): Explanation {
  const notes = [...(from === undefined ? [] : [`the service config is the one that ${quote(from)} publishes`]), ...(problem === undefined ? [] : [problem])];
  return notes.length === 0 ? explanation : { ...explanation, notes: [...explanation.notes, ...notes] };
}
