import type { Backend } from '../core/adapter.js';
import { parseServiceName } from '../core/service-name.js';
import type { Snapshot } from '../core/snapshot.js';
import type { CommandContext, CommonOptions } from './context.js';
import { jsonLine, snapshotJson } from './output/json.js';
import { changeLog, skippedLine } from './output/person.js';
import { painter } from './output/terminal.js';
import { stopRequest } from './stop-request.js';

/** `rollcall watch <service>`: a line for each snapshot, until a signal or the end of whoever reads them. */
export async function watch(context: CommandContext, service: string, options: CommonOptions): Promise<0> {
  const name = parseServiceName(service);
  const stop = stopRequest(context.signals, context.stdout);
  let backend: Backend | undefined;
  try {
    backend = await context.connect(options.registry, { clock: context.clock, signal: stop.signal });
    const print = printer(context, options);
    for await (const snapshot of backend.discovery.watch(name, stop)) print(snapshot);
  } catch (error) {
    // Being stopped is how a watch ends.
    if (!stop.signal.aborted) throw error;
  } finally {
    stop[Symbol.dispose]();
    await backend?.close();
  }
  return 0;
}

function printer({ stdout, stderr, clock }: CommandContext, { json }: CommonOptions): (snapshot: Snapshot) => void {
  const begun = clock.now();
  const paint = painter(stdout.colour);
  let before: Snapshot | undefined;
  return (snapshot) => {
    const now = clock.now();
    stdout.write(json === true ? jsonLine(snapshotJson(snapshot, now)) : changeLog(snapshot, before, { begun, now }, paint));
    const known = new Set(before?.skipped.map(({ key, reason }) => `${key}\0${reason}`));
    for (const record of snapshot.skipped) if (!known.has(`${record.key}\0${record.reason}`)) stderr.write(skippedLine(record));
    before = snapshot;
  };
}
