import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../.cache/interop/peer', import.meta.url));

/** The program of `test/interop/peer`, which reports by lines of JSON and ends when its standard input does. */
export class GoPeer implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<unknown>;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(...args: readonly string[]) {
    this.#child = spawn(program, args);
    this.#closed = once(this.#child, 'close');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text));
  }

  /** The next report. Fails if the peer ends without one. */
  async report<T>(): Promise<T> {
    const line = await this.#lines.next();
    if (line.done === true) throw await this.#end();
    return JSON.parse(line.value) as T;
  }

  /** Reads reports up to the first that is wanted. */
  async reportOf<T>(wanted: (report: T) => boolean): Promise<T> {
    for (;;) {
      const report = await this.report<T>();
      if (wanted(report)) return report;
    }
  }

  /** Says a line and gives back the report that comes next. */
  ask<T>(line: string): Promise<T> {
    this.#child.stdin.write(`${line}\n`);
    return this.report<T>();
  }

  /** Ends its input and waits until it has taken back what it wrote; fails unless it ends well. */
  async leave(): Promise<void> {
    this.#child.stdin.end();
    const end = await this.#end();
    if (this.#child.exitCode !== 0) throw end;
  }

  /** SIGKILL: it has no time to take anything back. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  async #end(): Promise<Error> {
    await this.#closed;
    return new Error(`the peer ended with status ${this.#child.exitCode ?? 'none'}; it wrote:\n${this.#errors}`);
  }
}
