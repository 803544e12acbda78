interface Pending {
  readonly kind: string;
  readonly clients: readonly string[];
  readonly since: number;
  /** Whether the observer knows what etcd held when the fault ended. */
  ready: boolean;
}

/** How long it takes from the end of a fault until the clients that it hit are live and equal to etcd again, by kind of fault. */
export class Recoveries {
  readonly times = new Map<string, number[]>();
  /** Those that the next fault came upon. */
  interrupted = 0;
  readonly #recovered: (client: string) => boolean;
  #pending: Pending[] = [];

  constructor(recovered: (client: string) => boolean) {
    this.#recovered = recovered;
  }

  /** @param known resolves when the observer knows what etcd held at this moment */
  begin(kind: string, clients: readonly string[], known: Promise<void>): void {
    this.interrupt(clients);
    const pending: Pending = { kind, clients, since: performance.now(), ready: false };
    this.#pending.push(pending);
    known.then(
      () => {
        pending.ready = true;
        this.look();
      },
      () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
      },
    );
  }

  /** A new fault has hit these clients. */
  interrupt(clients: readonly string[]): void {
    const left = this.#pending.filter((each) => !each.clients.some((client) => clients.includes(client)));
    this.interrupted += this.#pending.length - left.length;
    this.#pending = left;
  }

  /** To be called whenever something has changed. */
  look(): void {
    const recovered = this.#pending.filter(({ ready, clients }) => ready && clients.every(this.#recovered));
    if (recovered.length === 0) return;
    this.#pending = this.#pending.filter((each) => !recovered.includes(each));
    for (const { kind, since } of recovered) {
      const times = this.times.get(kind) ?? [];
      times.push(performance.now() - since);
      this.times.set(kind, times);
    }
  }
}
