import { setImmediate } from 'node:timers/promises';

import { expect } from 'chai';
import sinon from 'sinon';

import { run } from '../../src/cli/program.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import { FakeContext, FakeRegistration } from './fake-context.js';

const named = { service: 'simple_grpc', id: 'one', address: '10.0.0.1:8000' };
const line = (event: string, time: number): object => ({ time, event, ...named });

describe('rollcall register', () => {
  let context: FakeContext;
  let registration: FakeRegistration;
  let register: sinon.SinonStub;

  beforeEach(() => {
    context = new FakeContext();
    registration = new FakeRegistration(named);
    register = (context.backend.registry.register as sinon.SinonStub).resolves(registration);
  });
  afterEach(() => {
    sinon.assert.calledOnce(context.backend.close as sinon.SinonStub);
    expect(context.listeners.size, 'listeners on signals').to.equal(0);
    expect(context.unguarded, 'gaps in which a signal would kill').to.equal(1);
    expect(registration.followed, 'listener on the registration').to.equal(false);
  });

  async function start(...args: string[]): Promise<{ status: Promise<number> }> {
    const status = run(['register', 'simple_grpc', '10.0.0.1:8000', '--id', 'one', ...args], context);
    await Promise.race([registration.subscribed.promise, status]);
    return { status };
  }

  it('registers what its arguments say', async () => {
    const { status } = await start('--ttl', '7', '--weight', '5', '--version', '1.2', '--zone', 'eu', '--registry', 'memory:', '--meta', 'a=1', 'b=x=y', '--meta', 'c=');
    context.send('SIGTERM');
    expect(await status).to.equal(0);
    expect(context.connect.lastCall.args[0]).to.equal('memory:');
    const [init, options] = register.lastCall.args as [object, object];
    expect(init).to.deep.equal({ ...named, weight: 5, version: '1.2', zone: 'eu', metadata: { a: '1', b: 'x=y', c: '' } });
    expect(options).to.include({ ttl: 7 });
  });

  it('leaves to the registry what is not given', async () => {
    const { status } = await start();
    context.send('SIGTERM');
    await status;
    const [init, options] = register.lastCall.args as [object, object];
    expect(init).to.deep.equal({ ...named, weight: undefined, version: undefined, zone: undefined, metadata: undefined });
    expect(options).to.include({ ttl: undefined });
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`stays until ${signal}, then deregisters`, async () => {
      const { status } = await start('--json');
      sinon.assert.notCalled(registration.deregister);
      context.now += 50;
      context.send(signal);
      expect(await status).to.equal(0);
      sinon.assert.callOrder(registration.deregister, context.backend.close as sinon.SinonStub);
      expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000), line('deregistered', 1_000_050)]);
    });
  }

  it('tells of trouble, and of coming back', async () => {
    const { status } = await start('--json');
    registration.enter('recovering', { since: 1_000_010, reason: new RollcallError('UNAVAILABLE', 'gone') });
    registration.enter('active', { since: 1_000_020 });
    context.send('SIGTERM');
    await status;
    expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000), line('recovering', 1_000_010), line('registered', 1_000_020), line('deregistered', 1_000_000)]);
  });

  it('tells a person the same in words', async () => {
    const { status } = await start();
    registration.enter('recovering', { since: 1_005_000, reason: new RollcallError('UNAVAILABLE', 'gone\u001b[2J') });
    context.now += 90_000;
    context.send('SIGTERM');
    await status;
    expect(context.stdout.text).to.equal(
      [
        '    0s  registered simple_grpc one at 10.0.0.1:8000',
        '    5s  recovering simple_grpc one at 10.0.0.1:8000 because gone\\u{1b}[2J',
        '1m 30s  deregistered simple_grpc one at 10.0.0.1:8000',
        '',
      ].join('\n'),
    );
  });

  it('fails when a newer owner takes over, and removes nothing', async () => {
    const { status } = await start('--json');
    registration.enter('superseded', { since: 1_000_010, reason: new RollcallError('SUPERSEDED', 'a newer owner came') });
    expect(await status).to.equal(1);
    expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000), line('superseded', 1_000_010)]);
    expect(context.stderr.text).to.equal('rollcall: a newer owner came\n');
    sinon.assert.notCalled(registration.deregister);
  });

  it('notices trouble that came before it could listen', async () => {
    registration.state = 'superseded';
    registration.detail = { since: 5 };
    const { status } = await start('--json');
    expect(await status).to.equal(1);
    expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000), line('superseded', 5)]);
  });

  it('fails when it cannot register', async () => {
    register.rejects(new RollcallError('TIMEOUT', 'too slow'));
    const { status } = await start();
    expect(await status).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: too slow\n');
    expect(context.stdout.text).to.equal('');
  });

  it('fails when it cannot deregister', async () => {
    registration.deregister.rejects(new RollcallError('TIMEOUT', 'too slow'));
    const { status } = await start('--json');
    context.send('SIGTERM');
    expect(await status).to.equal(1);
    expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000)]);
  });

  it('gives up when it is interrupted while registering', async () => {
    register.callsFake((_init: object, { signal }: { signal: AbortSignal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))));
    const status = run(['register', 'simple_grpc', '10.0.0.1:8000'], context);
    await setImmediate();
    context.send('SIGINT');
    expect(await status).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: interrupted\n');
  });

  it('ends at once on a second signal while it deregisters', async () => {
    const removed = deferred();
    registration.deregister.returns(removed.promise);
    const { status } = await start();
    context.send('SIGINT');
    await setImmediate();
    sinon.assert.notCalled(context.exit);
    context.now += 500;
    context.send('SIGINT');
    sinon.assert.calledOnceWithExactly(context.exit, 1);
    removed.resolve();
    await status;
  });

  it('takes the signal that npx sends after the terminal’s for the same one', async () => {
    const removed = deferred();
    registration.deregister.returns(removed.promise);
    const { status } = await start('--json');
    context.send('SIGINT');
    context.send('SIGINT');
    await setImmediate();
    context.now += 100;
    context.send('SIGINT');
    removed.resolve();
    expect(await status).to.equal(0);
    sinon.assert.notCalled(context.exit);
    expect(context.stdout.json.map((each) => (each as { event: string }).event)).to.deep.equal(['registered', 'deregistered']);
  });

  it('ends at once on a second signal while it closes', async () => {
    const closed = deferred();
    (context.backend.close as sinon.SinonStub).returns(closed.promise);
    const { status } = await start();
    context.send('SIGINT');
    await setImmediate();
    context.now += 500;
    context.send('SIGINT');
    sinon.assert.calledOnceWithExactly(context.exit, 1);
    closed.resolve();
    await status;
  });

  describe('with a command after --', () => {
    const withCommand = async (...args: string[]): Promise<{ status: Promise<number> }> => {
      const started = await start('--json', ...args, '--', 'node', 'server.js', '--json', '--', '-x');
      await setImmediate();
      return started;
    };

    it('starts it once it is registered, with its arguments as they are', async () => {
      const { status } = await withCommand();
      context.child.end.resolve({ status: 0 });
      await status;
      sinon.assert.calledOnceWithExactly(context.startCommand, ['node', 'server.js', '--json', '--', '-x']);
      sinon.assert.callOrder(register, context.startCommand);
    });

    it('deregisters when it has ended', async () => {
      const { status } = await withCommand();
      sinon.assert.notCalled(registration.deregister);
      context.child.end.resolve({ status: 0 });
      expect(await status).to.equal(0);
      expect(context.stdout.json).to.deep.equal([line('registered', 1_000_000), line('deregistered', 1_000_000)]);
    });

    it('fails when it ended badly, after deregistering all the same', async () => {
      const { status } = await withCommand();
      context.child.end.resolve({ status: 3 });
      expect(await status).to.equal(1);
      sinon.assert.calledOnce(registration.deregister);
      expect(context.stderr.text).to.equal('rollcall: the command ended with status 3\n');
    });

    it('fails when somebody killed it', async () => {
      const { status } = await withCommand();
      context.child.end.resolve({ signal: 'SIGKILL' });
      expect(await status).to.equal(1);
      expect(context.stderr.text).to.equal('rollcall: the command was ended by SIGKILL\n');
    });

    it('passes signals on to it, and deregisters only when it has ended', async () => {
      const { status } = await withCommand();
      context.send('SIGTERM');
      context.send('SIGINT');
      await setImmediate();
      expect(context.child.kill.args).to.deep.equal([['SIGTERM'], ['SIGINT']]);
      sinon.assert.notCalled(registration.deregister);
      context.child.end.resolve({ status: 0 });
      expect(await status).to.equal(0);
      sinon.assert.notCalled(context.exit);
    });

    for (const end of [{ signal: 'SIGTERM' }, { status: 143 }] as const) {
      it(`is content with ${JSON.stringify(end)} after SIGTERM was passed on`, async () => {
        const { status } = await withCommand();
        context.send('SIGTERM');
        context.child.end.resolve(end);
        expect(await status).to.equal(0);
      });
    }

    it('does not send Ctrl-C a second time to a command on the same terminal', async () => {
      context.onTerminal = true;
      const { status } = await withCommand();
      context.send('SIGINT');
      sinon.assert.notCalled(context.child.kill);
      context.send('SIGTERM');
      sinon.assert.calledOnceWithExactly(context.child.kill, 'SIGTERM');
      context.child.end.resolve({ status: 0 });
      await status;
    });

    it('passes a second, later SIGINT on all the same: it may come from another terminal', async () => {
      context.onTerminal = true;
      const { status } = await withCommand();
      context.send('SIGINT');
      context.send('SIGINT');
      sinon.assert.notCalled(context.child.kill);
      context.now += 500;
      context.send('SIGINT');
      sinon.assert.calledOnceWithExactly(context.child.kill, 'SIGINT');
      context.child.end.resolve({ signal: 'SIGINT' });
      expect(await status).to.equal(0);
    });

    it('passes on a signal that came while the command was being started', async () => {
      const starting = deferred<typeof context.child>();
      context.startCommand.returns(starting.promise);
      const { status } = await withCommand();
      context.send('SIGTERM');
      starting.resolve(context.child);
      await setImmediate();
      sinon.assert.calledOnceWithExactly(context.child.kill, 'SIGTERM');
      context.child.end.resolve({ signal: 'SIGTERM' });
      expect(await status).to.equal(0);
    });

    it('stops the command when a newer owner takes over', async () => {
      const { status } = await withCommand();
      registration.enter('superseded', { since: 5, reason: new RollcallError('SUPERSEDED', 'a newer owner came') });
      await setImmediate();
      sinon.assert.calledOnceWithExactly(context.child.kill, 'SIGTERM');
      sinon.assert.notCalled(context.backend.close as sinon.SinonStub);
      context.child.end.resolve({ signal: 'SIGTERM' });
      expect(await status).to.equal(1);
      expect(context.stderr.text).to.equal('rollcall: a newer owner came\n');
    });

    it('deregisters when the command cannot be started', async () => {
      context.startCommand.rejects(new RollcallError('INTERNAL', 'cannot run "node"'));
      const { status } = await withCommand();
      expect(await status).to.equal(1);
      sinon.assert.calledOnce(registration.deregister);
      expect(context.stderr.text).to.equal('rollcall: cannot run "node"\n');
    });
  });
});
