import type { ReplicaOptions, ReplicaReport } from '../../faults/programs/replica.js';
import { Program } from '../program.js';

type Serving = Extract<ReplicaReport, { event: 'serving' }>;

/** A process with servers of its own, see test/faults/programs/replica.ts. */
export class Replica {
  readonly program: Program;
  /** Its servers, each with its name, its address and the moment it was registered. */
  readonly servers: readonly Serving[];

  constructor(program: Program, servers: readonly Serving[]) {
    this.program = program;
    this.servers = servers;
  }

  /** The name by which its first server answers. */
  get name(): string {
    return this.servers[0]!.name;
  }

  get address(): string {
    return this.servers[0]!.address;
  }

  /** SIGTERM: it leaves in order. Resolves with its exit status. */
  leave(): Promise<number | null> {
    this.program.signal('SIGTERM');
    return this.program.exited;
  }

  /** It answers no more: all calls that are under way here, or come still, are without an answer, and none has half of one. */
  async fallSilent(): Promise<void> {
    this.program.signal('SIGUSR2');
    await this.program.waitForReport<ReplicaReport>(({ event }) => event === 'silent');
  }

  /** SIGKILL. Resolves with the moment before it, once the process is gone. */
  async crash(): Promise<number> {
    const at = Date.now();
    this.program.signal('SIGKILL');
    await this.program.exited;
    return at;
  }
}

/** Starts such processes, and leaves none behind. */
export class Replicas implements AsyncDisposable {
  readonly #url: string;
  readonly #service: string;
  readonly #started: Program[] = [];

  constructor(url: string, service: string) {
    this.#url = url;
    this.#service = service;
  }

  /** Resolves once all its servers are registered. */
  async start(options: ReplicaOptions = {}): Promise<Replica> {
    const program = new Program('test/faults/programs/replica.ts', [this.#url, this.#service, JSON.stringify(options)]);
    this.#started.push(program);
    await program.waitForReport<ReplicaReport>(({ event }) => event === 'all serving');
    return new Replica(program, program.reports<ReplicaReport>().filter((report) => report.event === 'serving'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((program) => program[Symbol.asyncDispose]()));
  }
}
