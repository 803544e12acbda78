import { cpus, release, totalmem } from 'node:os';

/** What the figures were measured on, in words. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores of ${(cpu?.model ?? 'an unknown CPU').trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.versions.node}`;
}
