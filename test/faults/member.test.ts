import { type Etcd, startEtcd } from '../support/etcd.js';
import { ClusterTrial } from './cluster-trial.js';

describe('when the member in use of a cluster of three', function () {
  this.timeout(60_000);
  let etcd: Etcd;
  let trial: ClusterTrial | undefined;

  before(async () => {
    etcd = await startEtcd({ clusterSize: 3 });
  });

  after(() => etcd.stop());

  afterEach(async () => {
    etcd.resume();
    await etcd.ready();
    await trial?.[Symbol.asyncDispose]();
    trial = undefined;
  });

  const faults = [
    {
      name: 'freezes',
      begin: (member: number) => etcd.members[member]!.pause(),
      end: (member: number) => etcd.members[member]!.resume(),
    },
    {
      name: 'falls silent on the way',
      begin: (member: number) => [trial!.reader, trial!.owner].forEach(({ proxies }) => proxies[member]!.blackhole()),
      end: (member: number) => [trial!.reader, trial!.owner].forEach(({ proxies }) => proxies[member]!.restore()),
    },
  ];

  for (const { name, begin, end } of faults) {
    for (const member of [0, 1, 2]) {
      it(`${name}, readers see a change soon and no registration is lost (member ${member + 1})`, async () => {
        trial = await ClusterTrial.open(etcd);
        await trial.use(member);
        await trial.sampleThrough([0, 1, 2].filter((each) => each !== member));

        const began = performance.now();
        begin(member);
        // If it led, the others elect a new leader first, and nothing is written until then.
        await trial.expectSeen('theirs', true, await trial.appear('theirs'));
        await trial.outliveLease(began);
        const ended = performance.now();
        end(member);
        await trial.expectSeen('theirs', false, await trial.disappear('theirs'));
        await trial.expectNeverGone(ended);
      });
    }
  }
});
