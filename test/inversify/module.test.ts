import { expect } from 'chai';
import { Container, inject, injectable } from 'inversify';
import sinon from 'sinon';

import { Catalogue } from '../../src/config/catalogue.js';
import { loadConfig } from '../../src/config/load-config.js';
import type { Backend } from '../../src/core/adapter.js';
import { systemClock } from '../../src/core/clock.js';
import { deferred } from '../../src/core/deferred.js';
import { RollcallError } from '../../src/core/errors.js';
import type { Logger } from '../../src/core/logger.js';
import type { Discovery } from '../../src/core/ports.js';
import { type ModuleOptions, rollcallModule, TOKENS } from '../../src/inversify/index.js';
import { failure } from '../config/expect-error.js';
import { fakeAdapter, fakeBackend, type FakeAdapter } from '../config/fake-adapter.js';

describe('the container module', () => {
  let fake: FakeAdapter;
  let container: Container;

  const load = (options: ModuleOptions = {}, source = 'fake:'): Container => {
    container = new Container();
    container.load(rollcallModule(source, { catalogue: new Catalogue([fake.entry]), ...options }));
    return container;
  };

  beforeEach(() => {
    fake = fakeAdapter();
  });

  it('gives both ports of one connection', async () => {
    load();
    const [registry, discovery, backend, again] = await Promise.all([
      container.getAsync(TOKENS.Registry),
      container.getAsync(TOKENS.Discovery),
      container.getAsync(TOKENS.Backend),
      container.getAsync(TOKENS.Backend),
    ]);
    expect(backend).to.equal(fake.backend).and.equal(again);
    expect(registry).to.equal(backend.registry);
    expect(discovery).to.equal(backend.discovery);
    expect(fake.connect.callCount).to.equal(1);
  });

  it('gives them without waiting once they are open', async () => {
    load();
    expect(() => container.get(TOKENS.Discovery)).to.throw(/asynchronous/);
    await container.getAsync(TOKENS.Backend);
    expect(container.get(TOKENS.Discovery)).to.equal(fake.backend.discovery);
  });

  it('opens nothing before it is asked for', async () => {
    load();
    expect(fake.load.callCount).to.equal(0);
    expect((await container.getAsync(TOKENS.Config)).adapter).to.equal('fake');
    expect(fake.connect.callCount).to.equal(0);
  });

  it('passes clock, random and logger of the options to the adapter', async () => {
    const logger: Logger = { debug: sinon.stub(), info: sinon.stub(), warn: sinon.stub(), error: sinon.stub() };
    const options = { clock: { ...systemClock }, random: () => 0.5, logger };
    await load(options).getAsync(TOKENS.Backend);
    expect(fake.connect.lastCall.args[1]).to.include(options);
  });

  it('lets a user put a class of their own on top', async () => {
    @injectable()
    class Greeter {
      constructor(@inject(TOKENS.Discovery) readonly discovery: Discovery) {}
    }
    load().bind(Greeter).toSelf();
    expect((await container.getAsync(Greeter)).discovery).to.equal(fake.backend.discovery);
  });

  describe('with a part replaced', () => {
    it('hands the user’s clock and logger to the adapter', async () => {
      const clock = { ...systemClock };
      load();
      (await container.rebindAsync(TOKENS.Clock)).toConstantValue(clock);
      await container.getAsync(TOKENS.Backend);
      expect(fake.connect.lastCall.args[1].clock).to.equal(clock);
    });

    it('connects to what the user’s configuration says', async () => {
      load();
      const config = await loadConfig('fake:elsewhere', { catalogue: new Catalogue([fake.entry]) });
      container.rebind(TOKENS.Config).toConstantValue(config);
      await container.getAsync(TOKENS.Backend);
      expect(fake.connect.lastCall.args[0].place).to.equal('elsewhere');
    });

    it('gives the user’s double for a port, and never connects for its sake', async () => {
      const double = fakeBackend().registry;
      load();
      container.rebind(TOKENS.Registry).toConstantValue(double);
      expect(await container.getAsync(TOKENS.Registry)).to.equal(double);
      expect(fake.connect.callCount).to.equal(0);
      await container.unbindAllAsync();
      expect(double.close, 'whoever opened it closes it').to.have.property('callCount', 0);
    });

    it('takes both ports from the user’s backend', async () => {
      const double = fakeBackend();
      load();
      container.rebind(TOKENS.Backend).toConstantValue(double);
      expect(await container.getAsync(TOKENS.Discovery)).to.equal(double.discovery);
      expect(fake.connect.callCount).to.equal(0);
    });
  });

  describe('when opening fails', () => {
    it('says why, tries again on the next use, and unbinds without complaint', async () => {
      fake.connect.onFirstCall().rejects(new RollcallError('UNAVAILABLE', 'nobody there'));
      load();
      await failure(() => container.getAsync(TOKENS.Registry), 'UNAVAILABLE');
      expect(await container.getAsync(TOKENS.Registry)).to.equal(fake.backend.registry);
      await container.unbindAllAsync();
    });

    it('unbinds without complaint after a configuration that is wrong', async () => {
      load({}, 'fake:?nonsense=1');
      await failure(() => container.getAsync(TOKENS.Registry), 'UNKNOWN_OPTION');
      await failure(() => container.getAsync(TOKENS.Config), 'UNKNOWN_OPTION');
      container.unbindAll();
    });

    it('rejects with ABORTED when the signal aborts', async () => {
      const called = deferred();
      fake.connect.callsFake(() => {
        called.resolve();
        return new Promise(() => undefined);
      });
      const abort = new AbortController();
      const connecting = load({ signal: abort.signal }).getAsync(TOKENS.Backend);
      await called.promise;
      abort.abort();
      await failure(() => connecting, 'ABORTED');
      await container.unbindAllAsync();
    });
  });

  describe('when the container closes', () => {
    const inOrder = (backend: Backend): void => sinon.assert.callOrder(backend.registry.close as sinon.SinonStub, backend.discovery.close as sinon.SinonStub, backend.close as sinon.SinonStub);

    it('closes registry, discovery and connection, each after the one before', async () => {
      await load().getAsync(TOKENS.Discovery);
      const registryClosed = deferred();
      (fake.backend.registry.close as sinon.SinonStub).returns(registryClosed.promise);
      const closing = container.unbindAllAsync();
      await Promise.resolve();
      sinon.assert.notCalled(fake.backend.discovery.close as sinon.SinonStub);
      registryClosed.resolve();
      await closing;
      inOrder(fake.backend);
      expect(container.isBound(TOKENS.Registry)).to.equal(false);
    });

    it('closes what the module opened when only the module is unloaded', async () => {
      const module = rollcallModule('fake:', { catalogue: new Catalogue([fake.entry]) });
      container = new Container();
      container.load(module);
      await container.getAsync(TOKENS.Registry);
      await container.unloadAsync(module);
      inOrder(fake.backend);
    });

    it('opens nothing in order to close it', async () => {
      await load().unbindAllAsync();
      load().unbindAll();
      await load().getAsync(TOKENS.Config);
      container.unbindAll();
      expect(fake.connect.callCount).to.equal(0);
    });

    it('tells a user of the synchronous unbindAll that there is something to wait for', async () => {
      await load().getAsync(TOKENS.Backend);
      expect(() => container.unbindAll()).to.throw(/unbindAllAsync/);
      await container.unbindAllAsync();
      sinon.assert.calledOnce(fake.backend.close as sinon.SinonStub);
    });

    it('closes every part even if others fail, and then tells of each failure', async () => {
      const [first, second] = [new Error('records stay'), new RollcallError('UNAVAILABLE', 'socket stuck')];
      (fake.backend.registry.close as sinon.SinonStub).rejects(first);
      (fake.backend.close as sinon.SinonStub).rejects(second);
      await load().getAsync(TOKENS.Backend);
      const error = await failure(() => container.unbindAllAsync(), 'INTERNAL');
      expect(error.message).to.equal('closing the container’s connection failed: registry: records stay; connection: socket stuck');
      expect((error.cause as AggregateError).errors).to.deep.equal([first, second]);
      inOrder(fake.backend);
      await container.unbindAllAsync();
      sinon.assert.calledOnce(fake.backend.close as sinon.SinonStub);
    });

    it('tells of one failure once, where the connection repeats what its registry met', async () => {
      const same = new Error('stuck');
      (fake.backend.registry.close as sinon.SinonStub).rejects(same);
      (fake.backend.close as sinon.SinonStub).rejects(same);
      await load().getAsync(TOKENS.Backend);
      expect((await failure(() => container.unbindAllAsync(), 'INTERNAL')).message).to.equal('closing the container’s connection failed: registry: stuck');
    });

    it('closes once, however often it is asked', async () => {
      await load().getAsync(TOKENS.Backend);
      await Promise.all([container.unbindAllAsync(), container.unbindAllAsync()]);
      await container.unbindAllAsync();
      sinon.assert.calledOnce(fake.backend.close as sinon.SinonStub);
    });

    it('stops an opening that is under way', async () => {
      const opening = deferred<Backend>();
      const called = deferred();
      fake.connect.callsFake(() => {
        called.resolve();
        return opening.promise;
      });
      const connecting = load().getAsync(TOKENS.Backend);
      const failed = failure(() => connecting, 'CLOSED');
      await called.promise;
      expect(fake.connect.lastCall.args[1].signal?.aborted).to.equal(false);
      await container.unbindAllAsync();
      await failed;
      expect(fake.connect.lastCall.args[1].signal?.aborted).to.equal(true);
    });
  });
});
