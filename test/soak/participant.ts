import { type Proxy, startProxy } from '../support/proxy.js';
import { ChildLine, type Line, LocalLine } from './line.js';
import type { Answer, Command, Happening, StartOptions } from './messages.js';
import { childClients, services, ttlOf } from './plan.js';
import { SnapshotSequence } from './snapshot-sequence.js';
import { prefix } from './stored-record.js';

/** How long an operation of a client may take, in seconds. */
export const requestTimeout = 3;

/** One client: its ways to etcd, its process if it has one of its own, and what its watches have shown. */
export class Participant {
  readonly name: string;
  /** One for each member. */
  readonly proxies: readonly Proxy[];
  /** By name of the watcher. */
  readonly sequences = new Map<string, SnapshotSequence>();
  readonly #tell: (participant: Participant, happening: Happening) => void;
  readonly #stopping = new AbortController();
  #line: Line | undefined;
  /** Ends this life of the client for everybody else: what it still says is not heard. */
  #silence: () => void = () => undefined;
  #watching: Promise<void> = Promise.resolve();
  #starting: Promise<void> = Promise.resolve();

  private constructor(name: string, proxies: readonly Proxy[], tell: (participant: Participant, happening: Happening) => void) {
    this.name = name;
    this.proxies = proxies;
    this.#tell = tell;
  }

  static async create(name: string, endpoints: readonly string[], tell: (participant: Participant, happening: Happening) => void): Promise<Participant> {
    return new Participant(name, await Promise.all(endpoints.map((endpoint) => startProxy(endpoint))), tell);
  }

  get up(): boolean {
    return this.#line !== undefined;
  }

  /** Settles with the start under way. */
  get starting(): Promise<void> {
    return this.#starting;
  }

  /** Quick readers only: a slow one is behind because it wants to be. */
  get quickSequences(): SnapshotSequence[] {
    return [...this.sequences].flatMap(([watcher, sequence]) => (watcher.startsWith('slow') ? [] : [sequence]));
  }

  /** Connects, however long that takes, and watches every service. */
  start(): Promise<void> {
    this.#starting = this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const options: StartOptions = { endpoints: this.proxies.map(({ address }) => address), prefix, ttl: ttlOf(this.name), requestTimeout };
    let silent = false;
    const tell = (happening: Happening): void => {
      if (!silent) this.#tell(this, happening);
    };
    const { signal } = this.#stopping;
    const line = await ((childClients as readonly string[]).includes(this.name) ? ChildLine.open(options, tell, signal) : LocalLine.open(options, tell, signal));
    this.#silence = () => {
      silent = true;
    };
    this.#line = line;
    for (const service of services) await this.watch(`all-${service}`, service, 0);
  }

  run(command: Command): Promise<Answer> {
    return this.#line?.run(command) ?? Promise.resolve({ ok: false, code: 'GONE', message: `${this.name} is not up` });
  }

  /** Begins to watch, or watches something else under the same name. One after the other, so that no snapshot is taken for another watch's. */
  watch(watcher: string, service: string, pauseMs: number): Promise<void> {
    this.#watching = this.#watching.then(async () => {
      if (this.sequences.delete(watcher)) await this.run({ do: 'unwatch', watcher });
      if (!this.up) return;
      this.sequences.set(watcher, new SnapshotSequence(service));
      await this.run({ do: 'watch', watcher, service, pauseMs });
    });
    return this.#watching;
  }

  /** Takes it down in order. */
  async close(): Promise<Answer> {
    this.#stopping.abort();
    await this.#starting.catch(() => undefined);
    return this.#goodbye();
  }

  async restart(): Promise<Answer> {
    const answer = await this.#goodbye();
    void this.start();
    return answer;
  }

  async #goodbye(): Promise<Answer> {
    const line = this.#line;
    this.#line = undefined;
    this.sequences.clear();
    const answer = (await line?.close()) ?? { ok: true };
    this.#silence();
    return answer;
  }

  /** SIGKILL. Resolves when it is dead; whoever wants it back starts it. */
  async crash(): Promise<void> {
    const line = this.#line;
    if (!(line instanceof ChildLine)) return;
    this.#line = undefined;
    this.#silence();
    this.sequences.clear();
    line.kill();
    await line.ended;
  }

  suspend(): boolean {
    if (!(this.#line instanceof ChildLine)) return false;
    this.#line.suspend();
    return true;
  }

  resume(): void {
    if (this.#line instanceof ChildLine) this.#line.resume();
  }

  async closeProxies(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}
