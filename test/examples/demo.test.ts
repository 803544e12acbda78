import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function example(name: string): string[] {
  return ['--import', 'tsx', fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))];
}

function run(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...example(name), ...args], { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr });
    });
  });
}

describe('the demo', () => {
  it('shows calls that alternate while servers come and go, and none that fails', async function () {
    this.timeout(30_000);
    const begun = performance.now();
    const { code, stdout, stderr } = await run('demo', []);
    expect(stderr).to.equal('');
    expect(code).to.equal(0);
    const answers = [...stdout.matchAll(/^ {2}\{ code: 200, value: 'hello grpc (\d+)' \} {2}from (\w+)$/gm)].map(([, number, server]) => ({ number, server }));
    expect(answers.map(({ number }) => Number(number))).to.deep.equal(Array.from({ length: 30 }, (_, i) => i));
    const servers = answers.map(({ server }) => server);
    for (const [from, to, names] of [
      [0, 10, ['anna', 'bela']],
      [24, 30, ['bela', 'carl']],
    ] as const) {
      const part = servers.slice(from, to);
      expect(new Set(part)).to.deep.equal(new Set(names));
      part.slice(1).forEach((server, i) => expect(server, `after call ${from + i}`).not.to.equal(part[i]));
    }
    expect(servers.slice(16, 20)).to.deep.equal(['bela', 'bela', 'bela', 'bela']);
    expect(stdout).to.match(/30 calls, 0 failed\. Answered by: /);
    expect(stdout, 'colour where there is no terminal').not.to.contain('\u001b');
    expect(performance.now() - begun).to.be.lessThan(20_000);
  });

  it('fails with a message and status 1 when there is no registry', async function () {
    this.timeout(30_000);
    const { code, stdout, stderr } = await run('demo', ['--registry', 'nonsense://x']);
    expect(code).to.equal(1);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/no adapter for the URL scheme "nonsense"/);
  });
});

describe('the example client', () => {
  it('fails with a message and status 1 when nobody serves', async function () {
    this.timeout(20_000);
    const { code, stdout, stderr } = await run('client', [], { ROLLCALL_REGISTRY: 'memory:nobody' });
    expect(code).to.equal(1);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/UNAVAILABLE: no instances of "simple_grpc" are registered/);
  });

  for (const args of [['--cals', '3'], ['--calls', 'many'], ['surplus']]) {
    it(`answers ${args.join(' ')} with its usage and status 2`, async function () {
      this.timeout(20_000);
      const { code, stderr } = await run('client', args);
      expect(code).to.equal(2);
      expect(stderr).to.contain('usage: npx tsx examples/client.ts');
    });
  }
});

for (const name of ['server', 'client', 'demo']) {
  describe(`examples/${name}.ts --help`, () => {
    it('prints the usage', async function () {
      this.timeout(20_000);
      const { code, stdout } = await run(name, ['--help']);
      expect(code).to.equal(0);
      expect(stdout).to.match(/^usage: .*--registry URL/);
    });
  });
}

describe('the example server', () => {
  let child: ChildProcess | undefined;

  afterEach(async () => {
    if (child?.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`serves until ${signal}, then leaves and ends by itself with status 0`, async function () {
      this.timeout(20_000);
      child = spawn(process.execPath, [...example('server'), '--registry', 'memory:', '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      expect((await lines.next()).value).to.match(/^serving simple_grpc at localhost:\d+$/);
      child.kill(signal);
      expect((await lines.next()).value).to.equal(`${signal}: leaving`);
      expect((await lines.next()).value).to.equal('stopped');
      const [code] = (await once(child, 'exit')) as [number | null];
      expect(code).to.equal(0);
    });
  }
});
