import { Controller, type INestApplicationContext, type INestMicroservice, Logger, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GrpcMethod } from '@nestjs/microservices';
import { expect } from 'chai';

import { RollcallServer } from '../../examples/nestjs/rollcall-server.js';
import { Rollcall } from '../../examples/nestjs/rollcall.module.js';
import { SimpleCaller, SimpleClientModule } from '../../examples/nestjs/simple-client.js';
import { createSimpleServer } from '../../examples/nestjs/simple-server.js';
import { poll } from '../support/poll.js';
import { openSockets } from './support/client-kind.js';
import { callInLoops } from './support/closed-loops.js';

/** Answers Simple.Route with its name, after some milliseconds, so that there are always calls under way. */
function controllerNamed(name: string): Type {
  @Controller()
  class NamedController {
    @GrpcMethod('Simple', 'Route')
    async route(): Promise<{ code: number; value: string }> {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return { code: 200, value: name };
    }
  }
  return NamedController;
}

describe('a NestJS application', function () {
  this.timeout(30_000);

  let registries = 0;
  let registry: string;
  let socketsBefore: number;
  const apps: (INestMicroservice | INestApplicationContext)[] = [];

  before(() => {
    Logger.overrideLogger(false);
  });

  after(() => {
    Logger.overrideLogger(true);
  });

  beforeEach(() => {
    socketsBefore = openSockets();
    registry = `memory:nest-${++registries}`;
  });

  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close();
    await poll('every socket is closed', () => openSockets() <= socketsBefore);
  });

  async function start(name: string): Promise<INestMicroservice> {
    const app = await createSimpleServer(registry, controllerNamed(name));
    apps.push(app);
    await app.listen();
    return app;
  }

  async function caller(): Promise<SimpleCaller> {
    const app = await NestFactory.createApplicationContext(SimpleClientModule.forRoot(registry));
    // The first to be closed, as its module would be in an application that serves as well.
    apps.unshift(app);
    return app.get(SimpleCaller);
  }

  async function answers(simple: SimpleCaller, count: number): Promise<string[]> {
    const names: string[] = [];
    for (let i = 0; i < count; i++) names.push(await simple.call(`${i}`));
    return names;
  }

  it('is called by the name of its service, balanced over its instances', async () => {
    await start('a');
    await start('b');
    const names = await answers(await caller(), 6);
    expect(names.slice(0, 2)).to.have.members(['a', 'b']);
    expect(names).to.deep.equal([...names.slice(0, 2), ...names.slice(0, 2), ...names.slice(0, 2)]);
  });

  it('is registered at the port that the system chose', async () => {
    const app = await start('a');
    const { instances } = await app.get(Rollcall).discovery.get('simple_grpc');
    expect(instances.map(({ address }) => address)).to.deep.equal([transportOf(app).serving?.address]);
    expect(instances[0]!.address).to.match(/^127\.0\.0\.1:[1-9]\d*$/);
  });

  it('leaves without a failed call when it is closed, and another one comes', async () => {
    const a = await start('a');
    await start('b');
    const simple = await caller();
    const loops = callInLoops(() => simple.call('x'), 10);
    await poll('both are called', () => new Set(loops.answers).size === 2);
    await a.close();
    const answeredBefore = loops.answers.length;
    await poll('calls go on', () => loops.answers.length > answeredBefore + 20);
    expect(new Set(loops.answers.slice(answeredBefore))).to.deep.equal(new Set(['b']));
    await start('c');
    await poll('the new one is called', () => loops.answers.includes('c'));
    expect(await loops.stop()).to.deep.equal([]);
  });

  it('fails calls with UNAVAILABLE and says why while nobody serves', async () => {
    const simple = await caller();
    let thrown: unknown;
    await simple.call('x').catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.include({ code: 14, details: 'no instances of "simple_grpc" are registered (revision 1)' });
    await start('a');
    await poll('the first server is called', async () => (await simple.call('x').catch(() => 'nobody')) === 'a');
  });

  it('does not start where it cannot listen, and can be closed then', async () => {
    const first = await start('a');
    const { registry: ports } = first.get(Rollcall);
    const bind = transportOf(first).serving!.address;
    const strategy = new RollcallServer({ package: '', protoPath: 'proto/simple.proto', serve: { registry: ports, service: 'simple_grpc', id: 'second', bind } });
    const second = await NestFactory.createMicroservice(EmptyModule, { strategy });
    let thrown: unknown;
    await second.listen().catch((error: unknown) => {
      thrown = error;
    });
    expect(thrown).to.include({ code: 'BIND_FAILED' });
    await second.close();
    expect((await first.get(Rollcall).discovery.get('simple_grpc')).instances).to.have.length(1);
  });
});

@Module({})
class EmptyModule {}

function transportOf(app: INestMicroservice): RollcallServer {
  return app.getTransportServer() as RollcallServer;
}
