import { quote } from '../../core/quote.js';
import { registerPolicies } from '../balancer/register.js';
import { isLoadBalancerNameRegistered, parseLoadBalancingConfig } from '../experimental.js';
import type { LoadBalancingConfig } from './checked.js';
import { coreForm } from './core-policy-fields.js';
import { type Findings, listAt, objectAt } from './findings.js';

/**
 * The first policy of the list that grpc-js knows, checked with all that is inside it. grpc-js takes `pick_first`, which calls one server
 * only, for a list without a good one, and says nothing. `undefined` for an empty list.
 */
export function readLoadBalancing(findings: Findings, path: string, value: unknown): LoadBalancingConfig | undefined {
  registerPolicies();
  const policies = listAt(findings, path, value).map((each, index) => onePolicy(findings, `${path}[${index}]`, each));
  if (policies.length === 0) return undefined;
  const unknown = policies.filter(({ name }) => !isLoadBalancerNameRegistered(name));
  const chosen = policies.find(({ name }) => isLoadBalancerNameRegistered(name));
  const complaint = `${path} asks for a load balancing policy that is not known here: ${unknown.map(({ name }) => name).join(', ')}`;
  if (chosen === undefined) findings.error(complaint);
  // A list for several languages skips what one of them does not know; only in one's own program that is a slip.
  if (unknown.length > 0) findings.strictOnly(complaint);
  return checkedPolicy(findings, chosen);
}

/** One policy, which has to be known. @param path where it stands; empty if nowhere in particular */
export function readOnePolicy(findings: Findings, path: string, value: unknown): LoadBalancingConfig {
  registerPolicies();
  const policy = onePolicy(findings, path, value);
  if (!isLoadBalancerNameRegistered(policy.name)) findings.error(`${policy.path} is a load balancing policy that is not known here`);
  return checkedPolicy(findings, policy);
}

/** The older field, in any case of letters. */
export function readPolicyName(findings: Findings, path: string, value: unknown): LoadBalancingConfig | undefined {
  if (typeof value !== 'string' || value === '') findings.error(`${path} ${quote(value)} is not the name of a policy`);
  return readLoadBalancing(findings, path, [{ [value.toLowerCase()]: {} }]);
}

interface NamedPolicy {
  readonly name: string;
  readonly config: unknown;
  readonly path: string;
}

function onePolicy(findings: Findings, path: string, value: unknown): NamedPolicy {
  const [first, ...others] = Object.entries(objectAt(findings, path, value));
  if (first === undefined || others.length > 0) findings.error(`${path} names ${others.length === 0 ? 'no policy' : 'several policies'}; it is { name: configuration }`);
  const [name, config] = first;
  return { name, config, path: path === '' ? name : `${path}.${name}` };
}

function checkedPolicy(findings: Findings, { name, config, path }: NamedPolicy): LoadBalancingConfig {
  const form: Record<string, unknown> = { ...coreForm(findings, path, name, config) };
  if (name === 'outlier_detection') checkOutlierDetection(findings, path, form);
  const policy = { [name]: form };
  try {
    parseLoadBalancingConfig(policy);
  } catch (error) {
    // It begins with the name, which is the end of our path.
    const said = error instanceof Error ? error.message : String(error);
    findings.error(`${path} is invalid: ${said.replace(`${name}: `, '')}`);
  }
  return policy;
}

/** gRFC A50. grpc-js reads the child by the same silent rule. */
function checkOutlierDetection(findings: Findings, path: string, form: Record<string, unknown>): void {
  const child = readLoadBalancing(findings, `${path}.childPolicy`, form.child_policy ?? []);
  if (child === undefined) findings.error(`${path}.childPolicy is missing: the policy that chooses among those not ejected`);
  form.child_policy = [child];
  if (form.success_rate_ejection === undefined && form.failure_percentage_ejection === undefined) {
    findings.doubt(`${path} ejects nobody without successRateEjection or failurePercentageEjection`);
  }
}
