import { RollcallError } from '../core/errors.js';
import { custom, type OptionSpecs, parseOptions } from '../core/options.js';
import { parseServiceName } from '../core/service-name.js';
import { type GuardOptions, type GuardRules, guardSpecs } from '../core/selection/guard-options.js';
import { type SelectionOptions, type SelectionRules, selectionSpecs } from '../core/selection/options.js';
import { asPlainObject } from '../core/selection/plain-object.js';
import { quote } from '../core/quote.js';
import { parseServerName, type ServerNameOf, type ServerNameOption } from './server-name.js';
import type { CheckedServiceConfig } from './service-config/checked.js';
import { parseConfigOptions } from './service-config/option-config.js';
import type { PolicyOption } from './service-config/policy-option.js';
import type { ServiceConfigInit } from './service-config/service-config-init.js';

/** How the instances of a service are chosen, guarded and called. */
export interface ServiceOptions extends SelectionOptions, GuardOptions {
  /** How calls are spread over the chosen instances. Default `round_robin`. */
  readonly policy?: PolicyOption | undefined;
  /**
   * gRPC's service config: retries, hedging, timeouts, a policy. What the channel itself gives goes before it, and it goes before what
   * the service publishes.
   */
  readonly serviceConfig?: ServiceConfigInit | string | undefined;
  /**
   * Asks each connected instance how it fares and leaves unhealthy ones out (gRFC A17); a text is the name asked for, `true` means the server as a whole.
   * A server without the health service counts as healthy. Default: `false`, unless a service config says so.
   */
  readonly healthCheck?: boolean | string | undefined;
  /** The TLS name of each instance, where they have certificates of their own: `metadata.<key>` or a function. Default: the channel's. */
  readonly serverName?: ServerNameOption | undefined;
}

/** The same, checked and complete. */
export interface ServicePlan {
  readonly selection: SelectionRules;
  readonly guards: GuardRules;
  readonly config: CheckedServiceConfig | undefined;
  readonly serverName: ServerNameOf | undefined;
}

/** The options for all services, and those of single ones, which go before them one by one. */
export class ServicePlans {
  readonly #general: ServicePlan;
  readonly #own: ReadonlyMap<string, ServicePlan>;

  /** @throws RollcallError INVALID_CONFIG, UNKNOWN_OPTION, INVALID_SERVICE, naming the culprit */
  constructor(general: Readonly<Record<string, unknown>>, services: unknown, of: string) {
    this.#general = parsePlan(general, of);
    const given = services === undefined ? {} : asPlainObject(services);
    if (given === undefined) throw new RollcallError('INVALID_CONFIG', `option "services" of ${of}: ${quote(services)} is not an object of options by service`);
    this.#own = new Map(
      Object.entries(given).flatMap(([service, own]) => {
        if (own === undefined) return [];
        const name = `service ${quote(parseServiceName(service))} of ${of}`;
        const options = asPlainObject(own);
        if (options === undefined) throw new RollcallError('INVALID_CONFIG', `${name}: ${quote(own)} is not an object of options`);
        return [[service, parsePlan(merged(general, options), name)] as const];
      }),
    );
  }

  of(service: string): ServicePlan {
    return this.#own.get(service) ?? this.#general;
  }
}

export const serviceOptionNames: readonly string[] = ['policy', 'serviceConfig', 'healthCheck', 'serverName', ...Object.keys(selectionSpecs('')), ...Object.keys(guardSpecs)];

/** A service with a policy of its own does not get the general one through `serviceConfig`, nor the other way round. */
function merged(general: Readonly<Record<string, unknown>>, own: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = { ...general };
  for (const [key, value] of Object.entries(own)) if (value !== undefined) result[key] = value;
  if (own.serviceConfig !== undefined && own.policy === undefined && namesPolicy(own.serviceConfig)) delete result.policy;
  else if (own.policy !== undefined && own.serviceConfig === undefined) result.serviceConfig = withoutPolicy(general.serviceConfig);
  return result;
}

function namesPolicy(serviceConfig: unknown): boolean {
  return typeof serviceConfig === 'string' ? serviceConfig.includes('"loadBalancing') : (['loadBalancingConfig', 'loadBalancingPolicy'] as const).some((key) => asPlainObject(serviceConfig)?.[key] !== undefined);
}

/** What is no object is left for the parser to refuse. */
function withoutPolicy(serviceConfig: unknown): unknown {
  let config: unknown = serviceConfig;
  try {
    if (typeof config === 'string') config = JSON.parse(config);
  } catch {
    return serviceConfig;
  }
  const fields = asPlainObject(config);
  if (fields === undefined) return serviceConfig;
  return { ...fields, loadBalancingConfig: undefined, loadBalancingPolicy: undefined };
}

function parsePlan(raw: Readonly<Record<string, unknown>>, of: string): ServicePlan {
  const specs = {
    ...selectionSpecs(of),
    ...guardSpecs,
    policy: passedOn('how calls are spread'),
    serviceConfig: passedOn('retries, hedging, timeouts, a policy'),
    healthCheck: custom<string | undefined>({
      describe: 'leaves out instances that say they are unhealthy',
      expects: 'true, false or the name of the service to ask for',
      fallback: undefined,
      parse: (value) => (value === true ? '' : value === false ? unchecked : typeof value === 'string' ? value : undefined),
    }),
    serverName: custom<ServerNameOf | undefined>({
      describe: 'the TLS name of each instance',
      expects: 'metadata.<key> or a function',
      fallback: undefined,
      parse: (value) => parseServerName(value, of),
    }),
  } satisfies OptionSpecs;
  const { filter, zone, subset, slowStart, policy, serviceConfig, healthCheck, serverName, ...guards } = parseOptions(specs, raw, of);
  const config = parseConfigOptions({ policy, serviceConfig }, of);
  return Object.freeze({ selection: { filter, zone, subset, slowStart }, guards, config: withHealth(config, healthCheck), serverName });
}

/** What `healthCheck: false` comes to: it also overrules what the service publishes. */
const unchecked = '\0off';

function withHealth(config: CheckedServiceConfig | undefined, healthCheck: string | undefined): CheckedServiceConfig | undefined {
  if (healthCheck === undefined) return config;
  return { methodConfig: [], ...config, healthCheckConfig: healthCheck === unchecked ? {} : { serviceName: healthCheck } };
}

function passedOn(describe: string): ReturnType<typeof custom<unknown>> {
  return custom<unknown>({ describe, expects: 'valid', fallback: undefined, parse: (value) => value });
}
