import { expect } from 'chai';

import { type Etcd, startEtcd } from '../support/etcd.js';
import { StateRecording } from '../support/recording.js';
import { ClusterTrial, patience } from './cluster-trial.js';

describe('in a cluster of three', function () {
  this.timeout(60_000);
  let etcd: Etcd;
  let trial: ClusterTrial | undefined;

  before(async () => {
    etcd = await startEtcd({ clusterSize: 3 });
  });

  after(() => etcd.stop());

  beforeEach(async () => {
    trial = await ClusterTrial.open(etcd);
  });

  afterEach(async () => {
    await Promise.all(etcd.members.filter(({ running }) => !running).map((member) => member.start()));
    await etcd.ready();
    await trial?.[Symbol.asyncDispose]();
    trial = undefined;
  });

  /** The place of the member that leads, then of the others. */
  async function leaderFirst(): Promise<[leader: number, follower: number, follower: number]> {
    const leader = etcd.members.indexOf(await etcd.leader());
    return [leader, (leader + 1) % 3, (leader + 2) % 3];
  }

  for (const inUse of ['leader', 'follower'] as const) {
    it(`the leader is killed and comes back, while we use ${inUse === 'leader' ? 'it' : 'another'}: changes are seen soon, no registration is lost`, async () => {
      const [leader, ...followers] = await leaderFirst();
      await trial!.use(inUse === 'leader' ? leader : followers[0]);
      await trial!.sampleThrough(followers);

      const killed = performance.now();
      await etcd.members[leader]!.kill();
      // Nothing is written until the others have elected a new leader.
      await trial!.expectSeen('theirs', true, await trial!.appear('theirs'));
      await trial!.outliveLease(killed);
      const back = performance.now();
      await etcd.members[leader]!.start();
      await etcd.members[leader]!.ready();
      await trial!.expectSeen('theirs', false, await trial!.disappear('theirs'));
      await trial!.expectNeverGone(back);
    });
  }

  it('the quorum is lost: snapshots are stale and say why; once it is back they are live with what changed, and registrations are there', async () => {
    const [first, second, survivor] = await leaderFirst();
    // The one that is left goes on answering, except for what takes a quorum; whoever used a dead one finds no other.
    await trial!.reader.use(survivor);
    await trial!.owner.use(second);
    await trial!.sampleThrough([survivor]);
    using states = new StateRecording(trial!.registration);

    const killed = performance.now();
    await Promise.all([first, second].map((member) => etcd.members[member]!.kill()));
    const stale = trial!.recordings.map(async (recording) => {
      const { at, snapshot } = await recording.until('stale', ({ status }) => status === 'stale');
      expect(at - killed, 'milliseconds until stale').to.be.below(5_000);
      expect(snapshot.instances.map(({ id }) => id)).to.deep.equal(['ours']);
      expect(snapshot.reason).to.include({ code: 'UNAVAILABLE', retryable: true });
      return snapshot.reason!.message;
    });
    const [reader, owner] = await Promise.all(stale);
    // Whoever reads it knows where to look: at the member that is left, and why it has no leader.
    expect(reader).to.match(new RegExp(`${trial!.reader.proxies[survivor]!.address}.*no leader`));
    expect(owner).to.match(new RegExp(`${trial!.owner.proxies[second]!.address}.*(dropped|reset|refused|closed)`, 'i'));

    // No ping was answered for a whole TTL, and the handle says so, though without a quorum no lease runs out.
    await states.until('recovering');
    expect(trial!.registration.detail.reason?.message).to.match(/etcd/);
    const appearing = trial!.appear('theirs');
    await Promise.all([first, second].map((member) => etcd.members[member]!.start()));
    const accepted = await appearing;
    await trial!.expectSeen('theirs', true, accepted);
    await states.until('active', patience);
    // The lease of before is kept alive again: nothing is lost later either.
    await trial!.outliveLease(accepted);
    await trial!.expectNeverGone(performance.now());
  });
});
