import { loadConfig } from '../config/load-config.js';
import { parseServiceName } from '../core/service-name.js';
import type { Discovery } from '../core/ports.js';
import type { Snapshot } from '../core/snapshot.js';
import type { CommandContext, CommonOptions } from './context.js';
import { instanceJson, jsonLine } from './output/json.js';
import { instanceTable, layoutsOf, serviceTable, skippedLine } from './output/person.js';
import { painter, printable } from './output/terminal.js';
import { stopRequest } from './stop-request.js';

export interface ListFlags extends CommonOptions {
  /** Whoever wrote them. */
  readonly all?: boolean | undefined;
}

/** Services that are read at a time. */
const parallelReads = 8;

/** `rollcall list [service]`: the instances of one service, or the names of all services, as they are now. */
export async function list(context: CommandContext, service: string | undefined, options: ListFlags): Promise<0> {
  const name = service === undefined ? undefined : parseServiceName(service);
  const source = options.all === true ? (await loadConfig(options.registry)).widest() : options.registry;
  const stop = stopRequest(context.signals);
  try {
    const backend = await context.connect(source, { clock: context.clock, signal: stop.signal });
    try {
      const { discovery } = backend;
      if (name !== undefined) printInstances(context, await discovery.get(name, stop), options);
      else if (options.all === true) await printEverything(context, discovery, stop, options);
      else printServices(context, await discovery.services(stop), options);
    } finally {
      await backend.close();
    }
  } finally {
    stop[Symbol.dispose]();
  }
  return 0;
}

function printServices({ stdout }: CommandContext, services: readonly string[], { json }: CommonOptions): void {
  if (json === true) for (const service of services) stdout.write(jsonLine({ service }));
  else stdout.write(services.length === 0 ? 'no services\n' : services.map((service) => `${printable(service)}\n`).join(''));
}

/** With what tells who wrote them: how many instances, in which layouts. */
async function printEverything({ stdout, stderr }: CommandContext, discovery: Discovery, stop: { readonly signal: AbortSignal }, { json }: CommonOptions): Promise<void> {
  const services = await discovery.services(stop);
  const snapshots: Snapshot[] = [];
  for (let next = 0; next < services.length; next += parallelReads) {
    snapshots.push(...(await Promise.all(services.slice(next, next + parallelReads).map((service) => discovery.get(service, stop)))));
  }
  if (json === true) {
    for (const { service, instances } of snapshots) stdout.write(jsonLine({ service, instances: instances.length, layouts: layoutsOf(instances) }));
  } else {
    stdout.write(snapshots.length === 0 ? 'no services\n' : serviceTable(snapshots, painter(stdout.colour)));
  }
  // What is closed to us is so for every service.
  const told = new Set<string>();
  for (const record of snapshots.flatMap(({ skipped }) => skipped)) {
    const news = record.key.endsWith('/') ? record.reason : record.key;
    if (!told.has(news)) stderr.write(skippedLine(record));
    told.add(news);
  }
}

function printInstances({ stdout, stderr }: CommandContext, { service, instances, skipped }: Snapshot, { json }: CommonOptions): void {
  if (json === true) for (const instance of instances) stdout.write(jsonLine(instanceJson(instance)));
  else stdout.write(instances.length === 0 ? `no instances of ${service}\n` : instanceTable(instances, painter(stdout.colour)));
  for (const record of skipped) stderr.write(skippedLine(record));
}
