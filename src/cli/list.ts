import { parseServiceName } from '../core/service-name.js';
import type { Snapshot } from '../core/snapshot.js';
import type { CommandContext, CommonOptions } from './context.js';
import { instanceJson, jsonLine } from './output/json.js';
import { instanceTable, skippedLine } from './output/person.js';
import { painter, printable } from './output/terminal.js';
import { stopRequest } from './stop-request.js';

/** `rollcall list [service]`: the instances of one service, or the names of all services, as they are now. */
export async function list(context: CommandContext, service: string | undefined, options: CommonOptions): Promise<0> {
  const name = service === undefined ? undefined : parseServiceName(service);
  const stop = stopRequest(context.signals);
  try {
    const backend = await context.connect(options.registry, { clock: context.clock, signal: stop.signal });
    try {
      const { discovery } = backend;
      if (name === undefined) printServices(context, await discovery.services(stop), options);
      else await printInstances(context, discovery.get(name, stop), options);
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

async function printInstances({ stdout, stderr }: CommandContext, reading: Promise<Snapshot>, { json }: CommonOptions): Promise<void> {
  const { service, instances, skipped } = await reading;
  if (json === true) for (const instance of instances) stdout.write(jsonLine(instanceJson(instance)));
  else stdout.write(instances.length === 0 ? `no instances of ${service}\n` : instanceTable(instances, painter(stdout.colour)));
  for (const record of skipped) stderr.write(skippedLine(record));
}
