import * as grpc from '@grpc/grpc-js';
import { expect } from 'chai';
import { Container } from 'inversify';
import sinon from 'sinon';

import { Catalogue } from '../../src/config/catalogue.js';
import { type ResolverOptions, rollcallModule, TOKENS } from '../../src/inversify/index.js';
import { failure } from '../config/expect-error.js';
import { fakeAdapter } from '../config/fake-adapter.js';

describe('the resolver of the container', () => {
  const load = (scheme?: string): { container: Container; fake: ReturnType<typeof fakeAdapter> } => {
    const fake = fakeAdapter();
    const container = new Container();
    container.load(rollcallModule('fake:', { catalogue: new Catalogue([fake.entry]), scheme }));
    return { container, fake };
  };

  it('answers targets whose scheme is the adapter’s name', async () => {
    const { container } = load();
    const resolver = await container.getAsync(TOKENS.Resolver);
    expect(resolver.target('simple_grpc')).to.equal('fake:///simple_grpc');
    expect(await container.getAsync(TOKENS.Resolver)).to.equal(resolver);
    await container.unbindAllAsync();
  });

  it('answers targets of another scheme when told so', async () => {
    const { container } = load('roll');
    expect((await container.getAsync(TOKENS.Resolver)).target('simple_grpc')).to.equal('roll:///simple_grpc');
    await container.unbindAllAsync();
  });

  it('chooses and balances by the options of the module, and refuses wrong ones by name', async () => {
    const container = (resolver: ResolverOptions): Container => {
      const made = new Container();
      made.load(rollcallModule('memory:', { resolver, scheme: 'module' }));
      return made;
    };
    const good = container({ policy: 'weighted_round_robin', services: { orders: { policy: 'least_request' } } });
    const resolver = await good.getAsync(TOKENS.Resolver);
    expect((await resolver.explain('orders')).policy).to.equal('rollcall_least_request');
    expect((await resolver.explain('billing')).policy).to.equal('rollcall_weighted_round_robin');
    await good.unbindAllAsync();
    const bad = container({ subsett: 3 } as ResolverOptions);
    const refused = await failure(() => bad.getAsync(TOKENS.Resolver), 'UNKNOWN_OPTION');
    expect(refused.message).to.contain('unknown option "subsett" of registerResolver; did you mean "subset"?');
    await bad.unbindAllAsync();
  });

  it('looks services up in the container’s discovery, also in one that a user put there', async () => {
    const { container, fake } = load();
    const own = { ...fake.backend.discovery, watch: sinon.stub().throws(new Error('asked the double')) };
    container.rebind(TOKENS.Discovery).toConstantValue(own);
    const resolver = await container.getAsync(TOKENS.Resolver);
    const client = new grpc.Client(resolver.target('simple_grpc'), grpc.credentials.createInsecure());
    await new Promise<void>((resolve) => client.waitForReady(Date.now() + 200, () => resolve()));
    client.close();
    expect(own.watch.callCount).to.be.greaterThan(0);
    await container.unbindAllAsync();
  });

  it('ends before the registry and the connection do', async () => {
    const { container, fake } = load();
    const resolver = await container.getAsync(TOKENS.Resolver);
    const close = sinon.spy(resolver, 'close');
    await container.unbindAllAsync();
    sinon.assert.callOrder(close, fake.backend.registry.close as sinon.SinonStub, fake.backend.close as sinon.SinonStub);
  });

  it('says that a scheme is taken, and leaves the other parts usable', async () => {
    const [one, other] = [load('taken'), load('taken')];
    await one.container.getAsync(TOKENS.Resolver);
    await failure(() => other.container.getAsync(TOKENS.Resolver), 'INVALID_CONFIG');
    await other.container.getAsync(TOKENS.Registry);
    await one.container.unbindAllAsync();
    await other.container.getAsync(TOKENS.Resolver);
    await other.container.unbindAllAsync();
  });
});
