import { readFile } from 'node:fs/promises';

import { RollcallError } from '../core/errors.js';
import { parseServiceName } from '../core/service-name.js';
import type { Snapshot } from '../core/snapshot.js';
import type { ProbeResult } from '../grpc/probe-instances.js';
import type { CommandContext, CommonOptions } from './context.js';
import { explanationTable } from './output/explanation.js';
import { jsonLine } from './output/json.js';
import { painter } from './output/terminal.js';
import { stopRequest } from './stop-request.js';

export interface ExplainFlags extends CommonOptions {
  /** A policy's name, or `{"name":{…}}`. */
  readonly policy?: string | undefined;
  /** `version=1.4.*,lane=canary` */
  readonly filter?: string | undefined;
  /** The zone of the client. */
  readonly zone?: string | undefined;
  /** How many instances the client calls. */
  readonly subset?: number | undefined;
  /** Who the client is. */
  readonly clientKey?: string | undefined;
  /** Asks each instance how it fares; a text is the name asked for. */
  readonly checkHealth?: boolean | string | undefined;
  /** A file with the certificates to trust, where instances are asked over TLS. */
  readonly ca?: string | undefined;
}

/** `rollcall explain <service>`: each record, kept or dropped and why, and the share of calls that each instance gets. */
export async function explain(context: CommandContext, service: string, flags: ExplainFlags): Promise<0> {
  const name = parseServiceName(service);
  // Only this command needs grpc-js for itself.
  const [{ explainSnapshot }, { ServicePlans }] = await Promise.all([import('../grpc/explain-service.js'), import('../grpc/service-options.js')]);
  const plan = new ServicePlans(optionsOf(flags), undefined, 'rollcall explain').of(name);
  const ask = await questionOf(flags);
  const stop = stopRequest(context.signals);
  try {
    const backend = await context.connect(flags.registry, { clock: context.clock, signal: stop.signal });
    try {
      const snapshot = await backend.discovery.get(name, stop);
      const probed = await ask?.(snapshot);
      const explanation = explainSnapshot(snapshot, plan, probed === undefined ? undefined : ({ id }) => probed.get(id));
      const { stdout } = context;
      stdout.write(flags.json === true ? jsonLine(explanation) : explanationTable(explanation, painter(stdout.colour)));
    } finally {
      await backend.close();
    }
  } finally {
    stop[Symbol.dispose]();
  }
  return 0;
}

function optionsOf({ policy, filter, zone, subset, clientKey }: ExplainFlags): Record<string, unknown> {
  if (clientKey !== undefined && subset === undefined) throw new RollcallError('INVALID_CONFIG', '--client-key says who calls a subset; give --subset as well');
  return { policy: policyOf(policy), filter, zone, subset: subset === undefined ? undefined : { size: subset, key: clientKey } };
}

function policyOf(text: string | undefined): unknown {
  if (text?.startsWith('{') !== true) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RollcallError('INVALID_CONFIG', `--policy is neither the name of a policy nor JSON: ${(cause as Error).message}`, { cause });
  }
}

/** How the instances are asked; `undefined` if they are not. */
async function questionOf({ checkHealth, ca }: ExplainFlags): Promise<((snapshot: Snapshot) => Promise<ReadonlyMap<string, ProbeResult>>) | undefined> {
  if (checkHealth === undefined || checkHealth === false) {
    if (ca !== undefined) throw new RollcallError('INVALID_CONFIG', '--ca is for asking the instances; give --check-health as well');
    return undefined;
  }
  const { probeInstances } = await import('../grpc/probe-instances.js');
  const options = { tls: ca === undefined ? undefined : { ca: await contentOf(ca) }, service: checkHealth === true ? '' : checkHealth };
  return ({ instances }) => probeInstances(instances, options);
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new RollcallError('INVALID_CONFIG', `--ca: ${(cause as Error).message}`, { cause });
  }
}
