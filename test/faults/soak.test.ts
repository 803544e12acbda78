import { expect } from 'chai';

import { runSoak } from '../soak/soak.js';

/** A little of `npm run soak`, always with the same plans. */
describe('a randomised run', function () {
  this.timeout(60_000);

  for (const seed of [1, 7, 42]) {
    it(`breaks no invariant with seed ${seed}`, async () => {
      const { figures, log } = await runSoak({ seed, members: 1, forMs: 8_000, steps: 100 });
      expect(figures.violations, `everything that happened: ${log ?? ''}`).to.deep.equal([]);
      // Enough was seen for that to mean something.
      expect(figures.snapshots.checked).to.be.at.least(100);
      expect(figures.settlesMs.count).to.be.at.least(2);
    });
  }
});
