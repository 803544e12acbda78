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

  /** What it has reported so far, for a program that writes one JSON object a line; other lines are left out. */
  reports<T>(): T[] {
    // The last line may still be on its way.
    const lines = this.#output.split('\n').slice(0, -1);
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as T);
  }

  /** Resolves with the first report that is what is wanted; fails if the program ends without it. */
  async waitForReport<T>(wanted: (report: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.reports<T>().find(wanted);
      if (found !== undefined) return found;
      if (this.#ended) throw new Error(`the report never came; the program wrote:\n${this.#output}`);
      await this.#more();
    }
  }

  /** Resolves once the output holds the pattern; fails if the program ends without it. */
  async waitFor(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.#output)) {
      if (this.#ended) throw new Error(`${String(pattern)} never came; the program wrote:\n${this.#output}`);
      await this.#more();
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
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
