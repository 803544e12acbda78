import { readFileSync } from 'node:fs';

import { expect } from 'chai';

import { run } from '../../src/cli/program.js';
import { connect } from '../../src/connect.js';
import type { Backend } from '../../src/core/adapter.js';
import type { Registration } from '../../src/core/ports.js';
import { FakeContext } from './fake-context.js';

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');

const canary = { service: 'simple_grpc', address: '10.0.0.2:8000', id: 'canary-1', weight: 10, version: '1.3.0', metadata: { lane: 'canary' } };

/**
 * The transcripts of docs/cli.md, made anew by the commands themselves on a registry in memory and a clock that the
 * test sets: what the page shows is what the commands write.
 */
describe('docs/cli.md', () => {
  let context: FakeContext;
  let registry: Backend;

  beforeEach(async () => {
    context = new FakeContext();
    context.now = Date.UTC(2026, 0, 1, 12);
    registry = await connect('memory:documented', { clock: context.clock });
    context.connect.callsFake(() => connect('memory:documented', { clock: context.clock }));
    await registry.registry.register({ service: 'simple_grpc', address: '10.0.0.1:8000', version: '1.2.0', zone: 'eu-1' });
  });
  afterEach(() => registry.close());

  const transcript = (command: string): string => `\`\`\`console\n$ ${command}\n${context.stdout.text}${context.stderr.text}\`\`\`\n`;

  /**
   * Runs the line and expects on the page what it writes. Each step is taken once the one before it was written about;
   * after the last one the command is interrupted.
   */
  async function shows(command: string, ...steps: readonly { readonly at: number; readonly does: () => unknown }[]): Promise<void> {
    const [, ...argv] = command.split(' ');
    const running = run(argv, context);
    for (const [index, { at, does }] of steps.entries()) {
      await context.stdout.written(index + 1);
      context.now = Date.UTC(2026, 0, 1, 12, 0, at);
      await does();
    }
    await running;
    expect(page).to.include(transcript(command));
  }

  const interrupt = (): void => context.send('SIGINT');

  for (const json of ['', ' --json']) {
    it(`shows what rollcall list${json} writes`, async () => {
      await registry.registry.register(canary);
      await registry.registry.register({ ...canary, service: 'billing' });
      await shows(`rollcall list${json}`);
      context.stdout.text = '';
      await shows(`rollcall list simple_grpc${json}`);
    });

    it(`shows what rollcall watch${json} writes`, async () => {
      let registration: Registration | undefined;
      await shows(
        `rollcall watch simple_grpc${json}`,
        { at: 4, does: async () => (registration = await registry.registry.register(canary)) },
        { at: 12, does: () => registration?.update({ weight: 50 }) },
        { at: 95, does: () => registration?.deregister() },
        { at: 100, does: interrupt },
      );
    });

    it(`shows what rollcall register${json} writes`, () => shows(`rollcall register simple_grpc 10.0.0.3:8000 --zone eu-1${json}`, { at: 75, does: interrupt }));
  }

  for (const json of ['', ' --json']) {
    it(`shows what rollcall explain${json} writes`, async () => {
      await registry.registry.register(canary);
      await registry.registry.register({ service: 'simple_grpc', address: '10.0.0.3:8000', weight: 0 });
      await shows(`rollcall explain simple_grpc --filter lane=!canary${json}`);
    });
  }

  it('shows what a command after -- leads to', () =>
    shows('rollcall register simple_grpc 10.0.0.3:8000 -- node server.js', { at: 3, does: () => context.child.end.resolve({ status: 7 }) }));

  it('shows what wrong usage is answered with', () => shows('rollcall register simple_grpc 0.0.0.0:8000'));

  for (const command of ['register', 'list', 'watch', 'explain']) {
    it(`shows the help of ${command}`, () => shows(`rollcall ${command} --help`));
  }

  it('shows nothing else', () => expect(page.match(/^\$ rollcall/gm)).to.have.length(16));
});
