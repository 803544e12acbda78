import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Clock, instanceFromRecord, type RecordState, RollcallError, type ServiceInstance } from 'rollcall';

/** One owner's file for one id. Nobody writes another owner's file, so no lock is needed: the newest claim counts. */
export interface Claim {
  readonly path: string;
  readonly id: string;
  /** The place of the claim in the journal: later ones are larger. */
  readonly position: number;
  readonly lease: string;
  readonly record: RecordState;
}

/**
 * The backend: `<root>/<service>/<id>=<position>=<lease>.json`, one record each; `<root>/.leases/<lease>`, whose time of
 * modification says when its owner was last alive; and `<root>/.journal`, which grows by a byte with each change, so
 * its size is the revision. What a dead owner left behind is passed over by readers and lies there for good.
 */
export class Directory {
  readonly #root: string;
  readonly #clock: Clock;

  constructor(root: string, clock: Clock) {
    this.#root = root;
    this.#clock = clock;
  }

  create(): Promise<void> {
    return this.#run(async () => {
      await mkdir(join(this.#root, '.leases'), { recursive: true });
      await appendFile(join(this.#root, '.journal'), '');
    });
  }

  /** Also the proof that the directory is there: a service that has none is empty, a root that is gone is trouble. */
  revision(): Promise<number> {
    return this.#run(async () => (await stat(join(this.#root, '.journal'))).size);
  }

  /** Notes a change, after it is made; the revision that it has. */
  async changed(): Promise<number> {
    await this.#run(() => appendFile(join(this.#root, '.journal'), '.', { flag: 'a' }));
    return this.revision();
  }

  async services(): Promise<readonly string[]> {
    const names = await this.#run(() => readdir(this.#root));
    return names.filter((name) => !name.startsWith('.'));
  }

  /** For each id the newest claim whose owner lives. A file that cannot be read counts too: somebody should see to it. */
  async claims(service: string): Promise<readonly Claim[]> {
    const newest = new Map<string, Claim>();
    await this.#run(async () => {
      const names = await readdir(join(this.#root, service)).catch(unlessMissing);
      for (const name of names ?? []) {
        const claim = await this.#claim(service, name);
        if (claim === undefined || (newest.get(claim.id)?.position ?? -1) > claim.position) continue;
        if ('skipped' in claim.record || (await this.#isAlive(claim.lease))) newest.set(claim.id, claim);
      }
    });
    // Were the root gone meanwhile, the list would be empty for the wrong reason (law 4).
    await this.revision();
    return [...newest.values()];
  }

  claimPath({ service, id }: ServiceInstance, position: number, lease: string): string {
    return join(this.#root, service, `${encodeURIComponent(id)}=${position}=${lease}.json`);
  }

  /** Through another name, so that nobody reads half a record. */
  write(path: string, instance: ServiceInstance): Promise<void> {
    return this.#run(async () => {
      const { service, ...record } = instance;
      const draft = join(this.#root, `.draft-${randomUUID()}`);
      // The draft first: it fails where the root is gone, which must not come back as an empty one.
      await writeFile(draft, JSON.stringify(record));
      await mkdir(join(this.#root, service), { recursive: true });
      await rename(draft, path);
    });
  }

  /** Gone already is gone, but only where there is a root to be gone from. */
  async remove(path: string): Promise<void> {
    await this.revision();
    await this.#run(() => rm(path, { force: true }));
  }

  leasePath(lease: string): string {
    return join(this.#root, '.leases', lease);
  }

  keepAlive(lease: string): Promise<void> {
    return this.#run(async () => {
      const now = this.#clock.now() / 1000;
      await writeFile(this.leasePath(lease), '');
      await utimes(this.leasePath(lease), now, now);
    });
  }

  async #isAlive(lease: string): Promise<boolean> {
    const ttl = Number(lease.split('.')[1]);
    const touched = await stat(this.leasePath(lease)).catch(unlessMissing);
    return touched !== undefined && this.#clock.now() < touched.mtimeMs + ttl * 1000;
  }

  async #claim(service: string, name: string): Promise<Claim | undefined> {
    const [, encoded = name, position = '0', lease = ''] = /^([^=]+)=(\d+)=([^=]+)\.json$/.exec(name) ?? [];
    const key = `${service}/${encoded}`;
    const path = join(this.#root, service, name);
    const claim = { path, id: encoded, position: Number(position), lease };
    const text = await readFile(path, 'utf8').catch(unlessMissing);
    if (text === undefined) return undefined; // Removed since it was listed.
    try {
      claim.id = decodeURIComponent(encoded);
      const record = Object(JSON.parse(text)) as Record<string, unknown>;
      return { ...claim, record: { key, instance: instanceFromRecord(service, claim.id, record) } };
    } catch (error) {
      return { ...claim, record: { key, skipped: (error as Error).message } };
    }
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new RollcallError('UNAVAILABLE', `the directory ${this.#root} cannot be used: ${(cause as Error).message}`, { cause });
    }
  }
}

/** What is not there counts as nothing; any other trouble must not look like nothing. */
function unlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
