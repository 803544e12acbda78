import { setTimeout as wait } from 'node:timers/promises';

/** CPU time that the whole process, garbage collection included, has taken since, in milliseconds. */
export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Until everything is over that does not wait for anything outside: several turns, and a moment for the sockets. */
export async function settled(ms: number): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  await wait(ms);
}
