import { expect } from 'chai';
import sinon from 'sinon';

import { run } from '../../src/cli/program.js';
import { RollcallError } from '../../src/core/errors.js';
import { createInstance } from '../../src/core/instance.js';
import { FakeContext, snapshot } from './fake-context.js';

const one = createInstance({ service: 'simple_grpc', address: '10.0.0.1:8000' });
const two = createInstance({ service: 'simple_grpc', address: '10.0.0.2:8000', id: 'two', weight: 5, version: '1.2', zone: 'eu', metadata: { lane: 'canary', x: 'y' } });

describe('rollcall list', () => {
  let context: FakeContext;
  beforeEach(() => {
    context = new FakeContext();
  });
  afterEach(() => {
    sinon.assert.callCount(context.backend.close as sinon.SinonStub, context.connect.callCount);
    expect(context.listeners.size, 'listeners on signals').to.equal(0);
  });

  it('shows the instances of a service as a table', async () => {
    context.discovery.get.resolves(snapshot({ instances: [one, two] }));
    expect(await run(['list', 'simple_grpc', '--registry', 'memory:x'], context)).to.equal(0);
    expect(context.stdout.text).to.equal(
      [
        'ID             ADDRESS        WEIGHT  VERSION  ZONE  METADATA',
        '10.0.0.1:8000  10.0.0.1:8000  100',
        'two            10.0.0.2:8000  5       1.2      eu    lane=canary x=y',
        '',
      ].join('\n'),
    );
    expect(context.connect.lastCall.args[0]).to.equal('memory:x');
  });

  it('gives a program one instance a line, with every field', async () => {
    context.discovery.get.resolves(snapshot({ instances: [one, two] }));
    expect(await run(['list', 'simple_grpc', '--json'], context)).to.equal(0);
    expect(context.stdout.json).to.deep.equal([
      { id: '10.0.0.1:8000', address: '10.0.0.1:8000', weight: 100, version: null, zone: null, metadata: {} },
      { id: 'two', address: '10.0.0.2:8000', weight: 5, version: '1.2', zone: 'eu', metadata: { lane: 'canary', x: 'y' } },
    ]);
  });

  it('shows the names of all services', async () => {
    context.discovery.services.resolves(['a', 'b']);
    expect(await run(['list'], context)).to.equal(0);
    expect(context.stdout.text).to.equal('a\nb\n');
    expect(context.connect.lastCall.args[0]).to.equal(undefined);
  });

  it('gives a program one service a line', async () => {
    context.discovery.services.resolves(['a', 'b']);
    expect(await run(['list', '--json'], context)).to.equal(0);
    expect(context.stdout.json).to.deep.equal([{ service: 'a' }, { service: 'b' }]);
  });

  it('says that there is nothing, to a person only', async () => {
    context.discovery.get.resolves(snapshot());
    context.discovery.services.resolves([]);
    await run(['list', 'simple_grpc'], context);
    await run(['list'], context);
    expect(context.stdout.text).to.equal('no instances of simple_grpc\nno services\n');
    context.stdout.text = '';
    await run(['list', 'simple_grpc', '--json'], context);
    await run(['list', '--json'], context);
    expect(context.stdout.text).to.equal('');
  });

  it('reports records that cannot be read on standard error', async () => {
    context.discovery.get.resolves(snapshot({ skipped: [{ key: '/rollcall/a\u001b[31m', reason: 'not JSON' }] }));
    expect(await run(['list', 'simple_grpc', '--json'], context)).to.equal(0);
    expect(context.stdout.text).to.equal('');
    expect(context.stderr.text).to.equal('rollcall: skipped the record /rollcall/a\\u{1b}[31m: not JSON\n');
  });

  it('lets no control character of a record reach the terminal', async () => {
    const hostile = createInstance({ service: 'simple_grpc', address: '10.0.0.1:8000', version: '\u001b[2J', zone: 'a\nb', metadata: { '\u009b1m': '\u202e' } });
    context.discovery.get.resolves(snapshot({ instances: [hostile] }));
    await run(['list', 'simple_grpc'], context);
    expect(context.stdout.text.split('\n')).to.have.length(3);
    expect(context.stdout.text).not.to.match(/[^\n\P{Cc}]|\p{Cf}/u);
  });

  it('uses colour on a terminal only', async () => {
    context.discovery.get.resolves(snapshot({ instances: [one] }));
    await run(['list', 'simple_grpc'], context);
    expect(context.stdout.text).not.to.include('\u001b');
    context.stdout.colour = true;
    await run(['list', 'simple_grpc'], context);
    expect(context.stdout.text).to.include('\u001b[1mID');
  });

  it('fails with one line when the backend does', async () => {
    context.discovery.get.rejects(new RollcallError('UNAVAILABLE', 'etcd is gone\nfor good'));
    expect(await run(['list', 'simple_grpc'], context)).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: etcd is gone for good\n');
  });

  it('gives up when it is interrupted', async () => {
    context.connect.callsFake((_source, { signal }) => new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))));
    const running = run(['list'], context);
    await Promise.resolve();
    context.send('SIGINT');
    expect(await running).to.equal(1);
    expect(context.stderr.text).to.equal('rollcall: interrupted\n');
    context.connect.resetHistory();
  });
});
