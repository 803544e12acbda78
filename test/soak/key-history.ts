import type { StoredRecord } from './stored-record.js';

/** What one event did to one key. */
export interface KeyChange {
  readonly key: string;
  readonly service: string;
  readonly revision: number;
  readonly before: StoredRecord | undefined;
  readonly after: StoredRecord | undefined;
}

interface Version {
  readonly revision: number;
  readonly record: StoredRecord | undefined;
}

/**
 * Which keys existed with what, at every revision: what a snapshot is held against. Revisions are numbers here, as a
 * run makes thousands of them and not 2^53.
 */
export class KeyHistory {
  /** By service, then by key; the versions of a key in the order of their revisions. */
  readonly #services = new Map<string, Map<string, Version[]>>();
  #revision: number;

  constructor(revision: number) {
    this.#revision = revision;
  }

  /** Everything up to here is known. */
  get revision(): number {
    return this.#revision;
  }

  /** @returns the change, or `undefined` for an event that is known already */
  put(key: string, service: string, revision: number, record: StoredRecord | undefined): KeyChange | undefined {
    if (revision <= this.#revision) return undefined;
    const keys = this.#keysOf(service);
    const versions = keys.get(key) ?? [];
    const before = versions.at(-1)?.record;
    versions.push({ revision, record });
    keys.set(key, versions);
    return { key, service, revision, before, after: record };
  }

  /** All events up to this revision have been put. */
  complete(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** The records of a service at a revision, by key. */
  at(service: string, revision: number): Map<string, StoredRecord> {
    const records = new Map<string, StoredRecord>();
    for (const [key, versions] of this.#keysOf(service)) {
      const record = versions.findLast((version) => version.revision <= revision)?.record;
      if (record !== undefined) records.set(key, record);
    }
    return records;
  }

  now(service: string): Map<string, StoredRecord> {
    return this.at(service, this.#revision);
  }

  get(service: string, key: string): StoredRecord | undefined {
    return this.#keysOf(service).get(key)?.at(-1)?.record;
  }

  /**
   * Forgets how the present state came about. To be called when every watcher has it: from then on whatever is shown at
   * an older revision must be that state, too.
   */
  forget(): void {
    for (const keys of this.#services.values()) {
      for (const [key, versions] of keys) {
        const record = versions.at(-1)?.record;
        if (record === undefined) keys.delete(key);
        else keys.set(key, [{ revision: 0, record }]);
      }
    }
  }

  #keysOf(service: string): Map<string, Version[]> {
    let keys = this.#services.get(service);
    if (keys === undefined) this.#services.set(service, (keys = new Map<string, Version[]>()));
    return keys;
  }
}
