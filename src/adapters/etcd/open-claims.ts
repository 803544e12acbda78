interface Claim {
  /** Of the record, whatever keys it has. */
  readonly name: string;
  readonly mode: 'claim' | 'renew';
}

/**
 * Claims that were sent and not answered yet, each with the store's revision from before its first attempt.
 *
 * The answer of a claim that was carried out may be lost. When it is tried again, another owner may have claimed the id
 * meanwhile, and is the newer one: with the revision the second attempt can tell.
 */
export class OpenClaims {
  readonly #since = new Map<string, string | undefined>();

  /**
   * Notes the claims among these writes.
   * @param revision the store's revision now; asked for only where a claim is new
   * @returns for those that were tried before, the revision from before their first attempt, by name
   */
  async begin(writes: readonly Claim[], revision: () => string | undefined | Promise<string | undefined>): Promise<ReadonlyMap<string, string | undefined>> {
    const claims = writes.filter(({ mode }) => mode === 'claim').map(({ name }) => name);
    const again = new Map(claims.filter((name) => this.#since.has(name)).map((name) => [name, this.#since.get(name)]));
    if (again.size < claims.length) {
      const now = await revision();
      for (const name of claims) if (!again.has(name)) this.#since.set(name, now);
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
