import { type Etcd, startEtcd } from '../support/etcd.js';
import { poll } from '../support/poll.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { Absences } from './absences.js';
import { HistoryWatch } from './history-watch.js';
import type { KeyChange } from './key-history.js';
import type { Answer, Happening, PlainSnapshot } from './messages.js';
import { Ownership } from './ownership.js';
import { Participant } from './participant.js';
import { clients, ttlOf } from './plan.js';
import { Recoveries } from './recoveries.js';
import { type SoakRegistration, Registrations } from './registrations.js';
import { RunningFaults } from './running-faults.js';
import type { RunLog } from './run-log.js';
import { SnapshotTruth, instancesOf } from './snapshot-truth.js';
import { compare } from './snapshot-sequence.js';
import { fromRaw, prefix } from './stored-record.js';

/** How a call may end that came upon a fault, or upon another owner. Everything else is broken. */
const expectedCodes: ReadonlySet<string> = new Set(['UNAVAILABLE', 'TIMEOUT', 'SUPERSEDED', 'CLOSED', 'ALREADY_REGISTERED', 'GONE']);

/** How long before a failure the fault may have been that explains it: a keepalive in between notices nothing, a dead connection does. */
const aftermathMs = 3_500;

/** A pause of our own event loop from which on nothing that depends on time is held against the library. */
const stallMs = 400;

/** Everything there is: an etcd, its clients each behind proxies of its own, an observer past them all, and what each of them has said. */
export class World {
  readonly etcd: Etcd;
  /** An operator's connection: past all proxies. */
  readonly raw: RawEtcd;
  readonly watch: HistoryWatch;
  readonly participants = new Map<string, Participant>();
  readonly registrations = new Registrations();
  readonly faults = new RunningFaults();
  readonly recoveries: Recoveries;
  readonly truth: SnapshotTruth;
  readonly ownership: Ownership;
  readonly absences: Absences;
  readonly operations = new Map<string, number>();
  readonly stale = { count: 0, longestMs: 0 };
  /** Leases that the run itself revoked. */
  readonly revoked = new Set<string>();
  readonly lostLeases = new Set<string>();
  /** Leases of records that were written past the library. */
  readonly rawLeases = new Set<string>();
  /** Keys that were deleted past the library since the last settling. */
  readonly operatorDeleted = new Set<string>();
  delivered = 0;
  readonly #log: RunLog;
  readonly #broken: (what: string) => void;
  readonly #underWay = new Map<Promise<unknown>, string>();
  readonly #staleSince = new Map<string, number>();
  readonly #loop: NodeJS.Timeout;
  #stalledAt = -Infinity;

  private constructor(etcd: Etcd, raw: RawEtcd, revision: number, log: RunLog, broken: (what: string) => void) {
    this.etcd = etcd;
    this.raw = raw;
    this.#log = log;
    this.#broken = broken;
    this.watch = new HistoryWatch(etcd.endpoints, revision, (changes) => this.#onChanges(changes));
    this.truth = new SnapshotTruth(this.watch.history, broken);
    this.recoveries = new Recoveries((client) => this.#recovered(client));
    this.absences = new Absences((name) => this.registrations.get(name)?.wanted === true);
    this.ownership = new Ownership(
      {
        // One that is forgotten was over before the last settling.
        leftAt: (name) => (this.#isRaw(name) ? undefined : this.registrations.get(name) === undefined ? 0 : this.registrations.get(name)?.leftAt),
        ours: (name) => !this.#isRaw(name),
        deletedByOperator: (key) => this.operatorDeleted.has(key),
      },
      (lease) => this.#leaseLives(lease),
      { broken, leaseLost: (name, lease) => this.#onLeaseLost(name, lease) },
    );
    let expected = performance.now() + 50;
    this.#loop = setInterval(() => {
      const now = performance.now();
      if (now - expected > stallMs) {
        this.#stalledAt = now;
        log.write('stalled', { forMs: Math.round(now - expected) });
      }
      expected = now + 50;
    }, 50);
  }

  static async open(members: number, log: RunLog, broken: (what: string) => void): Promise<World> {
    const etcd = await startEtcd({ clusterSize: members });
    const raw = openRawEtcd(etcd);
    const world = new World(etcd, raw, Number(await raw.revision()), log, broken);
    try {
      for (const name of clients) world.participants.set(name, await Participant.create(name, etcd.endpoints, (from, happening) => world.#onHappening(from, happening)));
      await Promise.all([...world.participants.values()].map((participant) => participant.start()));
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  participant(name: string): Participant {
    return this.participants.get(name) as Participant;
  }

  /** Follows something that nobody awaits; it must settle by itself. */
  follow(what: string, work: Promise<unknown>): void {
    this.#underWay.set(work, what);
    work
      .catch((error: unknown) => this.#broken(`${what} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`))
      .finally(() => this.#underWay.delete(work));
  }

  /** What has not settled yet. */
  get underWay(): readonly string[] {
    return [...this.#underWay.values()];
  }

  async allSettled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay.keys());
  }

  /** Counts how an operation of a client ended; it may fail only where there is a reason to. */
  ended(what: string, client: string, since: number, answer: Answer): void {
    const outcome = answer.ok ? 'ok' : answer.code;
    this.operations.set(`${what} ${outcome}`, (this.operations.get(`${what} ${outcome}`) ?? 0) + 1);
    this.#log.write('ended', { operation: what, client, ...(answer.ok ? { outcome } : answer) });
    if (answer.ok) return;
    if (!expectedCodes.has(answer.code)) this.#broken(`${what} of ${client} failed with ${answer.code}: ${answer.message}`);
    const unreachable = answer.code === 'UNAVAILABLE' || answer.code === 'TIMEOUT';
    if (unreachable && !this.#excused(client, since)) this.#broken(`${what} of ${client} failed though nothing was in its way: ${answer.message}`);
  }

  /** Whatever the client holds is to go. */
  leaving(client: string): void {
    for (const registration of this.registrations.of(client)) registration.leave();
  }

  /** Measures how long these clients take from now on to be as etcd is now. */
  recovering(kind: string, names: readonly string[]): void {
    const known = this.raw.revision().then((revision) => this.watch.reached(Number(revision), 5000));
    this.recoveries.begin(kind, names, known);
  }

  /** The keys that still hold a record of that client. */
  async leftBy(client: string): Promise<string[]> {
    const records = await poll('etcd listing what is left', () => this.raw.list(`${prefix}/`));
    return records.filter((each) => fromRaw(each)?.registration?.startsWith(`${client}.`) === true).map(({ key }) => key);
  }

  async close(): Promise<void> {
    clearInterval(this.#loop);
    await this.faults.endAll().catch(() => undefined);
    for (const participant of this.participants.values()) {
      participant.resume();
      this.leaving(participant.name);
    }
    await Promise.all([...this.participants.values()].map((participant) => participant.close()));
    await Promise.all([...this.participants.values()].map((participant) => participant.closeProxies()));
    await this.watch.close();
    this.raw.close();
    await this.etcd.stop();
  }

  #isRaw(registration: string): boolean {
    return registration.startsWith('raw.') || registration === 'garbage';
  }

  #excused(client: string, since: number): boolean {
    return this.faults.touched(client, since - aftermathMs) || this.#stalledAt > since - aftermathMs;
  }

  async #leaseLives(lease: string): Promise<boolean> {
    // Without an answer nobody is accused.
    const found = await this.raw.lease(lease).catch(() => undefined);
    return found !== undefined && found.ttl > 0;
  }

  #onLeaseLost(name: string, lease: string): void {
    const registration = this.registrations.get(name);
    if (registration?.wanted !== true || this.lostLeases.has(lease) || this.revoked.has(lease)) return;
    this.lostLeases.add(lease);
    this.#log.write('lease lost', { registration: name, lease });
    const { client } = registration;
    const now = performance.now();
    // Pinged every third of its TTL, with a second to reconnect, it outlives everything that is shorter than what is left.
    const outlivedMs = (ttlOf(client) * 2000) / 3 - 1000;
    const window = now - ttlOf(client) * 1000 - 1500;
    const burden = this.faults.burden(client, window);
    if (burden < outlivedMs && this.#stalledAt < window) this.#broken(`the lease ${lease} of ${name} was lost though only ${Math.round(burden)} ms of faults were in the way of ${client}`);
  }

  #onChanges(changes: readonly KeyChange[]): void {
    for (const change of changes) {
      const { key, revision, before, after } = change;
      this.#log.write('etcd', { revision, key, before: before?.registration ?? (before && 'garbage'), after: after?.registration ?? (after && 'garbage'), lease: (after ?? before)?.lease });
      this.ownership.take(change);
      this.absences.take(change);
    }
    this.truth.advance();
    this.recoveries.look();
  }

  #onHappening(from: Participant, happening: Happening): void {
    if (happening.event === 'broken') this.#broken(`${from.name}: ${happening.what}`);
    else if (happening.event === 'snapshot') this.#onSnapshot(from, happening.watcher, happening.snapshot);
    else this.#onState(happening.registration, happening.state);
    this.recoveries.look();
  }

  #onState(name: string, state: SoakRegistration['state']): void {
    const registration = this.registrations.get(name);
    this.#log.write('state', { registration: name, state });
    if (registration === undefined) return;
    registration.state = state;
  }

  #onSnapshot(from: Participant, watcher: string, snapshot: PlainSnapshot): void {
    // Of a watch that we have just closed.
    const sequence = from.sequences.get(watcher);
    if (sequence === undefined) return;
    this.delivered++;
    const name = `${from.name}/${watcher}`;
    const { status, revision, service } = snapshot;
    this.#log.write('snapshot', { watcher: name, service, status, revision, ids: snapshot.instances.map(({ id, weight }) => `${id}=${weight}`).join(' ') });
    if (sequence.last === undefined) this.#staleSince.delete(name);
    for (const problem of sequence.take(snapshot)) this.#broken(`${name}: ${problem}`);
    this.truth.take(name, snapshot);
    const since = this.#staleSince.get(name);
    if (status === 'stale') {
      if (since === undefined) this.#staleSince.set(name, performance.now());
    } else if (since !== undefined) {
      this.#staleSince.delete(name);
      this.stale.count++;
      this.stale.longestMs = Math.max(this.stale.longestMs, Math.round(performance.now() - since));
    }
  }

  /** Live, equal to etcd, and every registration where it belongs. */
  #recovered(client: string): boolean {
    const { history } = this.watch;
    const participant = this.participants.get(client);
    if (participant?.up !== true) return false;
    for (const { last, service, instances } of participant.quickSequences) {
      if (last?.status !== 'live' || compare(instancesOf(history.now(service)), instances) !== undefined) return false;
    }
    return this.registrations
      .of(client)
      .every((each) => !each.wanted || (each.state === 'active' && (this.ownership.overtaken.has(each.name) || history.get(each.service, each.key)?.registration === each.name)));
  }
}
