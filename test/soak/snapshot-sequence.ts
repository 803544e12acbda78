import type { PlainSnapshot } from './messages.js';
import { textOf } from './stored-record.js';

/** What one reader of one watch is shown, checked for itself: each diff makes the next list of the one before, and nothing goes back. */
export class SnapshotSequence {
  readonly service: string;
  last: PlainSnapshot | undefined;
  #texts = new Map<string, string>();

  constructor(service: string) {
    this.service = service;
  }

  /** What the newest snapshot holds, by id. */
  get instances(): ReadonlyMap<string, string> {
    return this.#texts;
  }

  /** @returns what is wrong with the snapshot as the next one */
  take(snapshot: PlainSnapshot): string[] {
    const problems: string[] = [];
    const at = `the snapshot at ${snapshot.revision}`;
    const now = new Map(snapshot.instances.map((instance) => [instance.id, textOf(instance)]));
    if (snapshot.service !== this.service) problems.push(`${at} is of ${snapshot.service}`);
    if (this.last !== undefined && BigInt(snapshot.revision) < BigInt(this.last.revision)) problems.push(`${at} came after one at ${this.last.revision}`);
    const order = snapshot.instances.map(({ id }) => id);
    if (order.some((id, index) => index > 0 && id <= (order[index - 1] as string))) problems.push(`${at} is not sorted by id: ${order.join(' ')}`);

    const replayed = new Map(this.#texts);
    for (const { id } of snapshot.removed) if (!replayed.delete(id)) problems.push(`${at} reports ${id} removed, which was not there`);
    for (const instance of snapshot.added) {
      if (replayed.has(instance.id)) problems.push(`${at} reports ${instance.id} added, which was there`);
      replayed.set(instance.id, textOf(instance));
    }
    for (const instance of snapshot.changed) {
      if (!replayed.has(instance.id)) problems.push(`${at} reports ${instance.id} changed, which was not there`);
      replayed.set(instance.id, textOf(instance));
    }
    const difference = compare(replayed, now);
    if (difference !== undefined) problems.push(`the diff of ${at} does not make its list: ${difference}`);
    this.last = snapshot;
    this.#texts = now;
    return problems;
  }
}

/** How the second differs from the first, in words; `undefined` if it does not. */
export function compare(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string | undefined {
  const missing = [...wanted.keys()].filter((id) => !found.has(id));
  const extra = [...found.keys()].filter((id) => !wanted.has(id));
  const other = [...wanted].filter(([id, text]) => found.has(id) && found.get(id) !== text).map(([id, text]) => `${id} is ${found.get(id) ?? ''} instead of ${text}`);
  const parts = [...(missing.length > 0 ? [`missing ${missing.join(' ')}`] : []), ...(extra.length > 0 ? [`too many ${extra.join(' ')}`] : []), ...other];
  return parts.length === 0 ? undefined : parts.join('; ');
}
