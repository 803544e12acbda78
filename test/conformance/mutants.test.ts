import { expect } from 'chai';

import { MemoryServer } from '../../src/adapters/memory/index.js';
import { conformanceCases, runCase } from '../../src/conformance/index.js';
import { connectBroken, type Faults } from './broken-memory.js';
import { memoryWorld } from './memory-world.js';
import { cancellingMutants } from './mutants/cancelling.js';
import { closingMutants } from './mutants/closing.js';
import { inputMutants } from './mutants/input.js';
import { sharingMutants } from './mutants/sharing.js';
import { snapshotMutants } from './mutants/snapshot.js';
import { statusMutants } from './mutants/status.js';
import { troubleMutants } from './mutants/trouble.js';
import { writingMutants } from './mutants/writing.js';

const mutants = [...snapshotMutants, ...troubleMutants, ...writingMutants, ...closingMutants, ...cancellingMutants, ...sharingMutants, ...statusMutants, ...inputMutants];

describe('the conformance suite', () => {
  for (const { law, fault, faults } of mutants) {
    it(`finds by ${law} an adapter that ${fault}`, async () => {
      expect(await failures(law, faults)).not.to.be.empty;
    });
  }

  for (const each of conformanceCases) {
    it(`can fail: ${each.title}`, async () => {
      // One after the other: the cases of law 12 listen on the process.
      for (const { faults } of mutants.filter(({ law }) => each.title.startsWith(law))) {
        if ((await failures(each.title, faults)).length > 0) return;
      }
      expect.fail('no adapter breaks it');
    });
  }

  it('finds nothing wrong with the same parts unbroken', async () => {
    expect(await failures('', { discovery: (sound) => sound, registry: (sound) => sound, store: (sound) => sound })).to.deep.equal([]);
  });

});

/** What the cases of a law say about an adapter with these faults. */
async function failures(law: string, faults: Faults): Promise<readonly string[]> {
  const found: string[] = [];
  for (const each of conformanceCases.filter(({ title }) => title.startsWith(law))) {
    try {
      await runCase(each, () => memoryWorld(({ server }) => connectBroken(server ?? new MemoryServer(), faults)));
    } catch (error) {
      found.push(`${each.title}: ${String(error)}`);
    }
  }
  return found;
}
