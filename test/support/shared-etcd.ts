import { type Etcd, startEtcd } from './etcd.js';

let shared: Promise<Etcd> | undefined;
let prefixes = 0;

/**
 * One plain etcd for all tests that neither stop nor configure it, started by the first that asks and stopped at the
 * end of the run. Each test takes a prefix of its own and leaves the rest alone.
 */
export function sharedEtcd(): Promise<Etcd> {
  shared ??= startEtcd();
  return shared;
}

/** A prefix that no other test of this run uses. */
export function ownPrefix(): string {
  return `/test-${++prefixes}`;
}

// Outside of any `describe`, so mocha runs it after everything, whatever files were asked for.
after(async () => {
  await (await shared?.catch(() => undefined))?.stop();
});
