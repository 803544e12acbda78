interface Claim {
  /** Of the record, whatever keys it has. */
  readonly name: string;
  readonly mode: 'claim' | 'renew';
}

/**
 * Claims that were sent and not answered yet, each with a revision of the store that is older than its first attempt.
 *
 * The answer of a claim that was carried out may be lost. When it is tried again, another owner may have claimed the id
 * meanwhile, and is the newer one: with the revision the second attempt can tell that somebody may have.
 */
export class OpenClaims {
  readonly #since = new Map<string, string>();

  /**
   * Notes the claims among these writes.
   * @param revision the newest revision of the store that we know; not asked for, as a request would cost every registration a round trip
   * @returns for those that were tried before, the revision from before their first attempt, by name
   */
  begin(writes: readonly Claim[], revision: string): ReadonlyMap<string, string> {
    const again = new Map<string, string>();
    for (const { name, mode } of writes) {
      if (mode !== 'claim') continue;
      const since = this.#since.get(name);
      if (since === undefined) this.#since.set(name, revision);
      else again.set(name, since);
    }
    return again;
  }

  /** To be called when the store has another history: revisions of the old one mean nothing in it. */
  clear(): void {
    this.#since.clear();
  }

  end(name: string): void {
    this.#since.delete(name);
  }
}
