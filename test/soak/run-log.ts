import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { finished } from 'node:stream/promises';

/** Every step and everything that came of it, one JSON object a line; what went wrong is read from it afterwards. */
export class RunLog {
  readonly file: string;
  readonly #stream: WriteStream;
  readonly #start = performance.now();
  readonly #last: string[] = [];

  constructor(seed: number) {
    this.file = path.join(tmpdir(), `rollcall-soak-${seed}-${process.pid}.jsonl`);
    this.#stream = createWriteStream(this.file);
  }

  /** The newest steps. */
  get last(): readonly string[] {
    return this.#last;
  }

  write(what: string, details: object = {}): void {
    const line = JSON.stringify({ ms: Math.round(performance.now() - this.#start), what, ...details });
    this.#stream.write(`${line}\n`);
    if (what !== 'step') return;
    this.#last.push(line);
    if (this.#last.length > 20) this.#last.shift();
  }

  async close(options: { readonly keep: boolean }): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
    if (!options.keep) await rm(this.file);
  }
}
