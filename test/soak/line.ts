import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { Answer, Command, FromChild, Happening, StartOptions, ToChild } from './messages.js';
import { SoakClient } from './soak-client.js';

/** How a client is spoken to, be it here or in a process of its own. */
export interface Line {
  run(command: Command): Promise<Answer>;
  /** Takes the client down in order. Resolves when everything of it is over. */
  close(): Promise<Answer>;
}

const gone: Answer = { ok: false, code: 'GONE', message: 'the client is gone' };

export class LocalLine implements Line {
  readonly #client: SoakClient;

  private constructor(client: SoakClient) {
    this.#client = client;
  }

  static async open(options: StartOptions, tell: (happening: Happening) => void, signal: AbortSignal): Promise<LocalLine> {
    return new LocalLine(await SoakClient.connect(options, tell, signal));
  }

  run(command: Command): Promise<Answer> {
    return this.#client.run(command);
  }

  close(): Promise<Answer> {
    return this.#client.run({ do: 'close' });
  }
}

/** Running children, so that none outlives us. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class ChildLine implements Line {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: Answer) => void>();
  readonly #ended: Promise<unknown>;
  #lastNumber = 0;

  private constructor(child: ChildProcess, tell: (happening: Happening) => void) {
    this.#child = child;
    running.add(child);
    this.#ended = once(child, 'exit').then(() => {
      running.delete(child);
      for (const answer of this.#asked.values()) answer(gone);
      this.#asked.clear();
    });
    child.on('message', (message) => {
      const said = message as FromChild;
      if ('event' in said) tell(said);
      else if ('number' in said) {
        this.#asked.get(said.number)?.(said.answer);
        this.#asked.delete(said.number);
      }
    });
  }

  static async open(options: StartOptions, tell: (happening: Happening) => void, signal: AbortSignal): Promise<ChildLine> {
    const file = fileURLToPath(new URL('child.ts', import.meta.url));
    // The coverage of this child would be that of nothing.
    const child = fork(file, { execArgv: ['--import', 'tsx'], env: { ...process.env, NODE_V8_COVERAGE: '' }, serialization: 'advanced' });
    const line = new ChildLine(child, tell);
    const onAbort = (): void => line.kill();
    signal.addEventListener('abort', onAbort, { once: true });
    const started = new Promise<boolean>((resolve) => {
      child.on('message', (message) => 'started' in (message as FromChild) && resolve(true));
      void line.#ended.then(() => resolve(false));
    });
    line.#send({ start: options });
    try {
      if (!(await started)) throw new Error('a client ended before it was connected');
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return line;
  }

  run(command: Command): Promise<Answer> {
    const number = ++this.#lastNumber;
    return new Promise((resolve) => {
      if (!this.#child.connected) {
        resolve(gone);
        return;
      }
      this.#asked.set(number, resolve);
      this.#send({ number, command });
    });
  }

  async close(): Promise<Answer> {
    const answer = await this.run({ do: 'close' });
    await this.#ended;
    // Status 3 is its own complaint that it had to be ended.
    return this.#child.exitCode === 3 ? { ok: false, code: 'STILL_RUNNING', message: 'something of the library kept a closed client alive' } : answer;
  }

  /** No goodbye to anybody. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  get ended(): Promise<unknown> {
    return this.#ended;
  }

  suspend(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #send(message: ToChild): void {
    // A child that was just killed takes no more; its end answers for it.
    this.#child.send(message, () => undefined);
  }
}
