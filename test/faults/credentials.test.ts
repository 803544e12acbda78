import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';

import { expect } from 'chai';

import { connectEtcd, type EtcdOptions } from '../../src/adapters/etcd/index.js';
import type { Backend, Registration } from '../../src/core/index.js';
import { type Certificates, issueClient, rotateCertificates, writeCertificate } from '../support/certificates.js';
import { type Etcd, startEtcd } from '../support/etcd.js';
import { expectRejection } from '../support/expect-rejection.js';
import { fakeLogger } from '../support/fake-logger.js';
import { poll } from '../support/poll.js';
import { type Proxy, startProxy } from '../support/proxy.js';
import { openRawEtcd, type RawEtcd } from '../support/raw-etcd.js';
import { StateRecording, WatchRecording } from '../support/recording.js';

const ttl = 5;

/** How long everything may take to be well again once nothing is in the way, in milliseconds. */
const patience = 3_000;

/** Passwords that etcd was asked to check so far: each costs it tens of milliseconds of hashing. */
const authentications = (etcd: Etcd): Promise<number> => etcd.members[0]!.metric('grpc_server_started_total', 'grpc_method="Authenticate"');

/** A process with an instance of its own, and everything that it sees; behind a proxy of its own. */
class Client implements AsyncDisposable {
  readonly backend: Backend;
  readonly proxy: Proxy;
  readonly registration: Registration;
  readonly logger: ReturnType<typeof fakeLogger>;
  readonly watch: WatchRecording;
  readonly states: StateRecording;

  private constructor(backend: Backend, proxy: Proxy, registration: Registration, logger: ReturnType<typeof fakeLogger>) {
    this.backend = backend;
    this.proxy = proxy;
    this.registration = registration;
    this.logger = logger;
    this.watch = new WatchRecording(backend.discovery.watch('orders'));
    this.states = new StateRecording(registration);
  }

  static async open(etcd: Etcd, options: Partial<EtcdOptions>): Promise<Client> {
    const proxy = await startProxy(etcd.endpoints[0]!);
    const logger = fakeLogger();
    const backend = await connectEtcd({ endpoints: [proxy.address], ttl, ...options }, { logger });
    const registration = await backend.registry.register({ service: 'orders', id: 'ours', address: '10.0.0.1:1' });
    const client = new Client(backend, proxy, registration, logger);
    await client.watch.until('our instance', ({ instances }) => instances.length === 1);
    return client;
  }

  /** Resolves with when its snapshot was live with exactly these ids. */
  async live(...ids: readonly string[]): Promise<number> {
    const { at } = await this.watch.until(`${ids.join(', ')}, live`, ({ status, instances }) => status === 'live' && instances.map(({ id }) => id).join() === ids.join());
    return at;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.proxy.restore();
    this.watch[Symbol.dispose]();
    this.states[Symbol.dispose]();
    await this.backend.close();
    await this.proxy.close();
  }
}

describe('when the token runs out', function () {
  this.timeout(30_000);
  let etcd: Etcd;
  let root: RawEtcd;
  let client: Client;

  before(async () => {
    // Seconds after its last use until etcd forgets a token.
    etcd = await startEtcd({ auth: true, args: ['--auth-token-ttl=2'] });
  });

  after(() => etcd.stop());

  beforeEach(async () => {
    root = openRawEtcd(etcd);
    client = await Client.open(etcd, etcd.users!.limited);
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await root.deletePrefix('/rollcall/');
    root.close();
  });

  /** Until etcd has forgotten a token that was last used before. There is no event for it, and to ask with one would let it live on. */
  const tokenExpired = (): Promise<void> => wait(3_000);

  for (const fault of ['cut', 'blackhole'] as const) {
    it(`during an outage (${fault}): it connects again with a new one and goes on`, async () => {
      client.proxy[fault]();
      await root.put('/rollcall/orders/theirs', '{"address":"10.0.0.2:1"}');
      await tokenExpired();
      const restored = performance.now();
      client.proxy.restore();
      expect((await client.live('ours', 'theirs')) - restored).to.be.below(patience);
      await client.states.until('active');
      await client.registration.update({ weight: 7 });
      expect(String((await root.get('/rollcall/orders/ours'))!.value)).to.match(/"weight":7/);
      expect(client.watch.removed).to.deep.equal([]);
    });
  }

  it('without an outage: whatever is asked next gets a new one, on the same connection', async () => {
    await tokenExpired();
    const payments = new WatchRecording(client.backend.discovery.watch('payments'));
    await payments.until('the empty service', ({ status }) => status === 'live');
    await client.backend.registry.register({ service: 'payments', id: 'other', address: '10.0.0.1:2' });
    await payments.until('the instance', ({ instances }) => instances.length === 1);
    expect(client.backend.discovery.status.counters.reconnects).to.equal(0);
    payments[Symbol.dispose]();
  });
});

describe('when an operator changes the password', function () {
  this.timeout(60_000);
  const changed = 'changed by an operator';
  let etcd: Etcd;
  let root: RawEtcd;
  let client: Client;

  before(async () => {
    etcd = await startEtcd({ auth: true });
    root = openRawEtcd(etcd);
  });

  after(async () => {
    root.close();
    await etcd.stop();
  });

  afterEach(async () => {
    await setPassword(etcd.users!.limited.password);
    await client[Symbol.asyncDispose]();
  });

  const setPassword = async (password: string): Promise<void> => {
    await root.client.auth.userChangePassword({ name: etcd.users!.limited.username, password });
  };

  /** Locks the client out, in the middle of its work; resolves once it has been told so. */
  async function lockOut(options: Partial<EtcdOptions>): Promise<void> {
    client = await Client.open(etcd, { ...etcd.users!.limited, ...options });
    await setPassword(changed);
    client.proxy.cutOnce();
    await client.watch.until('stale', ({ status }) => status === 'stale');
    await poll('the refusal', () => client.backend.discovery.status.lastError?.code === 'UNAUTHENTICATED');
  }

  it('the state says so, the password stays secret, and once it is set back everything goes on', async () => {
    await lockOut({ refusedRetryMax: 1, requestTimeout: 1 });
    const { registry, discovery } = client.backend;
    for (const { status } of [registry, discovery]) {
      expect(status.state).to.equal('stale');
      expect(status.lastError).to.include({ code: 'UNAUTHENTICATED', retryable: false });
      expect(status.lastError!.message).to.match(/authentication failed/);
    }
    expect(client.watch.last!.instances).to.have.length(1);
    // The lease runs out meanwhile, as nobody may ping it. What is asked now is told why not, at once or with its deadline.
    await client.states.until('recovering');
    expect(client.registration.detail.reason?.message).to.match(/etcd/);
    await expectRejection(discovery.get('orders'), 'UNAUTHENTICATED');
    await expectRejection(client.registration.update({ weight: 7 }), 'UNAUTHENTICATED');
    const logged = [...client.logger.warn.args, ...client.logger.error.args, ...client.logger.info.args, ...client.logger.debug.args];
    for (const shown of [registry.status, discovery.status, client.watch.last, logged]) {
      expect(inspect(shown, { depth: 20 })).to.not.include(etcd.users!.limited.password).and.not.include(changed);
    }
    // Lines come with transitions, not with retries.
    expect(client.logger.warn.callCount + client.logger.error.callCount).to.be.below(10);

    await setPassword(etcd.users!.limited.password);
    const back = performance.now();
    await client.states.until('active');
    expect(performance.now() - back).to.be.below(1_000 + patience);
    await client.live('ours');
    expect(await root.list('/rollcall/orders/')).to.have.length(1);
  });

  it('it is tried again slowly, and ever more slowly', async () => {
    await lockOut({});
    const [start, before] = [performance.now(), await authentications(etcd)];
    const attempts: number[] = [];
    // Eight seconds: by then waits of 1, 2, 4 and 8 s, half of each random, have come to more than half of that.
    while (performance.now() - start < 8_000) {
      const count = (await authentications(etcd)) - before;
      while (attempts.length < count) attempts.push(performance.now());
      await wait(50);
    }
    expect(attempts.length).to.be.within(1, 5);
    const gaps = attempts.slice(1).map((at, index) => at - attempts[index]!);
    for (const gap of gaps) expect(gap).to.be.above(400);
    expect(Math.max(...gaps)).to.be.above(1_000);
  });
});

describe('when certificate files are rotated', function () {
  this.timeout(60_000);
  let etcd: Etcd;
  let certificates: Certificates;
  let client: Client;

  beforeEach(async () => {
    etcd = await startEtcd({ tls: 'mutual' });
    certificates = etcd.certificates!;
  });

  afterEach(async () => {
    await client[Symbol.asyncDispose]();
    await etcd.stop();
  });

  const files = (): Partial<EtcdOptions> => ({ tls: true, ca: certificates.ca, ...certificates.client });

  it('another authority for servers and clients, over the same paths: the next connection is made with it', async () => {
    client = await Client.open(etcd, files());
    await rotateCertificates(certificates);
    await etcd.restart();
    const answered = performance.now();
    const raw = openRawEtcd(etcd);
    await raw.put('/rollcall/orders/theirs', '{"address":"10.0.0.2:1"}');
    expect((await client.live('ours', 'theirs')) - answered).to.be.below(patience);
    await client.states.until('active');
    expect(await raw.list('/rollcall/orders/')).to.have.length(2);
    raw.close();
  });

  it('the client’s certificate alone: the next connection is made with the new one, as the old one has run out', async () => {
    const [old, renewed] = await Promise.all([issueClient(certificates, 6_000), issueClient(certificates)]);
    const place = certificates.client.cert.replace(/\.pem$/, '');
    await writeCertificate(place, old);
    client = await Client.open(etcd, files());
    await writeCertificate(place, renewed);
    const withOld = Object.assign(Object.create(etcd) as Etcd, { certificates: { ...certificates, client: await writeCertificate(`${place}-old`, old) } });
    await poll('etcd refusing the old certificate', async () => {
      const raw = openRawEtcd(withOld, { timeoutMs: 500 });
      const refused = await raw.get('k').then(() => false, () => true);
      raw.close();
      return refused;
    });
    // What is connected stays; the new certificate is for the next connection.
    expect(client.watch.last!.status).to.equal('live');
    await reconnect();
    await client.registration.update({ weight: 7 });
  });

  for (const file of ['ca', 'cert', 'key'] as const) {
    it(`a file that is half written when we connect again (${file}): the trouble names it, and ends when it is complete`, async () => {
      client = await Client.open(etcd, { ...files(), refusedRetryMax: 0.5 });
      const damaged = { ca: certificates.ca, ...certificates.client }[file];
      const whole = await readFile(damaged);
      await writeFile(damaged, whole.subarray(0, whole.length / 2));
      client.proxy.cutOnce();
      const { lastError } = await poll('trouble with the file', () => {
        const { status } = client.backend.discovery;
        return status.lastError?.message.includes(damaged) === true ? status : undefined;
      });
      expect(lastError!.code).to.equal('INVALID_CONFIG');
      expect(client.watch.last).to.include({ status: 'stale' });
      await writeFile(damaged, whole);
      const mended = performance.now();
      expect((await client.live('ours')) - mended).to.be.below(patience);
      await client.registration.update({ weight: 7 });
    });
  }

  it('a new certificate whose key is still the old one: the trouble names the files, and ends when both belong together', async () => {
    client = await Client.open(etcd, { ...files(), refusedRetryMax: 0.5 });
    const renewed = await issueClient(certificates);
    const { cert, key } = certificates.client;
    await writeFile(cert, renewed.cert);
    client.proxy.cutOnce();
    await poll('trouble with the files', () => {
      const { lastError } = client.backend.discovery.status;
      return lastError?.code === 'INVALID_CONFIG' && lastError.message.includes(cert) && lastError.message.includes(key);
    });
    await writeFile(key, renewed.key);
    const mended = performance.now();
    expect((await client.live('ours')) - mended).to.be.below(patience);
  });

  /** Cuts the connection; resolves once the next one is in use, which must not take long. */
  async function reconnect(): Promise<void> {
    const cut = performance.now();
    client.proxy.cutOnce();
    await client.watch.until('stale', ({ status }) => status === 'stale');
    expect((await client.live('ours')) - cut).to.be.below(patience);
  }
});
