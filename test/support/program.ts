import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A TypeScript program of ours in a process of its own, run as the README says. */
export class Program implements AsyncDisposable {
  readonly exited: Promise<number | null>;
  readonly #child: ReturnType<typeof spawn>;
  readonly #waiting = new Set<() => void>();
  #ended = false;
  #output = '';

  constructor(file: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', file, ...args], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#wake();
      });
    }
    this.exited = new Promise((resolve) => {
      this.#child.once('close', (status) => {
        this.#ended = true;
        resolve(status);
        this.#wake();
      });
    });
  }

  /** Everything it has written so far, on both streams. */
  get output(): string {
    return this.#output;
  }

  /** Resolves once the output holds the pattern; fails if the program ends without it. */
  async waitFor(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#ended) throw new Error(`${String(pattern)} never came; the program wrote:\n${this.#output}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
