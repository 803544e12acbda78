import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const main = fileURLToPath(new URL('src/cli/main.ts', root));

export interface CliOptions {
  /** Added to this process's environment; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Modules to load before the command, as file URLs. */
  readonly preload?: readonly string[];
}

export interface CliEnd {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<Cli>();

/** For `afterEach`: ends whatever a failed test left behind. */
export async function stopEveryCli(): Promise<void> {
  await Promise.all([...running].map((cli) => cli[Symbol.asyncDispose]()));
}

/** The `rollcall` command as another program drives it: a process, lines out, signals in. */
export class Cli implements AsyncDisposable {
  readonly exited: Promise<CliEnd>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #rest = '';
  #stderr = '';
  #ended = false;

  constructor(args: readonly string[], options: CliOptions = {}) {
    const preload = (options.preload ?? []).flatMap((url) => ['--import', url]);
    const env = { ...process.env, ROLLCALL_REGISTRY: undefined, NO_COLOR: undefined, ...options.env };
    this.#child = spawn(process.execPath, ['--import', 'tsx', ...preload, main, ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#wake();
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      // `close`, not `exit`: all output has been read by then.
      this.#child.once('close', (status, signal) => {
        this.#ended = true;
        running.delete(this);
        resolve({ status, signal });
        this.#wake();
      });
    });
    running.add(this);
  }

  /** What it has written to standard error so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** What it has written to standard output so far, in whole lines. */
  get stdout(): readonly string[] {
    return this.#lines;
  }

  /** Each line of standard output from the first on, as it comes. */
  async *lines(): AsyncGenerator<string, undefined> {
    for (let next = 0; ; next++) {
      while (next >= this.#lines.length) {
        if (this.#ended) return;
        await this.#more();
      }
      yield this.#lines[next] as string;
    }
  }

  /** Each line of standard output as JSON. */
  async *json<T = Record<string, unknown>>(): AsyncGenerator<T, undefined> {
    for await (const line of this.lines()) yield JSON.parse(line) as T;
  }

  /** The first JSON line, of those that came or will come, that fits. Fails if the command ends without one. */
  async waitFor<T = Record<string, unknown>>(fits: (line: T) => boolean): Promise<T> {
    for await (const line of this.json<T>()) if (fits(line)) return line;
    throw new Error(`the command ended without that line; it wrote:\n${this.#lines.join('\n')}\n${this.#stderr}`);
  }

  async waitForStderr(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#stderr)) {
      if (this.#ended) throw new Error(`the command ended without ${String(pattern)} on standard error; it wrote:\n${this.#stderr}`);
      await this.#more();
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a message to a preloaded module, and waits until it answers or the process is over. */
  async ask(message: object): Promise<void> {
    const answered = new Promise<void>((resolve, reject) => {
      this.#child.once('message', () => resolve());
      this.#child.send(message, (error) => {
        if (error !== null) reject(error);
      });
    });
    await Promise.race([answered, this.exited]);
  }

  /** Stops reading its standard output, as `head` does when it has enough. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
