import { seededRandom } from '../support/seeded-random.js';

/** Names that are prefixes of one another, and ids with what a key must survive. */
export const services = ['orders', 'orders-v2', 'ord'] as const;
export const ids = ['i0', 'i1', 'i2', 'i3', '10.0.0.9:8000', 'zone/7'] as const;

/** Clients in this process, and clients in processes of their own, which can be killed and suspended. */
export const localClients = ['a', 'b', 'c'] as const;
export const childClients = ['x', 'y'] as const;
export const clients: readonly string[] = [...localClients, ...childClients];

/** The TTL of almost every registration, in seconds. */
const ttl = 2;

/** One client's records outlive the outages of this run, so what it cannot take back stays until it does. */
const longTtl = 6;

export function ttlOf(client: string): number {
  return client === 'c' ? longTtl : ttl;
}

/** Two quick readers and a slow one, of one service each, that come and go; besides those that every client has all the time. */
export const extraWatchers = ['extra-1', 'extra-2', 'slow-1'] as const;

/** How many steps there are from one check of everything to the next. */
export const stepsPerSettle = 20;

export type Step =
  | { readonly kind: 'register' | 'take-over'; readonly client: string; readonly service: string; readonly id: string; readonly weight: number }
  | { readonly kind: 'update'; readonly client: string; readonly service: string; readonly id: string; readonly weight: number }
  | { readonly kind: 'deregister' | 'replace'; readonly client: string; readonly service: string; readonly id: string; readonly weight: number }
  | { readonly kind: 'get'; readonly client: string; readonly service: string }
  | { readonly kind: 'rewatch'; readonly client: string; readonly watcher: string; readonly service: string; readonly pauseMs: number }
  | { readonly kind: 'raw-put'; readonly service: string; readonly id: string; readonly ttl: number; readonly weight: number }
  | { readonly kind: 'raw-delete' | 'operator-delete' | 'revoke-lease'; readonly service: string; readonly id: string }
  | { readonly kind: 'garbage'; readonly service: string; readonly id: string; readonly choice: number }
  | { readonly kind: 'compact' }
  | { readonly kind: 'cut-once'; readonly client: string }
  | { readonly kind: 'cut' | 'blackhole'; readonly client: string; readonly forMs: number }
  | { readonly kind: 'cut-after-bytes'; readonly client: string; readonly bytes: number; readonly forMs: number }
  | { readonly kind: 'freeze-etcd' | 'kill-etcd'; readonly members: readonly number[]; readonly forMs: number }
  | { readonly kind: 'crash-client' | 'restart-client'; readonly client: string }
  | { readonly kind: 'suspend-client'; readonly client: string; readonly forMs: number }
  /** `early`: the faults are lifted for it; else each lasts as long as it was meant to. */
  | { readonly kind: 'settle'; readonly early: boolean };

interface Place {
  readonly service: string;
  readonly id: string;
}

export interface PlannedStep {
  /** From 1. */
  readonly number: number;
  /** What passes before it. */
  readonly pauseMs: number;
  readonly step: Step;
}

/** How often each kind comes, in parts of their sum. */
const weights: readonly (readonly [Exclude<Step['kind'], 'settle'>, number])[] = [
  ['register', 22],
  ['take-over', 6],
  ['update', 12],
  ['deregister', 10],
  ['replace', 4],
  ['get', 5],
  ['rewatch', 5],
  ['raw-put', 6],
  ['raw-delete', 3],
  ['operator-delete', 4],
  ['revoke-lease', 3],
  ['garbage', 3],
  ['compact', 5],
  ['cut-once', 4],
  ['cut', 4],
  ['blackhole', 3],
  ['cut-after-bytes', 4],
  ['freeze-etcd', 3],
  ['kill-etcd', 2],
  ['crash-client', 1.5],
  ['restart-client', 1.5],
  ['suspend-client', 2],
];
const sum = weights.reduce((total, [, weight]) => total + weight, 0);

/**
 * The endless plan of a seed: a pure function of the seed and of how many members etcd has. It never looks at what
 * really happens; what a step finds impossible when its turn comes (an update of what was taken away meanwhile) is passed over.
 */
export function* planSteps(seed: number, members: number): Generator<PlannedStep, never> {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T;
  const between = (low: number, high: number): number => low + below(high - low + 1);
  /** What each client holds as far as the plan knows: `service id`. */
  const held = new Map(clients.map((client) => [client, new Map<string, Place>()]));
  const faults = new FaultCalendar();

  const place = (): Place => ({ service: pick(services), id: pick(ids) });
  const holding = (): (Place & { readonly client: string }) | undefined => {
    const all = [...held].flatMap(([client, places]) => [...places.values()].map((each) => ({ client, ...each })));
    // Half the time of a client that is in trouble: what is asked for then is what gets lost.
    const inTrouble = all.filter(({ client }) => faults.under(client));
    if (inTrouble.length > 0 && random() < 0.5) return pick(inTrouble);
    return all.length === 0 ? undefined : pick(all);
  };
  /** Somebody writes there: whoever held it is superseded. */
  const taken = (at: Place): Place => {
    for (const places of held.values()) places.delete(`${at.service} ${at.id}`);
    return at;
  };
  const claim = (kind: 'register' | 'take-over', client: string, at: Place): Step => {
    taken(at);
    held.get(client)?.set(`${at.service} ${at.id}`, at);
    return { kind, client, ...at, weight: below(1000) };
  };
  /** At times long enough to outlive a lease, mostly not. */
  const outage = (): number => (random() < 0.25 ? between(ttl * 1000 + 500, ttl * 1000 + 2000) : between(100, 1200));

  const create = (kind: Exclude<Step['kind'], 'settle'>): Step | undefined => {
    switch (kind) {
      case 'register': {
        const [client, at] = [pick(clients), place()];
        return held.get(client)?.has(`${at.service} ${at.id}`) === true ? undefined : claim(kind, client, at);
      }
      case 'take-over': {
        const [from, client] = [holding(), pick(clients)];
        if (from === undefined || from.client === client) return undefined;
        return claim(kind, client, { service: from.service, id: from.id });
      }
      case 'update':
      case 'replace':
      case 'deregister': {
        const from = holding();
        if (from === undefined) return undefined;
        if (kind === 'deregister') held.get(from.client)?.delete(`${from.service} ${from.id}`);
        return { kind, ...from, weight: below(1000) };
      }
      case 'get':
        return { kind, client: pick(clients), service: pick(services) };
      case 'rewatch': {
        const watcher = pick(extraWatchers);
        return { kind, client: pick(clients), watcher, service: pick(services), pauseMs: watcher.startsWith('slow') ? between(200, 900) : 0 };
      }
      case 'raw-put':
        // Half of them stay until somebody deletes them, half go with a lease that nobody keeps alive.
        return { kind, ...taken(place()), ttl: random() < 0.5 ? 0 : between(2, 4), weight: below(1000) };
      case 'raw-delete':
      case 'operator-delete':
      case 'revoke-lease': {
        const { service, id } = (kind === 'raw-delete' ? undefined : holding()) ?? place();
        return { kind, service, id };
      }
      case 'garbage':
        return { kind, ...taken(place()), choice: below(1000) };
      case 'compact':
        return { kind };
      case 'cut-once':
        return { kind, client: pick(clients) };
      case 'cut':
      case 'blackhole': {
        const [client, forMs] = [pick(clients), outage()];
        return faults.begin([client], forMs) ? { kind, client, forMs } : undefined;
      }
      case 'cut-after-bytes': {
        // Each connection anew, so that at times none gets through its first list.
        const [client, forMs] = [pick(clients), between(200, 2000)];
        return faults.begin([client], forMs) ? { kind, client, bytes: between(1, 6000), forMs } : undefined;
      }
      case 'freeze-etcd':
      case 'kill-etcd': {
        // In a cluster now and then two, so that the quorum is lost.
        const first = below(members);
        const chosen = members > 1 && random() < 0.25 ? [first, (first + 1) % members] : [first];
        const forMs = outage();
        return faults.begin(['etcd'], forMs + 1500) ? { kind, members: chosen, forMs } : undefined;
      }
      case 'crash-client': {
        const client = pick(childClients);
        if (!faults.begin([client], 1500)) return undefined;
        held.get(client)?.clear();
        return { kind, client };
      }
      case 'restart-client': {
        const client = pick(localClients);
        if (!faults.begin([client], 500)) return undefined;
        held.get(client)?.clear();
        return { kind, client };
      }
      case 'suspend-client': {
        const [client, forMs] = [pick(childClients), random() < 0.4 ? between(ttl * 1000 + 200, ttl * 2500) : between(200, 1500)];
        return faults.begin([client], forMs) ? { kind, client, forMs } : undefined;
      }
    }
  };

  for (let number = 1; ; number++) {
    // While something is broken much happens: what changes in a gap is what gets lost.
    const pauseMs = faults.any ? between(5, 80) : between(10, 250);
    faults.advance(pauseMs);
    if (number % stepsPerSettle === 0) {
      faults.clear();
      yield { number, pauseMs, step: { kind: 'settle', early: random() < 0.5 } };
      continue;
    }
    let step: Step | undefined;
    while (step === undefined) step = create(choose(random() * sum));
    yield { number, pauseMs, step };
  }
}

function choose(at: number): Exclude<Step['kind'], 'settle'> {
  let left = at;
  for (const [kind, weight] of weights) {
    left -= weight;
    if (left < 0) return kind;
  }
  return 'register';
}

/** Which faults are under way by the plan's own time, so that it never asks for two of one target at once. */
class FaultCalendar {
  readonly #until = new Map<string, number>();
  #now = 0;

  get any(): boolean {
    return [...this.#until.values()].some((until) => until > this.#now);
  }

  under(target: string): boolean {
    return (this.#until.get(target) ?? 0) > this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  clear(): void {
    this.#until.clear();
  }

  begin(targets: readonly string[], forMs: number): boolean {
    if (targets.some((target) => this.under(target))) return false;
    for (const target of targets) this.#until.set(target, this.#now + forMs);
    return true;
  }
}
