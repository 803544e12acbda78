import { type Client, type Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { expect } from 'chai';
import { HealthImplementation, service as healthService } from 'grpc-health-check';

import { connectMemory, ManualClock, type MemoryBackend } from '../../src/adapters/memory/index.js';
import { serve, type ServeOptions, type ServingHandle } from '../../src/grpc/serve.js';
import { encodeHealthCheckRequest } from '../../src/grpc/health/health-messages.js';
import { fakeLogger } from '../support/fake-logger.js';
import { poll } from '../support/poll.js';
import { simpleClient, simpleServer } from './support/simple-service.js';

const definition = healthService as unknown as ServiceDefinition;

describe('the health service of a served server', () => {
  const undo: (() => unknown)[] = [];
  let backend: MemoryBackend;

  async function start(options: Partial<ServeOptions> = {}, server: Server = simpleServer('a')): Promise<ServingHandle> {
    undo.push(() => server.forceShutdown());
    const serving = await serve(server, { registry: backend.registry, service: 'svc', bind: '127.0.0.1:0', credentials: ServerCredentials.createInsecure(), propagationDelay: 0, ...options });
    undo.push(() => serving.stop({ now: true }));
    return serving;
  }

  function dial(address: string): Client {
    const client = simpleClient(address);
    undo.push(() => client.close());
    return client;
  }

  /** What `Health/Check` says, or the code that it fails with. */
  function check(client: Client, name = ''): Promise<string> {
    const method = definition.Check;
    if (method === undefined) throw new Error('no Check');
    return new Promise((resolve) => {
      client.makeUnaryRequest(method.path, encodeHealthCheckRequest, method.responseDeserialize, name, (error, response) => {
        resolve(error === null ? (response as { status: string }).status : status[error.code]);
      });
    });
  }

  async function weight(): Promise<number | undefined> {
    return (await backend.discovery.get('svc')).instances[0]?.weight;
  }

  beforeEach(() => {
    backend = connectMemory();
  });

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step();
    await backend.close();
  });

  it('says SERVING of the server, of the registered name and of each gRPC service, and nothing of others', async () => {
    const client = dial((await start()).address);
    expect(await Promise.all(['', 'svc', 'Simple', 'grpc.health.v1.Health', 'other'].map((name) => check(client, name)))).to.deep.equal(['SERVING', 'SERVING', 'SERVING', 'NOT_FOUND', 'NOT_FOUND']);
  });

  it('is left out with health: false', async () => {
    const serving = await start({ health: false });
    expect(await check(dial(serving.address))).to.equal('UNIMPLEMENTED');
    expect(serving.health).to.equal(undefined);
    await serving.pause();
    await serving.resume();
  });

  it('says SERVING by the time the record is there, and NOT_SERVING before', async () => {
    const said: string[] = [];
    const implementation = new HealthImplementation();
    const setStatus = implementation.setStatus.bind(implementation);
    implementation.setStatus = (name, value) => {
      if (name === '') said.push(value);
      setStatus(name, value);
    };
    const register = backend.registry.register.bind(backend.registry);
    backend.registry.register = (init, options) => {
      said.push('registered');
      return register(init, options);
    };
    const serving = await start({ health: implementation });
    await serving.stop();
    expect(said).to.deep.equal(['NOT_SERVING', 'SERVING', 'registered', 'NOT_SERVING']);
  });

  it('says NOT_SERVING while paused, and of each name what it said before when resumed', async () => {
    const serving = await start();
    const client = dial(serving.address);
    serving.health?.setStatus('Simple', 'NOT_SERVING');
    await serving.pause();
    expect(await Promise.all([check(client), check(client, 'svc'), check(client, 'Simple')])).to.deep.equal(['NOT_SERVING', 'NOT_SERVING', 'NOT_SERVING']);
    await serving.resume();
    expect(await Promise.all([check(client), check(client, 'svc'), check(client, 'Simple')])).to.deep.equal(['SERVING', 'SERVING', 'NOT_SERVING']);
    expect(await weight()).to.equal(100);
  });

  it('says NOT_SERVING while draining', async () => {
    const clock = new ManualClock();
    const serving = await start({ clock, propagationDelay: 1 });
    const client = dial(serving.address);
    const stopping = serving.stop();
    expect(await check(client)).to.equal('NOT_SERVING');
    serving.health?.setStatus('', 'SERVING');
    expect(await check(client), 'whatever else is said').to.equal('NOT_SERVING');
    while (serving.state !== ('stopped' as string)) await clock.advance(100);
    await stopping;
  });

  for (const [whose, own] of [
    ['ours', () => true],
    ['the user\'s', () => new HealthImplementation({ orders: 'SERVING', Simple: 'NOT_SERVING' })],
  ] as const) {
    it(`withdraws the weight when the whole server is set to NOT_SERVING directly, ${whose}`, async () => {
      const serving = await start({ health: own() });
      expect(serving.state).to.equal('serving');
      serving.health?.setStatus('', 'NOT_SERVING');
      expect(serving.state).to.equal('paused');
      await poll('weight 0', async () => (await weight()) === 0);
      serving.health?.setStatus('', 'SERVING');
      expect(serving.ready).to.equal(true);
      await poll('weight 100', async () => (await weight()) === 100);
      expect(await check(dial(serving.address))).to.equal('SERVING');
    });
  }

  it('of the user\'s own leaves alone what the user says of single services', async () => {
    const implementation = new HealthImplementation({ Simple: 'NOT_SERVING' });
    const serving = await start({ health: implementation });
    const client = dial(serving.address);
    expect(serving.health).to.equal(implementation);
    expect(await Promise.all([check(client), check(client, 'Simple'), check(client, 'svc')])).to.deep.equal(['SERVING', 'NOT_SERVING', 'NOT_FOUND']);
  });

  it('is not added twice to a server that has one', async () => {
    const server = simpleServer('a');
    const implementation = new HealthImplementation({ '': 'NOT_SERVING', mine: 'SERVING' });
    implementation.addToServer(server);
    const logger = fakeLogger();
    const serving = await start({ logger }, server);
    const client = dial(serving.address);
    expect(await Promise.all([check(client), check(client, 'mine')])).to.deep.equal(['NOT_SERVING', 'SERVING']);
    expect(logger.info.args.some(([, message]) => message.includes('health service already'))).to.equal(true);
  });

  it('that the user added and gave us too follows the server', async () => {
    const server = simpleServer('a');
    const implementation = new HealthImplementation();
    implementation.addToServer(server);
    const serving = await start({ health: implementation }, server);
    const client = dial(serving.address);
    expect(await check(client)).to.equal('SERVING');
    await serving.pause();
    expect(await check(client)).to.equal('NOT_SERVING');
    implementation.setStatus('', 'SERVING');
    expect(serving.state).to.equal('serving');
  });

  it('does not hold up the shutdown by those who watch it', async () => {
    const serving = await start({ grace: 60 });
    const method = definition.Watch;
    if (method === undefined) throw new Error('no Watch');
    const stream = dial(serving.address).makeServerStreamRequest(method.path, encodeHealthCheckRequest, method.responseDeserialize, '');
    const said: string[] = [];
    const ended = new Promise<void>((resolve) => {
      stream.on('data', (message: { status: string }) => said.push(message.status));
      stream.on('error', () => undefined);
      stream.on('status', () => {
        resolve();
      });
    });
    await poll('the first answer', () => said.length > 0);
    await serving.stop();
    await ended;
    serving.health?.setStatus('', 'SERVING');
    expect(said).to.deep.equal(['SERVING', 'NOT_SERVING']);
  });
});

