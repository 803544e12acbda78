import { expect } from 'chai';

import { Cli, type CliOptions, stopEveryCli } from './driver.js';

const roll: CliOptions = { preload: [new URL('./roll.ts', import.meta.url).href], env: { ROLLCALL_REGISTRY: 'memory:roll' } };
const memory: CliOptions = { env: { ROLLCALL_REGISTRY: 'memory:' } };
const register = ['register', 'simple_grpc', 'localhost:8000', '--json'];
const done = { status: 0, signal: null };
const failed = { status: 1, signal: null };

/** A command that says so once it runs, and what signal it got. */
const patient = `
  process.on('SIGTERM', () => { console.log(JSON.stringify({ got: 'SIGTERM' })); process.exit(0); });
  setInterval(() => undefined, 1000);
  console.log(JSON.stringify({ ready: true }));`;

describe('the rollcall process', function () {
  this.timeout(20_000);
  afterEach(stopEveryCli);

  it('lists and ends', async () => {
    const cli = new Cli(['list'], memory);
    expect(await cli.exited).to.deep.equal(done);
    expect(cli.stdout).to.deep.equal(['no services']);
    expect(cli.stderr).to.equal('');
  });

  it('watches until a signal, from an empty first line through each change', async () => {
    const cli = new Cli(['watch', 'simple_grpc', '--json'], roll);
    const first = await cli.waitFor(() => true);
    expect(first).to.include({ service: 'simple_grpc', status: 'live' }).and.deep.include({ instances: [], added: [], removed: [], changed: [] });
    await cli.ask({ register: { service: 'simple_grpc', address: 'localhost:8000', metadata: { lane: 'canary' } } });
    const second = await cli.waitFor<{ added: string[]; instances: unknown[] }>(({ added }) => added.length > 0);
    expect(second.added).to.deep.equal(['localhost:8000']);
    expect(second.instances).to.deep.equal([{ id: 'localhost:8000', address: 'localhost:8000', weight: 100, version: null, zone: null, metadata: { lane: 'canary' } }]);
    await cli.ask({ deregister: 'localhost:8000' });
    await cli.waitFor<{ removed: string[] }>(({ removed }) => removed.includes('localhost:8000'));
    cli.signal('SIGINT');
    expect(await cli.exited).to.deep.equal(done);
    expect(cli.stderr).to.equal('');
  });

  it('ends quietly when its reader has gone', async () => {
    const cli = new Cli(['watch', 'simple_grpc', '--json'], roll);
    await cli.waitFor(() => true);
    cli.stopReading();
    await cli.ask({ register: { service: 'simple_grpc', address: 'localhost:8000' } });
    expect(await cli.exited).to.deep.equal(done);
    expect(cli.stderr).to.equal('');
  });

  it('registers until a signal, then deregisters', async () => {
    const cli = new Cli(register, memory);
    const { time, ...registered } = await cli.waitFor(({ event }) => event === 'registered');
    expect(time).to.be.closeTo(Date.now(), 20_000);
    expect(registered).to.deep.equal({ event: 'registered', service: 'simple_grpc', id: 'localhost:8000', address: 'localhost:8000' });
    cli.signal('SIGTERM');
    expect(await cli.exited).to.deep.equal(done);
    expect(cli.stdout).to.have.length(2);
    expect(JSON.parse(cli.stdout[1]!)).to.include({ event: 'deregistered' });
  });

  it('gives way to a newer owner of the same id', async () => {
    const cli = new Cli(register, roll);
    await cli.waitFor(({ event }) => event === 'registered');
    await cli.ask({ register: { service: 'simple_grpc', address: 'localhost:8000' } });
    expect(await cli.exited).to.deep.equal(failed);
    expect(cli.stdout.map((line) => (JSON.parse(line) as { event: string }).event)).to.deep.equal(['registered', 'superseded']);
    expect(cli.stderr).to.match(/^rollcall: .*newer owner\n$/);
  });

  it('runs a command while it is registered, and passes signals on to it', async () => {
    const cli = new Cli([...register, '--', process.execPath, '--eval', patient], memory);
    await cli.waitFor(({ ready }) => ready === true);
    cli.signal('SIGTERM');
    expect(await cli.exited).to.deep.equal(done);
    expect(cli.stdout.map((line) => JSON.parse(line) as Record<string, unknown>).map(({ event, ready, got }) => event ?? ready ?? got)).to.deep.equal([
      'registered',
      true,
      'SIGTERM',
      'deregistered',
    ]);
  });

  it('fails as its command does, after deregistering', async () => {
    const cli = new Cli([...register, '--', process.execPath, '--eval', 'process.exit(3)'], memory);
    expect(await cli.exited).to.deep.equal(failed);
    expect(cli.stdout).to.have.length(2);
    expect(cli.stderr).to.equal('rollcall: the command ended with status 3\n');
  });

  it('fails when there is no such command', async () => {
    const cli = new Cli([...register, '--', 'no-such-command-anywhere'], memory);
    expect(await cli.exited).to.deep.equal(failed);
    expect(cli.stderr).to.equal('rollcall: cannot run "no-such-command-anywhere": there is no such command\n');
  });

  it('fails within a bounded time when etcd cannot be reached', async () => {
    const cli = new Cli(['list', '--registry', 'etcd://127.0.0.1:1?connectTimeout=0.3']);
    expect(await cli.exited).to.deep.equal(failed);
    expect(cli.stderr).to.match(/^rollcall: [^\n]*127\.0\.0\.1:1[^\n]*\n$/);
  });

  it('answers wrong usage with status 2', async () => {
    const cli = new Cli(['list']);
    expect(await cli.exited).to.deep.equal({ status: 2, signal: null });
    expect(cli.stderr).to.match(/^rollcall: no registry given.*ROLLCALL_REGISTRY\n$/);
  });
});
