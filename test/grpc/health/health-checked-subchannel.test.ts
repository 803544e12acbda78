import { connectivityState, Metadata, status } from '@grpc/grpc-js';
import { expect } from 'chai';

import { ManualClock } from '../../../src/adapters/memory/manual-clock.js';
import { LeafLoadBalancer, PickResultType } from '../../../src/grpc/experimental.js';
import { healthCheckedHelper, type HealthCheckOptions, unwrapHealthChecked } from '../../../src/grpc/health/health-checked-subchannel.js';
import { fakeLogger } from '../../support/fake-logger.js';
import { FakeChannel, FakeSubchannel } from '../support/fake-subchannels.js';

const { READY, CONNECTING, IDLE } = connectivityState;

/** One stream of a fake server, as the watch opened it. */
class FakeStream {
  readonly sent: Buffer[] = [];
  cancelled = false;
  reads = 0;
  readonly started: Promise<void>;
  #listener: { onReceiveMessage(message: unknown): void; onReceiveStatus(ended: object): void } | undefined;

  constructor(started: Promise<void>) {
    this.started = started;
  }

  start(_metadata: Metadata, listener: never): Promise<void> {
    this.#listener = listener;
    return this.started;
  }

  sendMessageWithContext(_context: object, message: Buffer): void {
    this.sent.push(message);
  }

  startRead(): void {
    this.reads++;
  }

  halfClose(): void {
    // Nothing follows the question.
  }

  cancelWithStatus(): void {
    this.cancelled = true;
  }

  answer(...bytes: number[]): void {
    this.#listener?.onReceiveMessage(Buffer.from(bytes));
  }

  end(code: status, details = ''): void {
    this.#listener?.onReceiveStatus({ code, details, metadata: new Metadata() });
  }
}

const serving = [0x08, 1] as const;
const notServing = [0x08, 2] as const;

describe('a health-checked connection', () => {
  let clock: ManualClock;
  let streams: FakeStream[];
  let fake: FakeSubchannel;
  let changes: string[];
  let channelCloses: number;
  let opening: Promise<void>;
  const options = (): HealthCheckOptions => ({ service: 'orders', clock, random: () => 1 });

  /** A leaf of a policy, which is pick_first, over one fake connection. */
  function leafOver(extra: Partial<HealthCheckOptions> = {}): { readonly leaf: LeafLoadBalancer; readonly states: string[] } {
    const states: string[] = [];
    const channel = {
      createCall: () => {
        const stream = new FakeStream(opening);
        streams.push(stream);
        return stream;
      },
      close: () => {
        channelCloses++;
      },
    };
    const subchannel = Object.assign(fake.asSubchannel(), { getChannel: () => channel });
    const helper = healthCheckedHelper(
      {
        ...new FakeChannel().helper,
        createSubchannel: () => subchannel,
        updateState: (state, _picker, errorMessage) => {
          states.push(connectivityState[state]);
          if (errorMessage !== null) changes.push(`status: ${errorMessage}`);
        },
      },
      { ...options(), ...extra },
      { changed: (address, healthy, detail) => changes.push(`${address} ${healthy}: ${detail}`) },
    );
    const leaf = new LeafLoadBalancer({ addresses: [{ host: '10.0.0.1', port: 1 }] }, helper, {}, '');
    leaf.startConnecting();
    return { leaf, states };
  }

  beforeEach(() => {
    clock = new ManualClock();
    streams = [];
    changes = [];
    channelCloses = 0;
    opening = Promise.resolve();
    fake = new FakeSubchannel('10.0.0.1:1');
  });

  it('is still connecting until the server has answered, and then ready', () => {
    const { states } = leafOver();
    fake.enter(CONNECTING);
    fake.enter(READY);
    expect(states).to.deep.equal(['CONNECTING']);
    expect(streams).to.have.length(1);
    expect(streams[0]?.sent).to.deep.equal([Buffer.from('\n\x06orders')]);
    streams[0]?.answer(...serving);
    expect(states).to.deep.equal(['CONNECTING', 'READY']);
    expect(changes).to.deep.equal(['10.0.0.1:1 true: service "orders" is SERVING']);
  });

  it('gets no calls while unhealthy, says why before the policy hears of it, and is back without a new connection', () => {
    const { states } = leafOver();
    fake.enter(READY);
    streams[0]?.answer(...notServing);
    expect(states.at(-1)).to.equal('TRANSIENT_FAILURE');
    expect(changes).to.deep.equal([
      '10.0.0.1:1 false: 10.0.0.1:1 is unhealthy: service "orders" is NOT_SERVING',
      'status: Picked subchannel 10.0.0.1:1 is unhealthy',
    ]);
    streams[0]?.answer(...serving);
    streams[0]?.answer(...notServing);
    expect(states.slice(-2)).to.deep.equal(['READY', 'TRANSIENT_FAILURE']);
    expect(streams[0]?.reads).to.equal(4);
    expect(streams).to.have.length(1);
  });

  it('asks an open connection that it is given at once', () => {
    fake.enter(READY);
    const { states } = leafOver();
    expect(states.at(-1)).to.not.equal('READY');
    streams[0]?.answer(...serving);
    expect(states.at(-1)).to.equal('READY');
  });

  it('is healthy if the server has no health service, says so once, and asks no more', async () => {
    const logger = fakeLogger();
    const { leaf, states } = leafOver({ logger });
    fake.enter(READY);
    streams[0]?.end(status.UNIMPLEMENTED, 'no such method');
    expect(states.at(-1)).to.equal('READY');
    await clock.advance(1_000_000);
    expect(streams).to.have.length(1);
    fake.enter(IDLE);
    leaf.exitIdle();
    fake.enter(READY);
    streams[1]?.end(status.UNIMPLEMENTED, 'no such method');
    expect(states.at(-1)).to.equal('READY');
    expect(logger.info.callCount).to.equal(1);
  });

  it('is unhealthy while the stream is broken, and tries again as connections are tried again', async () => {
    const { states } = leafOver();
    fake.enter(READY);
    for (const wait of [1000, 1600, 2560]) {
      streams.at(-1)?.end(status.UNAVAILABLE, 'try later');
      expect(states.at(-1)).to.equal('TRANSIENT_FAILURE');
      expect(changes.filter((each) => !each.startsWith('status'))).to.deep.equal(['10.0.0.1:1 false: 10.0.0.1:1 is unhealthy: the health of service "orders" is not known: UNAVAILABLE: try later']);
      const opened = streams.length;
      await clock.advance(wait - 1);
      expect(streams).to.have.length(opened);
      await clock.advance(1);
      expect(streams).to.have.length(opened + 1);
    }
    streams.at(-1)?.answer(...serving);
    expect(states.at(-1)).to.equal('READY');
    // The answer made the next wait a short one again.
    streams.at(-1)?.end(status.UNAVAILABLE, 'gone');
    await clock.advance(1000);
    expect(streams).to.have.length(5);
  });

  it('is asked again at once after a stream that had answered and lived', async () => {
    leafOver();
    fake.enter(READY);
    streams[0]?.answer(...serving);
    await clock.advance(60_000);
    streams[0]?.end(status.OK);
    await clock.advance(0);
    expect(streams).to.have.length(2);
  });

  it('counts as unhealthy if its answer cannot be read', () => {
    const { states } = leafOver();
    fake.enter(READY);
    streams[0]?.answer(0x08);
    expect(states.at(-1)).to.equal('TRANSIENT_FAILURE');
    expect(streams[0]?.cancelled).to.equal(true);
    expect(changes[0]).to.contain('INTERNAL');
  });

  it('reports a lost connection as lost, not as unhealthy, and asks the next one anew', () => {
    const { leaf, states } = leafOver();
    fake.enter(READY);
    streams[0]?.answer(...serving);
    fake.enter(IDLE);
    expect(states).to.not.include('TRANSIENT_FAILURE');
    expect(states.at(-1)).to.equal('IDLE');
    expect(streams[0]?.cancelled).to.equal(true);
    leaf.exitIdle();
    fake.enter(CONNECTING);
    fake.enter(READY);
    expect(states.at(-1)).to.equal('CONNECTING');
    streams[0]?.answer(...serving);
    expect(states.at(-1), 'an answer over the lost connection').to.equal('CONNECTING');
    streams[1]?.answer(...serving);
    expect(states.at(-1)).to.equal('READY');
  });

  it('reports a connection lost before the first answer', () => {
    const { states } = leafOver();
    fake.enter(READY);
    fake.enter(connectivityState.TRANSIENT_FAILURE, 'refused');
    expect(states.at(-1)).to.equal('TRANSIENT_FAILURE');
    expect(changes.at(-1)).to.contain('refused');
    expect(streams[0]?.cancelled).to.equal(true);
  });

  for (const when of ['while it waits for an answer', 'while healthy', 'while it waits to ask again'] as const) {
    it(`leaves nothing behind when the policy lets go ${when}`, async () => {
      const { leaf } = leafOver();
      fake.enter(READY);
      if (when === 'while healthy') streams[0]?.answer(...serving);
      if (when === 'while it waits to ask again') streams[0]?.end(status.UNAVAILABLE);
      leaf.destroy();
      expect(fake.refs).to.equal(0);
      expect(streams[0]?.cancelled).to.equal(when !== 'while it waits to ask again');
      expect(clock.pending).to.equal(0);
      expect(channelCloses).to.equal(1);
      fake.enter(IDLE);
      fake.enter(READY);
      await clock.advance(1_000_000);
      expect(streams).to.have.length(1);
    });
  }

  it('cancels a stream that comes about only after it was given up', async () => {
    let open: () => void = () => undefined;
    opening = new Promise((resolve) => {
      open = resolve;
    });
    const { leaf } = leafOver();
    fake.enter(READY);
    leaf.destroy();
    const [stream] = streams;
    if (stream === undefined) throw new Error('no stream');
    stream.cancelled = false;
    open();
    await clock.advance(0);
    expect(stream.cancelled).to.equal(true);
  });

  it('takes a stream that cannot be opened for a broken one', async () => {
    opening = Promise.reject(new Error('Cannot create call'));
    const { states } = leafOver();
    fake.enter(READY);
    await clock.advance(0);
    expect(states.at(-1)).to.equal('TRANSIENT_FAILURE');
    expect(changes[0]).to.contain('Cannot create call');
  });

  it('is taken off the results of pickers', () => {
    const channel = new FakeChannel();
    const wrapped = healthCheckedHelper(channel.helper, options()).createSubchannel({ host: '10.0.0.1', port: 1 }, {});
    const result = { pickResultType: PickResultType.COMPLETE, subchannel: wrapped, status: null, onCallStarted: null, onCallEnded: null };
    const unwrapped = unwrapHealthChecked(result);
    expect(unwrapped.subchannel).to.not.equal(wrapped);
    expect(unwrapped.subchannel?.getAddress()).to.equal('10.0.0.1:1');
    expect(unwrapHealthChecked(unwrapped)).to.equal(unwrapped);
  });
});

