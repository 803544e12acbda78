import type { ResponseHeader } from './transport.js';

/**
 * What we know of the store's history: which cluster, and how far it had come. In one history the revision of a read
 * through the quorum never goes back; where it does, or the cluster has another id, etcd was restored from a backup.
 */
export class StoreHistory {
  #clusterId: string | undefined;
  #revision = 0n;
  #began: string | undefined;

  get revision(): string {
    return this.#revision.toString();
  }

  /** The revision at which another history than the first one was noticed: what is not newer came with the backup. */
  get began(): string | undefined {
    return this.#began;
  }

  /**
   * Takes note of a header.
   * @param since what `revision` was before the request was sent; left out where the answer may be an old one
   * @returns what changed, if this is another history; from here on it is the known one
   */
  observe({ cluster_id: clusterId, revision }: ResponseHeader, since?: string): string | undefined {
    const now = BigInt(revision);
    const before = this.#clusterId;
    if (before !== undefined && before !== clusterId) {
      this.#begin(clusterId, now);
      return `cluster ${hex(clusterId)} instead of ${hex(before)}`;
    }
    this.#clusterId = clusterId;
    if (since !== undefined && now < BigInt(since)) {
      this.#begin(clusterId, now);
      return `revision ${revision} after ${since}`;
    }
    if (now > this.#revision) this.#revision = now;
    return undefined;
  }

  #begin(clusterId: string, revision: bigint): void {
    this.#clusterId = clusterId;
    this.#revision = revision;
    this.#began = revision.toString();
  }
}

/** As `etcdctl` shows it. */
function hex(id: string): string {
  return BigInt.asUintN(64, BigInt(id)).toString(16);
}
