import type { Backend } from '../../core/adapter.js';
import { address, type Trial } from '../trial.js';
import type { Feature } from '../world.js';

/** The world's hooks. One that is missing although the manifest promises it is an error of the factory, and says so. */

export async function loseLease({ world }: Trial, backend: Backend): Promise<void> {
  if (world.loseLease === undefined) throw missing('loseLease');
  await world.loseLease(backend);
}

export async function interrupt({ world }: Trial, backend: Backend): Promise<void> {
  if (world.interrupt === undefined) throw missing('interrupt');
  await world.interrupt(backend);
}

export async function restore({ world }: Trial, backend: Backend): Promise<void> {
  if (world.restore === undefined) throw missing('interrupt');
  await world.restore(backend);
}

/** Garbage in place of the record whose id is this port's address. */
export async function corrupt({ world, service }: Trial, port: number): Promise<void> {
  if (world.corrupt === undefined) throw missing('corrupt');
  await world.corrupt(service, address(port));
}

export async function freeze({ world }: Trial, backend: Backend): Promise<void> {
  if (world.freeze === undefined) throw missing('freeze');
  await world.freeze(backend);
}

export async function thaw({ world }: Trial, backend: Backend): Promise<void> {
  if (world.thaw === undefined) throw missing('freeze');
  await world.thaw(backend);
}

export async function watches({ world, service }: Trial, of = service): Promise<number> {
  if (world.watches === undefined) throw missing('watches');
  return world.watches(of);
}

export async function leases({ world }: Trial): Promise<number> {
  if (world.leases === undefined) throw missing('leases');
  return world.leases();
}

function missing(feature: Feature): Error {
  return new Error(`the manifest promises "${feature}", but the world lacks a hook for it`);
}
