import { setTimeout as wait } from 'node:timers/promises';

import type { KeySampler } from '../../../test/support/key-sampler.js';
import type { WatchedService } from '../clients/client.js';
import { patience, type Value } from '../scenario.js';

export const now = (): number => performance.now();

/** From `since` until the watched service is as wanted, told by the client itself. */
export function untilShown(shown: WatchedService, wanted: () => boolean, since: number): Promise<Value> {
  if (wanted()) return Promise.resolve({ ms: now() - since });
  return new Promise((resolve) => {
    const done = (ms: number | null): void => {
      listening[Symbol.dispose]();
      clearTimeout(timer);
      resolve({ ms });
    };
    const listening = shown.onChange(() => {
      if (wanted()) done(now() - since);
    });
    const timer = setTimeout(() => done(null), patience);
  });
}

/** From `since` until another program, which has to be asked, is as wanted. */
export async function untilTrue(ask: () => Promise<boolean> | boolean, since: number, patienceMs = patience): Promise<Value> {
  const end = now() + patienceMs;
  while (now() < end) {
    // etcd may be out of reach; that is an answer as well.
    if (await Promise.resolve().then(ask).catch(() => false)) return { ms: now() - since };
    await wait(5);
  }
  return { ms: null };
}

/** Whether both hold the same. */
export function equal(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each));
}

/** How many stand in one of the two only. */
export function differing(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  return [...one].filter((each) => !other.has(each)).length + [...other].filter((each) => !one.has(each)).length;
}

/** The samples in which the key was missing, of those since then. */
export function missing(sampler: KeySampler, key: string, since: number): Value {
  const samples = sampler.samples.filter(({ at }) => at >= since);
  return { count: samples.filter(({ keys }) => !keys.has(key)).length, of: samples.length };
}

/** From `since` until the key was there to stay; 0 where it never was missing. */
export function thereToStay(sampler: KeySampler, key: string, since: number): Value {
  const samples = sampler.samples.filter(({ at }) => at >= since);
  const last = samples.findLastIndex(({ keys }) => !keys.has(key));
  if (last < 0) return { ms: 0 };
  const next = samples[last + 1];
  return { ms: next === undefined ? null : next.at - since };
}

/** Lets the sampler go on for that long, and then until the key is there, or patience ends. */
export async function sample(sampler: KeySampler, key: string, atLeastMs: number): Promise<void> {
  await wait(atLeastMs);
  await untilTrue(() => sampler.samples.at(-1)?.keys.has(key) === true, now(), patience - atLeastMs);
  await sampler.stop();
}
