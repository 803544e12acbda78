import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';

import { poll } from './poll.js';

export interface MemberOptions {
  readonly binary: string;
  readonly name: string;
  readonly dataDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly healthPort: number;
  /** Everything else etcd is started with. */
  readonly args: readonly string[];
}

/** Running etcd processes, so that none outlives the tests. */
const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

process.on('exit', killAll);
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killAll();
    process.kill(process.pid, signal);
  });
}

/** One etcd process, which may die and be started again on its ports and data. */
export class EtcdMember {
  readonly options: MemberOptions;
  #child: ChildProcess | undefined;
  #stderr = '';

  constructor(options: MemberOptions) {
    this.options = options;
  }

  /** Where clients find it: `127.0.0.1:2379`. */
  get endpoint(): string {
    return `127.0.0.1:${this.options.clientPort}`;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  async start(): Promise<void> {
    const { binary, name, dataDir, healthPort, args } = this.options;
    await mkdir(dataDir, { recursive: true });
    this.#stderr = '';
    const child = spawn(
      binary,
      [
        `--name=${name}`,
        `--data-dir=${dataDir}`,
        // Over this door neither certificates nor users are asked for.
        `--listen-metrics-urls=http://127.0.0.1:${healthPort}`,
        '--logger=zap',
        '--log-outputs=stderr',
        '--log-level=error',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: withoutEtcdSettings() },
    );
    this.#child = child;
    running.add(child);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-10_000);
    });
    child.once('exit', () => {
      running.delete(child);
      if (this.#child === child) this.#child = undefined;
    });
    await once(child, 'spawn');
  }

  /** Waits until it serves, which in a cluster takes a majority. Rejects at once if the process ends. */
  async ready(): Promise<void> {
    const child = this.#child;
    await poll(
      `etcd on ${this.endpoint} being ready`,
      async () => {
        if (child === undefined || this.#child !== child) return 'ended';
        const response = await fetch(`http://127.0.0.1:${this.options.healthPort}/health`, { signal: AbortSignal.timeout(2000) });
        const { health } = (await response.json()) as { health: unknown };
        return String(health) === 'true' ? 'ready' : undefined;
      },
      30_000,
    ).then((state) => {
      if (state === 'ended') throw new Error(`etcd on ${this.endpoint} ended: ${this.#stderr}`);
    });
  }

  /** The sum of one of its own figures over those of its lines that hold every one of the labels; 0 where there is none. */
  async metric(name: string, ...labels: readonly string[]): Promise<number> {
    const page = await (await fetch(`http://127.0.0.1:${this.options.healthPort}/metrics`, { signal: AbortSignal.timeout(2000) })).text();
    return page
      .split('\n')
      .filter((line) => line.startsWith(`${name} `) || (line.startsWith(`${name}{`) && labels.every((label) => line.includes(label))))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Whether it leads its cluster, as far as it knows. */
  async leads(): Promise<boolean> {
    return (await this.metric('etcd_server_is_leader')) === 1;
  }

  /** SIGKILL: no goodbye to anybody. Resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: etcd closes its connections in order. Resolves when the process is gone. */
  async terminate(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Starts it again, killing it first if it runs; with `wipe`, it has lost all its data. */
  async restart(options: { readonly wipe?: boolean } = {}): Promise<void> {
    await this.kill();
    if (options.wipe === true) await this.removeData();
    await this.start();
  }

  /** SIGSTOP: connections stay open and fall silent. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async removeData(): Promise<void> {
    await rm(this.options.dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    // 'close', not 'exit': its pipe is gone by then too.
    const ended = once(child, 'close');
    // A stopped process takes SIGTERM only once it goes on.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    child.kill(signal);
    await ended;
  }
}

/** etcd reads ETCD_* from its environment, where this project has ETCD_BIN, and a developer perhaps more. */
function withoutEtcdSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_')));
}
